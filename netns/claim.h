/* Ask the link, before an address is taken, whether somebody has it. */
#ifndef SA_NAT64_NETNS_CLAIM_H
#define SA_NAT64_NETNS_CLAIM_H

#include "netns/seen.h"
#include "netns/space.h"

/* Ask for all addresses of the plan that the uplink does not have yet: by the uplink when it is the
 * planned one, else by the interface in the box that is attached. It takes a few tenths of a
 * second. Each address that somebody has is a line in the log, and so is it when nobody can be
 * asked. Returns how many are taken, or -errno after a line in the log. */
int claims_ask(const struct workplace *place, const struct plan *plan, const struct seen *seen);

#endif
