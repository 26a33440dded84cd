/* See control_server.h. Clients live in a fixed array; one pair of buffers serves them all, since a
 * message is answered before the next one is read. */
#include "lib/control_server.h"

#include "lib/control_rights.h"
#include "lib/unix_listener.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct control_client {
	struct control_server *server;
	int fd; /* -1: place is free */
	enum control_right right;
	uint64_t last_turn;                  /* of server->turn, when it was heard last */
	sd_event_source *source;             /* owned */
	const struct control_stream *stream; /* NULL: it asks, and is answered */
	void *stream_context;
};

struct control_server {
	sd_event *event;
	sd_event_source *source; /* owned; of the listening socket */
	int fd;
	bool bound; /* the socket file is ours */
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	control_answer_fn *answer;
	void *context;
	uint64_t turn;
	struct control_client *answered; /* while its answer is made */
	struct control_client clients[CONTROL_CLIENTS_MAX];
	uint8_t request[CONTROL_MESSAGE_MAX], reply[CONTROL_MESSAGE_MAX];
};

static void client_close(struct control_client *client)
{
	const struct control_stream *stream = client->stream;

	client->stream = NULL;
	if (stream)
		stream->closed(client->stream_context);
	client->source = sd_event_source_disable_unref(client->source);
	if (client->fd >= 0)
		(void)close(client->fd);
	client->fd = -1;
}

/* Returns false when the client is to be disconnected. */
static bool client_serve(struct control_client *client)
{
	struct control_server *server = client->server;
	ssize_t len;
	size_t reply;

	len = recv(client->fd, server->request, sizeof(server->request), MSG_DONTWAIT | MSG_TRUNC);
	if (len < 0)
		return errno == EAGAIN || errno == EINTR;
	if (len == 0 || (size_t)len > sizeof(server->request) || client->stream)
		return false;
	client->last_turn = ++server->turn;
	server->answered = client;
	reply = control_rights_refuse(client->right, server->request, (size_t)len, server->reply,
	                              sizeof(server->reply));
	if (reply == 0)
		reply = server->answer(server->context, server->request, (size_t)len, server->reply,
		                       sizeof(server->reply));
	server->answered = NULL;
	if (reply == 0 || reply > sizeof(server->reply))
		return false;
	return send(client->fd, server->reply, reply, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

/* Send what a stream has to say, one message a turn; be told when there is room for the next one.
 * False as above. */
static bool client_stream(struct control_client *client)
{
	struct control_server *server = client->server;
	size_t len = client->stream->next(client->stream_context, server->reply,
	                                  sizeof(server->reply));

	if (len == 0)
		return sd_event_source_set_io_events(client->source, EPOLLIN) >= 0;
	client->last_turn = ++server->turn;
	return len <= sizeof(server->reply) &&
	       send(client->fd, server->reply, len, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

static int on_client(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct control_client *client = userdata;
	bool stays = (events & (EPOLLIN | EPOLLOUT)) != 0;

	(void)source;
	(void)fd;
	if (events & EPOLLIN)
		stays = client_serve(client);
	else if (events & EPOLLOUT)
		stays = client->stream && client_stream(client);
	if (!stays)
		client_close(client);
	return 0;
}

void control_server_stream(struct control_server *server, const struct control_stream *stream,
                           void *context)
{
	assert(server->answered && !server->answered->stream);
	server->answered->stream = stream;
	server->answered->stream_context = context;
}

void control_server_wake(struct control_server *server)
{
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		struct control_client *client = &server->clients[i];

		if (client->stream &&
		    sd_event_source_set_io_events(client->source, EPOLLIN | EPOLLOUT) < 0)
			client_close(client);
	}
}

/* Whether a has to go rather than b: those of the lesser right first, of these the one that has
 * been silent longest. */
static bool goes_before(const struct control_client *a, const struct control_client *b)
{
	return a->right != b->right ? a->right < b->right : a->last_turn < b->last_turn;
}

/* A free place for a client with that right, or the place of one that goes; never of one with a
 * greater right: NULL when all are. */
static struct control_client *client_place(struct control_server *server, enum control_right right)
{
	struct control_client *goes = &server->clients[0];

	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		struct control_client *client = &server->clients[i];

		if (client->fd < 0)
			return client;
		if (goes_before(client, goes))
			goes = client;
	}
	if (goes->right > right)
		return NULL;
	client_close(goes);
	return goes;
}

static int on_listener(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct control_server *server = userdata;
	struct control_client *client;
	enum control_right right;
	int client_fd = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)source;
	(void)events;
	if (client_fd < 0)
		return 0;
	right = control_right_of(client_fd);
	client = client_place(server, right);
	if (!client) {
		(void)close(client_fd);
		return 0;
	}
	client->fd = client_fd;
	client->right = right;
	client->last_turn = ++server->turn;
	if (sd_event_add_io(server->event, &client->source, client_fd, EPOLLIN, on_client, client) <
	    0)
		client_close(client);
	return 0;
}

/* The socket is open to others only when its mode is right. */
static int server_listen(struct control_server *server)
{
	int fd = unix_listen(server->path, 0660, CONTROL_CLIENTS_MAX);

	if (fd < 0)
		return fd;
	server->fd = fd;
	server->bound = true;
	return sd_event_add_io(server->event, &server->source, server->fd, EPOLLIN, on_listener,
	                       server);
}

int control_server_new(sd_event *event, const char *path, control_answer_fn *answer, void *context,
                       struct control_server **out)
{
	struct control_server *server;
	size_t len = strlen(path);
	int error;

	if (len >= sizeof(server->path))
		return -ENAMETOOLONG;
	server = calloc(1, sizeof(*server));
	if (!server)
		return -ENOMEM;
	server->event = sd_event_ref(event);
	server->fd = -1;
	server->answer = answer;
	server->context = context;
	memcpy(server->path, path, len + 1);
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		server->clients[i].server = server;
		server->clients[i].fd = -1;
	}
	error = server_listen(server);
	if (error < 0) {
		control_server_free(server);
		return error;
	}
	*out = server;
	return 0;
}

void control_server_free(struct control_server *server)
{
	if (!server)
		return;
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
		client_close(&server->clients[i]);
	server->source = sd_event_source_disable_unref(server->source);
	if (server->bound)
		(void)unlink(server->path);
	if (server->fd >= 0)
		(void)close(server->fd);
	server->event = sd_event_unref(server->event);
	free(server);
}
