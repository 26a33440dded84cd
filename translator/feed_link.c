#include "translator/feed_link.h"

#include "lib/arena.h"
#include "lib/config_hash.h"
#include "lib/control_socket.h"
#include "lib/log.h"
#include "lib/version.h"
#include "proto/feed.pb-c.h"
#include "translator/feed.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PERIOD_US   1000000    /* between two attempts to connect, or two looks at the counters */
#define GATHER_US   2000       /* how long changes wait for others to share a message with */
#define GATHER_ROWS 128        /* unless there are so many */
#define WRITES      4          /* messages in one turn */
#define ARENA_BYTES (8u << 20) /* what the worst FEED_MESSAGE_MAX bytes unpack to */
#define SEND_BUFFER (1 << 20)

enum link_state { LINK_DOWN, LINK_GREETED, LINK_UP };

struct feed_link {
	sd_event *event;
	struct translator *translator;
	struct sockaddr_un address;
	uint8_t node;
	struct config_hash hash;
	enum link_state state;
	int fd;
	bool is_blocked; /* the socket takes no more for now */
	sd_event_source *socket, *period, *gather, *after_turn, *patience;
	feed_link_told *told; /* who waits for all that the syncd holds; NULL: nobody */
	void *told_context;
	uint64_t wait_end_us;
	struct arena *arena;
	size_t pending; /* bytes of out that the socket did not take */
	char why_not[200];
	uint8_t in[FEED_MESSAGE_MAX], out[FEED_MESSAGE_MAX];
};

/* ---- waiting for what the syncd holds ---- */

static void end_wait(struct feed_link *link, const char *why)
{
	feed_link_told *told = link->told;

	if (!told)
		return;
	link->told = NULL;
	(void)sd_event_source_set_enabled(link->patience, SD_EVENT_OFF);
	told(link->told_context, why);
}

static int on_impatience(sd_event_source *source, uint64_t due_us, void *userdata)
{
	(void)source;
	(void)due_us;
	end_wait(userdata, "sa-nat64-syncd has not told of all in time");
	return 0;
}

static void be_patient(struct feed_link *link)
{
	uint64_t until_us = control_now_us() + FEED_LINK_PATIENCE_US;

	if (!link->told)
		return;
	if (until_us > link->wait_end_us)
		until_us = link->wait_end_us;
	(void)sd_event_source_set_time(link->patience, until_us);
	(void)sd_event_source_set_enabled(link->patience, SD_EVENT_ONESHOT);
}

void feed_link_await(struct feed_link *link, feed_link_told *told, void *context)
{
	link->told = told;
	link->told_context = context;
	link->wait_end_us = control_now_us() + FEED_LINK_WAIT_MAX_US;
	if (link->state == LINK_DOWN)
		end_wait(link, link->why_not);
	else
		be_patient(link);
}

/* ---- connecting ---- */

static void begin_period(struct feed_link *link)
{
	(void)sd_event_source_set_time_relative(link->period, PERIOD_US);
	(void)sd_event_source_set_enabled(link->period, SD_EVENT_ONESHOT);
}

__attribute__((format(printf, 2, 3))) static void hang_up(struct feed_link *link,
                                                          const char *format, ...)
{
	bool was_up = link->state == LINK_UP;
	va_list args;

	va_start(args, format);
	(void)vsnprintf(link->why_not, sizeof(link->why_not), format, args);
	va_end(args);
	link->socket = sd_event_source_disable_unref(link->socket);
	if (link->fd >= 0)
		(void)close(link->fd);
	link->fd = -1;
	link->state = LINK_DOWN;
	link->pending = 0;
	if (was_up) {
		feed_detach(link->translator);
		log_warning("sessions are not replicated: %s", link->why_not);
	}
	begin_period(link);
	end_wait(link, link->why_not);
}

static size_t write_hello(const struct feed_link *link, uint8_t *bytes)
{
	const struct config_instance *config = translator_config(link->translator);
	SaNat64__Feed__FeedMessage message = SA_NAT64__FEED__FEED_MESSAGE__INIT;
	SaNat64__Feed__FeedHello hello = SA_NAT64__FEED__FEED_HELLO__INIT;

	message.version = FEED_VERSION;
	message.hello = &hello;
	hello.instance = (char *)config->name;
	hello.node = link->node;
	hello.prefixes_hash = link->hash.prefixes;
	hello.config_hash = link->hash.rest;
	hello.sessions_max = config->max_sessions;
	hello.program = (char *)sa_nat64_version;
	return sa_nat64__feed__feed_message__pack(&message, bytes);
}

/* ---- writing ---- */

