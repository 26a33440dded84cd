/* Control sockets: one datagram each way, between a command and a running program
 * (proto/CONTROL.md).
 *
 * AF_UNIX SOCK_SEQPACKET, so that message boundaries and a lost peer are the kernel's business.
 * This is the client's side, which blocks, but never beyond a deadline; control_server.h is the
 * other one. Both move bytes; what they mean is control.proto's.
 */
#ifndef SA_NAT64_CONTROL_SOCKET_H
#define SA_NAT64_CONTROL_SOCKET_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CONTROL_VERSION     1 /* of Request and Reply */
#define CONTROL_MESSAGE_MAX 65536
#define CONTROL_TIMEOUT_US  1500000 /* how long a client should wait for an answer */

/* Write RUNDIR/INSTANCE/control.sock to path (size bytes). Returns 0, or -ENAMETOOLONG when that
 * fits neither path nor a socket address (107 bytes); path is untouched then. */
int control_socket_path(const char *rundir, const char *instance, char *path, size_t size);

/* Microseconds of the monotonic clock, for the deadlines below. */
uint64_t control_now_us(void);

/* Connect to the socket at path, until deadline_us. Returns a descriptor that the caller closes, or
 * -errno: -ENOENT no socket there, -ECONNREFUSED nobody listens, -EACCES, -ETIMEDOUT the server is
 * there but takes no connection. */
int control_connect(const char *path, uint64_t deadline_us);

/* Send one message of len bytes (at most CONTROL_MESSAGE_MAX). Returns 0 or -errno; -ETIMEDOUT when
 * the deadline passed, -EMSGSIZE, -EPIPE or -ECONNRESET when the server is gone. */
int control_send(int fd, const void *message, size_t len, uint64_t deadline_us);

/* Receive one message into the size bytes at buffer. Returns its length, or -errno: -ETIMEDOUT,
 * -ECONNRESET when the server closed the connection, -EMSGSIZE when the message did not fit. A
 * message that has arrived is taken even after the deadline. */
ssize_t control_receive(int fd, void *buffer, size_t size, uint64_t deadline_us);

#endif
