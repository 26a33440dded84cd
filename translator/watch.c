/* The slow path watched: each packet's first bytes before and after, and its fate, for tracers.
 *
 * While nobody traces there is no struct watch, and a packet costs one comparison. A packet may
 * bring others about (the pieces that waited for it, the datagrams of a super-packet), so those
 * under way form a stack.
 */
#include "translator/core.h"

#include "translator/tracers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 4 /* super-packet, datagram, piece, and one to spare */

/* One packet under way. */
struct sight {
	struct trace_event event;
	const char *declined;      /* what fast_declines() said */
	uint64_t installed_before; /* sessions of the fast path */
	bool is_refused, is_told;
	uint8_t in[TRACE_SNAP_MAX], out[TRACE_SNAP_MAX];
};

struct watch {
	struct tracers *tracers;
	unsigned depth; /* may exceed DEPTH_MAX: those are not seen */
	struct sight sights[DEPTH_MAX];
};

static struct sight *innermost(const struct translator *t)
{
	struct watch *watch = t->watch;

	return watch->depth > 0 && watch->depth <= DEPTH_MAX ? &watch->sights[watch->depth - 1]
	                                                     : NULL;
}

/* At least as much as a summary needs. */
static uint32_t capture_len(const struct translator *t)
{
	uint32_t snaplen = tracers_snaplen(t->watch->tracers);

	return snaplen > PACKET_SUMMARY_HEAD ? snaplen : PACKET_SUMMARY_HEAD;
}

/* Why the fast path leaves it, as far as the packet alone tells. */
static const char *declined(const struct translator *t, uint8_t *packet, size_t len,
                            const struct virtio_net_hdr *vnet)
{
	const struct watch *watch = t->watch;

	if (!t->io.fast.counters)
		return "there is no fast path";
	if (watch->depth > 1)
		return watch->sights[watch->depth - 2].declined;
	if (vnet && vnet->gso_type == VIRTIO_NET_HDR_GSO_UDP_L4)
		return "several UDP datagrams in one packet";
	return fast_declines(t, packet, len);
}

void watch_begin(struct translator *t, const uint8_t *packet, size_t len,
                 const struct virtio_net_hdr *vnet)
{
	struct sight *sight;
	uint32_t captured = min32((uint32_t)len, capture_len(t));

	t->watch->depth++;
	sight = innermost(t);
	if (!sight)
		return;
	sight->event = (struct trace_event){
		.time_us = t->now_us,
		.direction = len > 0 && packet[0] >> 4 == 4 ? TRANSLATOR_46 : TRANSLATOR_64,
		.in = { .len = (uint32_t)len, .captured = captured, .bytes = sight->in },
		.out = { .bytes = sight->out },
	};
	memcpy(sight->in, packet, captured);
	sight->declined = declined(t, (uint8_t *)packet, len, vnet);
	sight->installed_before = t->counters.fast_installed;
	sight->is_refused = sight->is_told = false;
	t->session_at_hand = 0;
}

static void keep_first(struct translator *t, struct trace_packet *out, const struct iovec *iov,
                       int count)
{
	uint32_t room = capture_len(t);

	for (int i = 0; i < count; i++) {
		uint32_t part = min32((uint32_t)iov[i].iov_len, room - out->captured);

		memcpy(out->bytes + out->captured, iov[i].iov_base, part);
		out->captured += part;
		out->len += (uint32_t)iov[i].iov_len;
	}
}

/* In the place of io's emit. */
static void watch_emit(void *context, const struct virtio_net_hdr *vnet, const struct iovec *iov,
                       int count)
{
	struct translator *t = context;
	struct sight *sight = innermost(t);

	if (sight && sight->event.sent++ == 0)
		keep_first(t, &sight->event.out, iov, count);
	t->io.emit(t->io.context, vnet, iov, count);
}

void watch_write_error(struct translator *t)
{
	struct sight *sight = innermost(t);

	if (sight)
		sight->is_refused = true;
}

/* Why the packet came here, in the words of explain. */
static const char *reason(const struct translator *t, const struct sight *sight,
                          enum verdict verdict)
{
	uint8_t version = sight->event.direction == TRANSLATOR_64 ? 6 : 4;
	struct fast_choice choice;

	if (!sight->declined && t->counters.fast_installed != sight->installed_before)
		return "its session enters the fast path with this packet";
	choice = fast_explain(t, verdict, version, sight->declined);
	if (!choice.is_fast)
		return choice.reason;
	return t->config->mode == CONFIG_MODE_SIIT
	               ? "first packet between these addresses"
	               : "it was on its way when its session entered the fast path";
}

static void summarize(struct trace_packet *packet)
{
	packet->is_known = packet->captured > 0 &&
	                   packet_summarize(packet->bytes, packet->captured, &packet->summary);
}

void watch_fate(struct translator *t, enum verdict verdict)
{
	struct sight *sight = innermost(t);
	struct trace_event *event;

	if (!sight || sight->is_told)
		return;
	event = &sight->event;
	event->path_reason = reason(t, sight, verdict);
	event->verdict = sight->is_refused ? VERDICT_DEVICE_WRITE : verdict;
	summarize(&event->in);
	summarize(&event->out);
	sight->is_told = true;
	tracers_note(t->watch->tracers, event);
}

void watch_end(struct translator *t)
{
	t->watch->depth--;
}

int translator_watch(struct translator *t, struct tracers *tracers)
{
	if (!tracers) {
		free(t->watch);
		t->watch = NULL;
		t->emit = t->io.emit;
		t->emit_context = t->io.context;
		return 0;
	}
	if (!t->watch)
		t->watch = calloc(1, sizeof(*t->watch));
	if (!t->watch)
		return -ENOMEM;
	t->watch->tracers = tracers;
	t->emit = watch_emit;
	t->emit_context = t;
	return 0;
}
