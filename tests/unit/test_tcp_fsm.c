/* The TCP state machine, state by state as section 3.5.2.2 of RFC 6146 tells it. The expectations
 * follow the text, not the table: what a state's paragraph names, and what it says of "any other
 * packet". */
#include "translator/tcp_fsm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define FIN 0x01
#define SYN 0x02
#define RST 0x04
#define PSH 0x08
#define ACK 0x10
#define URG 0x20
#define ECE 0x40
#define CWR 0x80

static void expect(enum tcp_state state, enum tcp_event event, enum tcp_state to,
                   enum tcp_timer timer)
{
	struct tcp_step step = tcp_fsm_next(state, event);

	assert_int_equal(step.state, to);
	assert_int_equal(step.timer, timer);
	assert_int_equal(step.probe, state == TCP_STATE_ESTABLISHED && event == TCP_EVENT_TIMEOUT);
}

/* All packet events but those listed leave the state and do the same with the timer. */
static void expect_others(enum tcp_state state, const enum tcp_event *named, size_t count,
                          enum tcp_timer timer)
{
	for (enum tcp_event event = 0; event < TCP_EVENT_TIMEOUT; event++) {
		size_t i = 0;

		while (i < count && named[i] != event)
			i++;
		if (i == count)
			expect(state, event, state, timer);
	}
}

static void v4_init(void **state)
{
	static const enum tcp_event named[] = { TCP_EVENT_V6_SYN };

	(void)state;
	expect(TCP_STATE_V4_INIT, TCP_EVENT_V6_SYN, TCP_STATE_ESTABLISHED, TCP_TIMER_EST);
	expect_others(TCP_STATE_V4_INIT, named, COUNT(named), TCP_TIMER_KEEP);
	expect(TCP_STATE_V4_INIT, TCP_EVENT_TIMEOUT, TCP_STATE_V4_INIT, TCP_TIMER_DELETE);
}

static void v6_init(void **state)
{
	static const enum tcp_event named[] = { TCP_EVENT_V4_SYN, TCP_EVENT_V6_SYN };

	(void)state;
	expect(TCP_STATE_V6_INIT, TCP_EVENT_V4_SYN, TCP_STATE_ESTABLISHED, TCP_TIMER_EST);
	expect(TCP_STATE_V6_INIT, TCP_EVENT_V6_SYN, TCP_STATE_V6_INIT, TCP_TIMER_INIT);
	expect_others(TCP_STATE_V6_INIT, named, COUNT(named), TCP_TIMER_KEEP);
	expect(TCP_STATE_V6_INIT, TCP_EVENT_TIMEOUT, TCP_STATE_V6_INIT, TCP_TIMER_DELETE);
}

static void established(void **state)
{
	static const enum tcp_event named[] = { TCP_EVENT_V4_FIN, TCP_EVENT_V6_FIN,
		                                TCP_EVENT_V4_RST, TCP_EVENT_V6_RST };

	(void)state;
	expect(TCP_STATE_ESTABLISHED, TCP_EVENT_V4_FIN, TCP_STATE_V4_FIN_RCV, TCP_TIMER_EST);
	expect(TCP_STATE_ESTABLISHED, TCP_EVENT_V6_FIN, TCP_STATE_V6_FIN_RCV, TCP_TIMER_EST);
	expect(TCP_STATE_ESTABLISHED, TCP_EVENT_V4_RST, TCP_STATE_TRANS, TCP_TIMER_TRANS);
	expect(TCP_STATE_ESTABLISHED, TCP_EVENT_V6_RST, TCP_STATE_TRANS, TCP_TIMER_TRANS);
	expect_others(TCP_STATE_ESTABLISHED, named, COUNT(named), TCP_TIMER_EST);
	expect(TCP_STATE_ESTABLISHED, TCP_EVENT_TIMEOUT, TCP_STATE_TRANS, TCP_TIMER_TRANS);
}

