#include "translator/loop.h"

#include "lib/log.h"
#include "lib/log_event.h"
#include "translator/fastpath.h"
#include "translator/tun.h"
#include "translator/watermarks.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define BURST_MAX        256 /* packets read before other events get their turn */
#define TICK_US          20000
#define SECOND_US        1000000
#define NOTES_PER_MINUTE 10

struct loop {
	int tun;
	struct locals *locals;
	struct fastpath *fastpath;
	uint64_t second_us; /* when what happens once a second did */
	struct watermarks watermarks;
	struct translator *translator;
	sd_event_source *packets, *ticks;
	struct log_limit notes[VERDICT_COUNT], write_errors;
	uint8_t *buffer; /* headroom and one packet */
};

static const struct log_limit few = { .burst = NOTES_PER_MINUTE, .interval_us = 60000000 };

struct loop *loop_new(int tun, struct locals *locals, struct fastpath *fastpath)
{
	struct loop *loop = calloc(1, sizeof(*loop));

	if (!loop)
		return NULL;
	loop->tun = tun;
	loop->locals = locals;
	loop->fastpath = fastpath;
	loop->write_errors = few;
	for (int verdict = 0; verdict < VERDICT_COUNT; verdict++)
		loop->notes[verdict] = few;
	loop->buffer = malloc(TRANSLATOR_HEADROOM + TRANSLATOR_PACKET_MAX);
	if (loop->buffer)
		return loop;
	free(loop);
	return NULL;
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	sd_event_source_disable_unref(loop->packets);
	sd_event_source_disable_unref(loop->ticks);
	(void)close(loop->tun);
	free(loop->buffer);
	free(loop);
}

uint64_t loop_now_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* ---- what the core asks for ---- */

static void emit(void *context, const struct virtio_net_hdr *vnet, const struct iovec *iov,
                 int count)
{
	struct loop *loop = context;
	int error = tun_write(loop->tun, vnet, iov, count);

	if (error == 0)
		return;
	translator_count_write_error(loop->translator);
	log_limited(&loop->write_errors, loop_now_us(), LOG_LEVEL_WARNING,
	            "the kernel refused a translated packet: %s; is the device up?",
	            strerror(-error));
}

static bool is_local4(void *context, uint32_t addr4)
{
	const struct loop *loop = context;

	return loop->locals && locals_has4(loop->locals, addr4);
}

static bool is_local6(void *context, const struct in6_addr *addr6)
{
	const struct loop *loop = context;

	return loop->locals && locals_has6(loop->locals, addr6);
}

/* Each kind has a budget of its own: a flood of one does not hide the others. */
static void note(void *context, enum verdict verdict, const struct packet *p)
{
	struct loop *loop = context;
	char src[ADDRESS_STRLEN], dst[ADDRESS_STRLEN];
	const struct log_field fields[] = {
		{ "INSTANCE", translator_config(loop->translator)->name },
		{ "REASON", verdict_info(verdict)->name },
		{ "SOURCE", src },
		{ "DESTINATION", dst },
	};

	if (!log_limit_passes(&loop->notes[verdict], loop_now_us(), LOG_LEVEL_NOTICE))
		return;
	if (p->version == 6) {
		address6_format(&p->src6, src);
		address6_format(&p->dst6, dst);
	} else {
		address4_format(p->src4, src);
		address4_format(p->dst4, dst);
	}
	log_event(LOG_LEVEL_NOTICE, fields, sizeof(fields) / sizeof(fields[0]),
	          "dropped (%s): %s port %u -> %s port %u, protocol %u",
	          verdict_info(verdict)->name, src, p->src_port, dst, p->dst_port, p->proto);
}

struct translator_io loop_io(struct loop *loop)
{
	struct translator_io io = {
		.emit = emit,
		.is_local4 = is_local4,
		.is_local6 = is_local6,
		.note = note,
		.context = loop,
	};

	if (loop->fastpath)
		io.fast = fastpath_hooks(loop->fastpath);
	return io;
}

/* ---- events ---- */

