/* Replication of one instance as `status` and `top` show it. */
#ifndef SA_NAT64_STATUS_SYNC_H
#define SA_NAT64_STATUS_SYNC_H

#include "cli/out.h"
#include "cli/status_box.h"

/* How the replication of the instance called name is: a word of SyncInstance.state, "down", or
 * "off" where there is nothing to replicate; why it is not well, "" when it is; its numbers, NULL
 * unless sa-nat64-syncd tells them. */
struct status_synced {
	const char *state, *reason;
	enum meaning meaning;
	const SaNat64__Control__SyncInstance *sync;
};

/* status is NULL when the translator has a problem. The reason lasts until the next call. */
struct status_synced status_judge_sync(const struct status_box *box, const char *name,
                                       const SaNat64__Control__StatusReply *status);

/* Put "sync" of the instance called name; status is NULL when its translator has a problem. */
void status_put_sync(struct out *out, const struct status_box *box, const char *name,
                     const SaNat64__Control__StatusReply *status);

#endif
