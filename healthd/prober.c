/* See prober.h. */
#include "healthd/prober.h"

#include "lib/control_socket.h"
#include "lib/probe_address.h"
#include "lib/rfc6052.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define SOURCE_PORT 6465
#define BATCH       4 /* messages taken at once */
#define BATCHES     8 /* in one look at one socket */
#define SOCKETS     3 /* the source, and one for each target */
#define SOURCE      PROBER_PATHS
#define DATAGRAM    (PROBE_LEN + 1) /* what is longer is none of ours */

static const enum probe_address target_of[PROBER_PATHS] = {
	[PROBER_SLOW] = PROBE_SLOW,
	[PROBER_FAST] = PROBE_FAST,
};

/* One of the sockets; number PROBER_SLOW and PROBER_FAST are the targets. */
struct end {
	struct prober *prober;
	size_t number;
	int fd;              /* -1: closed */
	sd_event_source *io; /* owned; off but in timed rounds */
};

struct prober {
	sd_event *event;
	void (*arrived)(void *context);
	void *context;
	struct end ends[SOCKETS];
	struct sockaddr_in6 to[PROBER_PATHS];
	struct probe probes[PROBER_PATHS];
	enum probe_timing timing; /* of the last round */
	char problem[PROBER_PROBLEM_MAX];
};

/* Messages of one socket, as recvmmsg() fills them. */
struct batch {
	struct mmsghdr headers[BATCH];
	struct iovec parts[BATCH];
	struct sockaddr_in from[BATCH]; /* only wanted at the targets */
	uint8_t bytes[BATCH][DATAGRAM];
};

/* ---- in ---- */

static void batch_init(struct batch *batch)
{
	memset(batch->headers, 0, sizeof(batch->headers));
	for (size_t i = 0; i < BATCH; i++) {
		batch->parts[i] = (struct iovec){ batch->bytes[i], DATAGRAM };
		batch->headers[i].msg_hdr.msg_iov = &batch->parts[i];
		batch->headers[i].msg_hdr.msg_iovlen = 1;
		batch->headers[i].msg_hdr.msg_name = &batch->from[i];
		batch->headers[i].msg_hdr.msg_namelen = sizeof(batch->from[i]);
	}
}

static void take_at_target(struct end *end, const struct batch *batch, int count, uint64_t now_us)
{
	struct probe *probe = &end->prober->probes[end->number];

	for (int i = 0; i < count; i++) {
		const struct mmsghdr *header = &batch->headers[i];

		if (header->msg_hdr.msg_namelen == sizeof(batch->from[i]) &&
		    probe_at_target(probe, batch->bytes[i], header->msg_len, now_us))
			(void)sendto(end->fd, batch->bytes[i], header->msg_len,
			             MSG_DONTWAIT | MSG_NOSIGNAL,
			             (const struct sockaddr *)&batch->from[i],
			             sizeof(batch->from[i]));
	}
}

static void take_at_source(struct end *end, const struct batch *batch, int count, uint64_t now_us)
{
	for (int i = 0; i < count; i++) {
		const uint8_t *message = batch->bytes[i];
		size_t len = batch->headers[i].msg_len;
		int path = probe_path(message, len);

		if (path >= 0 && path < PROBER_PATHS)
			(void)probe_is_back(&end->prober->probes[path], message, len, now_us);
	}
}

static void look(struct end *end, uint64_t now_us)
{
	struct batch batch;
	int count;

	if (end->fd < 0)
		return;
	for (int i = 0; i < BATCHES; i++) {
		batch_init(&batch);
		count = recvmmsg(end->fd, batch.headers, BATCH, MSG_DONTWAIT, NULL);
		if (count > 0 && end->number == SOURCE)
			take_at_source(end, &batch, count, now_us);
		else if (count > 0)
			take_at_target(end, &batch, count, now_us);
		if (count < BATCH)
			return;
	}
}

void prober_look(struct prober *prober, uint64_t now_us)
{
	for (size_t i = 0; i < SOCKETS; i++)
		look(&prober->ends[i], now_us);
}

static int on_message(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct end *end = userdata;

	(void)source;
	(void)fd;
	(void)events;
	look(end, control_now_us());
	if (end->number == SOURCE)
		end->prober->arrived(end->prober->context);
	return 0;
}

/* ---- out ---- */

