/* Which path explain says a packet takes, and why, with a fast path that only remembers what was
 * entered. */
#include "tests/unit/fake_fast.h"
#include "translator/explain.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define NOW_US UINT64_C(1000000)
#define SERVER 0xc6336450 /* 198.51.100.80 */
#define POOL   0xcb007101 /* 203.0.113.1 */
#define SYN    0x02
#define ACK    0x10

static struct config *config;
static struct translator *translator;
static struct explain explain;
static struct fake_fast fast;

static void no_emit(void *context, const struct virtio_net_hdr *vnet, const struct iovec *iov,
                    int count)
{
	(void)context;
	(void)vnet;
	(void)iov;
	(void)count;
}

static void open_with(const char *keys)
{
	static const uint8_t seed[32] = "fast", pool4_key[16] = "fast";
	const struct translator_io io = { .emit = no_emit, .fast = fake_fast_hooks(&fast) };
	char text[1000];

	(void)snprintf(text, sizeof(text), "[instance t]\npool6 = 64:ff9b:1::/96\n%s", keys);
	assert_int_equal(config_parse(text, strlen(text), "test", stderr, &config), 0);
	translator = translator_new(&config->instances[0], 0, 1, seed, pool4_key, &io, 0);
	assert_non_null(translator);
	fast = (struct fake_fast){ .result = 0 };
}

static void close_all(void)
{
	translator_free(translator);
	config_free(config);
}

static struct explain_fields from6(uint8_t protocol, uint8_t flags)
{
	struct explain_fields fields = { .ipv6 = true,
		                         .protocol = protocol,
		                         .src_port = 4000,
		                         .dst_port = 53,
		                         .tcp_flags = flags };

	memcpy(&fields.src6, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\5", 16);
	memcpy(&fields.dst6, "\0\x64\xff\x9b\0\1\0\0\0\0\0\0\xc6\x33\x64\x50", 16);
	return fields;
}

static void build_packet(const struct explain_fields *fields)
{
	assert_int_equal(explain_build(fields, &explain), 0);
}

static void pass(const struct explain_fields *fields)
{
	const struct virtio_net_hdr vnet = { 0 };

	build_packet(fields);
	assert_int_equal(translator_input(translator, explain.packet, explain.len, &vnet, NOW_US),
	                 VERDICT_TRANSLATED);
}

/* The answer to what 2001:db8::5 sent from port 4000. */
static struct explain_fields answer_to(uint16_t pool4_port)
{
	return (struct explain_fields){ .src4 = SERVER,
		                        .dst4 = POOL,
		                        .protocol = IPPROTO_UDP,
		                        .src_port = 53,
		                        .dst_port = pool4_port };
}

/* NULL: the fast path. */
static void assert_path(const char *reason)
{
	explain_run(translator, &explain, NOW_US);
	assert_int_equal(explain.trace.is_fast, !reason);
	if (reason)
		assert_string_equal(explain.trace.path_reason, reason);
}

static uint16_t first_pool4_port(void)
{
	struct explain_fields out = from6(IPPROTO_UDP, 0);

	pass(&out);
	build_packet(&out);
	explain_run(translator, &explain, NOW_US);
	assert_int_equal(explain.count, 1);
	return explain.packets[0].src_port;
}

static void a_session_takes_the_fast_path_after_both_directions(void **state)
{
	struct explain_fields out = from6(IPPROTO_UDP, 0), back;

	(void)state;
	open_with("pool4 = 203.0.113.1/32 1024-65535\n");
	build_packet(&out);
	assert_path("no session in both directions yet");
	back = answer_to(first_pool4_port());
	build_packet(&back);
	assert_path("its session enters the fast path with this packet");
	assert_int_equal(fast.entered.remote4, 0);
	pass(&back);
	assert_int_equal(fast.entered.remote4, SERVER);
	build_packet(&back);
	assert_path(NULL);
	build_packet(&out);
	assert_path(NULL);
	close_all();
}

static void a_full_fast_path_is_named(void **state)
{
	struct explain_fields out = from6(IPPROTO_UDP, 0), back;

	(void)state;
	open_with("pool4 = 203.0.113.1/32 1024-65535\n");
	fast.result = -ENOSPC;
	back = answer_to(first_pool4_port());
	pass(&back);
	build_packet(&out);
	assert_path("no room in the fast path for its session");
	close_all();
}

static void tcp_waits_until_it_is_open(void **state)
{
	struct explain_fields syn = from6(IPPROTO_TCP, SYN), data = from6(IPPROTO_TCP, ACK);

	(void)state;
	open_with("pool4 = 203.0.113.1/32 1024-65535\n");
	build_packet(&syn);
	assert_path("TCP SYN, FIN or RST");
	build_packet(&data);
	assert_path("no session");
	pass(&syn);
	build_packet(&data);
	assert_path("its TCP session is opening or closing");
	close_all();
}

/* One byte of an ordinary packet is changed, or its length. */
static void packets_that_are_never_for_the_fast_path(void **state)
{
	static const struct {
		uint8_t protocol;
		uint32_t length;
		uint8_t offset, value;
		const char *reason;
	} rows[] = {
		{ IPPROTO_UDP, 0, 7, 1, "TTL or hop limit of 1 or less" },
		{ IPPROTO_ESP, 60, 7, 64, "neither TCP, UDP nor ICMP" },
		{ IPPROTO_ICMPV6, 100, 40, 3, "ICMP error" },
		{ IPPROTO_ICMPV6, 100, 40, 133, "ICMP other than echo" },
		{ IPPROTO_UDP, 1521, 7, 64, "larger than the MTU: cut or answered" },
		{ IPPROTO_UDP, 0, 0, 0x50, "malformed packet" },
		{ IPPROTO_UDP, 0, 5, 7, "malformed packet" },
	};

	(void)state;
	open_with("pool4 = 203.0.113.1/32 1024-65535\n");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct explain_fields fields = from6(rows[i].protocol, 0);

		fields.length = rows[i].length;
		build_packet(&fields);
		explain.packet[rows[i].offset] = rows[i].value;
		assert_path(rows[i].reason);
	}
	close_all();
}

