/* Descriptors that rest with the service manager while no translator runs (FDSTORE=1 of sd_notify),
 * each under a name: the TUN's, so that packets wait in its queue, and those of the fast path's
 * program and maps, which a process without CAP_SYS_ADMIN cannot ask the kernel for.
 *
 * Whoever takes one looks at what it is before use. Without a service manager that keeps
 * descriptors the store is empty and stays so.
 */
#ifndef SA_NAT64_FD_STORE_H
#define SA_NAT64_FD_STORE_H

#include <stdbool.h>

/* What the service manager passed to this process; to be called once. NULL when memory ends, with
 * which all functions here do nothing. */
struct fd_store;
struct fd_store *fd_store_new(void);

/* The next descriptor of that name, owned by the caller; -1 when there is no more. It is in the
 * store still. */
int fd_store_take(struct fd_store *store, const char *name);

/* Close what nobody took, and take it out of the store. */
void fd_store_sweep(struct fd_store *store);

void fd_store_free(struct fd_store *store); /* NULL accepted; what nobody took stays open */

/* Take everything of that name out of the store. */
void fd_store_drop(const char *name);

/* Whether the manager shall drop it by itself when it polls an error on it. */
enum fd_store_poll { FD_STORE_POLL, FD_STORE_NO_POLL };

/* Put a copy of fd into the store. 0, also when there is none, or -errno. */
int fd_store_keep(const char *name, int fd, enum fd_store_poll poll);

#endif
