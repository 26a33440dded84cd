/* This host's own addresses, kept current from the kernel's events: IPv4 addresses and broadcast
 * addresses, so that nobody reaches the gateway itself through the translator unless that is
 * wanted; IPv6 addresses, by which probes are known for its own.
 */
#ifndef SA_NAT64_LOCALS_H
#define SA_NAT64_LOCALS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

struct locals;

/* Read the addresses of the current network namespace and follow changes in the event loop. 0 or
 * -errno. */
int locals_start(sd_event *event, struct locals **out);
void locals_stop(struct locals *locals); /* NULL accepted */

/* Call grew(context) from the event loop whenever an IPv4 address has joined them. */
void locals_watch(struct locals *locals, void (*grew)(void *context), void *context);

/* Whether addr4 (host order) or addr6 is one of them. */
bool locals_has4(const struct locals *locals, uint32_t addr4);
bool locals_has6(const struct locals *locals, const struct in6_addr *addr6);

#endif
