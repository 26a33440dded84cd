/* Those who trace: filters, bounded stores, the order of both paths' events. */
#include "translator/control_trace.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define NOW_US UINT64_C(1000000)
#define SERVER 0xc6336450 /* 198.51.100.80 */
#define POOL   0xcb007101 /* 203.0.113.1 */

static struct tracers *tracers;

/* ---- filters ---- */

static struct trace_event sample(void)
{
	struct trace_event event = { .time_us = NOW_US,
		                     .verdict = VERDICT_TRANSLATED,
		                     .direction = TRANSLATOR_64,
		                     .in = { .is_known = true },
		                     .out = { .is_known = true } };

	event.in.summary = (struct packet_summary){ .ipv6 = true,
		                                    .protocol = IPPROTO_UDP,
		                                    .has_ports = true,
		                                    .src_port = 4000,
		                                    .dst_port = 53 };
	assert_int_equal(address6_parse("2001:db8::5", &event.in.summary.src6), 0);
	assert_int_equal(address6_parse("64:ff9b:1::198.51.100.80", &event.in.summary.dst6), 0);
	event.out.summary = (struct packet_summary){ .src4 = POOL,
		                                     .dst4 = SERVER,
		                                     .protocol = IPPROTO_UDP,
		                                     .has_ports = true,
		                                     .src_port = 2000,
		                                     .dst_port = 53 };
	return event;
}

/* What a client asks for, read as the translator reads it. */
static struct trace_filter read_filter(const char *address, const char *address2)
{
	SaNat64__Control__TraceRequest request = SA_NAT64__CONTROL__TRACE_REQUEST__INIT;
	SaNat64__Control__TraceFilter wanted = SA_NAT64__CONTROL__TRACE_FILTER__INIT;
	SaNat64__Control__TracePrefix prefixes[2], *pointers[2] = { &prefixes[0], &prefixes[1] };
	const char *texts[2] = { address, address2 };
	struct trace_filter filter;
	char error[200];
	uint8_t bytes[2][16];

	for (int i = 0; i < 2 && texts[i]; i++) {
		struct prefix6 prefix6;
		struct prefix4 prefix4;

		sa_nat64__control__trace_prefix__init(&prefixes[i]);
		prefixes[i].address.data = bytes[i];
		if (prefix6_parse(texts[i], &prefix6) == 0) {
			memcpy(bytes[i], &prefix6.addr, 16);
			prefixes[i].address.len = 16;
			prefixes[i].length = prefix6.len;
		} else {
			assert_int_equal(prefix4_parse(texts[i], &prefix4), 0);
			store_be32(bytes[i], prefix4.addr);
			prefixes[i].address.len = 4;
			prefixes[i].length = prefix4.len;
		}
		wanted.n_addresses = (size_t)i + 1;
	}
	wanted.addresses = pointers;
	request.filter = &wanted;
	assert_int_equal(control_trace_read(&request, &filter, error), 0);
	return filter;
}

static void addresses_match_on_every_side(void **state)
{
	static const struct {
		const char *address, *address2;
		bool passes;
	} rows[] = {
		{ "2001:db8::5", NULL, true },
		{ "2001:db8::/32", NULL, true },
		{ "2001:db8::4", NULL, false },
		{ "64:ff9b:1::/96", NULL, true },
		{ "198.51.100.80", NULL, true },
		{ "198.51.100.0/24", NULL, true },
		{ "203.0.113.1", NULL, true },
		{ "203.0.113.2", NULL, false },
		{ "0.0.0.0/0", NULL, true },
		{ "::/0", NULL, true },
		{ "2001:db8::5", "198.51.100.80", true },
		{ "2001:db8::5", "198.51.100.81", false },
		{ "2001:db8::4", "198.51.100.80", false },
	};
	struct trace_event event = sample();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct trace_filter filter = read_filter(rows[i].address, rows[i].address2);

		if (trace_filter_passes(&filter, &event) != rows[i].passes)
			fail_msg("%s %s", rows[i].address,
			         rows[i].address2 ? rows[i].address2 : "");
	}
	event.out.is_known = false;
	event.out.summary = (struct packet_summary){ 0 };
	assert_false(trace_filter_passes(&(struct trace_filter){ .port = 2000 }, &event));
}

