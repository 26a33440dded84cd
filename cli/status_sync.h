/* Replication of one instance as `status` shows it. */
#ifndef SA_NAT64_STATUS_SYNC_H
#define SA_NAT64_STATUS_SYNC_H

#include "cli/out.h"
#include "cli/status_box.h"

/* Put "sync" of the instance called name; status is NULL when its translator has a problem. */
void status_put_sync(struct out *out, const struct status_box *box, const char *name,
                     const SaNat64__Control__StatusReply *status);

#endif
