/* Tells the log, and the service manager, what changed: states of instances and peers, the link,
 * datagrams that are refused. Called a few times a second; says each change once. */
#ifndef SA_NAT64_SYNCD_WATCH_H
#define SA_NAT64_SYNCD_WATCH_H

#include "syncd/box.h"

struct watch;

/* box must outlive it. NULL when memory ends. */
struct watch *watch_new(const struct box *box);
void watch_free(struct watch *watch); /* NULL accepted */

/* Compare with the last call. link is as group_link(). */
void watch_look(struct watch *watch, const char *link, uint64_t not_local, uint64_t now_us);

/* One line on how all of it is, for a service's status; valid until the next call. NULL: the same
 * as before. */
const char *watch_summary(struct watch *watch, const char *link);

#endif
