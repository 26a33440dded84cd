#include "translator/collector.h"

#include "lib/collector_address.h"
#include "translator/ipfix_queue.h"

#include <errno.h>
#include <limits.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define SECOND_US        UINT64_C(1000000)
#define QUEUE_MESSAGES   2048 /* some 70,000 records, 2.8 MB when they are full */
#define BACKOFF_US       SECOND_US
#define BACKOFF_MAX_US   (30 * SECOND_US)
#define CONNECT_US       (10 * SECOND_US) /* a connection that is not there by then is given up */
#define STUCK_US         (10 * SECOND_US)
#define ABOUT_US         (60 * SECOND_US) /* how often losses, and over UDP templates, are sent */
#define USER_TIMEOUT_MS  60000            /* nothing acknowledged for so long: it is gone */
#define DATAGRAMS_A_TURN 256
#define HEARD_A_TURN     16 /* messages of the other side, which should have none */

enum state { IDLE, CONNECTING, CONNECTED };

static const char stuck[] = "it takes nothing any more";

struct collector {
	char name[COLLECTOR_NAME_MAX];
	struct collector_address address;
	struct ipfix_source source;
	struct ipfix_queue *queue;

	enum state state;
	int fd;
	uint64_t since_us; /* the state; of IDLE: until when */
	uint64_t backoff_us;
	uint64_t about_us;   /* when templates or losses were sent */
	uint64_t arrived_us; /* when something arrived, or nothing was under way */
	uint32_t sequence;
	uint64_t sent, arrived, unrefused; /* bytes of this connection; the last over UDP only */
	struct ipfix_message about;        /* templates and losses; len 0: nothing to be sent */
	struct ipfix_message *message;     /* the one at hand: the queue's, or `about` */
	size_t offset;                     /* of it, sent */

	_Atomic uint64_t written, lost;
	_Atomic uint32_t waiting;
	_Atomic bool is_up;
	_Atomic(const char *) problem;
};

static void set_problem(struct collector *collector, const char *problem)
{
	atomic_store_explicit(&collector->problem, problem, memory_order_relaxed);
}

static void show_waiting(struct collector *collector)
{
	atomic_store_explicit(&collector->waiting, ipfix_queue_waiting(collector->queue),
	                      memory_order_relaxed);
}

/* ---- the connection ---- */

static void settle(struct collector *collector, uint64_t end)
{
	uint32_t records = ipfix_queue_arrived(collector->queue, end);

	atomic_fetch_add_explicit(&collector->written, records, memory_order_relaxed);
}

/* What has not arrived is kept for the next connection. error: positive. */
static void hang_up(struct collector *collector, uint64_t now_us, int error)
{
	if (collector->fd >= 0)
		(void)close(collector->fd);
	collector->fd = -1;
	collector->message = NULL;
	ipfix_queue_rewind(collector->queue);
	collector->state = IDLE;
	collector->since_us = now_us + collector->backoff_us;
	collector->backoff_us = collector->backoff_us * 2 < BACKOFF_MAX_US
	                                ? collector->backoff_us * 2
	                                : BACKOFF_MAX_US;
	atomic_store_explicit(&collector->is_up, false, memory_order_relaxed);
	set_problem(collector, strerrordesc_np(error));
}

static void add_about(struct collector *collector, const struct ipfix_body *body)
{
	struct ipfix_message *about = &collector->about;

	memcpy(about->bytes + IPFIX_HEADER_LEN, body->bytes, body->len);
	about->len = (uint16_t)(IPFIX_HEADER_LEN + body->len);
	about->records = (uint16_t)body->records;
}

/* Every minute, and first of all on a connection. */
static void make_about(struct collector *collector, uint64_t now_us, uint64_t utc_us,
                       uint64_t lost_before)
{
	bool has_templates = collector->sent == 0 || collector->address.type == SOCK_DGRAM;
	struct ipfix_body body;

	ipfix_body_init(&body);
	if (has_templates)
		ipfix_add_templates(&body);
	ipfix_add_losses(&body, &collector->source,
	                 lost_before + atomic_load_explicit(&collector->lost, memory_order_relaxed),
	                 utc_us);
	add_about(collector, &body);
	collector->about_us = now_us;
}