static void fragment_headers_are_for_the_slow_path(void **state)
{
	struct explain_fields fields = from6(IPPROTO_FRAGMENT, 0);

	(void)state;
	open_with("pool4 = 203.0.113.1/32 1024-65535\n");
	fields.length = 64;
	build_packet(&fields);
	explain.packet[40] = IPPROTO_ESP;
	assert_path("extension header");
	build_packet(&fields);
	explain.packet[40] = IPPROTO_ESP;
	explain.packet[43] = 1; /* more follow */
	assert_path("fragment");
	close_all();
}

static void packets_from_ipv4_that_are_never_for_the_fast_path(void **state)
{
	struct explain_fields fields = answer_to(5000);

	(void)state;
	open_with("pool4 = 203.0.113.1/32 1024-65535\n"
	          "bib = udp [2001:db8::5]:4000 203.0.113.1:5000\n");
	build_packet(&fields);
	memset(explain.packet + 26, 0, 2);
	assert_path("UDP without checksum");
	fields.length = 1481;
	build_packet(&fields);
	assert_path("larger than the MTU: cut or answered");
	fields.length = 1480;
	build_packet(&fields);
	assert_path("no session in both directions yet");
	build_packet(&fields);
	explain.packet[explain.len++] = 0;
	assert_path("bytes behind the end of the IP packet");
	close_all();
}

static void stateless_packets_take_it_from_the_second_on(void **state)
{
	struct explain_fields fields = from6(IPPROTO_TCP, ACK);

	(void)state;
	open_with("mode = siit\neam = 203.0.113.10 2001:db8::5\n");
	build_packet(&fields);
	assert_path(NULL);
	assert_string_equal(explain.trace.path_reason,
	                    "from the second packet between these addresses on");
	fields.src6.s6_addr[15] = 6;
	build_packet(&fields);
	assert_path("not to be translated");
	close_all();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_session_takes_the_fast_path_after_both_directions),
		cmocka_unit_test(a_full_fast_path_is_named),
		cmocka_unit_test(tcp_waits_until_it_is_open),
		cmocka_unit_test(packets_that_are_never_for_the_fast_path),
		cmocka_unit_test(fragment_headers_are_for_the_slow_path),
		cmocka_unit_test(packets_from_ipv4_that_are_never_for_the_fast_path),
		cmocka_unit_test(stateless_packets_take_it_from_the_second_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
