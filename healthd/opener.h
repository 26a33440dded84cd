/* Sockets inside other network namespaces, for a program that may not enter them itself.
 *
 * A child keeps CAP_SYS_ADMIN and nothing else. It takes one fixed-size message, enters the named
 * namespace, opens one of three kinds of socket there, goes back and passes the descriptor; it
 * reads nothing else, opens no file but /run/netns/NAME, and ends with its parent. A socket keeps
 * the namespace in which it was opened, so all the rest (addresses, bytes) is the parent's
 * business.
 */
#ifndef SA_NAT64_OPENER_H
#define SA_NAT64_OPENER_H

#include <stdint.h>

#define OPENER_NAME_MAX 64 /* of a namespace, NUL included */

enum opener_kind { OPENER_UDP6, OPENER_UDP4, OPENER_ROUTE, OPENER_KINDS };

/* Which namespace a name meant: the same name may mean another one later. */
struct opener_namespace {
	uint64_t device, inode;
};

struct opener;

/* Start the child: before privileges are dropped, and before there are descriptors that it should
 * not inherit. 0 and *out, which the caller frees (the child ends then), or -errno after a line in
 * the log. */
int opener_start(struct opener **out);
void opener_free(struct opener *opener); /* NULL accepted */

/* Open a socket in the namespace called name (NULL: where the program was started), non-blocking.
 * Returns a descriptor that the caller closes, and which namespace it is; or -errno: -ENOENT there
 * is none of that name, -EPERM may not enter, -EINVAL no name, -ESHUTDOWN the child is gone.
 * Waits for the child, half a second at most; it is given up then. */
int opener_open(struct opener *opener, enum opener_kind kind, const char *name,
                struct opener_namespace *which);

/* Which namespace name means now. 0 or -errno. */
int opener_find(const char *name, struct opener_namespace *which);

#endif
