/* The answering side of a control socket (control_socket.h), in the sd-event loop of a daemon.
 *
 * It never blocks and owes nothing to a client that does not read: such a client is disconnected.
 * It serves a bounded number of clients; one more displaces the one that has been silent longest,
 * so that nobody can lock others out by holding connections. One message is answered per turn of
 * the loop.
 */
#ifndef SA_NAT64_CONTROL_SERVER_H
#define SA_NAT64_CONTROL_SERVER_H

#include "lib/control_socket.h"

#include <systemd/sd-event.h>

#define CONTROL_CLIENTS_MAX 16

/* Answer one message: len bytes at request (any bytes at all). Writes the reply to the size bytes
 * at reply and returns its length; 0 disconnects the client. */
typedef size_t control_answer_fn(void *context, const uint8_t *request, size_t len, uint8_t *reply,
                                 size_t size);

struct control_server;

/* Listen at path, whose directory and its parent are made (mode 0750) when missing; the socket gets
 * mode 0660. A socket that nobody listens on is removed first. The event loop must outlive the
 * server. Returns 0 and *out, which the caller frees, or -errno: -EADDRINUSE a live process listens
 * there, -EEXIST something else than a socket is there. */
int control_server_new(sd_event *event, const char *path, control_answer_fn *answer, void *context,
                       struct control_server **out);

/* Disconnect everybody and remove the socket. NULL is accepted. */
void control_server_free(struct control_server *server);

#endif
