/* The way to the sa-nat64-syncd of this box: RUNDIR/sync.sock, AF_UNIX SOCK_SEQPACKET
 * (proto/SYNC.md section 8).
 *
 * Everything is done when the socket lets it be done: it never waits. Not connected, it tries again
 * every second; the syncd may come and go at any time. It reads one message in a turn of the loop,
 * and writes at most a few, so that packets are never kept waiting.
 */
#ifndef SA_NAT64_FEED_LINK_H
#define SA_NAT64_FEED_LINK_H

#include "translator/translator.h"

#include <systemd/sd-event.h>

struct feed_link;

/* Whether boxes share the sessions of an instance of this configuration. */
bool feed_link_is_wanted(const struct config *config, const struct config_instance *instance);

/* Begin replication in t (feed.h), whose instance is one of config's, and keep it connected. node:
 * id of this box. The event loop must outlive the link; config is not kept. 0 or -errno:
 * -ENAMETOOLONG (the socket's path), -ENOMEM. */
int feed_link_start(sd_event *event, struct translator *t, const struct config *config,
                    uint8_t node, const char *rundir, struct feed_link **out);
void feed_link_stop(struct feed_link *link); /* NULL accepted */

#define FEED_LINK_PATIENCE_US UINT64_C(1000000)
#define FEED_LINK_WAIT_MAX_US UINT64_C(5000000)

/* What feed_link_await() waited for. why: NULL when the syncd has told of all that it held, else a
 * sentence: why that is not waited for any longer. */
typedef void feed_link_told(void *context, const char *why);

/* Wait until the syncd has told of all sessions that it holds. Calls told() once, at once when
 * there is no connection; else later, at the latest when the connection breaks, nothing has come by
 * it for FEED_LINK_PATIENCE_US, or FEED_LINK_WAIT_MAX_US have passed. */
void feed_link_await(struct feed_link *link, feed_link_told *told, void *context);

/* Serve t instead of the one before, after a reload of config: replication begins in it, and the
 * connection is made anew. When memory ends, that is logged and there is none. NULL accepted. */
void feed_link_serve(struct feed_link *link, struct translator *t, const struct config *config);

/* Why there is no connection, a sentence; NULL when there is one. */
const char *feed_link_why_not(const struct feed_link *link);

#endif
