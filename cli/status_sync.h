/* Replication of one instance as `status` shows it. */
#ifndef SA_NAT64_STATUS_SYNC_H
#define SA_NAT64_STATUS_SYNC_H

#include "cli/instances.h"
#include "cli/out.h"

/* What is asked once for all instances. */
struct status_box {
	const struct instance *syncd;              /* NULL: no replication on this box */
	const SaNat64__Control__PeersReply *peers; /* NULL: syncd has a problem, or there is none */
};

/* Put "sync" of the instance called name; status is NULL when its translator has a problem. */
void status_put_sync(struct out *out, const struct status_box *box, const char *name,
                     const SaNat64__Control__StatusReply *status);

#endif
