/* `sa-nat64 trace`: what the instances do with packets, as it happens, printed or written as
 * pcapng.
 *
 * It ends after --limit packets, on SIGINT or SIGTERM, or when no instance is left. What is said
 * about the trace itself goes to standard error.
 */
#include "cli/commands.h"
#include "cli/packets.h"
#include "cli/pcapng.h"
#include "lib/control_socket.h"
#include "lib/version.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#define SNAPLEN_DEFAULT 256

struct trace {
	const struct cli_options *options;
	struct instances *instances;
	struct out *out;
	FILE *pcapng;       /* NULL: print */
	uint64_t *lost;     /* of each instance */
	uint64_t offset_us; /* from the monotonic clock to the wall clock */
	uint64_t shown;
	bool write_failed;
};

static const char *const flag_names[] = { "fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr" };

/* ---- as text or JSON ---- */

/* As --flags of explain wants them: "syn,ack". */
static void put_flags(struct out *out, uint32_t flags)
{
	char text[40] = "";
	size_t len = 0;

	for (size_t bit = 0; bit < sizeof(flag_names) / sizeof(flag_names[0]); bit++)
		if (flags & 1U << bit)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s",
			                        len ? "," : "", flag_names[bit]);
	out_text(out, "flags", text);
}

static void put_packet(struct out *out, const char *key, const SaNat64__Control__Packet *packet)
{
	char buf[16];

	out_begin(out, OUT_LINE, key);
	out_text(out, "proto", packets_proto_name(packet->protocol, buf));
	packets_put_ends(out, packet);
	put_flags(out, packet->tcp_flags);
	out_count(out, "length", packet->length);
	out_count(out, "ttl", packet->ttl);
	packets_put_note(out, packet);
	out_end(out);
}

static void put_unreadable(struct out *out, uint32_t length)
{
	out_begin(out, OUT_LINE, "in");
	out_text(out, "note", "no proper IP header");
	out_count(out, "length", length);
	out_end(out);
}

static void put_event(const struct trace *trace, const char *instance,
                      const SaNat64__Control__TraceEvent *event)
{
	struct out *out = trace->out;

	out_begin(out, OUT_RECORD, NULL);
	out_time(out, "time", event->time_us + trace->offset_us);
	out_text(out, "instance", instance);
	out_text(out, "direction", event->direction);
	out_state(out, "verdict", event->verdict->name,
	          event->verdict->drop ? MEANING_BAD : MEANING_PLAIN);
	out_text(out, "path", event->path);
	out_reason(out, "path_reason", event->path_reason);
	if (event->in)
		put_packet(out, "in", event->in);
	else
		put_unreadable(out, event->in_length);
	if (event->out)
		put_packet(out, "out", event->out);
	out_begin(out, event->sent > 1 ? OUT_LINE : OUT_UNSEEN, NULL);
	out_count(out, "sent", event->sent);
	out_end(out);
	out_begin(out, OUT_UNSEEN, NULL);
	out_flag(out, "drop", event->verdict->drop);
	out_end(out);
	if (event->verdict->drop) {
		out_begin(out, OUT_LINE, NULL);
		out_text(out, "meaning", event->verdict->sentence);
		out_end(out);
	}
	out_end(out);
}

/* ---- as pcapng ---- */

static int write_one(const struct trace *trace, const SaNat64__Control__TraceEvent *event,
                     struct pcapng_packet *packet, const ProtobufCBinaryData *bytes, uint32_t len)
{
	if (bytes->len == 0)
		return 0;
	packet->time_us = event->time_us + trace->offset_us;
	packet->len = len;
	packet->captured = (uint32_t)bytes->len;
	packet->bytes = bytes->data;
	return pcapng_write_packet(trace->pcapng, packet);
}

static int write_event(const struct trace *trace, size_t instance,
                       const SaNat64__Control__TraceEvent *event)
{
	const SaNat64__Control__Verdict *verdict = event->verdict;
	const char *reason = event->path_reason;
	char comment[600];
	struct pcapng_packet packet = { .interface = (uint32_t)instance,
		                        .comment = comment,
		                        .direction = PCAPNG_INBOUND };

	(void)snprintf(comment, sizeof(comment), "%s, path %s%s%s%s: %s%s%s", event->direction,
	               event->path, reason[0] ? " (" : "", reason, reason[0] ? ")" : "",
	               verdict->name, verdict->drop ? ", dropped: " : "", verdict->sentence);
	if (write_one(trace, event, &packet, &event->in_bytes, event->in_length) < 0)
		return -1;
	packet.direction = PCAPNG_OUTBOUND;
	(void)snprintf(comment, sizeof(comment), "%s, path %s: %s%s", event->direction, event->path,
	               verdict->drop     ? "ICMP error about a packet dropped as "
	               : event->sent > 1 ? "the first packet sent for one "
	                                 : "",
	               verdict->name);
	return write_one(trace, event, &packet, &event->out_bytes, event->out_length);
}