static void say_unsent(struct prober *prober, enum prober_path path, int error)
{
	char to[ADDRESS_STRLEN];

	(void)address6_format(&prober->to[path].sin6_addr, to);
	if (error == ENETUNREACH || error == EHOSTUNREACH)
		(void)snprintf(prober->problem, sizeof(prober->problem),
		               "no probe can be sent to %s: no route leads there, or the "
		               "namespace has no IPv6 address; is the translator's TUN device up?",
		               to);
	else
		(void)snprintf(prober->problem, sizeof(prober->problem),
		               "no probe can be sent to %s: %s%s", to, strerror(error),
		               error == EPERM ? "; the firewall's output chain refuses it" : "");
}

static void send_path(struct prober *prober, enum prober_path path, const uint8_t *nonce,
                      enum probe_timing timing, uint64_t now_us)
{
	struct probe *probe = &prober->probes[path];
	uint8_t message[PROBE_LEN];

	probe_make(probe, nonce, timing, now_us, message);
	if (sendto(prober->ends[SOURCE].fd, message, sizeof(message), MSG_DONTWAIT | MSG_NOSIGNAL,
	           (const struct sockaddr *)&prober->to[path], sizeof(prober->to[path])) >= 0)
		return;
	say_unsent(prober, path, errno);
	probe_unmake(probe);
}

static void wait_for_answers(struct prober *prober, enum probe_timing timing)
{
	prober->timing = timing;
	for (size_t i = 0; i < SOCKETS; i++)
		(void)sd_event_source_set_enabled(
			prober->ends[i].io, timing == PROBE_TIMED ? SD_EVENT_ON : SD_EVENT_OFF);
}

void prober_send(struct prober *prober, enum probe_timing timing, uint64_t now_us)
{
	uint8_t nonces[PROBER_PATHS][PROBE_NONCE];

	if (!prober_is_open(prober))
		return;
	prober->problem[0] = '\0';
	randombytes_buf(nonces, sizeof(nonces));
	if (timing != prober->timing)
		wait_for_answers(prober, timing);
	send_path(prober, PROBER_SLOW, nonces[PROBER_SLOW], timing, now_us);
	send_path(prober, PROBER_FAST, nonces[PROBER_FAST], timing, now_us);
}

/* ---- opening ---- */

static void end_close(struct end *end)
{
	end->io = sd_event_source_disable_unref(end->io);
	if (end->fd >= 0)
		(void)close(end->fd);
	end->fd = -1;
}

void prober_close(struct prober *prober, const char *why)
{
	for (size_t i = 0; i < SOCKETS; i++)
		end_close(&prober->ends[i]);
	(void)snprintf(prober->problem, sizeof(prober->problem), "%s", why);
}

bool prober_is_open(const struct prober *prober)
{
	return prober->ends[SOURCE].fd >= 0;
}

static int end_open(struct end *end, int fd, const void *address, socklen_t len)
{
	int error;

	if (fd < 0)
		return fd;
	end->fd = fd;
	if (len && bind(fd, address, len) < 0)
		return -errno;
	error = sd_event_add_io(end->prober->event, &end->io, fd, EPOLLIN, on_message, end);
	if (error >= 0)
		error = sd_event_source_set_enabled(end->io, SD_EVENT_OFF);
	end->prober->timing = PROBE_COUNTED;
	return error < 0 ? error : 0;
}

static void say_unbound(struct prober *prober, int error, const char *address, const char *where)
{
	const char *advice = "";

	if (error == -EADDRNOTAVAIL)
		advice = "; sa-nat64-netns puts it on the loopback, in the box's own namespace "
			 "'ip addr add' does";
	else if (error == -EADDRINUSE)
		advice = "; another program has it: instances in one namespace need a probe4 each";
	(void)snprintf(prober->problem, sizeof(prober->problem),
	               "no probe socket on %s in %s: %s%s", address, where, strerror(-error),
	               advice);
}

static void say_unopened(struct prober *prober, int error, const char *name)
{
	if (error == -ENOENT && name)
		(void)snprintf(prober->problem, sizeof(prober->problem),
		               "there is no namespace %s; sa-nat64-netns up makes it", name);
	else
		(void)snprintf(prober->problem, sizeof(prober->problem),
		               "no socket can be opened in %s%s: %s",
		               name ? "namespace " : "the box's own namespace", name ? name : "",
		               error == -ESHUTDOWN ? "the process that does so is gone; restart "
		                                     "sa-nat64-healthd"
		                                   : strerror(-error));
}

/* The source, in siit mode with its address; else the kernel chooses one. The port stays the same,
 * so that a program that was restarted goes on with the sessions that it had: there may be no room
 * for new ones. */