static int on_packets(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct loop *loop = userdata;
	uint8_t *packet = loop->buffer + TRANSLATOR_HEADROOM;
	uint64_t now_us = loop_now_us();
	struct virtio_net_hdr vnet;
	ptrdiff_t len;
	int i;

	(void)source;
	(void)revents;
	for (i = 0; i < BURST_MAX; i++) {
		len = tun_read(fd, &vnet, packet, TRANSLATOR_PACKET_MAX);
		if (len == 0)
			return 0;
		if (len == -EBADMSG)
			continue;
		if (len < 0) {
			log_error("cannot read from the device: %s",
			          len == -EBADFD ? "it is gone; the next start makes another"
			                         : strerror((int)-len));
			return sd_event_exit(sd_event_source_get_event(source), 1);
		}
		(void)translator_input(loop->translator, packet, (size_t)len, &vnet, now_us);
	}
	return 0;
}

static void tell_watermark(void *context, const struct watermarks_event *event)
{
	struct loop *loop = context;
	const struct log_field fields[] = {
		{ "INSTANCE", translator_config(loop->translator)->name },
		{ "REASON", event->reason },
		{ "PROTOCOL", event->protocol },
	};
	size_t count = sizeof(fields) / sizeof(fields[0]) - !event->protocol[0];

	translator_log_mark(loop->translator, event->record, event->proto, event->limit);
	if (event->is_high)
		log_event(LOG_LEVEL_WARNING, fields, count,
		          "%s above %d %%: %" PRIu64 " of %" PRIu64 " in use", event->resource,
		          WATERMARKS_HIGH_PERCENT, event->used, event->total);
	else
		log_event(LOG_LEVEL_NOTICE, fields, count,
		          "%s below %d %% again: %" PRIu64 " of %" PRIu64 " in use",
		          event->resource, WATERMARKS_LOW_PERCENT, event->used, event->total);
}

static void on_second(struct loop *loop, uint64_t now_us)
{
	struct translator_stats stats;

	translator_stats(loop->translator, &stats);
	watermarks_look(&loop->watermarks, &stats, now_us, tell_watermark, loop);
	if (loop->fastpath)
		fastpath_sweep(loop->fastpath, now_us);
}

static int on_tick(sd_event_source *source, uint64_t due_us, void *userdata)
{
	struct loop *loop = userdata;
	uint64_t now_us = loop_now_us();

	(void)due_us;
	translator_tick(loop->translator, now_us);
	if (loop->fastpath)
		fastpath_prove(loop->fastpath, loop->translator, now_us);
	if (now_us - loop->second_us >= SECOND_US) {
		on_second(loop, now_us);
		loop->second_us = now_us;
	}
	return sd_event_source_set_time(source, now_us + TICK_US);
}

static void on_local4(void *context)
{
	const struct loop *loop = context;

	translator_local4_grew(loop->translator);
}

void loop_serve(struct loop *loop, struct translator *t)
{
	loop->translator = t;
}

void loop_hold(struct loop *loop)
{
	(void)sd_event_source_set_enabled(loop->packets, SD_EVENT_OFF);
}

void loop_release(struct loop *loop)
{
	(void)sd_event_source_set_enabled(loop->packets, SD_EVENT_ON);
}

int loop_start(struct loop *loop, sd_event *event, struct translator *t)
{
	int error;

	loop->translator = t;
	if (loop->locals)
		locals_watch(loop->locals, on_local4, loop);
	error = sd_event_add_time(event, &loop->ticks, CLOCK_MONOTONIC, loop_now_us() + TICK_US,
	                          TICK_US / 4, on_tick, loop);
	if (error >= 0)
		error = sd_event_source_set_enabled(loop->ticks, SD_EVENT_ON);
	if (error >= 0) /* packets must not keep time from passing */
		error = sd_event_source_set_priority(loop->ticks, SD_EVENT_PRIORITY_IMPORTANT);
	if (error >= 0)
		error = sd_event_add_io(event, &loop->packets, loop->tun, EPOLLIN, on_packets,
		                        loop);
	return error < 0 ? error : 0;
}
