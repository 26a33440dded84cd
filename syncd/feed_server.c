/* See feed_server.h. */
#include "syncd/feed_server.h"

#include "lib/control_socket.h"
#include "lib/log.h"
#include "lib/unix_listener.h"
#include "syncd/feed_message.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define STRANGERS_MAX 8       /* connections that have not said hello yet, at least */
#define READS_A_TURN  131072  /* bytes of one translator: few large messages, or many small ones */
#define WRITES_A_TURN 16      /* messages to one translator */
#define HELLO_US      5000000 /* time to say hello */

struct client {
	struct feed_server *server;
	int fd; /* -1: place is free */
	pid_t pid;
	uint64_t since_us;
	sd_event_source *source;       /* owned */
	struct box_instance *instance; /* NULL before its hello */
	bool blocked;                  /* the socket takes nothing now */
	bool wants_hello, wants_scan;
	bool wants_all_told; /* to hear that it was told of all that is held */
	bool told;           /* a contact, which was: */
	bool told_contact;
	enum replica_state told_state;
	size_t waiting; /* bytes of message[] that the socket did not take */
	uint8_t message[FEED_MESSAGE_MAX];
};

struct feed_server {
	sd_event *event;
	sd_event_source *source; /* owned; of the listening socket */
	struct box *box;
	int fd;
	char *path;
	struct arena *arena;
	struct log_limit refusals;
	size_t count;
	struct client **clients; /* owned; each stays where it is, for its event source */
	uint8_t in[FEED_MESSAGE_MAX];
};

static void client_close(struct client *client)
{
	client->source = sd_event_source_disable_unref(client->source);
	if (client->fd >= 0)
		(void)close(client->fd);
	client->fd = -1;
	if (!client->instance)
		return;
	client->instance->feed.attached = false;
	replica_detach(client->instance->replica);
	log_notice("instance %s: its translator (pid %d) is gone", client->instance->name,
	           (int)client->pid);
	client->instance = NULL;
}

/* Disconnect somebody who has no business here, and say why; it will come again every second. */
#define refuse(client, ...)                                                                   \
	do {                                                                                  \
		log_limited(&(client)->server->refusals, control_now_us(), LOG_LEVEL_WARNING, \
		            __VA_ARGS__);                                                     \
		client_close(client);                                                         \
	} while (0)

/* ---- what a translator says ---- */

static bool is_gone(const struct client *client)
{
	struct pollfd pollfd = { .fd = client->fd };

	return poll(&pollfd, 1, 0) == 1 && pollfd.revents & (POLLHUP | POLLERR);
}

/* The connection that an instance has already; one of a process that ended, or of the same process,
 * makes room. NULL: none is left. */
static struct client *find_rival(const struct client *client, const struct box_instance *instance)
{
	struct feed_server *server = client->server;

	for (size_t i = 0; i < server->count; i++) {
		struct client *other = server->clients[i];

		if (other == client || other->fd < 0 || other->instance != instance)
			continue;
		if (other->pid != client->pid && !is_gone(other))
			return other;
		client_close(other);
	}
	return NULL;
}

static void attach(struct client *client, struct box_instance *instance,
                   const struct feed_hello *hello, uint64_t now_us)
{
	client->instance = instance;
	client->wants_hello = client->wants_all_told = true;
	client->told = false;
	instance->feed = (struct box_feed){ .attached = true,
		                            .prefixes_hash = hello->prefixes_hash,
		                            .config_hash = hello->config_hash };
	replica_attach(instance->replica, now_us);
	log_info("instance %s: its translator (pid %d, version %s) is here", instance->name,
	         (int)client->pid, hello->program);
}

