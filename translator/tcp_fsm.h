/* The TCP state machine of RFC 6146 section 3.5.2.2 as one table: state x event gives the next
 * state and which timer starts.
 *
 * Pure. CLOSED (no session) is not in the table: creation is decided where bindings are
 * (stateful.c).
 */
#ifndef SA_NAT64_TCP_FSM_H
#define SA_NAT64_TCP_FSM_H

#include <stdbool.h>
#include <stdint.h>

enum tcp_state {
	TCP_STATE_NONE, /* UDP and ICMP sessions */
	TCP_STATE_V4_INIT,
	TCP_STATE_V6_INIT,
	TCP_STATE_ESTABLISHED,
	TCP_STATE_V4_FIN_RCV,
	TCP_STATE_V6_FIN_RCV,
	TCP_STATE_V4_FIN_V6_FIN_RCV,
	TCP_STATE_TRANS,
	TCP_STATES
};

enum tcp_event {
	TCP_EVENT_V6_SYN,
	TCP_EVENT_V6_FIN,
	TCP_EVENT_V6_RST,
	TCP_EVENT_V6_DATA,
	TCP_EVENT_V4_SYN,
	TCP_EVENT_V4_FIN,
	TCP_EVENT_V4_RST,
	TCP_EVENT_V4_DATA,
	TCP_EVENT_TIMEOUT,
	TCP_EVENTS
};

enum tcp_timer {
	TCP_TIMER_KEEP,   /* leave the lifetime as it is */
	TCP_TIMER_INIT,   /* start tcp-init-timeout */
	TCP_TIMER_TRANS,  /* start tcp-trans-timeout */
	TCP_TIMER_EST,    /* start tcp-est-timeout */
	TCP_TIMER_DELETE, /* the session ends */
};

struct tcp_step {
	enum tcp_state state;
	enum tcp_timer timer;
	bool probe; /* send the probe of RFC 6146 3.5.2.2 towards the IPv6 host */
};

/* The event that a segment's flags (byte 13 of the TCP header) make: SYN before RST before FIN, all
 * else is data. */
enum tcp_event tcp_event_v6(uint8_t flags);
enum tcp_event tcp_event_v4(uint8_t flags);

/* The row of state (not TCP_STATE_NONE) and event. */
struct tcp_step tcp_fsm_next(enum tcp_state state, enum tcp_event event);

/* "ESTABLISHED", "V6_FIN_RCV", ...; "-" for TCP_STATE_NONE. */
const char *tcp_state_name(enum tcp_state state);

#endif