static void begin(struct collector *collector, uint64_t now_us)
{
	collector->state = CONNECTED;
	collector->since_us = collector->arrived_us = now_us;
	collector->sequence = 0;
	collector->sent = collector->arrived = collector->unrefused = 0;
	collector->offset = 0;
	collector->about.len = 0;
}

static int open_socket(const struct collector_address *address)
{
	int fd = socket(address->address.ss_family, address->type | SOCK_CLOEXEC | SOCK_NONBLOCK,
	                0);
	unsigned timeout_ms = USER_TIMEOUT_MS;

	if (fd >= 0 && address->type == SOCK_STREAM)
		(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms,
		                 sizeof(timeout_ms));
	return fd;
}

static void call(struct collector *collector, uint64_t now_us)
{
	const struct collector_address *address = &collector->address;

	collector->fd = open_socket(address);
	if (collector->fd < 0 ||
	    (connect(collector->fd, (const struct sockaddr *)&address->address, address->len) < 0 &&
	     errno != EINPROGRESS)) {
		hang_up(collector, now_us, errno);
		return;
	}
	collector->state = CONNECTING;
	collector->since_us = now_us;
}

static int pending_error(int fd)
{
	int error = 0;
	socklen_t len = sizeof(error);

	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0 ? errno : error;
}

static void see_whether_connected(struct collector *collector, uint64_t now_us)
{
	struct pollfd pollfd = { .fd = collector->fd, .events = POLLOUT };
	int error;

	if (poll(&pollfd, 1, 0) <= 0) {
		if (now_us - collector->since_us >= CONNECT_US)
			hang_up(collector, now_us, ETIMEDOUT);
		return;
	}
	error = pending_error(collector->fd);
	if (error)
		hang_up(collector, now_us, error);
	else
		begin(collector, now_us);
}

/* A collector says nothing; an end or an error may come. One that talks without end is not heard to
 * its end. Returns whether the connection is whole. */
static bool listen_to(struct collector *collector, uint64_t now_us)
{
	char ignored[4096];
	ssize_t len = 1;

	for (unsigned left = HEARD_A_TURN; left && len > 0; left--)
		len = recv(collector->fd, ignored, sizeof(ignored), MSG_DONTWAIT);
	if (len == 0 && collector->address.type == SOCK_STREAM)
		hang_up(collector, now_us, ECONNRESET);
	else if (len < 0 && errno != EAGAIN && errno != EINTR)
		hang_up(collector, now_us, errno);
	return collector->state == CONNECTED;
}

/* TCP knows what has arrived; a datagram that nobody refused since the last turn counts as such. */
static uint64_t find_arrived(struct collector *collector)
{
	uint64_t end = collector->unrefused;
	int unacknowledged;

	if (collector->address.type == SOCK_DGRAM)
		collector->unrefused = collector->sent;
	else if (ioctl(collector->fd, SIOCOUTQ, &unacknowledged) == 0)
		end = collector->sent - (uint64_t)unacknowledged;
	else
		end = collector->arrived;
	return end;
}

static void see_what_arrived(struct collector *collector, uint64_t now_us)
{
	uint64_t end = find_arrived(collector);

	if (end > collector->arrived || end == collector->sent)
		collector->arrived_us = now_us;
	collector->arrived = end;
	settle(collector, end);
	if (end == 0)
		return;
	collector->backoff_us = BACKOFF_US;
	atomic_store_explicit(&collector->is_up, true, memory_order_relaxed);
	set_problem(collector, now_us - collector->arrived_us >= STUCK_US ? stuck : NULL);
}

/* ---- sending ---- */

