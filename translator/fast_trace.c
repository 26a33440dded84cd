#include "translator/fast_trace.h"

#include "translator/fastpath_abi.h"
#include "translator/fastpath.skel.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define EVENT_HEAD_LEN offsetof(struct fastpath_event, bytes)
#define EVENTS_MAX     (FASTPATH_EVENTS_BYTES / 64) /* the shortest one takes more than 64 bytes */

struct fast_trace {
	struct fastpath_bpf *skeleton;
	struct ring_buffer *ring;
	struct tracers *tracers; /* while draining */
	size_t drained;          /* in this turn */
	uint64_t lost;           /* as far as tracers know */
	bool is_on;
};

static void summarize(struct trace_packet *packet)
{
	packet->is_known = packet->captured > 0 &&
	                   packet_summarize(packet->bytes, packet->captured, &packet->summary);
}

/* Returns a negative number to end the turn. */
static int on_event(void *context, void *data, size_t len)
{
	struct fast_trace *trace = context;
	struct fastpath_event *from = data;
	struct trace_event event = { .is_fast = true, .sent = 1 };

	if (len < EVENT_HEAD_LEN ||
	    len - EVENT_HEAD_LEN < (size_t)from->in_captured + from->out_captured)
		return 0;
	event.time_us = from->time_ns / 1000;
	event.in = (struct trace_packet){ .len = from->in_len,
		                          .captured = from->in_captured,
		                          .bytes = from->bytes };
	event.out = (struct trace_packet){ .len = from->out_len,
		                           .captured = from->out_captured,
		                           .bytes = from->bytes + from->in_captured };
	event.verdict = from->out_len ? VERDICT_TRANSLATED : VERDICT_DEVICE_WRITE;
	event.sent = from->out_len > 0;
	summarize(&event.in);
	summarize(&event.out);
	event.direction = event.in.is_known && !event.in.summary.ipv6 ? TRANSLATOR_46
	                                                              : TRANSLATOR_64;
	if (trace->tracers)
		tracers_note(trace->tracers, &event);
	return ++trace->drained < EVENTS_MAX ? 0 : -ENOBUFS;
}

int fast_trace_new(struct fastpath_bpf *skeleton, struct fast_trace **out)
{
	struct fast_trace *trace = calloc(1, sizeof(*trace));

	if (!trace)
		return -ENOMEM;
	trace->skeleton = skeleton;
	trace->ring = ring_buffer__new(bpf_map__fd(skeleton->maps.events), on_event, trace, NULL);
	if (!trace->ring) {
		int error = -errno;

		free(trace);
		return error;
	}
	*out = trace;
	return 0;
}

void fast_trace_free(struct fast_trace *trace)
{
	if (!trace)
		return;
	ring_buffer__free(trace->ring);
	free(trace);
}

static struct fastpath_prefix prefix_of(const struct trace_prefix *from)
{
	struct fastpath_prefix to = { .family = from->family };
	struct in6_addr ones;

	if (from->family == 6) {
		memset(&ones, 0xff, sizeof(ones));
		ones = address6_masked(&ones, from->prefix6.len);
		memcpy(to.addr, &from->prefix6.addr, sizeof(to.addr));
		memcpy(to.mask, &ones, sizeof(to.mask));
	} else if (from->family == 4) {
		to.addr[0] = htonl(from->prefix4.addr);
		to.mask[0] = htonl(prefix4_mask(from->prefix4.len));
	}
	return to;
}

/* The program may run meanwhile: a packet or two may be judged by half of each filter. */
static void write_filter(struct fast_trace *trace, const struct trace_filter *coarse,
                         uint32_t snaplen)
{
	static const uint8_t protocols[L4_PROTOS] = { [L4_TCP] = FASTPATH_TRACE_TCP,
		                                      [L4_UDP] = FASTPATH_TRACE_UDP,
		                                      [L4_ICMP] = FASTPATH_TRACE_ICMP };
	volatile struct fastpath_trace *to = &trace->skeleton->bss->tracing;
	uint8_t direction = coarse->direction == TRANSLATOR_64 ? FASTPATH_TRACE_64
	                                                       : FASTPATH_TRACE_46;

	to->snaplen = snaplen > PACKET_SUMMARY_HEAD ? snaplen : PACKET_SUMMARY_HEAD;
	to->port = htons(coarse->port);
	to->protocols = coarse->has_proto
	                        ? protocols[coarse->proto]
	                        : FASTPATH_TRACE_TCP | FASTPATH_TRACE_UDP | FASTPATH_TRACE_ICMP;
	to->directions = coarse->has_direction ? direction : FASTPATH_TRACE_64 | FASTPATH_TRACE_46;
	for (int i = 0; i < TRACE_PREFIXES; i++) {
		struct fastpath_prefix prefix = prefix_of(&coarse->prefixes[i]);

		memcpy((void *)&to->prefixes[i], &prefix, sizeof(prefix));
	}
}

int fast_trace_set(struct fast_trace *trace, const struct trace_filter *coarse, uint32_t snaplen)
{
	int map = bpf_map__fd(trace->skeleton->maps.settings);
	struct fastpath_settings settings;
	uint32_t zero = 0;

	if (coarse)
		write_filter(trace, coarse, snaplen);
	if (coarse && !trace->is_on) {
		trace->lost = trace->skeleton->bss->tracing.lost;
		fast_trace_drain(trace, NULL); /* what an earlier trace left */
	}
	if (bpf_map_lookup_elem(map, &zero, &settings) < 0)
		return -errno;
	settings.trace = coarse != NULL;
	if (bpf_map_update_elem(map, &zero, &settings, BPF_ANY) < 0)
		return -errno;
	trace->is_on = coarse != NULL;
	return 0;
}

bool fast_trace_is_on(const struct fast_trace *trace)
{
	return trace && trace->is_on;
}

void fast_trace_drain(struct fast_trace *trace, struct tracers *tracers)
{
	uint64_t lost;

	trace->tracers = tracers;
	trace->drained = 0;
	(void)ring_buffer__consume(trace->ring);
	trace->tracers = NULL;
	lost = trace->skeleton->bss->tracing.lost;
	if (tracers && lost != trace->lost)
		tracers_count_lost(tracers, lost - trace->lost);
	trace->lost = lost;
}