static void read_hello(struct client *client, size_t len, uint64_t now_us)
{
	static const char *const wrong[] = {
		[FEED_MALFORMED] = "it says what cannot be understood",
		[FEED_OTHER_VERSION] = "it speaks another version",
		[FEED_NO_HELLO] = "it does not say of which instance it is",
	};
	struct feed_server *server = client->server;
	struct box_instance *instance;
	struct client *rival;
	struct feed_hello hello;
	enum feed_verdict verdict = feed_message_hello(server->arena, server->in, len, &hello);

	if (verdict != FEED_OK) {
		refuse(client, "translator with pid %d disconnected: %s", (int)client->pid,
		       wrong[verdict]);
		return;
	}
	instance = box_find(server->box, hello.instance);
	if (!instance) {
		refuse(client,
		       "translator with pid %d disconnected: there is no stateful "
		       "[instance %s] in the configuration here; if the file has it by now: "
		       "sa-nat64 reload",
		       (int)client->pid, hello.instance);
		return;
	}
	if (hello.node != server->box->node) {
		refuse(client,
		       "instance %s: translator with pid %d disconnected: it is node id %u, "
		       "this program is %u; is --node the same for both?",
		       instance->name, (int)client->pid, hello.node, server->box->node);
		return;
	}
	rival = find_rival(client, instance);
	if (rival)
		refuse(client,
		       "instance %s: translator with pid %d disconnected: pid %d is "
		       "connected already",
		       instance->name, (int)client->pid, (int)rival->pid);
	else
		attach(client, instance, &hello, now_us);
}

static void read_message(struct client *client, size_t len, uint64_t now_us)
{
	struct feed_server *server = client->server;

	if (!client->instance)
		read_hello(client, len, now_us);
	else if (feed_message_apply(server->arena, client->instance, server->box->node, server->in,
	                            len, now_us) != FEED_OK)
		refuse(client,
		       "instance %s: translator with pid %d disconnected: it says what cannot be "
		       "understood",
		       client->instance->name, (int)client->pid);
}

/* The length of what was read, 0 when there is nothing more to read now. */
static size_t read_one(struct client *client)
{
	struct feed_server *server = client->server;
	ssize_t len = recv(client->fd, server->in, sizeof(server->in), MSG_DONTWAIT | MSG_TRUNC);

	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (len <= 0)
		client_close(client);
	else if ((size_t)len > sizeof(server->in))
		refuse(client, "translator with pid %d disconnected: a message of %zd bytes",
		       (int)client->pid, len);
	else
		read_message(client, (size_t)len, control_now_us());
	return client->fd >= 0 ? (size_t)len : 0;
}

/* ---- what it is told ---- */

static bool contact_changed(const struct client *client)
{
	const struct replica *replica = client->instance->replica;

	return !client->told || client->told_contact != replica_all_in_contact(replica) ||
	       client->told_state != replica_state(replica);
}

/* The next message, in client->message; 0: there is none. */
static size_t next_message(struct client *client, uint64_t now_us)
{
	struct feed_server *server = client->server;

	if (client->wants_hello) {
		client->wants_hello = false;
		return feed_message_write_hello(server->box, client->instance, client->message);
	}
	if (contact_changed(client)) {
		client->told = true;
		client->told_contact = replica_all_in_contact(client->instance->replica);
		client->told_state = replica_state(client->instance->replica);
		return feed_message_write_contact(client->instance, client->message);
	}
	if (client->wants_scan) {
		client->wants_scan = false;
		return feed_message_write_scan_request(client->message);
	}
	if (client->wants_all_told && replica_has_told_all(client->instance->replica)) {
		client->wants_all_told = false;
		return feed_message_write_all_told(client->message);
	}
	if (!replica_has_apply(client->instance->replica))
		return 0;
	return feed_message_write_records(server->arena, client->instance, server->box->node,
	                                  client->message, now_us);
}

