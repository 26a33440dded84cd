/* This host's own IPv4 addresses and broadcast addresses, kept current from the kernel's events, so
 * that nobody reaches the gateway itself through the translator unless that is wanted.
 */
#ifndef SA_NAT64_LOCAL4_H
#define SA_NAT64_LOCAL4_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

struct local4;

/* Read the addresses of the current network namespace and follow changes in the event loop. 0 or
 * -errno. */
int local4_start(sd_event *event, struct local4 **out);
void local4_stop(struct local4 *local); /* NULL accepted */

/* Call grew(context) from the event loop whenever an address has joined them. */
void local4_watch(struct local4 *local, void (*grew)(void *context), void *context);

/* Whether addr4 (host order) is one of them. */
bool local4_has(const struct local4 *local, uint32_t addr4);

#endif
