/* The fast path's program by itself, run by the kernel on one packet (BPF_PROG_TEST_RUN): what it
 * translates, byte for byte, and what it leaves to the daemon untouched. Skipped without the right
 * to load programs.
 *
 * The kernel takes the first 14 bytes of a test packet for an Ethernet header and the program sees
 * it from there on, so a packet without link header works as on a TUN when bytes 12 and 13 happen
 * to be its own EtherType. They lie in the source address: the IPv6 host is in 2001:db8:86dd::/48,
 * the IPv4 host in 8.0.0.0/16.
 */
#include "tests/unit/raw_packet.h"
#include "translator/checksum.h"
#include "translator/fast_trace.h"
#include "translator/fastpath_abi.h"
#include "translator/fastpath.skel.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <linux/pkt_cls.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define HOST6       "2001:db8:86dd::5"
#define REMOTE6     "64:ff9b::800:22"
#define REMOTE4     UINT32_C(0x08000022)
#define POOL4       UINT32_C(0xc6336401) /* 198.51.100.1 */
#define HOST_PORT   4000
#define POOL4_PORT  61000
#define REMOTE_PORT 443
#define TCP_ACK     0x10

struct run {
	int action;
	struct raw_packet out;
};

static int print_nothing(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

static void put(struct bpf_map *map, const void *key, const void *value)
{
	assert_int_equal(bpf_map_update_elem(bpf_map__fd(map), key, value, BPF_ANY), 0);
}

static void add_flow(const struct fastpath_bpf *skeleton, uint8_t proto)
{
	bool is_icmp = proto == IPPROTO_ICMP;
	struct fastpath_key6 key6 = { .proto = is_icmp ? IPPROTO_ICMPV6 : proto };
	struct fastpath_key4 key4 = { .src = htonl(REMOTE4), .dst = htonl(POOL4), .proto = proto };
	struct fastpath_to4 to4 = { .src = htonl(POOL4), .dst = htonl(REMOTE4) };
	struct fastpath_to6 to6 = { .index = 0 };

	assert_int_equal(inet_pton(AF_INET6, HOST6, key6.src), 1);
	assert_int_equal(inet_pton(AF_INET6, REMOTE6, key6.dst), 1);
	memcpy(to6.src, key6.dst, 16);
	memcpy(to6.dst, key6.src, 16);
	key6.src_port = to6.dst_port = htons(HOST_PORT);
	key6.dst_port = to6.src_port = htons(is_icmp ? HOST_PORT : REMOTE_PORT);
	key4.dst_port = to4.src_port = htons(POOL4_PORT);
	key4.src_port = to4.dst_port = htons(is_icmp ? POOL4_PORT : REMOTE_PORT);
	put(skeleton->maps.flows6, &key6, &to4);
	put(skeleton->maps.flows4, &key4, &to6);
}

static int load(void **state)
{
	struct fastpath_settings settings = {
		.mtu4 = 1500, .mtu6 = 1500, .lowest_ipv6_mtu = 1280, .override_tos = -1
	};
	struct fastpath_bpf *skeleton;
	uint32_t zero = 0;

	(void)libbpf_set_print(print_nothing);
	skeleton = fastpath_bpf__open();
	if (!skeleton)
		return -1;
	assert_int_equal(bpf_map__set_max_entries(skeleton->maps.flows6, 16), 0);
	assert_int_equal(bpf_map__set_max_entries(skeleton->maps.flows4, 16), 0);
	if (fastpath_bpf__load(skeleton) < 0) {
		/* Without the right to create maps there is nothing to test; else it is an error.
		 */
		int may = bpf_map_create(BPF_MAP_TYPE_HASH, "may", 4, 4, 1, NULL);

		fastpath_bpf__destroy(skeleton);
		*state = NULL;
		if (may < 0)
			return 0;
		(void)close(may);
		return -1;
	}
	put(skeleton->maps.settings, &zero, &settings);
	add_flow(skeleton, IPPROTO_TCP);
	add_flow(skeleton, IPPROTO_UDP);
	add_flow(skeleton, IPPROTO_ICMP);
	*state = skeleton;
	return 0;
}

static int unload(void **state)
{
	fastpath_bpf__destroy(*state);
	return 0;
}

static struct run run(void **state, const struct raw_packet *packet, uint32_t gso_size)
{
	const struct fastpath_bpf *skeleton = *state;
	struct __sk_buff context = { .gso_size = gso_size };
	struct run result;
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = packet->bytes,
	            .data_size_in = (uint32_t)packet->len, .data_out = result.out.bytes,
	            .data_size_out = sizeof(result.out.bytes), .ctx_in = &context,
	            .ctx_size_in = sizeof(context), .repeat = 1);

	if (!skeleton)
		skip();
	assert_int_equal(bpf_prog_test_run_opts(bpf_program__fd(skeleton->progs.fastpath), &opts),
	                 0);
	result.action = (int)opts.retval;
	result.out.len = opts.data_size_out;
	return result;
}

