/* The addresses between which sa-nat64-healthd sends its probes, inside one namespace: counted from
 * [instance] probe4, which sa-nat64-netns puts on the namespace's loopback.
 *
 * A probe goes from an IPv6 address of the namespace to the RFC 6052 form of a target, so that the
 * kernel routes it to the translator, and comes back to a socket on the target as IPv4; the answer
 * takes the way back. The prefix of an RFC 6052 form is the pool6 with the longest range that holds
 * the address, the first of equals, for by that an answer comes back in siit mode.
 *
 * The translator translates to the targets although they are local and not global, if they are
 * addresses of its own namespace, and for senders in there only. Flows to PROBE_SLOW never take the
 * fast path, flows to PROBE_FAST may. In siit mode the probes come from the RFC 6052 form of
 * PROBE_SOURCE, which is on the loopback too; PROBE_SOURCE itself is not: its route leads to the
 * translator.
 */
#ifndef SA_NAT64_PROBE_ADDRESS_H
#define SA_NAT64_PROBE_ADDRESS_H

#include "lib/config.h"

#define PROBE_PORT 6464 /* UDP, on both targets */

enum probe_address { PROBE_SLOW = 1, PROBE_FAST = 2, PROBE_SOURCE = 3 };

/* IPv4 address in host order. */
static inline uint32_t probe_address(const struct config_instance *instance,
                                     enum probe_address which)
{
	return instance->probe4.addr + (uint32_t)which;
}

/* Whether addr4 (host order) is a target. */
static inline bool probe_address_is_target(const struct config_instance *instance, uint32_t addr4)
{
	return addr4 == probe_address(instance, PROBE_SLOW) ||
	       addr4 == probe_address(instance, PROBE_FAST);
}

#endif