static int open_pcapng(struct trace *trace)
{
	const char *name = trace->options->pcapng;
	uint32_t snaplen = trace->options->snaplen ? trace->options->snaplen : SNAPLEN_DEFAULT;
	char program[100];
	int error = 0;

	if (!name)
		return 0;
	trace->pcapng = strcmp(name, "-") == 0 ? stdout : fopen(name, "wbe");
	if (!trace->pcapng) {
		(void)fprintf(stderr, "sa-nat64: cannot write %s: %s\n", name, strerror(errno));
		return 1;
	}
	(void)snprintf(program, sizeof(program), "sa-nat64 %s", sa_nat64_version);
	error = pcapng_write_section(trace->pcapng, program);
	for (size_t i = 0; i < trace->instances->count && error == 0; i++)
		error = pcapng_write_interface(trace->pcapng, trace->instances->list[i].name,
		                               snaplen);
	trace->write_failed = error < 0;
	return 0;
}

/* Returns an exit status. */
static int close_pcapng(struct trace *trace)
{
	FILE *file = trace->pcapng;
	int error = 0;

	if (!file || file == stdout)
		return trace->write_failed;
	if (fclose(file) != 0)
		error = errno;
	if (error == 0 && !trace->write_failed)
		return 0;
	(void)fprintf(stderr, "sa-nat64: cannot write %s: %s\n", trace->options->pcapng,
	              error ? strerror(error) : "the device is full or gone");
	return 1;
}

/* ---- listening ---- */

static bool is_full(const struct trace *trace)
{
	return trace->write_failed ||
	       (trace->options->limit && trace->shown >= trace->options->limit);
}

/* Show what a reply brought. */
static void take_reply(struct trace *trace, size_t instance,
                       const SaNat64__Control__TraceReply *body)
{
	struct timespec wall;

	(void)clock_gettime(CLOCK_REALTIME, &wall);
	trace->offset_us = (uint64_t)wall.tv_sec * 1000000 + (uint64_t)wall.tv_nsec / 1000 -
	                   control_now_us();
	trace->lost[instance] = body->lost;
	for (size_t i = 0; i < body->n_events && !is_full(trace); i++) {
		const SaNat64__Control__TraceEvent *event = body->events[i];

		if (!event->verdict)
			continue;
		if (!trace->pcapng)
			put_event(trace, trace->instances->list[instance].name, event);
		else
			trace->write_failed = write_event(trace, instance, event) < 0;
		trace->shown++;
	}
	if (fflush(trace->pcapng ? trace->pcapng : stdout) != 0)
		trace->write_failed = true;
}

static void hear(struct trace *trace, size_t i, const SaNat64__Control__Request *request)
{
	struct instance *instance = &trace->instances->list[i];
	SaNat64__Control__Reply *reply = instance_hear(instance, request);

	if (reply)
		take_reply(trace, i, reply->trace);
	else
		instance_complain(instance, stderr);
	sa_nat64__control__reply__free_unpacked(reply, NULL);
}

/* Fill polls with the instances that still answer; those that do not have a descriptor below 0,
 * which poll() skips. Returns how many do. */
static size_t fill_polls(const struct trace *trace, struct pollfd *polls)
{
	size_t count = 0;

	for (size_t i = 0; i < trace->instances->count; i++) {
		const struct instance *instance = &trace->instances->list[i];
		bool answers = !instance->problem[0];

		polls[i] = (struct pollfd){ .fd = answers ? instance->fd : -1, .events = POLLIN };
		count += answers;
	}
	return count;
}

/* Until a signal, the limit, or the end of all instances. polls has one place more than there are
 * instances. */
static void listen_all(struct trace *trace, const SaNat64__Control__Request *request, int signals,
                       struct pollfd *polls)
{
	size_t count = trace->instances->count;

	polls[count] = (struct pollfd){ .fd = signals, .events = POLLIN };
	while (!is_full(trace) && fill_polls(trace, polls) > 0) {
		if (poll(polls, count + 1, -1) < 0 && errno != EINTR)
			return;
		if (polls[count].revents)
			return;
		for (size_t i = 0; i < count; i++)
			if (polls[i].revents && !is_full(trace))
				hear(trace, i, request);
	}
}

