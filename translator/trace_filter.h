/* Which packets a trace shows (`sa-nat64 trace`). Pure.
 *
 * A filter that accepts everything is all zeros. Addresses and ports are looked for on every side,
 * before and after translation: who gives the address of an IPv6 host gets both directions of its
 * traffic, and so does who gives the public address.
 */
#ifndef SA_NAT64_TRACE_FILTER_H
#define SA_NAT64_TRACE_FILTER_H

#include "translator/packet_summary.h"
#include "translator/translator.h"

#define TRACE_PREFIXES 2

struct trace_prefix {
	uint8_t family; /* 4, 6, or 0: none */
	struct prefix4 prefix4;
	struct prefix6 prefix6;
};

struct trace_filter {
	bool has_proto, has_verdict, has_direction, has_path;
	bool drops_only;
	enum l4_proto proto;
	enum verdict verdict;
	enum translator_direction direction;
	bool is_fast;                                 /* has_path: the fast one or the slow one */
	uint16_t port;                                /* or ICMP identifier; 0: any */
	struct trace_prefix prefixes[TRACE_PREFIXES]; /* each has to match */
};

/* A packet as far as it is known; what is not captured is not at bytes. */
struct trace_packet {
	uint32_t len; /* of the packet; 0: there is none */
	uint32_t captured;
	uint8_t *bytes;
	bool is_known; /* summary is filled in */
	struct packet_summary summary;
};

/* What became of one packet. */
struct trace_event {
	uint64_t time_us;
	enum verdict verdict;
	enum translator_direction direction; /* by the family it came in */
	bool is_fast;
	const char *path_reason;     /* why the slow path; may be NULL; a constant */
	uint32_t sent;               /* packets that left because of it */
	struct trace_packet in, out; /* out: the first that left */
};

/* Whether a trace with this filter shows the event. */
bool trace_filter_passes(const struct trace_filter *filter, const struct trace_event *event);

/* Whether it can show packets of the fast path at all: those are translated, never dropped. */
bool trace_filter_wants_fast(const struct trace_filter *filter);

/* Let *wide accept also what other accepts, and perhaps more. */
void trace_filter_widen(struct trace_filter *wide, const struct trace_filter *other);

#endif
