/* The uplink of an instance, watched by rtnetlink (libmnl) in its namespace: a socket around
 * link_view.h. */
#ifndef SA_NAT64_LINK_H
#define SA_NAT64_LINK_H

#include "healthd/link_view.h"

#include <systemd/sd-event.h>

struct link;

/* Watch by the socket fd (a NETLINK_ROUTE one, non-blocking), which is owned from now on, and
 * closed also on failure. changed(context) is called from the loop after messages. view must be
 * initialised and live as long. 0 and *out, which the caller frees, or -errno. */
int link_new(sd_event *event, int fd, struct link_view *view, void (*changed)(void *context),
             void *context, struct link **out);
void link_free(struct link *link); /* NULL accepted */

#endif