static struct raw_packet from6(uint8_t next)
{
	struct raw_packet packet;

	raw_ip6(&packet, HOST6, REMOTE6, next);
	return packet;
}

static struct raw_packet from4(uint8_t proto)
{
	struct raw_packet packet;

	raw_ip4(&packet, REMOTE4, POOL4, proto);
	return packet;
}

/* The identification is random: take it over, and let all else be equal. */
static void expect(void **state, struct raw_packet *in, struct raw_packet *out)
{
	struct run result;

	raw_seal(in);
	raw_set_ttl(out, 63);
	result = run(state, in, 0);
	assert_int_equal(result.action, TC_ACT_REDIRECT);
	if (out->bytes[0] >> 4 == 4)
		memcpy(out->bytes + 4, result.out.bytes + 4, 2);
	raw_seal(out);
	assert_int_equal(result.out.len, out->len);
	assert_memory_equal(result.out.bytes, out->bytes, out->len);
}

static void leaves(void **state, const struct raw_packet *packet)
{
	struct run result = run(state, packet, 0);

	assert_int_equal(result.action, TC_ACT_OK);
	assert_int_equal(result.out.len, packet->len);
	assert_memory_equal(result.out.bytes, packet->bytes, packet->len);
}

static void tcp_is_translated_both_ways(void **state)
{
	static const size_t sizes[] = { 0, 1, 2, 700, 1220 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct raw_packet in = from6(IPPROTO_TCP), out;

		raw_tcp(&in, HOST_PORT, REMOTE_PORT, TCP_ACK, sizes[i]);
		raw_ip4(&out, POOL4, REMOTE4, IPPROTO_TCP);
		raw_tcp(&out, POOL4_PORT, REMOTE_PORT, TCP_ACK, sizes[i]);
		expect(state, &in, &out);
		in = from4(IPPROTO_TCP);
		raw_tcp(&in, REMOTE_PORT, POOL4_PORT, TCP_ACK, sizes[i]);
		raw_ip6(&out, REMOTE6, HOST6, IPPROTO_TCP);
		raw_tcp(&out, REMOTE_PORT, HOST_PORT, TCP_ACK, sizes[i]);
		expect(state, &in, &out);
	}
}

static void udp_is_translated_both_ways(void **state)
{
	struct raw_packet in = from6(IPPROTO_UDP), out;

	raw_udp(&in, HOST_PORT, REMOTE_PORT, 33);
	raw_set_tos(&in, 0xb9);
	raw_ip4(&out, POOL4, REMOTE4, IPPROTO_UDP);
	raw_udp(&out, POOL4_PORT, REMOTE_PORT, 33);
	raw_set_tos(&out, 0xb9);
	expect(state, &in, &out);
	in = from4(IPPROTO_UDP);
	raw_udp(&in, REMOTE_PORT, POOL4_PORT, 33);
	raw_ip6(&out, REMOTE6, HOST6, IPPROTO_UDP);
	raw_udp(&out, REMOTE_PORT, HOST_PORT, 33);
	expect(state, &in, &out);
}