/* Put the next message at hand. False: there is none. */
static bool choose(struct collector *collector, uint64_t utc_us)
{
	struct ipfix_message *message;

	if (collector->message)
		return true;
	message = collector->about.len ? &collector->about : ipfix_queue_next(collector->queue);
	if (!message)
		return false;
	ipfix_put_header(message->bytes, message->len, (uint32_t)(utc_us / SECOND_US),
	                 collector->sequence, collector->source.domain);
	collector->message = message;
	collector->offset = 0;
	return true;
}

static void finish(struct collector *collector)
{
	struct ipfix_message *message = collector->message;

	collector->sequence += message->records;
	collector->message = NULL;
	if (message == &collector->about)
		message->len = 0;
	else
		ipfix_queue_sent(collector->queue, collector->sent);
}

static void send_all(struct collector *collector, uint64_t now_us, uint64_t utc_us)
{
	unsigned left = collector->address.type == SOCK_DGRAM ? DATAGRAMS_A_TURN : UINT_MAX;

	for (; left && choose(collector, utc_us); left--) {
		const struct ipfix_message *message = collector->message;
		ssize_t len = send(collector->fd, message->bytes + collector->offset,
		                   message->len - collector->offset, MSG_NOSIGNAL);

		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0) {
			if (errno != EAGAIN && errno != ENOBUFS)
				hang_up(collector, now_us, errno);
			return;
		}
		collector->sent += (uint64_t)len;
		collector->offset += (size_t)len;
		if (collector->offset < message->len)
			return;
		finish(collector);
	}
}

static void serve(struct collector *collector, uint64_t now_us, uint64_t utc_us,
                  uint64_t lost_before)
{
	if (!listen_to(collector, now_us))
		return;
	see_what_arrived(collector, now_us);
	if (collector->sent == 0 || now_us - collector->about_us >= ABOUT_US)
		if (collector->message != &collector->about)
			make_about(collector, now_us, utc_us, lost_before);
	send_all(collector, now_us, utc_us);
}

/* ---- the outside ---- */

struct collector *collector_new(const char *name, const struct ipfix_source *source)
{
	struct collector *collector = calloc(1, sizeof(*collector));

	if (!collector)
		return NULL;
	(void)snprintf(collector->name, sizeof(collector->name), "%s", name);
	collector->source = *source;
	collector->fd = -1;
	collector->backoff_us = BACKOFF_US;
	collector->queue = ipfix_queue_new(QUEUE_MESSAGES);
	if (collector->queue && collector_address_parse(name, &collector->address) == 0)
		return collector;
	collector_free(collector);
	return NULL;
}

void collector_free(struct collector *collector)
{
	if (!collector)
		return;
	if (collector->fd >= 0)
		(void)close(collector->fd);
	ipfix_queue_free(collector->queue);
	free(collector);
}

const char *collector_name(const struct collector *collector)
{
	return collector->name;
}

void collector_put(struct collector *collector, const struct ipfix_body *body)
{
	if (!ipfix_queue_add(collector->queue, body))
		atomic_fetch_add_explicit(&collector->lost, body->records, memory_order_relaxed);
	show_waiting(collector);
}

void collector_tend(struct collector *collector, uint64_t now_us, uint64_t utc_us,
                    uint64_t lost_before)
{
	if (collector->state == IDLE && now_us >= collector->since_us)
		call(collector, now_us);
	if (collector->state == CONNECTING)
		see_whether_connected(collector, now_us);
	if (collector->state == CONNECTED)
		serve(collector, now_us, utc_us, lost_before);
	show_waiting(collector);
}

void collector_stats(const struct collector *collector, struct collector_stats *out)
{
	*out = (struct collector_stats){
		.written = atomic_load_explicit(&collector->written, memory_order_relaxed),
		.lost = atomic_load_explicit(&collector->lost, memory_order_relaxed),
		.waiting = atomic_load_explicit(&collector->waiting, memory_order_relaxed),
		.is_up = atomic_load_explicit(&collector->is_up, memory_order_relaxed),
		.problem = atomic_load_explicit(&collector->problem, memory_order_relaxed),
	};
	(void)snprintf(out->name, sizeof(out->name), "%s", collector->name);
}
