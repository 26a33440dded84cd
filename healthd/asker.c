#include "healthd/asker.h"

#include "healthd/absence.h"
#include "lib/control_socket.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define INTERVAL_US 1000000

struct asker {
	sd_event *event;
	const struct asker_question *question;
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	int fd; /* -1: not connected */
	int error;
	sd_event_source *io; /* owned */
	uint32_t id;
	bool waits;
	uint64_t asked_us, answered_us; /* 0: never, or not since asker_hurry() */
	uint8_t buffer[CONTROL_MESSAGE_MAX];
};

static void hang_up(struct asker *asker, int error)
{
	asker->io = sd_event_source_disable_unref(asker->io);
	if (asker->fd >= 0)
		(void)close(asker->fd);
	asker->fd = -1;
	asker->error = error;
	asker->waits = false;
	asker->asked_us = 0;
}

static bool is_answer(const struct asker *asker, const SaNat64__Control__Reply *reply)
{
	/* Their numbers are the same from `trace` on; `status` has its own. */
	SaNat64__Control__Reply__BodyCase body =
		asker->question->command == SA_NAT64__CONTROL__REQUEST__COMMAND_STATUS
			? SA_NAT64__CONTROL__REPLY__BODY_STATUS
			: SA_NAT64__CONTROL__REPLY__BODY_PEERS;

	return reply->id == asker->id && reply->body_case == body;
}

static void take_reply(struct asker *asker, size_t len)
{
	SaNat64__Control__Reply *reply = sa_nat64__control__reply__unpack(NULL, len, asker->buffer);

	if (!reply)
		return;
	if (is_answer(asker, reply)) {
		asker->answered_us = control_now_us();
		asker->question->answered(asker->question->context, reply);
	}
	sa_nat64__control__reply__free_unpacked(reply, NULL);
}

static int on_reply(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct asker *asker = userdata;
	ssize_t len;

	(void)source;
	(void)events;
	len = recv(fd, asker->buffer, sizeof(asker->buffer), MSG_DONTWAIT | MSG_TRUNC);
	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (len <= 0 || (size_t)len > sizeof(asker->buffer)) {
		hang_up(asker, len < 0 ? errno : ECONNRESET);
		return 0;
	}
	asker->waits = false;
	take_reply(asker, (size_t)len);
	return 0;
}

/* A deadline in the past: no waiting for a server that takes no connection now. */
static void connect_now(struct asker *asker)
{
	int error;

	asker->fd = control_connect(asker->path, 0);
	if (asker->fd < 0) {
		hang_up(asker, -asker->fd);
		return;
	}
	asker->error = 0;
	error = sd_event_add_io(asker->event, &asker->io, asker->fd, EPOLLIN, on_reply, asker);
	if (error < 0)
		hang_up(asker, -error);
}

static size_t pack(struct asker *asker)
{
	SaNat64__Control__Request request = SA_NAT64__CONTROL__REQUEST__INIT;
	SaNat64__Control__StatusRequest status = SA_NAT64__CONTROL__STATUS_REQUEST__INIT;
	SaNat64__Control__PeersRequest peers = SA_NAT64__CONTROL__PEERS_REQUEST__INIT;

	request.version = CONTROL_VERSION;
	request.id = ++asker->id;
	request.command_case = asker->question->command;
	if (request.command_case == SA_NAT64__CONTROL__REQUEST__COMMAND_STATUS)
		request.status = &status;
	else
		request.peers = &peers;
	return sa_nat64__control__request__pack(&request, asker->buffer);
}

static void ask(struct asker *asker, uint64_t now_us)
{
	size_t len = pack(asker);

	asker->asked_us = now_us;
	if (send(asker->fd, asker->buffer, len, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
		asker->waits = true;
	else if (errno != EAGAIN)
		hang_up(asker, errno);
}

void asker_tick(struct asker *asker, uint64_t now_us)
{
	if (asker->fd < 0)
		connect_now(asker);
	if (asker->fd < 0 || asker->waits)
		return;
	if (asker->asked_us == 0 || now_us - asker->asked_us >= INTERVAL_US)
		ask(asker, now_us);
}

void asker_hurry(struct asker *asker)
{
	asker->asked_us = 0;
}

uint64_t asker_silent(const struct asker *asker, uint64_t now_us)
{
	if (asker->answered_us == 0)
		return UINT64_MAX;
	return now_us > asker->answered_us ? now_us - asker->answered_us : 0;
}

void asker_excuse(struct asker *asker, uint64_t absent_us, uint64_t now_us)
{
	asker->answered_us = absence_excuse(asker->answered_us, absent_us, now_us);
}

int asker_error(const struct asker *asker)
{
	return asker->fd < 0 ? asker->error : 0;
}

int asker_new(sd_event *event, const char *path, const struct asker_question *question,
              struct asker **out)
{
	struct asker *asker;
	size_t len = strlen(path);

	assert(question->command == SA_NAT64__CONTROL__REQUEST__COMMAND_STATUS ||
	       question->command == SA_NAT64__CONTROL__REQUEST__COMMAND_PEERS);
	if (len >= sizeof(asker->path))
		return -ENAMETOOLONG;
	asker = calloc(1, sizeof(*asker));
	if (!asker)
		return -ENOMEM;
	memcpy(asker->path, path, len + 1);
	asker->event = sd_event_ref(event);
	asker->question = question;
	asker->fd = -1;
	asker->error = ENOENT;
	*out = asker;
	return 0;
}

void asker_free(struct asker *asker)
{
	if (!asker)
		return;
	hang_up(asker, 0);
	(void)sd_event_unref(asker->event);
	free(asker);
}
