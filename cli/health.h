/* What sa-nat64-healthd says of the instances, judged: for status, health, drain and check.
 *
 * How grave each state is stands in one table.
 */
#ifndef SA_NAT64_CLI_HEALTH_H
#define SA_NAT64_CLI_HEALTH_H

#include "cli/findings.h"
#include "proto/control.pb-c.h"

#include <stdbool.h>

/* An instance of the reply; NULL when it is not in there, or when there is no reply. */
const SaNat64__Control__HealthInstance *health_find(const SaNat64__Control__HealthReply *reply,
                                                    const char *name);

/* Of the word in HealthInstance.state, or of StatusReply.health, which has the same words. */
enum severity health_severity(const char *state);

/* How text shows the word in BfdPeer.state. */
enum meaning health_bfd_meaning(const char *state);

/* Whether the routers know that they must not send traffic to the instance: no BFD packet, or
 * AdminDown only, leaves any more. */
bool health_is_withdrawn(const SaNat64__Control__HealthInstance *health);

/* How many of its BFD sessions are up. */
size_t health_bfd_up(const SaNat64__Control__HealthInstance *health);

/* The longest time that a router waits before it takes this box for dead; 0 when none is known. */
uint64_t health_detection_us(const SaNat64__Control__HealthInstance *health);

/* Packets of a probe that were lost, in either direction. */
uint64_t health_lost(const SaNat64__Control__Probe *probe);

/* Add what is wrong with an instance; what its state, its BFD sessions and its probes say alike is
 * said once. detection_us: what BFD is configured to, 0 when that is not known. */
void health_judge_instance(const SaNat64__Control__HealthInstance *health, uint64_t detection_us,
                           struct findings *findings);

#endif
