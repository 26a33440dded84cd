#include "translator/watermarks.h"

static const struct {
	const char *resource, *protocol, *high, *low;
} names[WATERMARKS_RESOURCES] = {
	[WATERMARKS_POOL4_TCP] = { "pool4 tcp", "tcp", "pool4-high-watermark",
	                           "pool4-low-watermark" },
	[WATERMARKS_POOL4_UDP] = { "pool4 udp", "udp", "pool4-high-watermark",
	                           "pool4-low-watermark" },
	[WATERMARKS_POOL4_ICMP] = { "pool4 icmp", "icmp", "pool4-high-watermark",
	                            "pool4-low-watermark" },
	[WATERMARKS_SESSIONS] = { "sessions", "", "sessions-high-watermark",
	                          "sessions-low-watermark" },
};

/* Returns whether use passed a mark that is to be told of now. */
static bool pass(struct watermark *mark, uint64_t used, uint64_t total, uint64_t now_us)
{
	bool is_high = mark->is_high ? used * 100 >= total * WATERMARKS_LOW_PERCENT
	                             : used * 100 > total * WATERMARKS_HIGH_PERCENT;

	if (is_high == mark->is_high)
		return false;
	if (mark->told_us && now_us - mark->told_us < WATERMARKS_INTERVAL_US)
		return false;
	mark->is_high = is_high;
	mark->told_us = now_us;
	return true;
}

void watermarks_look(struct watermarks *watermarks, const struct translator_stats *stats,
                     uint64_t now_us,
                     void (*tell)(void *context, const struct watermarks_event *event),
                     void *context)
{
	uint64_t used[WATERMARKS_RESOURCES] = { 0 }, total[WATERMARKS_RESOURCES] = { 0 };

	for (int proto = 0; proto < L4_PROTOS; proto++) {
		used[proto] = stats->pool4_used[proto];
		total[proto] = stats->pool4_ports[proto];
		used[WATERMARKS_SESSIONS] += stats->sessions[proto];
	}
	total[WATERMARKS_SESSIONS] = stats->sessions_max;
	for (int i = 0; i < WATERMARKS_RESOURCES; i++) {
		struct watermark *mark = &watermarks->marks[i];

		if (!pass(mark, used[i], total[i], now_us))
			continue;
		tell(context, &(struct watermarks_event){ .reason = mark->is_high ? names[i].high
		                                                                  : names[i].low,
		                                          .resource = names[i].resource,
		                                          .protocol = names[i].protocol,
		                                          .is_high = mark->is_high,
		                                          .used = used[i],
		                                          .total = total[i] });
	}
}