static void echo_is_translated_both_ways(void **state)
{
	struct raw_packet in = from6(IPPROTO_ICMPV6), out;

	raw_icmp(&in, 128, 0, HOST_PORT << 16 | 7);
	raw_append(&in, NULL, 56);
	raw_ip4(&out, POOL4, REMOTE4, IPPROTO_ICMP);
	raw_icmp(&out, 8, 0, (uint32_t)POOL4_PORT << 16 | 7);
	raw_append(&out, NULL, 56);
	expect(state, &in, &out);
	in = from4(IPPROTO_ICMP);
	raw_icmp(&in, 0, 0, (uint32_t)POOL4_PORT << 16 | 7);
	raw_append(&in, NULL, 56);
	raw_ip6(&out, REMOTE6, HOST6, IPPROTO_ICMPV6);
	raw_icmp(&out, 129, 0, HOST_PORT << 16 | 7);
	raw_append(&out, NULL, 56);
	expect(state, &in, &out);
}

static void segments_of_the_state_machine_are_left(void **state)
{
	for (unsigned flags = 0; flags < 256; flags++) {
		struct raw_packet packets[2] = { from6(IPPROTO_TCP), from4(IPPROTO_TCP) };
		bool is_slow = flags & 0x07;

		raw_tcp(&packets[0], HOST_PORT, REMOTE_PORT, (uint8_t)flags, 10);
		raw_tcp(&packets[1], REMOTE_PORT, POOL4_PORT, (uint8_t)flags, 10);
		for (int i = 0; i < 2; i++) {
			raw_seal(&packets[i]);
			if (is_slow)
				leaves(state, &packets[i]);
			else
				assert_int_equal(run(state, &packets[i], 0).action,
				                 TC_ACT_REDIRECT);
		}
	}
}

static void hop_limits_of_one_are_left(void **state)
{
	for (unsigned ttl = 0; ttl < 256; ttl++) {
		struct raw_packet packets[2] = { from6(IPPROTO_UDP), from4(IPPROTO_UDP) };

		raw_udp(&packets[0], HOST_PORT, REMOTE_PORT, 10);
		raw_udp(&packets[1], REMOTE_PORT, POOL4_PORT, 10);
		for (int i = 0; i < 2; i++) {
			raw_set_ttl(&packets[i], (uint8_t)ttl);
			raw_seal(&packets[i]);
			if (ttl <= 1)
				leaves(state, &packets[i]);
			else
				assert_int_equal(run(state, &packets[i], 0).action,
				                 TC_ACT_REDIRECT);
		}
	}
}

/* A UDP packet with one byte changed after it was sealed. */
struct spoiled {
	const char *what;
	uint8_t version;
	uint16_t at;
	uint8_t flip;
};

