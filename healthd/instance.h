/* One instance on this box: what is found out about it, what that means (health.h), and what the
 * routers are told (frr.h).
 *
 * Facts come from its probes, its translator's control socket and process, its uplink, FRR, and,
 * through whoever owns it, from sa-nat64-syncd. Something that comes as an event is judged at once;
 * the rest when instance_judge() is called.
 */
#ifndef SA_NAT64_INSTANCE_H
#define SA_NAT64_INSTANCE_H

#include "healthd/answer.h"
#include "healthd/opener.h"
#include "lib/config.h"
#include "proto/control.pb-c.h"

#include <systemd/sd-event.h>

struct instance;

/* What all instances share; must outlive them. */
struct instance_place {
	sd_event *event;
	struct opener *opener;
	const char *rundir;
	void (*changed)(void *context); /* the state of some instance is another */
	void *context;
};

/* The configuration that an instance goes by. It must live until the next instance_configure(). */
struct instance_config {
	const struct config *config;
	const struct config_instance *instance;
	const struct config_network *network; /* NULL: it lives in the box's own namespace */
};

/* The order to drain is read from the run directory. 0 and *out, which the caller frees, or -errno
 * after a line in the log. */
int instance_new(const struct instance_place *place, const struct instance_config *config,
                 struct instance **out);
void instance_free(struct instance *instance); /* NULL accepted; FRR is told nothing */

/* A reload: the state stays. */
void instance_configure(struct instance *instance, const struct instance_config *config);

const char *instance_name(const struct instance *instance);

/* One round of probes. */
void instance_look(struct instance *instance, uint64_t now_us);
void instance_send(struct instance *instance, enum probe_timing timing, uint64_t now_us);

/* The program runs; before this it did not for absent_us (0: it did). In events that are dealt
 * with before it knows, what probes said last still holds: its silence would be the translator's.
 */
void instance_wake(struct instance *instance, uint64_t absent_us, uint64_t now_us);

/* Several times a second: the control socket, and once a second whether the namespace is still the
 * same. */
void instance_attend(struct instance *instance, uint64_t now_us);

void instance_judge(struct instance *instance, uint64_t now_us);

/* When to judge again if nothing is heard. */
uint64_t instance_deadline(struct instance *instance, uint64_t now_us);

/* What sa-nat64-syncd says of it; NULL: it does not know it. why: it does not answer, else "". */
void instance_take_sync(struct instance *instance, const SaNat64__Control__SyncInstance *sync,
                        const char *why);

/* Whether it is replicated. */
bool instance_is_synced(const struct instance *instance);

/* Drain or undrain, at once. 0, or -errno when it could not be written down. */
int instance_order(struct instance *instance, enum answer_order order, const char *reason);

/* For good: it is not watched any more, and its configuration may go. */
void instance_withdraw(struct instance *instance);
bool instance_is_withdrawn(const struct instance *instance);

enum health_state instance_state(const struct instance *instance);
void instance_view(struct instance *instance, struct answer_instance *out);

#endif