static void half_closed(enum tcp_state half, enum tcp_event other_fin)
{
	const enum tcp_event named[] = { other_fin, TCP_EVENT_V4_RST, TCP_EVENT_V6_RST };

	expect(half, other_fin, TCP_STATE_V4_FIN_V6_FIN_RCV, TCP_TIMER_TRANS);
	expect(half, TCP_EVENT_V4_RST, half, TCP_TIMER_KEEP);
	expect(half, TCP_EVENT_V6_RST, half, TCP_TIMER_KEEP);
	expect_others(half, named, COUNT(named), TCP_TIMER_EST);
	expect(half, TCP_EVENT_TIMEOUT, half, TCP_TIMER_DELETE);
}

static void v4_fin_received(void **state)
{
	(void)state;
	half_closed(TCP_STATE_V4_FIN_RCV, TCP_EVENT_V6_FIN);
}

static void v6_fin_received(void **state)
{
	(void)state;
	half_closed(TCP_STATE_V6_FIN_RCV, TCP_EVENT_V4_FIN);
}

static void both_fins_received(void **state)
{
	(void)state;
	expect_others(TCP_STATE_V4_FIN_V6_FIN_RCV, NULL, 0, TCP_TIMER_KEEP);
	expect(TCP_STATE_V4_FIN_V6_FIN_RCV, TCP_EVENT_TIMEOUT, TCP_STATE_V4_FIN_V6_FIN_RCV,
	       TCP_TIMER_DELETE);
}

static void trans(void **state)
{
	(void)state;
	for (enum tcp_event event = 0; event < TCP_EVENT_TIMEOUT; event++) {
		if (event == TCP_EVENT_V4_RST || event == TCP_EVENT_V6_RST)
			expect(TCP_STATE_TRANS, event, TCP_STATE_TRANS, TCP_TIMER_KEEP);
		else
			expect(TCP_STATE_TRANS, event, TCP_STATE_ESTABLISHED, TCP_TIMER_EST);
	}
	expect(TCP_STATE_TRANS, TCP_EVENT_TIMEOUT, TCP_STATE_TRANS, TCP_TIMER_DELETE);
}

static void flags_make_events(void **state)
{
	static const struct {
		uint8_t flags;
		enum tcp_event v6, v4;
	} rows[] = {
		{ SYN, TCP_EVENT_V6_SYN, TCP_EVENT_V4_SYN },
		{ SYN | ACK, TCP_EVENT_V6_SYN, TCP_EVENT_V4_SYN },
		{ SYN | ECE | CWR, TCP_EVENT_V6_SYN, TCP_EVENT_V4_SYN },
		{ FIN | ACK, TCP_EVENT_V6_FIN, TCP_EVENT_V4_FIN },
		{ FIN | PSH | URG | ACK, TCP_EVENT_V6_FIN, TCP_EVENT_V4_FIN },
		{ RST, TCP_EVENT_V6_RST, TCP_EVENT_V4_RST },
		{ RST | ACK, TCP_EVENT_V6_RST, TCP_EVENT_V4_RST },
		{ RST | FIN | ACK, TCP_EVENT_V6_RST, TCP_EVENT_V4_RST },
		{ ACK, TCP_EVENT_V6_DATA, TCP_EVENT_V4_DATA },
		{ PSH | ACK, TCP_EVENT_V6_DATA, TCP_EVENT_V4_DATA },
		{ 0, TCP_EVENT_V6_DATA, TCP_EVENT_V4_DATA },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(tcp_event_v6(rows[i].flags), rows[i].v6);
		assert_int_equal(tcp_event_v4(rows[i].flags), rows[i].v4);
	}
}

static void states_have_names(void **state)
{
	(void)state;
	assert_string_equal(tcp_state_name(TCP_STATE_NONE), "-");
	assert_string_equal(tcp_state_name(TCP_STATE_V4_FIN_V6_FIN_RCV), "V4_FIN_V6_FIN_RCV");
	for (int i = TCP_STATE_V4_INIT; i < TCP_STATES; i++)
		assert_non_null(tcp_state_name((enum tcp_state)i));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(v4_init),
		cmocka_unit_test(v6_init),
		cmocka_unit_test(established),
		cmocka_unit_test(v4_fin_received),
		cmocka_unit_test(v6_fin_received),
		cmocka_unit_test(both_fins_received),
		cmocka_unit_test(trans),
		cmocka_unit_test(flags_make_events),
		cmocka_unit_test(states_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