static void each_field_of_a_filter_matters(void **state)
{
	static const struct {
		struct trace_filter filter;
		bool passes;
	} rows[] = {
		{ { .port = 0 }, true },
		{ { .port = 4000 }, true },
		{ { .port = 53 }, true },
		{ { .port = 2000 }, true },
		{ { .port = 2001 }, false },
		{ { .has_proto = true, .proto = L4_UDP }, true },
		{ { .has_proto = true, .proto = L4_TCP }, false },
		{ { .has_proto = true, .proto = L4_ICMP }, false },
		{ { .has_verdict = true, .verdict = VERDICT_TRANSLATED }, true },
		{ { .has_verdict = true, .verdict = VERDICT_NO_SESSION }, false },
		{ { .drops_only = true }, false },
		{ { .has_direction = true, .direction = TRANSLATOR_64 }, true },
		{ { .has_direction = true, .direction = TRANSLATOR_46 }, false },
		{ { .has_path = true, .is_fast = false }, true },
		{ { .has_path = true, .is_fast = true }, false },
	};
	struct trace_event event = sample(), drop = sample();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (trace_filter_passes(&rows[i].filter, &event) != rows[i].passes)
			fail_msg("row %zu", i);
	drop.verdict = VERDICT_NO_BINDING;
	assert_true(trace_filter_passes(&(struct trace_filter){ .drops_only = true }, &drop));
	event.in.summary.protocol = IPPROTO_ICMPV6;
	assert_true(trace_filter_passes(
		&(struct trace_filter){ .has_proto = true, .proto = L4_ICMP }, &event));
}

static void the_fast_path_reports_what_any_tracer_wants(void **state)
{
	struct trace_filter udp = { .has_proto = true, .proto = L4_UDP, .port = 53 };
	struct trace_filter tcp = { .has_proto = true, .proto = L4_TCP, .port = 53 };
	struct trace_filter drops = { .drops_only = true }, slow = { .has_path = true };
	struct trace_filter other = { .has_verdict = true, .verdict = VERDICT_NO_SESSION };
	struct trace_filter coarse;

	(void)state;
	tracers = tracers_new();
	assert_non_null(tracers);
	assert_false(tracers_want_fast(tracers, &coarse));
	assert_int_equal(tracers_add(tracers, &drops, 0, 1), 0);
	assert_int_equal(tracers_add(tracers, &slow, 0, 1), 0);
	assert_false(tracers_want_fast(tracers, &coarse));
	assert_int_equal(tracers_add(tracers, &udp, 100, 1), 0);
	assert_true(tracers_want_fast(tracers, &coarse));
	assert_true(coarse.has_proto && coarse.proto == L4_UDP && coarse.port == 53);
	assert_int_equal(tracers_snaplen(tracers), 100);
	assert_int_equal(tracers_add(tracers, &tcp, 200, 1), 0);
	assert_true(tracers_want_fast(tracers, &coarse));
	assert_false(coarse.has_proto);
	assert_int_equal(coarse.port, 53);
	assert_int_equal(tracers_snaplen(tracers), 200);
	assert_int_equal(tracers_add(tracers, &udp, 0, 1), -EBUSY);
	assert_int_equal(tracers_count(tracers), TRACERS_MAX);
	assert_false(trace_filter_wants_fast(&other));
	tracers_free(tracers);
}

/* ---- stores ---- */

static struct tracer *add(const struct trace_filter *filter, uint32_t snaplen)
{
	assert_int_equal(tracers_add(tracers, filter, snaplen, 1), 0);
	return tracers_newest(tracers);
}

static void note(uint64_t time_us, bool is_fast)
{
	struct trace_event event = sample();

	event.time_us = time_us;
	event.is_fast = is_fast;
	tracers_note(tracers, &event);
}

