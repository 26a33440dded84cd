#include "translator/control_trace.h"

#include "lib/control_reply.h"
#include "translator/control_fill.h"
#include "translator/control_list.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EVENTS_MAX 64  /* in one reply */
#define EVENT_LEN  900 /* of an event without bytes of packets, in its longest form */

/* A reply and what it points to. */
struct page {
	SaNat64__Control__TraceReply reply;
	SaNat64__Control__TraceEvent events[EVENTS_MAX], *pointers[EVENTS_MAX];
	SaNat64__Control__Verdict verdicts[EVENTS_MAX];
	SaNat64__Control__Packet in[EVENTS_MAX], out[EVENTS_MAX];
	uint8_t addresses[EVENTS_MAX][2][CONTROL_ADDRESSES_LEN];
	char reasons[EVENTS_MAX][CONTROL_REASON_LEN];
};

/* ---- requests ---- */

static int refuse(char *error, const char *what, const char *value, const char *wanted)
{
	(void)snprintf(error, CONTROL_ERROR_LEN, "%s \"%.40s\" is none of %s", what, value, wanted);
	return -EINVAL;
}

static int read_proto(const char *name, struct trace_filter *filter, char *error)
{
	for (int proto = 0; proto < L4_PROTOS; proto++) {
		if (strcmp(name, control_proto_name((enum l4_proto)proto)) != 0)
			continue;
		filter->has_proto = true;
		filter->proto = (enum l4_proto)proto;
		return 0;
	}
	return refuse(error, "protocol", name, "tcp, udp, icmp");
}

static int read_verdict(const char *name, struct trace_filter *filter, char *error)
{
	for (int verdict = 0; verdict < VERDICT_COUNT; verdict++) {
		if (strcmp(name, verdict_info((enum verdict)verdict)->name) != 0)
			continue;
		filter->has_verdict = true;
		filter->verdict = (enum verdict)verdict;
		return 0;
	}
	return refuse(error, "verdict", name, "those that `sa-nat64 stats --all` lists");
}

static int read_direction(const char *name, struct trace_filter *filter, char *error)
{
	for (int direction = 0; direction < TRANSLATOR_DIRECTIONS; direction++) {
		if (strcmp(name, control_direction_name(direction == TRANSLATOR_64)) != 0)
			continue;
		filter->has_direction = true;
		filter->direction = (enum translator_direction)direction;
		return 0;
	}
	return refuse(error, "direction", name, "6to4, 4to6");
}

static int read_path(const char *name, struct trace_filter *filter, char *error)
{
	filter->has_path = true;
	filter->is_fast = strcmp(name, control_path_name(true)) == 0;
	if (filter->is_fast || strcmp(name, control_path_name(false)) == 0)
		return 0;
	return refuse(error, "path", name, "fast, slow");
}

static int read_prefix(const SaNat64__Control__TracePrefix *in, struct trace_prefix *out,
                       char *error)
{
	const ProtobufCBinaryData *address = &in->address;

	if (address->len == 16 && in->length <= 128) {
		out->family = 6;
		memcpy(&out->prefix6.addr, address->data, 16);
		out->prefix6.len = (uint8_t)in->length;
		out->prefix6.addr = address6_masked(&out->prefix6.addr, in->length);
		return 0;
	}
	if (address->len == 4 && in->length <= 32) {
		out->family = 4;
		out->prefix4.len = (uint8_t)in->length;
		out->prefix4.addr = load_be32(address->data) & prefix4_mask(in->length);
		return 0;
	}
	(void)snprintf(error, CONTROL_ERROR_LEN,
	               "address of %zu bytes with prefix length %u; right are 4 bytes and 0 to 32, "
	               "or 16 and 0 to 128",
	               address->len, (unsigned)in->length);
	return -EINVAL;
}

static int read_prefixes(const SaNat64__Control__TraceFilter *in, struct trace_filter *out,
                         char *error)
{
	int result = 0;

	if (in->n_addresses > TRACE_PREFIXES) {
		(void)snprintf(error, CONTROL_ERROR_LEN, "%zu addresses; %d is the most",
		               in->n_addresses, TRACE_PREFIXES);
		return -EINVAL;
	}
	for (size_t i = 0; i < in->n_addresses && result == 0; i++)
		result = read_prefix(in->addresses[i], &out->prefixes[i], error);
	return result;
}