static int open_source(struct prober *prober, struct opener *opener,
                       const struct config_instance *instance, const char *name,
                       const struct prefix6 *prefix, struct opener_namespace *which)
{
	struct sockaddr_in6 from = { .sin6_family = AF_INET6, .sin6_port = htons(SOURCE_PORT) };
	struct end *end = &prober->ends[SOURCE];
	int fd = opener_open(opener, OPENER_UDP6, name, which), error;
	char text[ADDRESS_STRLEN];

	if (fd < 0) {
		say_unopened(prober, fd, name);
		return fd;
	}
	if (instance->mode == CONFIG_MODE_SIIT)
		from.sin6_addr = rfc6052_embed(prefix, probe_address(instance, PROBE_SOURCE));
	error = end_open(end, fd, &from, sizeof(from));
	if (error == -EADDRINUSE) { /* by another instance in the same namespace */
		from.sin6_port = 0;
		error = end_open(end, fd, &from, sizeof(from));
	}
	if (error)
		say_unbound(prober, error, address6_format(&from.sin6_addr, text),
		            name ? name : "the box's own namespace");
	return error;
}

static int open_target(struct prober *prober, struct opener *opener,
                       const struct config_instance *instance, const char *name,
                       enum prober_path path)
{
	uint32_t addr4 = probe_address(instance, target_of[path]);
	struct sockaddr_in here = { .sin_family = AF_INET,
		                    .sin_port = htons(PROBE_PORT),
		                    .sin_addr.s_addr = htonl(addr4) };
	struct opener_namespace which;
	int fd = opener_open(opener, OPENER_UDP4, name, &which), error;
	char text[ADDRESS_STRLEN];

	if (fd < 0) {
		say_unopened(prober, fd, name);
		return fd;
	}
	error = end_open(&prober->ends[path], fd, &here, sizeof(here));
	if (error)
		say_unbound(prober, error, address4_format(addr4, text),
		            name ? name : "the box's own namespace");
	return error;
}

/* The prefix by which the translator knows the address; NULL when it has none for it. */
static const struct prefix6 *prefix_of(const struct config_instance *instance,
                                       enum probe_address which)
{
	int row = pool6_find4(instance->pool6, instance->pool6_count,
	                      probe_address(instance, which));

	return row < 0 ? NULL : &instance->pool6[row].prefix;
}

static int aim(struct prober *prober, const struct config_instance *instance)
{
	char text[ADDRESS_STRLEN];

	for (int path = 0; path < PROBER_PATHS; path++) {
		const struct prefix6 *prefix = prefix_of(instance, target_of[path]);

		if (!prefix || !prefix_of(instance, PROBE_SOURCE)) {
			(void)snprintf(prober->problem, sizeof(prober->problem),
			               "no pool6 line holds probe4 %s; give one without 'for' or "
			               "another probe4",
			               prefix4_format(&instance->probe4, text));
			return -EINVAL;
		}
		prober->to[path] = (struct sockaddr_in6){
			.sin6_family = AF_INET6,
			.sin6_port = htons(PROBE_PORT),
			.sin6_addr = rfc6052_embed(prefix, probe_address(instance, target_of[path]))
		};
	}
	return 0;
}

int prober_open(struct prober *prober, struct opener *opener,
                const struct config_instance *instance, const char *name,
                struct opener_namespace *which)
{
	char why[PROBER_PROBLEM_MAX];
	int error;

	prober_close(prober, "");
	error = aim(prober, instance);
	if (error == 0)
		error = open_source(prober, opener, instance, name,
		                    prefix_of(instance, PROBE_SOURCE), which);
	for (int path = 0; error == 0 && path < PROBER_PATHS; path++)
		error = open_target(prober, opener, instance, name, (enum prober_path)path);
	if (error) {
		memcpy(why, prober->problem, sizeof(why));
		prober_close(prober, why);
	}
	return error;
}

int prober_new(sd_event *event, void (*arrived)(void *context), void *context, struct prober **out)
{
	struct prober *prober = calloc(1, sizeof(*prober));

	if (!prober)
		return -ENOMEM;
	prober->event = sd_event_ref(event);
	prober->arrived = arrived;
	prober->context = context;
	for (size_t i = 0; i < SOCKETS; i++)
		prober->ends[i] = (struct end){ .prober = prober, .number = i, .fd = -1 };
	for (size_t path = 0; path < PROBER_PATHS; path++)
		probe_init(&prober->probes[path], (uint8_t)path);
	*out = prober;
	return 0;
}

void prober_free(struct prober *prober)
{
	if (!prober)
		return;
	prober_close(prober, "");
	(void)sd_event_unref(prober->event);
	free(prober);
}

struct probe *prober_probe(struct prober *prober, enum prober_path path)
{
	return &prober->probes[path];
}

const char *prober_problem(const struct prober *prober)
{
	return prober->problem;
}
