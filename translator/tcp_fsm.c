#include "translator/tcp_fsm.h"

#include "translator/packet.h"

#include <assert.h>

/* clang-format off */
#define KEEP(s)   { TCP_STATE_##s, TCP_TIMER_KEEP, false }
#define TRANS(s)  { TCP_STATE_##s, TCP_TIMER_TRANS, false }
#define EST(s)    { TCP_STATE_##s, TCP_TIMER_EST, false }
#define DELETE(s) { TCP_STATE_##s, TCP_TIMER_DELETE, false }

/* RFC 6146 section 3.5.2.2. An RST that does not end a session never prolongs it (RFC 7857 section 7.1). */
static const struct tcp_step fsm[TCP_STATES][TCP_EVENTS] = {
	[TCP_STATE_V4_INIT] = {
		[TCP_EVENT_V6_SYN]  = EST(ESTABLISHED),
		[TCP_EVENT_V6_FIN]  = KEEP(V4_INIT),
		[TCP_EVENT_V6_RST]  = KEEP(V4_INIT),
		[TCP_EVENT_V6_DATA] = KEEP(V4_INIT),
		[TCP_EVENT_V4_SYN]  = KEEP(V4_INIT),
		[TCP_EVENT_V4_FIN]  = KEEP(V4_INIT),
		[TCP_EVENT_V4_RST]  = KEEP(V4_INIT),
		[TCP_EVENT_V4_DATA] = KEEP(V4_INIT),
		[TCP_EVENT_TIMEOUT] = DELETE(V4_INIT),
	},
	[TCP_STATE_V6_INIT] = {
		[TCP_EVENT_V6_SYN]  = { TCP_STATE_V6_INIT, TCP_TIMER_INIT, false },
		[TCP_EVENT_V6_FIN]  = KEEP(V6_INIT),
		[TCP_EVENT_V6_RST]  = KEEP(V6_INIT),
		[TCP_EVENT_V6_DATA] = KEEP(V6_INIT),
		[TCP_EVENT_V4_SYN]  = EST(ESTABLISHED),
		[TCP_EVENT_V4_FIN]  = KEEP(V6_INIT),
		[TCP_EVENT_V4_RST]  = KEEP(V6_INIT),
		[TCP_EVENT_V4_DATA] = KEEP(V6_INIT),
		[TCP_EVENT_TIMEOUT] = DELETE(V6_INIT),
	},
	[TCP_STATE_ESTABLISHED] = {
		[TCP_EVENT_V6_SYN]  = EST(ESTABLISHED),
		[TCP_EVENT_V6_FIN]  = EST(V6_FIN_RCV),
		[TCP_EVENT_V6_RST]  = TRANS(TRANS),
		[TCP_EVENT_V6_DATA] = EST(ESTABLISHED),
		[TCP_EVENT_V4_SYN]  = EST(ESTABLISHED),
		[TCP_EVENT_V4_FIN]  = EST(V4_FIN_RCV),
		[TCP_EVENT_V4_RST]  = TRANS(TRANS),
		[TCP_EVENT_V4_DATA] = EST(ESTABLISHED),
		[TCP_EVENT_TIMEOUT] = { TCP_STATE_TRANS, TCP_TIMER_TRANS, true },
	},
	[TCP_STATE_V4_FIN_RCV] = {
		[TCP_EVENT_V6_SYN]  = EST(V4_FIN_RCV),
		[TCP_EVENT_V6_FIN]  = TRANS(V4_FIN_V6_FIN_RCV),
		[TCP_EVENT_V6_RST]  = KEEP(V4_FIN_RCV),
		[TCP_EVENT_V6_DATA] = EST(V4_FIN_RCV),
		[TCP_EVENT_V4_SYN]  = EST(V4_FIN_RCV),
		[TCP_EVENT_V4_FIN]  = EST(V4_FIN_RCV),
		[TCP_EVENT_V4_RST]  = KEEP(V4_FIN_RCV),
		[TCP_EVENT_V4_DATA] = EST(V4_FIN_RCV),
		[TCP_EVENT_TIMEOUT] = DELETE(V4_FIN_RCV),
	},
	[TCP_STATE_V6_FIN_RCV] = {
		[TCP_EVENT_V6_SYN]  = EST(V6_FIN_RCV),
		[TCP_EVENT_V6_FIN]  = EST(V6_FIN_RCV),
		[TCP_EVENT_V6_RST]  = KEEP(V6_FIN_RCV),
		[TCP_EVENT_V6_DATA] = EST(V6_FIN_RCV),
		[TCP_EVENT_V4_SYN]  = EST(V6_FIN_RCV),
		[TCP_EVENT_V4_FIN]  = TRANS(V4_FIN_V6_FIN_RCV),
		[TCP_EVENT_V4_RST]  = KEEP(V6_FIN_RCV),
		[TCP_EVENT_V4_DATA] = EST(V6_FIN_RCV),
		[TCP_EVENT_TIMEOUT] = DELETE(V6_FIN_RCV),
	},
	[TCP_STATE_V4_FIN_V6_FIN_RCV] = {
		[TCP_EVENT_V6_SYN]  = KEEP(V4_FIN_V6_FIN_RCV),
		[TCP_EVENT_V6_FIN]  = KEEP(V4_FIN_V6_FIN_RCV),
		[TCP_EVENT_V6_RST]  = KEEP(V4_FIN_V6_FIN_RCV),
		[TCP_EVENT_V6_DATA] = KEEP(V4_FIN_V6_FIN_RCV),
		[TCP_EVENT_V4_SYN]  = KEEP(V4_FIN_V6_FIN_RCV),
		[TCP_EVENT_V4_FIN]  = KEEP(V4_FIN_V6_FIN_RCV),
		[TCP_EVENT_V4_RST]  = KEEP(V4_FIN_V6_FIN_RCV),
		[TCP_EVENT_V4_DATA] = KEEP(V4_FIN_V6_FIN_RCV),
		[TCP_EVENT_TIMEOUT] = DELETE(V4_FIN_V6_FIN_RCV),
	},
	[TCP_STATE_TRANS] = {
		[TCP_EVENT_V6_SYN]  = EST(ESTABLISHED),
		[TCP_EVENT_V6_FIN]  = EST(ESTABLISHED),
		[TCP_EVENT_V6_RST]  = KEEP(TRANS),
		[TCP_EVENT_V6_DATA] = EST(ESTABLISHED),
		[TCP_EVENT_V4_SYN]  = EST(ESTABLISHED),
		[TCP_EVENT_V4_FIN]  = EST(ESTABLISHED),
		[TCP_EVENT_V4_RST]  = KEEP(TRANS),
		[TCP_EVENT_V4_DATA] = EST(ESTABLISHED),
		[TCP_EVENT_TIMEOUT] = DELETE(TRANS),
	},
};
/* clang-format on */

