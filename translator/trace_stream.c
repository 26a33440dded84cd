#include "translator/trace_stream.h"

#include "lib/log.h"
#include "translator/control_trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PERIOD_US 20000
#define LATE_US   1000 /* so long may a processor take from an event's time to the ring */

/* A tracer and its client. */
struct subscriber {
	struct trace_stream *stream;
	struct tracer *tracer; /* NULL: free place */
	uint64_t told;         /* of lost events */
};

struct trace_stream {
	sd_event_source *ticks; /* owned; off while nobody traces */
	struct control_server *server;
	struct tracers *tracers;
	struct translator *translator;
	struct fast_trace *fast;
	const char *why_off;
	struct subscriber subscribers[TRACERS_MAX];
};

/* Let core and fast path show what the present tracers want. */
static void apply(struct trace_stream *stream)
{
	bool is_watched = tracers_count(stream->tracers) > 0;
	struct trace_filter coarse;
	bool is_fast = tracers_want_fast(stream->tracers, &coarse);
	int error = translator_watch(stream->translator, is_watched ? stream->tracers : NULL);

	if (error < 0)
		log_warning("a trace shows nothing of the slow path: %s", strerror(-error));
	if (stream->fast)
		error = fast_trace_set(stream->fast, is_fast ? &coarse : NULL,
		                       tracers_snaplen(stream->tracers));
	if (stream->fast && error < 0)
		log_warning("a trace shows nothing of the fast path: %s", strerror(-error));
	(void)sd_event_source_set_enabled(stream->ticks, is_watched ? SD_EVENT_ON : SD_EVENT_OFF);
}

static int on_tick(sd_event_source *source, uint64_t due_us, void *userdata)
{
	struct trace_stream *stream = userdata;
	uint64_t now_us = control_now_us();

	(void)due_us;
	if (stream->fast)
		fast_trace_drain(stream->fast, stream->tracers);
	tracers_settle(stream->tracers, now_us - LATE_US);
	control_server_wake(stream->server);
	return sd_event_source_set_time(source, now_us + PERIOD_US);
}

static size_t next_message(void *context, uint8_t *message, size_t size)
{
	struct subscriber *subscriber = context;

	return control_trace_write(subscriber->tracer, subscriber->stream->why_off,
	                           &subscriber->told, message, size);
}

static void on_closed(void *context)
{
	struct subscriber *subscriber = context;

	tracers_remove(subscriber->stream->tracers, subscriber->tracer);
	subscriber->tracer = NULL;
	apply(subscriber->stream);
}

void trace_stream_begin(struct trace_stream *stream, struct control_server *server)
{
	static const struct control_stream events = { next_message, on_closed };
	struct tracer *tracer = tracers_newest(stream->tracers);

	if (!tracer)
		return;
	for (size_t i = 0; i < TRACERS_MAX; i++) {
		if (stream->subscribers[i].tracer)
			continue;
		stream->subscribers[i] = (struct subscriber){ stream, tracer, 0 };
		stream->server = server;
		control_server_stream(server, &events, &stream->subscribers[i]);
		break;
	}
	apply(stream);
	(void)sd_event_source_set_time(stream->ticks, control_now_us() + PERIOD_US);
}

int trace_stream_new(sd_event *event, struct trace_stream **out)
{
	struct trace_stream *stream = calloc(1, sizeof(*stream));
	int error = -ENOMEM;

	if (!stream)
		return error;
	stream->tracers = tracers_new();
	if (stream->tracers)
		error = sd_event_add_time(event, &stream->ticks, CLOCK_MONOTONIC, 0, PERIOD_US / 4,
		                          on_tick, stream);
	if (error >= 0)
		error = sd_event_source_set_enabled(stream->ticks, SD_EVENT_OFF);
	if (error < 0) {
		trace_stream_free(stream);
		return error;
	}
	*out = stream;
	return 0;
}

void trace_stream_free(struct trace_stream *stream)
{
	if (!stream)
		return;
	sd_event_source_disable_unref(stream->ticks);
	tracers_free(stream->tracers);
	free(stream);
}

struct tracers *trace_stream_tracers(struct trace_stream *stream)
{
	return stream->tracers;
}

void trace_stream_serve(struct trace_stream *stream, struct translator *t)
{
	stream->translator = t;
	apply(stream);
}

void trace_stream_set_fast(struct trace_stream *stream, struct fast_trace *fast,
                           const char *why_off)
{
	stream->fast = fast;
	stream->why_off = why_off;
}
