#include "lib/session_event.h"

#include <string.h>

static const char *const names[LOG_EVENT_KINDS] = {
	[LOG_START] = "start",
	[LOG_SESSION_BEGIN] = "session-begin",
	[LOG_SESSION_END] = "session-end",
	[LOG_BINDING_BEGIN] = "binding-begin",
	[LOG_BINDING_END] = "binding-end",
	[LOG_BLOCK_BEGIN] = "block-begin",
	[LOG_BLOCK_END] = "block-end",
	[LOG_ADDRESSES_EXHAUSTED] = "addresses-exhausted",
	[LOG_PORTS_EXHAUSTED] = "ports-exhausted",
	[LOG_SESSION_LIMIT] = "session-limit",
	[LOG_HOST_LIMIT] = "host-limit",
	[LOG_FRAGMENT_LIMIT6] = "fragment-limit",
	[LOG_FRAGMENT_LIMIT4] = "fragment-limit",
	[LOG_POOL4_HIGH] = "pool4-high-watermark",
	[LOG_POOL4_LOW] = "pool4-low-watermark",
	[LOG_SESSIONS_HIGH] = "sessions-high-watermark",
};

const char *session_event_name(unsigned kind)
{
	return kind < LOG_EVENT_KINDS ? names[kind] : "unknown";
}

enum log_event_kind session_event_find(const char *name)
{
	int kind = 0;

	while (kind < LOG_EVENT_KINDS && strcmp(name, names[kind]) != 0)
		kind++;
	return (enum log_event_kind)kind;
}