static void everything_unusual_is_left(void **state)
{
	static const struct spoiled rows[] = {
		{ "IPv6 version", 6, 0, 0x10 },
		{ "payload length too large", 6, 5, 0x40 },
		{ "payload length too small", 6, 5, 0x01 },
		{ "hop-by-hop header", 6, 6, IPPROTO_UDP },
		{ "fragment header", 6, 6, IPPROTO_UDP ^ IPPROTO_FRAGMENT },
		{ "another destination", 6, 39, 0x01 },
		{ "another source port", 6, 41, 0x01 },
		{ "another destination port", 6, 43, 0x01 },
		{ "UDP length below its header", 6, 45, 0x10 ^ 0x02 },
		{ "UDP length beyond the packet", 6, 44, 0x01 },
		{ "IPv4 header length", 4, 0, 0x01 },
		{ "IPv4 total length", 4, 3, 0x01 },
		{ "IPv4 header checksum", 4, 10, 0x01 },
		{ "another source", 4, 15, 0x01 },
		{ "another protocol", 4, 9, 0x80 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct raw_packet packet = rows[i].version == 6 ? from6(IPPROTO_UDP)
		                                                : from4(IPPROTO_UDP);

		if (rows[i].version == 6)
			raw_udp(&packet, HOST_PORT, REMOTE_PORT, 8);
		else
			raw_udp(&packet, REMOTE_PORT, POOL4_PORT, 8);
		raw_seal(&packet);
		packet.bytes[rows[i].at] ^= rows[i].flip;
		print_message("# %s\n", rows[i].what);
		leaves(state, &packet);
	}
}

static void fragments_and_options_of_ipv4_are_left(void **state)
{
	static const uint8_t fields[] = { 0x20, 0x01, 0x1f }; /* more fragments, offsets */
	struct raw_packet packet = from4(IPPROTO_UDP);

	raw_udp(&packet, REMOTE_PORT, POOL4_PORT, 8);
	for (size_t i = 0; i < sizeof(fields); i++) {
		packet.bytes[6] = fields[i];
		raw_seal(&packet);
		leaves(state, &packet);
	}
}

static void udp_without_checksum_is_left(void **state)
{
	struct raw_packet packet = from4(IPPROTO_UDP);

	raw_udp(&packet, REMOTE_PORT, POOL4_PORT, 8);
	raw_seal(&packet);
	memset(packet.bytes + 26, 0, 2);
	leaves(state, &packet);
}

static void what_does_not_fit_is_left(void **state)
{
	struct raw_packet packet = from4(IPPROTO_TCP);

	raw_tcp(&packet, REMOTE_PORT, POOL4_PORT, TCP_ACK, 1221); /* 1281 bytes in IPv6 */
	raw_seal(&packet);
	leaves(state, &packet);
	packet.bytes[6] = 0x40; /* may not be cut: the larger limit holds */
	raw_seal(&packet);
	assert_int_equal(run(state, &packet, 0).action, TC_ACT_REDIRECT);
	packet = from4(IPPROTO_TCP);
	raw_tcp(&packet, REMOTE_PORT, POOL4_PORT, TCP_ACK, 1441); /* 1501 */
	packet.bytes[6] = 0x40;
	raw_seal(&packet);
	leaves(state, &packet);
	packet = from6(IPPROTO_TCP);
	raw_tcp(&packet, HOST_PORT, REMOTE_PORT, TCP_ACK, 1461); /* 1501 in IPv4 */
	raw_seal(&packet);
	leaves(state, &packet);
}

static void super_packets_are_measured_by_their_segments(void **state)
{
	struct raw_packet packet = from6(IPPROTO_TCP);

	raw_tcp(&packet, HOST_PORT, REMOTE_PORT, TCP_ACK, 1900);
	raw_seal(&packet);
	assert_int_equal(run(state, &packet, 1460).action, TC_ACT_REDIRECT);
	assert_int_equal(run(state, &packet, 1461).action, TC_ACT_OK);
	packet = from6(IPPROTO_UDP);
	raw_udp(&packet, HOST_PORT, REMOTE_PORT, 1900);
	raw_seal(&packet);
	assert_int_equal(run(state, &packet, 1000).action, TC_ACT_OK);
}

/* Newer verifiers and compilers may be less patient; the limit is a million. */
static void the_verifier_has_little_to_do(void **state)
{
	const struct fastpath_bpf *skeleton = *state;
	struct bpf_prog_info info = { 0 };
	uint32_t len = sizeof(info);

	if (!skeleton)
		skip();
	assert_int_equal(
		bpf_obj_get_info_by_fd(bpf_program__fd(skeleton->progs.fastpath), &info, &len), 0);
	assert_in_range(info.verified_insns, 1, 20000);
}

/* ---- tracing ---- */

static struct tracers *tracers;
static struct tracer *tracer;
static struct fast_trace *fast_trace;

static void begin_trace(void **state, const struct trace_filter *filter)
{
	struct trace_filter coarse;

	if (!*state)
		skip();
	tracers = tracers_new();
	assert_non_null(tracers);
	assert_int_equal(tracers_add(tracers, filter, 256, 1), 0);
	tracer = tracers_newest(tracers);
	assert_int_equal(fast_trace_new(*state, &fast_trace), 0);
	assert_true(tracers_want_fast(tracers, &coarse));
	assert_int_equal(fast_trace_set(fast_trace, &coarse, 256), 0);
	assert_true(fast_trace_is_on(fast_trace));
	tracers_settle(tracers, UINT64_MAX);
}

static void end_trace(void)
{
	assert_int_equal(fast_trace_set(fast_trace, NULL, 0), 0);
	fast_trace_free(fast_trace);
	tracers_free(tracers);
}

/* Translate a packet and take the event about it; NULL when the program did not report it. */
static const struct trace_event *traced(void **state, struct raw_packet *packet)
{
	raw_seal(packet);
	assert_int_equal(run(state, packet, 0).action, TC_ACT_REDIRECT);
	tracer_drop(tracer, tracer_peek(tracer, 0) != NULL);
	fast_trace_drain(fast_trace, tracers);
	return tracer_peek(tracer, 0);
}

static void a_traced_packet_is_reported_before_and_after(void **state)
{
	static const struct trace_filter all;
	struct raw_packet packet = from6(IPPROTO_UDP), back = from4(IPPROTO_TCP);
	const struct trace_event *event;

	begin_trace(state, &all);
	raw_udp(&packet, HOST_PORT, REMOTE_PORT, 300);
	event = traced(state, &packet);
	assert_non_null(event);
	assert_true(event->is_fast);
	assert_int_equal(event->verdict, VERDICT_TRANSLATED);
	assert_int_equal(event->direction, TRANSLATOR_64);
	assert_int_equal(event->in.len, 348);
	assert_int_equal(event->in.captured, 256);
	assert_memory_equal(event->in.bytes, packet.bytes, 256);
	assert_int_equal(event->in.summary.src_port, HOST_PORT);
	assert_int_equal(event->out.len, 328);
	assert_int_equal(event->out.captured, 256);
	assert_int_equal(event->out.summary.src4, POOL4);
	assert_int_equal(event->out.summary.src_port, POOL4_PORT);
	assert_memory_equal(event->out.bytes + 28, packet.bytes + 48, 228);
	assert_true(event->time_us > 0);
	raw_tcp(&back, REMOTE_PORT, POOL4_PORT, TCP_ACK, 0);
	event = traced(state, &back);
	assert_int_equal(event->direction, TRANSLATOR_46);
	assert_int_equal(event->in.summary.tcp_flags, TCP_ACK);
	assert_int_equal(event->in.captured, 40);
	assert_int_equal(event->out.len, 60);
	assert_int_equal(event->out.summary.dst_port, HOST_PORT);
	assert_int_equal(tracer_lost(tracer), 0);
	end_trace();
}

/* Whether the program with this filter reports a packet; the daemon's accepts everything. */
static bool reports(void **state, const struct trace_filter *filter, uint8_t proto)
{
	struct raw_packet packet = from6(proto);
	static const struct trace_filter all;
	bool is_reported;

	begin_trace(state, &all);
	assert_int_equal(fast_trace_set(fast_trace, filter, 256), 0);
	if (proto == IPPROTO_UDP)
		raw_udp(&packet, HOST_PORT, REMOTE_PORT, 0);
	else
		raw_icmp(&packet, 128, 0, (uint32_t)HOST_PORT << 16 | 1);
	raw_append(&packet, NULL, 16); /* the kernel refuses to try shorter ones */
	is_reported = traced(state, &packet) != NULL;
	end_trace();
	return is_reported;
}

static struct trace_filter of_prefix(const char *text6, const char *text4)
{
	struct trace_filter filter = { .port = 0 };

	if (text6) {
		filter.prefixes[0].family = 6;
		assert_int_equal(prefix6_parse(text6, &filter.prefixes[0].prefix6), 0);
	}
	if (text4) {
		filter.prefixes[1].family = 4;
		assert_int_equal(prefix4_parse(text4, &filter.prefixes[1].prefix4), 0);
	}
	return filter;
}

static void the_program_filters_by_itself(void **state)
{
	static const struct {
		struct trace_filter filter;
		uint8_t proto;
		bool is_reported;
	} rows[] = {
		{ { .port = HOST_PORT }, IPPROTO_UDP, true },
		{ { .port = REMOTE_PORT }, IPPROTO_UDP, true },
		{ { .port = POOL4_PORT }, IPPROTO_UDP, true },
		{ { .port = 9 }, IPPROTO_UDP, false },
		{ { .port = HOST_PORT }, IPPROTO_ICMPV6, true },
		{ { .port = POOL4_PORT }, IPPROTO_ICMPV6, true },
		{ { .port = 1 }, IPPROTO_ICMPV6, false },
		{ { .has_proto = true, .proto = L4_UDP }, IPPROTO_UDP, true },
		{ { .has_proto = true, .proto = L4_TCP }, IPPROTO_UDP, false },
		{ { .has_proto = true, .proto = L4_ICMP }, IPPROTO_ICMPV6, true },
		{ { .has_proto = true, .proto = L4_UDP }, IPPROTO_ICMPV6, false },
		{ { .has_direction = true, .direction = TRANSLATOR_64 }, IPPROTO_UDP, true },
		{ { .has_direction = true, .direction = TRANSLATOR_46 }, IPPROTO_UDP, false },
	};
	static const struct {
		const char *six, *four;
		bool is_reported;
	} prefixes[] = {
		{ HOST6, NULL, true },
		{ REMOTE6, NULL, true },
		{ "2001:db8:86dd::/48", NULL, true },
		{ "2001:db8:86de::/48", NULL, false },
		{ "::/0", NULL, true },
		{ NULL, "8.0.0.34", true },
		{ NULL, "198.51.100.0/24", true },
		{ NULL, "198.51.101.0/24", false },
		{ HOST6, "8.0.0.34", true },
		{ HOST6, "8.0.0.35", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (reports(state, &rows[i].filter, rows[i].proto) != rows[i].is_reported)
			fail_msg("row %zu", i);
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		struct trace_filter filter = of_prefix(prefixes[i].six, prefixes[i].four);

		if (reports(state, &filter, IPPROTO_UDP) != prefixes[i].is_reported)
			fail_msg("prefixes %zu", i);
	}
}

static void packets_of_the_slow_path_are_not_reported(void **state)
{
	static const struct trace_filter all;
	struct raw_packet packet = from6(IPPROTO_UDP);

	begin_trace(state, &all);
	raw_udp(&packet, HOST_PORT, REMOTE_PORT + 1, 8);
	raw_seal(&packet);
	leaves(state, &packet);
	fast_trace_drain(fast_trace, tracers);
	assert_null(tracer_peek(tracer, 0));
	end_trace();
}

static void a_full_ring_loses_events_and_counts_them(void **state)
{
	static const struct trace_filter all;
	struct raw_packet packet = from6(IPPROTO_UDP);
	uint64_t lost;

	begin_trace(state, &all);
	raw_udp(&packet, HOST_PORT, REMOTE_PORT, 300);
	raw_seal(&packet);
	for (int i = 0; i < 1500; i++)
		assert_int_equal(run(state, &packet, 0).action, TC_ACT_REDIRECT);
	fast_trace_drain(fast_trace, tracers);
	lost = tracer_lost(tracer);
	assert_true(lost > 100 && lost < 1400);
	for (uint64_t i = 0; i < 1500 - lost; i++)
		assert_non_null(tracer_peek(tracer, i));
	assert_null(tracer_peek(tracer, 1500 - lost));
	tracer_drop(tracer, 1500 - lost);
	assert_int_equal(run(state, &packet, 0).action, TC_ACT_REDIRECT);
	fast_trace_drain(fast_trace, tracers);
	assert_non_null(tracer_peek(tracer, 0)); /* there is room again */
	assert_int_equal(tracer_lost(tracer), lost);
	end_trace();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tcp_is_translated_both_ways),
		cmocka_unit_test(udp_is_translated_both_ways),
		cmocka_unit_test(echo_is_translated_both_ways),
		cmocka_unit_test(segments_of_the_state_machine_are_left),
		cmocka_unit_test(hop_limits_of_one_are_left),
		cmocka_unit_test(everything_unusual_is_left),
		cmocka_unit_test(fragments_and_options_of_ipv4_are_left),
		cmocka_unit_test(udp_without_checksum_is_left),
		cmocka_unit_test(what_does_not_fit_is_left),
		cmocka_unit_test(super_packets_are_measured_by_their_segments),
		cmocka_unit_test(the_verifier_has_little_to_do),
		cmocka_unit_test(a_traced_packet_is_reported_before_and_after),
		cmocka_unit_test(the_program_filters_by_itself),
		cmocka_unit_test(packets_of_the_slow_path_are_not_reported),
		cmocka_unit_test(a_full_ring_loses_events_and_counts_them),
	};

	return cmocka_run_group_tests_name("fastpath", tests, load, unload);
}
