/* Alarms about what an instance runs out of: ports of pool4, by protocol, and the table of
 * sessions (RFC 7659 natv2Notification*, RFC 8512 notify-pool-usage).
 *
 * One event when use rises above the high mark, one when it has fallen below the low mark again.
 * The marks lie apart, so that use that wobbles around one of them says nothing, and of one
 * resource nothing is said twice within a minute: what is true then is said after it. Pure.
 */
#ifndef SA_NAT64_WATERMARKS_H
#define SA_NAT64_WATERMARKS_H

#include "translator/translator.h"

#define WATERMARKS_HIGH_PERCENT 80 /* as the warning of `sa-nat64 check` */
#define WATERMARKS_LOW_PERCENT  60
#define WATERMARKS_INTERVAL_US  UINT64_C(60000000)

enum watermarks_resource {
	WATERMARKS_POOL4_TCP, /* in the order of enum l4_proto */
	WATERMARKS_POOL4_UDP,
	WATERMARKS_POOL4_ICMP,
	WATERMARKS_SESSIONS,
	WATERMARKS_RESOURCES
};

struct watermarks_event {
	const char *reason;   /* "pool4-high-watermark" */
	const char *resource; /* "pool4 tcp", as `sa-nat64 check` has it */
	const char *protocol; /* "" for sessions */
	bool is_high;
	uint64_t used, total;
	enum log_event_kind record; /* of the session log; LOG_EVENT_KINDS: none */
	enum l4_proto proto;        /* of pool4 */
	uint32_t limit;             /* where the mark lies */
};

/* Zeroed at first. */
struct watermarks {
	struct watermark {
		bool is_high;
		uint64_t told_us; /* when its last event was; 0: there was none */
	} marks[WATERMARKS_RESOURCES];
};

/* Look at what is in use at now_us, and tell of what passed a mark. */
void watermarks_look(struct watermarks *watermarks, const struct translator_stats *stats,
                     uint64_t now_us,
                     void (*tell)(void *context, const struct watermarks_event *event),
                     void *context);

#endif
