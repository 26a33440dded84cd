#include "translator/trace_filter.h"

#include <string.h>

static bool is_of_proto(const struct packet_summary *packet, enum l4_proto proto)
{
	switch (packet->protocol) {
	case IPPROTO_TCP:
		return proto == L4_TCP;
	case IPPROTO_UDP:
		return proto == L4_UDP;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return proto == L4_ICMP;
	default:
		return false;
	}
}

static bool has_address(const struct packet_summary *packet, const struct trace_prefix *prefix)
{
	if (prefix->family == 6)
		return packet->ipv6 && (prefix6_has(&prefix->prefix6, &packet->src6) ||
		                        prefix6_has(&prefix->prefix6, &packet->dst6));
	return !packet->ipv6 && (prefix4_has(&prefix->prefix4, packet->src4) ||
	                         prefix4_has(&prefix->prefix4, packet->dst4));
}

static bool has_port(const struct packet_summary *packet, uint16_t port)
{
	return packet->has_ports && (packet->src_port == port || packet->dst_port == port);
}

static bool passes_tuple(const struct trace_filter *filter, const struct trace_event *event)
{
	const struct packet_summary *in = &event->in.summary, *out = &event->out.summary;
	bool has_in = event->in.is_known, has_out = event->out.is_known;

	if (filter->has_proto && !(has_in && is_of_proto(in, filter->proto)))
		return false;
	if (filter->port && !(has_in && has_port(in, filter->port)) &&
	    !(has_out && has_port(out, filter->port)))
		return false;
	for (int i = 0; i < TRACE_PREFIXES; i++) {
		const struct trace_prefix *prefix = &filter->prefixes[i];

		if (prefix->family && !(has_in && has_address(in, prefix)) &&
		    !(has_out && has_address(out, prefix)))
			return false;
	}
	return true;
}

bool trace_filter_passes(const struct trace_filter *filter, const struct trace_event *event)
{
	if (filter->drops_only && !verdict_is_drop(event->verdict))
		return false;
	if (filter->has_verdict && event->verdict != filter->verdict)
		return false;
	if (filter->has_direction && event->direction != filter->direction)
		return false;
	if (filter->has_path && event->is_fast != filter->is_fast)
		return false;
	return passes_tuple(filter, event);
}

bool trace_filter_wants_fast(const struct trace_filter *filter)
{
	return !filter->drops_only && !(filter->has_path && !filter->is_fast) &&
	       !(filter->has_verdict && filter->verdict != VERDICT_TRANSLATED);
}

static bool same_prefixes(const struct trace_filter *a, const struct trace_filter *b)
{
	return memcmp(a->prefixes, b->prefixes, sizeof(a->prefixes)) == 0;
}

void trace_filter_widen(struct trace_filter *wide, const struct trace_filter *other)
{
	wide->drops_only = wide->drops_only && other->drops_only;
	wide->has_proto = wide->has_proto && other->has_proto && wide->proto == other->proto;
	wide->has_verdict = wide->has_verdict && other->has_verdict &&
	                    wide->verdict == other->verdict;
	wide->has_direction = wide->has_direction && other->has_direction &&
	                      wide->direction == other->direction;
	wide->has_path = wide->has_path && other->has_path && wide->is_fast == other->is_fast;
	if (wide->port != other->port)
		wide->port = 0;
	if (!same_prefixes(wide, other))
		memset(wide->prefixes, 0, sizeof(wide->prefixes));
}
