/* The order to drain an instance, as it outlives the program: a file RUNDIR/INSTANCE/drained with
 * the reason in it. It does not outlive the box. */
#ifndef SA_NAT64_DRAINED_H
#define SA_NAT64_DRAINED_H

#include <stdbool.h>
#include <stddef.h>

/* Whether the instance is to be drained; its reason ("" for none) goes to reason (size bytes), cut
 * when it is too long, without control characters. A file that cannot be read counts as an order
 * without a reason. */
bool drained_read(const char *rundir, const char *instance, char *reason, size_t size);

/* Order it, or end it. 0 or -errno. */
int drained_write(const char *rundir, const char *instance, const char *reason);
int drained_remove(const char *rundir, const char *instance);

#endif