static void block(struct client *client, bool blocked)
{
	if (client->blocked == blocked)
		return;
	client->blocked = blocked;
	(void)sd_event_source_set_io_events(client->source, blocked ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

/* False when nothing more can be written now. */
static bool write_one(struct client *client, uint64_t now_us)
{
	if (client->waiting == 0)
		client->waiting = next_message(client, now_us);
	if (client->waiting == 0)
		return false;
	if (send(client->fd, client->message, client->waiting, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) {
		client->waiting = 0;
		return true;
	}
	if (errno == EAGAIN)
		block(client, true);
	else if (errno != EINTR)
		client_close(client);
	return false;
}

bool feed_server_write(struct feed_server *server, uint64_t now_us)
{
	bool more = false;

	for (size_t i = 0; i < server->count; i++) {
		struct client *client = server->clients[i];
		int turn = 0;

		if (client->fd < 0 || !client->instance || client->blocked)
			continue;
		while (turn < WRITES_A_TURN && write_one(client, now_us))
			turn++;
		more |= turn == WRITES_A_TURN;
	}
	return more;
}

void feed_server_rescan(struct feed_server *server, const struct box_instance *instance)
{
	for (size_t i = 0; i < server->count; i++)
		if (server->clients[i]->fd >= 0 && server->clients[i]->instance == instance)
			server->clients[i]->wants_scan = true;
}

void feed_server_part(struct feed_server *server, const struct box_instance *instance)
{
	for (size_t i = 0; i < server->count; i++)
		if (server->clients[i]->fd >= 0 && server->clients[i]->instance == instance)
			client_close(server->clients[i]);
}

/* ---- connections ---- */

static int on_client(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct client *client = userdata;
	size_t total = 0, len;

	(void)source;
	(void)fd;
	if (events & EPOLLOUT)
		block(client, false);
	while (total < READS_A_TURN && (len = read_one(client)) > 0)
		total += len;
	return 0;
}

/* A free place, or that of the stranger who has been silent longest. */
static struct client *client_place(struct feed_server *server)
{
	struct client *oldest = NULL;

	for (size_t i = 0; i < server->count; i++) {
		struct client *client = server->clients[i];

		if (client->fd < 0)
			return client;
		if (!client->instance && (!oldest || client->since_us < oldest->since_us))
			oldest = client;
	}
	client_close(oldest); /* there are more places than instances */
	return oldest;
}

static pid_t pid_of(int fd)
{
	struct ucred peer = { .pid = 0 };
	socklen_t len = sizeof(peer);

	(void)getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len);
	return peer.pid;
}

static int on_listener(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct feed_server *server = userdata;
	int client_fd = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct client *client;

	(void)source;
	(void)events;
	if (client_fd < 0)
		return 0;
	client = client_place(server);
	client->fd = client_fd;
	client->pid = pid_of(client_fd);
	client->since_us = control_now_us();
	client->waiting = 0;
	client->blocked = client->wants_hello = client->wants_scan = false;
	if (sd_event_add_io(server->event, &client->source, client_fd, EPOLLIN, on_client, client) <
	    0)
		client_close(client);
	return 0;
}

void feed_server_tick(struct feed_server *server, uint64_t now_us)
{
	for (size_t i = 0; i < server->count; i++) {
		struct client *client = server->clients[i];

		if (client->fd >= 0 && !client->instance && now_us > client->since_us + HELLO_US)
			client_close(client);
	}
}

static struct client *client_new(struct feed_server *server)
{
	struct client *client = calloc(1, sizeof(*client));

	if (!client)
		return NULL;
	client->server = server;
	client->fd = -1;
	return client;
}

int feed_server_reserve(struct feed_server *server, size_t instances)
{
	size_t count = instances + STRANGERS_MAX;
	struct client **clients = server->clients;

	if (count <= server->count)
		return 0;
	clients = reallocarray(clients, count, sizeof(struct client *));
	if (!clients)
		return -ENOMEM;
	server->clients = clients;
	for (; server->count < count; server->count++) {
		clients[server->count] = client_new(server);
		if (!clients[server->count])
			return -ENOMEM;
	}
	return 0;
}

int feed_server_new(sd_event *event, struct box *box, const char *path, struct feed_server **out)
{
	struct feed_server *server = calloc(1, sizeof(*server));
	int error = -ENOMEM;

	if (!server)
		return -ENOMEM;
	server->event = sd_event_ref(event);
	server->box = box;
	server->fd = -1;
	server->refusals = (struct log_limit){ .burst = 5, .interval_us = 60000000 };
	server->arena = arena_new(FEED_MESSAGE_ARENA);
	if (!server->arena || feed_server_reserve(server, box->count) < 0)
		goto fail;
	error = unix_listen(path, 0600, STRANGERS_MAX);
	if (error < 0)
		goto fail;
	server->fd = error;
	server->path = strdup(path);
	error = sd_event_add_io(event, &server->source, server->fd, EPOLLIN, on_listener, server);
	if (error < 0)
		goto fail;
	*out = server;
	return 0;
fail:
	feed_server_free(server);
	return error;
}

void feed_server_free(struct feed_server *server)
{
	if (!server)
		return;
	for (size_t i = 0; i < server->count; i++) {
		client_close(server->clients[i]);
		free(server->clients[i]);
	}
	server->source = sd_event_source_disable_unref(server->source);
	if (server->path)
		(void)unlink(server->path);
	free(server->path);
	if (server->fd >= 0)
		(void)close(server->fd);
	server->event = sd_event_unref(server->event);
	arena_free(server->arena);
	free(server->clients);
	free(server);
}
