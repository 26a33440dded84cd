/* The answering side of a control socket (control_socket.h), in the sd-event loop of a daemon.
 *
 * It never blocks and owes nothing to a client that does not read: such a client is disconnected.
 * It serves a bounded number of clients; one more displaces the one that has been silent longest,
 * so that nobody can lock others out by holding connections; who may only look displaces nobody who
 * may do more. What a client may not ask (control_rights.h) is refused here. One message is
 * answered per turn of the loop. An answer may begin a stream of further messages, each sent when
 * the client has room.
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

/* More messages for a client than one answer. */
struct control_stream {
	/* Write the next message, at most size bytes; returns its length, 0 when there is nothing
	 * to say now. Called only while the client has room for it. */
	size_t (*next)(void *context, uint8_t *message, size_t size);
	/* The client is gone; the last call with this context. */
	void (*closed)(void *context);
};

/* Listen at path, whose directory and its parent are made (mode 0750) when missing; the socket gets
 * mode 0660. A socket that nobody listens on is removed first. The event loop must outlive the
 * server. Returns 0 and *out, which the caller frees, or -errno: -EADDRINUSE a live process listens
 * there, -EEXIST something else than a socket is there. */
int control_server_new(sd_event *event, const char *path, control_answer_fn *answer, void *context,
                       struct control_server **out);

/* Called by an answer: its client gets this stream behind the answer, and may not ask again.
 * *stream and context must live until closed(), which is called in any case. */
void control_server_stream(struct control_server *server, const struct control_stream *stream,
                           void *context);

/* Streams may have something to say: ask them as soon as their clients take it. */
void control_server_wake(struct control_server *server);

/* Disconnect everybody and remove the socket. NULL is accepted. */
void control_server_free(struct control_server *server);

#endif
