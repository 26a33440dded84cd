/* The socket calls of group.h, of either family: options, membership, what came with a datagram. */
#ifndef SA_NAT64_SYNCD_GROUP_SOCKET_H
#define SA_NAT64_SYNCD_GROUP_SOCKET_H

#include "syncd/group.h"

#include <sys/socket.h>

#define GROUP_HOP_LIMIT   255
#define GROUP_CONTROL_MAX 128 /* bytes of control messages with one datagram */

struct group_socket {
	int fd;
	bool ipv6, bound;
	char text[ADDRESS_STRLEN]; /* of the group's address */
	uint32_t address4;         /* host order */
	struct in6_addr address6;  /* IPv4: mapped */
	uint16_t port;
	struct sockaddr_storage to; /* where to send, valid once joined */
	socklen_t to_len;
};

/* A socket for a group whose address was checked, with all that does not depend on the interface.
 * 0 or -errno. */
int group_socket_open(struct group_socket *s, const char *address, uint16_t port);
void group_socket_close(struct group_socket *s);

/* Be on interface `index` alone, and no longer on `before` (0: none). 0 or -errno; EADDRINUSE:
 * another process has the port. */
int group_socket_join(struct group_socket *s, unsigned before, unsigned index);

/* What the control messages of a received datagram say. */
struct group_arrival group_socket_arrival(const struct msghdr *message);

#endif
