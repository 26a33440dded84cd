#include "translator/watermarks.h"

#define POOL4(name)                                                                 \
	{                                                                           \
		"pool4 " name, name, "pool4-high-watermark", "pool4-low-watermark", \
			LOG_POOL4_HIGH, LOG_POOL4_LOW                               \
	}

static const struct {
	const char *resource, *protocol, *high, *low;
	enum log_event_kind high_record, low_record;
} names[WATERMARKS_RESOURCES] = {
	[WATERMARKS_POOL4_TCP] = POOL4("tcp"),
	[WATERMARKS_POOL4_UDP] = POOL4("udp"),
	[WATERMARKS_POOL4_ICMP] = POOL4("icmp"),
	/* RFC 8158 has no event for the low mark of mappings. */
	[WATERMARKS_SESSIONS] = { "sessions", "", "sessions-high-watermark",
	                          "sessions-low-watermark", LOG_SESSIONS_HIGH, LOG_EVENT_KINDS },
};

static void tell_of(int resource, bool is_high, uint64_t used, uint64_t total,
                    void (*tell)(void *context, const struct watermarks_event *event),
                    void *context)
{
	unsigned percent = is_high ? WATERMARKS_HIGH_PERCENT : WATERMARKS_LOW_PERCENT;
	const struct watermarks_event event = {
		.reason = is_high ? names[resource].high : names[resource].low,
		.resource = names[resource].resource,
		.protocol = names[resource].protocol,
		.is_high = is_high,
		.used = used,
		.total = total,
		.record = is_high ? names[resource].high_record : names[resource].low_record,
		.proto = resource < L4_PROTOS ? (enum l4_proto)resource : L4_TCP,
		.limit = (uint32_t)(total * percent / 100),
	};

	tell(context, &event);
}

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
		tell_of(i, mark->is_high, used[i], total[i], tell, context);
	}
}
