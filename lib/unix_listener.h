/* A listening AF_UNIX SOCK_SEQPACKET socket at a path, as control_server.h and the feed of
 * sa-nat64-syncd have one. */
#ifndef SA_NAT64_UNIX_LISTENER_H
#define SA_NAT64_UNIX_LISTENER_H

#include <sys/stat.h>

/* Listen at path, whose directory and its parent are made (mode 0750) when missing; the socket gets
 * mode before anybody can connect. A socket that nobody listens on is removed first. Returns a
 * non-blocking descriptor that the caller closes (and whose path it unlinks), or -errno:
 * -EADDRINUSE a live process listens there, -EEXIST something else than a socket is there,
 * -ENAMETOOLONG. */
int unix_listen(const char *path, mode_t mode, int backlog);

#endif
