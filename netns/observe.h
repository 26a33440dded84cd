/* Read from the kernel what is there. */
#ifndef SA_NAT64_NETNS_OBSERVE_H
#define SA_NAT64_NETNS_OBSERVE_H

#include "netns/seen.h"
#include "netns/space.h"

/* Fill *seen, which the caller releases with seen_fini(); plan may be NULL, then no sysctl is read.
 * 0, or -errno after a line in the log. */
int observe(const struct workplace *place, const struct plan *plan, struct seen *seen);

/* Look into all other namespaces that have a name too. 0 or -errno. */
int observe_others(const char *except, struct seen *seen);

/* Only the links, addresses and default routes of one namespace. 0 or -errno. */
int observe_space(struct nl_sock *sock, struct seen_space *space);

#endif