static int read_filter(const SaNat64__Control__TraceFilter *in, struct trace_filter *out,
                       char *error)
{
	if (in->port > 65535) {
		(void)snprintf(error, CONTROL_ERROR_LEN, "port %u is above 65535",
		               (unsigned)in->port);
		return -EINVAL;
	}
	out->port = (uint16_t)in->port;
	out->drops_only = in->drops;
	if ((in->proto[0] && read_proto(in->proto, out, error) < 0) ||
	    (in->verdict[0] && read_verdict(in->verdict, out, error) < 0) ||
	    (in->direction[0] && read_direction(in->direction, out, error) < 0) ||
	    (in->path[0] && read_path(in->path, out, error) < 0))
		return -EINVAL;
	return read_prefixes(in, out, error);
}

int control_trace_read(const SaNat64__Control__TraceRequest *in, struct trace_filter *filter,
                       char *error)
{
	struct trace_filter read;

	memset(&read, 0, sizeof(read));
	if (in->snaplen > TRACE_SNAP_MAX) {
		(void)snprintf(error, CONTROL_ERROR_LEN,
		               "snaplen %u: at most %d bytes of a packet can be had",
		               (unsigned)in->snaplen, TRACE_SNAP_MAX);
		return -EINVAL;
	}
	if (in->filter && read_filter(in->filter, &read, error) < 0)
		return -EINVAL;
	*filter = read;
	return 0;
}

/* ---- replies ---- */

static SaNat64__Control__Packet *fill_packet(const struct trace_packet *packet, uint8_t *addresses,
                                             SaNat64__Control__Packet *out)
{
	if (!packet->is_known)
		return NULL;
	control_fill_packet(&packet->summary, addresses, out);
	out->length = packet->len;
	return out;
}

/* What becomes of every packet needs no sentence each time. */
static void fill_verdict(enum verdict verdict, SaNat64__Control__Verdict *out)
{
	control_fill_verdict(verdict, 1, out);
	if (out->drop)
		return;
	out->sentence = (char *)protobuf_c_empty_string;
	out->source = (char *)protobuf_c_empty_string;
}

static void fill_event(const struct trace_event *from, const char *why_off, struct page *page,
                       size_t i)
{
	SaNat64__Control__TraceEvent *event = page->pointers[i] = &page->events[i];

	sa_nat64__control__trace_event__init(event);
	event->time_us = from->time_us;
	event->direction = (char *)control_direction_name(from->direction == TRANSLATOR_64);
	event->path = (char *)control_path_name(from->is_fast);
	if (!from->is_fast)
		event->path_reason = control_path_reason(why_off, from->path_reason,
		                                         page->reasons[i]);
	fill_verdict(from->verdict, &page->verdicts[i]);
	event->verdict = &page->verdicts[i];
	event->in = fill_packet(&from->in, page->addresses[i][0], &page->in[i]);
	event->out = fill_packet(&from->out, page->addresses[i][1], &page->out[i]);
	event->sent = from->sent;
	event->in_length = from->in.len;
	event->in_bytes = control_bytes(from->in.bytes, from->in.captured);
	event->out_length = from->out.len;
	event->out_bytes = control_bytes(from->out.bytes, from->out.captured);
}

/* As many events as fit into size bytes. */
static size_t fill_events(struct tracer *tracer, const char *why_off, struct page *page,
                          size_t size)
{
	const struct trace_event *event;
	size_t count = 0, len = EVENT_LEN;

	while (count < EVENTS_MAX && (event = tracer_peek(tracer, count))) {
		len += EVENT_LEN + event->in.captured + event->out.captured;
		if (len > size)
			break;
		fill_event(event, why_off, page, count++);
	}
	return count;
}

size_t control_trace_write(struct tracer *tracer, const char *why_off, uint64_t *told,
                           uint8_t *message, size_t size)
{
	const struct control_reply to = { tracer_id(tracer), message, size };
	SaNat64__Control__Reply reply = SA_NAT64__CONTROL__REPLY__INIT;
	struct page *page;
	size_t count, len;

	if (!tracer_peek(tracer, 0) && *told == tracer_lost(tracer))
		return 0;
	page = malloc(sizeof(*page));
	if (!page)
		return 0;
	sa_nat64__control__trace_reply__init(&page->reply);
	count = fill_events(tracer, why_off, page, size);
	page->reply.n_events = count;
	page->reply.events = page->pointers;
	page->reply.lost = *told = tracer_lost(tracer);
	reply.body_case = SA_NAT64__CONTROL__REPLY__BODY_TRACE;
	reply.trace = &page->reply;
	len = control_reply_send(&to, &reply);
	tracer_drop(tracer, count);
	free(page);
	return len;
}