static const char *const state_names[TCP_STATES] = {
	[TCP_STATE_NONE] = "-",
	[TCP_STATE_V4_INIT] = "V4_INIT",
	[TCP_STATE_V6_INIT] = "V6_INIT",
	[TCP_STATE_ESTABLISHED] = "ESTABLISHED",
	[TCP_STATE_V4_FIN_RCV] = "V4_FIN_RCV",
	[TCP_STATE_V6_FIN_RCV] = "V6_FIN_RCV",
	[TCP_STATE_V4_FIN_V6_FIN_RCV] = "V4_FIN_V6_FIN_RCV",
	[TCP_STATE_TRANS] = "TRANS",
};

static enum tcp_event event_of(uint8_t flags, enum tcp_event syn)
{
	if (flags & TCP_FLAG_SYN)
		return syn;
	if (flags & TCP_FLAG_RST)
		return syn + (TCP_EVENT_V6_RST - TCP_EVENT_V6_SYN);
	if (flags & TCP_FLAG_FIN)
		return syn + (TCP_EVENT_V6_FIN - TCP_EVENT_V6_SYN);
	return syn + (TCP_EVENT_V6_DATA - TCP_EVENT_V6_SYN);
}

enum tcp_event tcp_event_v6(uint8_t flags)
{
	return event_of(flags, TCP_EVENT_V6_SYN);
}

enum tcp_event tcp_event_v4(uint8_t flags)
{
	return event_of(flags, TCP_EVENT_V4_SYN);
}

struct tcp_step tcp_fsm_next(enum tcp_state state, enum tcp_event event)
{
	assert(state > TCP_STATE_NONE && state < TCP_STATES && event < TCP_EVENTS);
	return fsm[state][event];
}

const char *tcp_state_name(enum tcp_state state)
{
	return state < TCP_STATES ? state_names[state] : "?";
}