/* Send what is in out. False: not now, or never again. */
static bool flush(struct feed_link *link)
{
	if (send(link->fd, link->out, link->pending, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) {
		link->pending = 0;
		return true;
	}
	if (errno == EAGAIN || errno == ENOBUFS) {
		link->is_blocked = true;
		(void)sd_event_source_set_io_events(link->socket, EPOLLIN | EPOLLOUT);
	} else {
		hang_up(link, "sa-nat64-syncd has closed the connection: %s", strerror(errno));
	}
	return false;
}

static void gather(struct feed_link *link, uint64_t us)
{
	int enabled = SD_EVENT_OFF;

	(void)sd_event_source_get_enabled(link->gather, &enabled);
	if (enabled != SD_EVENT_OFF)
		return;
	(void)sd_event_source_set_time_relative(link->gather, us);
	(void)sd_event_source_set_enabled(link->gather, SD_EVENT_ONESHOT);
}

/* What is left gets its turn after the packets that came meanwhile. */
static void write_some(struct feed_link *link)
{
	if (link->pending && !flush(link))
		return;
	for (int i = 0; i < WRITES && link->state == LINK_UP && !link->is_blocked; i++) {
		link->pending = feed_poll(link->translator, link->out, control_now_us());
		if (link->pending && !flush(link))
			return;
	}
	if (link->state == LINK_UP && !link->is_blocked && feed_has_output(link->translator))
		gather(link, 0);
}

static int on_gathered(sd_event_source *source, uint64_t due_us, void *userdata)
{
	(void)source;
	(void)due_us;
	write_some(userdata);
	return 0;
}

/* After every turn of the loop: packets may have changed sessions. */
static int after_turn(sd_event_source *source, void *userdata)
{
	struct feed_link *link = userdata;

	(void)source;
	if (link->state != LINK_UP || link->is_blocked || !feed_has_output(link->translator))
		return 0;
	if (feed_waiting(link->translator) >= GATHER_ROWS)
		write_some(link);
	else
		gather(link, GATHER_US);
	return 0;
}

/* ---- reading ---- */

static bool is_greeting(struct feed_link *link, size_t len)
{
	const SaNat64__Feed__FeedMessage *message =
		sa_nat64__feed__feed_message__unpack(arena_allocator(link->arena), len, link->in);

	return message && message->version == FEED_VERSION && message->hello;
}

static void on_records(struct feed_link *link, size_t len)
{
	int error = feed_deliver(link->translator, link->in, len, arena_allocator(link->arena),
	                         control_now_us());

	if (error)
		hang_up(link,
		        "sa-nat64-syncd sent what is no message of version %d; are both of one "
		        "release?",
		        FEED_VERSION);
	else if (feed_is_all_told(link->translator))
		end_wait(link, NULL);
}

static void on_message(struct feed_link *link, size_t len)
{
	arena_clear(link->arena);
	be_patient(link);
	if (link->state == LINK_UP) {
		on_records(link, len);
		return;
	}
	if (!is_greeting(link, len)) {
		hang_up(link, "sa-nat64-syncd did not greet; are both of one release?");
		return;
	}
	link->state = LINK_UP;
	feed_attach(link->translator, control_now_us());
	begin_period(link);
	log_info("sessions are replicated by sa-nat64-syncd at %s", link->address.sun_path);
}

static void on_end(struct feed_link *link, ssize_t len)
{
	if (len < 0)
		hang_up(link, "the connection to sa-nat64-syncd broke: %s", strerror(errno));
	else if (link->state == LINK_GREETED)
		hang_up(link, "sa-nat64-syncd refuses instance %s; its log says why",
		        translator_config(link->translator)->name);
	else
		hang_up(link, "sa-nat64-syncd has ended, or closed the connection");
}

static int on_socket(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct feed_link *link = userdata;
	ssize_t len;

	if (events & EPOLLOUT) {
		link->is_blocked = false;
		(void)sd_event_source_set_io_events(source, EPOLLIN);
		write_some(link);
		if (link->state == LINK_DOWN)
			return 0;
	}
	if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
		return 0;
	len = recv(fd, link->in, sizeof(link->in), MSG_DONTWAIT | MSG_TRUNC);
	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (len > (ssize_t)sizeof(link->in))
		hang_up(link, "sa-nat64-syncd sent a message of %zd bytes; %d is the limit", len,
		        FEED_MESSAGE_MAX);
	else if (len > 0)
		on_message(link, (size_t)len);
	else
		on_end(link, len);
	return 0;
}

static void connect_now(struct feed_link *link)
{
	const int size = SEND_BUFFER;

	link->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (link->fd < 0) {
		hang_up(link, "cannot make a socket: %s", strerror(errno));
		return;
	}
	(void)setsockopt(link->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	if (connect(link->fd, (const struct sockaddr *)&link->address, sizeof(link->address)) < 0) {
		hang_up(link, "no sa-nat64-syncd listens at %s: %s", link->address.sun_path,
		        strerror(errno));
		return;
	}
	link->state = LINK_GREETED;
	link->is_blocked = false;
	(void)snprintf(link->why_not, sizeof(link->why_not), "sa-nat64-syncd does not answer");
	if (sd_event_add_io(link->event, &link->socket, link->fd, EPOLLIN, on_socket, link) < 0) {
		hang_up(link, "not enough memory");
		return;
	}
	link->pending = write_hello(link, link->out);
	(void)flush(link);
}

/* Counters that rose with the last packets are told although nothing happens any more. */
static int on_period(sd_event_source *source, uint64_t due_us, void *userdata)
{
	struct feed_link *link = userdata;

	(void)source;
	(void)due_us;
	if (link->state == LINK_DOWN) {
		connect_now(link);
		return 0;
	}
	begin_period(link);
	if (link->state == LINK_UP && !link->is_blocked)
		write_some(link);
	return 0;
}

/* ---- beginning and end ---- */

static int add_timer(struct feed_link *link, sd_event_source **source,
                     sd_event_time_handler_t handler)
{
	int error = sd_event_add_time_relative(link->event, source, CLOCK_MONOTONIC, 0, 1, handler,
	                                       link);

	return error < 0 ? error : sd_event_source_set_enabled(*source, SD_EVENT_OFF);
}

bool feed_link_is_wanted(const struct config *config, const struct config_instance *instance)
{
	return config->cluster.sync_interface && config->node_count > 0 &&
	       instance->mode == CONFIG_MODE_NAT64;
}

/* Begin replication in t under a configuration. 0 or -ENOMEM. */
static int take_translator(struct feed_link *link, struct translator *t,
                           const struct config *config)
{
	const struct feed_config feed = { link->node, config->cluster.sync_min_age_us };
	int error = config_hash(config, translator_config(t), &link->hash);

	return error ? error : feed_start(t, &feed);
}

static int add_sources(struct feed_link *link)
{
	int error = add_timer(link, &link->period, on_period);

	if (error >= 0)
		error = add_timer(link, &link->gather, on_gathered);
	if (error >= 0)
		error = add_timer(link, &link->patience, on_impatience);
	if (error >= 0)
		error = sd_event_add_post(link->event, &link->after_turn, after_turn, link);
	return error;
}

int feed_link_start(sd_event *event, struct translator *t, const struct config *config,
                    uint8_t node, const char *rundir, struct feed_link **out)
{
	struct feed_link *link = calloc(1, sizeof(*link));
	const size_t size = sizeof(link->address.sun_path);
	int error = -ENOMEM;

	if (!link)
		return -ENOMEM;
	link->event = sd_event_ref(event);
	link->translator = t;
	link->node = node;
	link->fd = -1;
	link->address.sun_family = AF_UNIX;
	if (snprintf(link->address.sun_path, size, "%s/sync.sock", rundir) >= (int)size) {
		error = -ENAMETOOLONG;
		goto fail;
	}
	link->arena = arena_new(ARENA_BYTES);
	if (link->arena)
		error = take_translator(link, t, config);
	if (error >= 0)
		error = add_sources(link);
	if (error < 0)
		goto fail;
	connect_now(link);
	*out = link;
	return 0;
fail:
	feed_link_stop(link);
	return error;
}

void feed_link_stop(struct feed_link *link)
{
	if (!link)
		return;
	sd_event_source_disable_unref(link->socket);
	sd_event_source_disable_unref(link->period);
	sd_event_source_disable_unref(link->gather);
	sd_event_source_disable_unref(link->after_turn);
	sd_event_source_disable_unref(link->patience);
	if (link->fd >= 0)
		(void)close(link->fd);
	arena_free(link->arena);
	(void)sd_event_unref(link->event);
	free(link);
}

void feed_link_serve(struct feed_link *link, struct translator *t, const struct config *config)
{
	if (!link)
		return;
	link->socket = sd_event_source_disable_unref(link->socket);
	if (link->fd >= 0)
		(void)close(link->fd);
	link->fd = -1;
	link->pending = 0;
	link->state = LINK_DOWN;
	link->translator = t;
	(void)sd_event_source_set_enabled(link->period, SD_EVENT_OFF);
	if (take_translator(link, t, config) == 0) {
		connect_now(link);
		return;
	}
	(void)snprintf(link->why_not, sizeof(link->why_not),
	               "not enough memory; lower max-sessions");
	log_error("sessions are not replicated: %s", link->why_not);
}

const char *feed_link_why_not(const struct feed_link *link)
{
	return link->state == LINK_UP ? NULL : link->why_not;
}