static void events_of_both_paths_come_in_order(void **state)
{
	static const struct trace_filter all;
	static const uint64_t expected[] = { 10, 20, 25, 30 };
	struct tracer *tracer;
	size_t i;

	(void)state;
	tracers = tracers_new();
	tracer = add(&all, 0);
	note(10, false);
	note(30, false);
	note(50, false);
	note(20, true);
	note(25, true);
	tracers_settle(tracers, 40);
	for (i = 0; i < 4; i++)
		assert_int_equal(tracer_peek(tracer, i)->time_us, expected[i]);
	assert_null(tracer_peek(tracer, 4)); /* the fast path may still report one before 50 */
	tracer_drop(tracer, 3);
	assert_int_equal(tracer_peek(tracer, 0)->time_us, 30);
	tracer_drop(tracer, 1);
	note(45, true);
	tracers_settle(tracers, 60);
	assert_int_equal(tracer_peek(tracer, 0)->time_us, 45);
	assert_int_equal(tracer_peek(tracer, 1)->time_us, 50);
	assert_null(tracer_peek(tracer, 2));
	tracers_free(tracers);
}

static void a_full_store_loses_the_newest_and_counts(void **state)
{
	static const struct trace_filter all;
	struct trace_filter none = { .port = 9 };
	struct tracer *tracer, *other;
	uint64_t noted, kept = 0, first = 0;

	(void)state;
	tracers = tracers_new();
	tracer = add(&all, TRACE_SNAP_MAX);
	other = add(&none, 0);
	for (noted = 0; tracer_lost(tracer) == 0; noted++)
		note(noted + 1, false);
	assert_true(noted > 100 && noted < 100000);
	assert_int_equal(tracer_lost(other), 0);
	tracers_settle(tracers, UINT64_MAX);
	first = tracer_peek(tracer, 0)->time_us;
	while (tracer_peek(tracer, 0)) {
		kept++;
		tracer_drop(tracer, 1);
	}
	assert_int_equal(first, 1);
	assert_int_equal(kept + 1, noted);
	for (uint64_t i = 0; i < 3 * kept; i++) { /* around the ring, in order */
		note(noted + i, false);
		assert_int_equal(tracer_peek(tracer, 0)->time_us, noted + i);
		tracer_drop(tracer, 1);
	}
	assert_int_equal(tracer_lost(tracer), 1);
	tracers_count_lost(tracers, 5);
	assert_int_equal(tracer_lost(tracer), 6);
	tracers_free(tracers);
}

static void bytes_are_cut_to_the_snaplen_of_each(void **state)
{
	static const struct trace_filter all;
	uint8_t in[100], out[60];
	struct trace_event event = sample();
	struct tracer *shorter, *longer;
	const struct trace_event *got;

	(void)state;
	memset(in, 'i', sizeof(in));
	memset(out, 'o', sizeof(out));
	tracers = tracers_new();
	shorter = add(&all, 10);
	longer = add(&all, 80);
	event.in.captured = event.in.len = sizeof(in);
	event.in.bytes = in;
	event.out.captured = event.out.len = sizeof(out);
	event.out.bytes = out;
	tracers_note(tracers, &event);
	tracers_settle(tracers, UINT64_MAX);
	got = tracer_peek(shorter, 0);
	assert_int_equal(got->in.captured, 10);
	assert_int_equal(got->out.captured, 10);
	assert_int_equal(got->in.len, 100);
	assert_memory_equal(got->out.bytes, "oooooooooo", 10);
	got = tracer_peek(longer, 0);
	assert_int_equal(got->in.captured, 80);
	assert_int_equal(got->out.captured, 60);
	assert_int_equal(got->in.bytes[79], 'i');
	assert_int_equal(got->out.bytes[59], 'o');
	tracers_remove(tracers, shorter);
	assert_int_equal(tracers_count(tracers), 1);
	tracers_free(tracers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_match_on_every_side),
		cmocka_unit_test(each_field_of_a_filter_matters),
		cmocka_unit_test(the_fast_path_reports_what_any_tracer_wants),
		cmocka_unit_test(events_of_both_paths_come_in_order),
		cmocka_unit_test(a_full_store_loses_the_newest_and_counts),
		cmocka_unit_test(bytes_are_cut_to_the_snaplen_of_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