/* Signals end the trace in an orderly way. Returns a descriptor, or -1. */
static int catch_signals(void)
{
	sigset_t signals;

	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGINT);
	(void)sigaddset(&signals, SIGTERM);
	if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0)
		return -1;
	return signalfd(-1, &signals, SFD_CLOEXEC);
}

static ProtobufCBinaryData binary(const struct cli_address *address)
{
	return (ProtobufCBinaryData){ .len = address->len, .data = (uint8_t *)address->bytes };
}

/* The filter that options describe; it points into them and into prefixes and pointers, which have
 * two places. */
static void fill_filter(const struct cli_options *options, SaNat64__Control__TraceFilter *filter,
                        SaNat64__Control__TracePrefix *prefixes,
                        SaNat64__Control__TracePrefix **pointers)
{
	sa_nat64__control__trace_filter__init(filter);
	if (options->list_proto)
		filter->proto = (char *)options->list_proto;
	if (options->verdict)
		filter->verdict = (char *)options->verdict;
	if (options->direction)
		filter->direction = (char *)options->direction;
	if (options->path)
		filter->path = (char *)options->path;
	filter->drops = options->drops;
	filter->port = options->port;
	for (size_t i = 0; i < options->address_count; i++) {
		sa_nat64__control__trace_prefix__init(&prefixes[i]);
		prefixes[i].address = binary(&options->addresses[i].address);
		prefixes[i].length = options->addresses[i].len;
		pointers[i] = &prefixes[i];
	}
	filter->n_addresses = options->address_count;
	filter->addresses = pointers;
}

/* Begin at all instances; returns how many agreed. */
static size_t begin(const struct trace *trace, SaNat64__Control__Request *request,
                    SaNat64__Control__Reply **replies)
{
	size_t count = 0;

	instances_ask(trace->instances, request, replies);
	for (size_t i = 0; i < trace->instances->count; i++) {
		count += replies[i] != NULL;
		sa_nat64__control__reply__free_unpacked(replies[i], NULL);
	}
	(void)instances_complain(trace->instances, stderr);
	return count;
}

static void say_counts(const struct trace *trace)
{
	uint64_t lost = 0;

	for (size_t i = 0; i < trace->instances->count; i++)
		lost += trace->lost[i];
	(void)fflush(stdout);
	(void)fprintf(stderr, "sa-nat64: %" PRIu64 " packets %s, %" PRIu64 " lost%s\n",
	              trace->shown, trace->pcapng ? "written" : "shown", lost,
	              lost ? "; a narrower filter loses fewer" : "");
}

static int run(struct trace *trace, struct pollfd *polls, SaNat64__Control__Reply **replies)
{
	SaNat64__Control__Request request = SA_NAT64__CONTROL__REQUEST__INIT;
	SaNat64__Control__TraceRequest body = SA_NAT64__CONTROL__TRACE_REQUEST__INIT;
	SaNat64__Control__TraceFilter filter;
	SaNat64__Control__TracePrefix prefixes[2], *pointers[2];
	int signals = catch_signals(), status = open_pcapng(trace);

	fill_filter(trace->options, &filter, prefixes, pointers);
	body.filter = &filter;
	if (trace->pcapng)
		body.snaplen = trace->options->snaplen ? trace->options->snaplen : SNAPLEN_DEFAULT;
	request.command_case = SA_NAT64__CONTROL__REQUEST__COMMAND_TRACE;
	request.trace = &body;
	if (status == 0 && begin(trace, &request, replies) > 0) {
		(void)fprintf(stderr, "sa-nat64: tracing; ctrl-C ends\n");
		listen_all(trace, &request, signals, polls);
		say_counts(trace);
	}
	if (status == 0)
		status = close_pcapng(trace);
	if (signals >= 0)
		(void)close(signals);
	return status ? status : instances_status(trace->instances);
}

int cmd_trace(const struct cli_options *options, struct instances *instances, struct out *out)
{
	struct trace trace = { .options = options, .instances = instances, .out = out };
	SaNat64__Control__Reply **replies = calloc(instances->count, sizeof(*replies));
	struct pollfd *polls = calloc(instances->count + 1, sizeof(*polls));
	int status = 1;

	trace.lost = calloc(instances->count, sizeof(*trace.lost));
	if (replies && polls && trace.lost)
		status = run(&trace, polls, replies);
	free(trace.lost);
	free(polls);
	free(replies);
	return status;
}
