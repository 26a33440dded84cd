/* Probes of sa-nat64-healthd through the core (lib/probe_address.h): what is translated although it
 * is local and not global, for whom, on which path, and who is not told. */
#include "lib/probe_address.h"
#include "tests/unit/feed_side.h"
#include "tests/unit/raw_packet.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define HERE    "2001:db8:6::1" /* an address of the namespace */
#define GUEST   "2001:db8:6::2"
#define SLOW    0xc0000001 /* 192.0.0.1 */
#define FAST    0xc0000002
#define SOURCE  0xc0000003
#define PUBLIC  0xcb007101 /* 203.0.113.1 */
#define POOL    "pool4 = 203.0.113.1/32 1024-65535\n"
#define WKP     "pool6 = 64:ff9b::/96\n"
#define SIIT    "mode = siit\n"
#define OWN(n)  "2001:db8:64::192.0.0." #n
#define WELL(n) "64:ff9b::192.0.0." #n

static const uint8_t seed[32] = "probe";
static struct gateway gateway;
static struct feed_side side;

static struct in6_addr address(const char *text)
{
	struct in6_addr addr6;

	assert_int_equal(inet_pton(AF_INET6, text, &addr6), 1);
	return addr6;
}

/* As sa-nat64-netns leaves it. */
static void settle(struct gateway *settled, const char *here)
{
	settled->local4 = SLOW;
	settled->local4_last = FAST;
	settled->local6 = address(here);
}

static void open_settled(const char *keys)
{
	gateway_open_fast(&gateway, keys);
	settle(&gateway, HERE);
}

static enum verdict udp(const char *src6, const char *dst6)
{
	struct raw_packet raw;

	raw_ip6(&raw, src6, dst6, IPPROTO_UDP);
	raw_udp(&raw, 4000, PROBE_PORT, 8);
	raw_seal(&raw);
	return raw_send(&gateway, &raw);
}

static enum verdict udp4(uint32_t src, uint32_t dst)
{
	struct raw_packet raw;

	raw_ip4(&raw, src, dst, IPPROTO_UDP);
	raw_udp(&raw, PROBE_PORT, 4000, 8);
	raw_seal(&raw);
	return raw_send(&gateway, &raw);
}

static void assert_last4(uint32_t src, uint32_t dst)
{
	const struct packet *last = gateway_last(&gateway);

	assert_int_equal(last->version, 4);
	assert_int_equal(last->src4, src);
	assert_int_equal(last->dst4, dst);
}

static void assert_last6(const char *src, const char *dst)
{
	const struct packet *last = gateway_last(&gateway);
	struct in6_addr src6 = address(src), dst6 = address(dst);

	assert_int_equal(last->version, 6);
	assert_memory_equal(&last->src6, &src6, sizeof(src6));
	assert_memory_equal(&last->dst6, &dst6, sizeof(dst6));
}

static void probes_go_both_ways_by_every_prefix(void **state)
{
	(void)state;
	open_settled(POOL WKP);
	assert_int_equal(udp(HERE, WELL(1)), VERDICT_TRANSLATED);
	assert_last4(PUBLIC, SLOW);
	assert_int_equal(gateway_answer(&gateway, 0), VERDICT_TRANSLATED);
	assert_last6(WELL(1), HERE);
	assert_int_equal(udp(HERE, OWN(2)), VERDICT_TRANSLATED);
	assert_last4(PUBLIC, FAST);
	assert_int_equal(gateway_answer(&gateway, 0), VERDICT_TRANSLATED);
	assert_last6(OWN(2), HERE);
	gateway_close(&gateway);
}

static void whatever_else_is_refused_targets_are_not(void **state)
{
	static const char *const keys[] = {
		POOL "destinations = 0.0.0.0/1\n",
		POOL "destinations = 198.18.0.0/15\ndenylist4 = 192.0.0.0/24\n",
		POOL "non-global4 = 192.0.0.0/16\n" WKP,
		POOL "allow-local-addresses = yes\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		open_settled(keys[i]);
		assert_int_equal(udp(HERE, OWN(1)), VERDICT_TRANSLATED);
		assert_int_equal(gateway_answer(&gateway, 0), VERDICT_TRANSLATED);
		gateway_close(&gateway);
	}
	open_settled(POOL "pool6 = 2001:db8:a::/96 for 10.0.0.0/8\n");
	assert_int_equal(udp(HERE, "2001:db8:a::192.0.0.1"), VERDICT_POOL6_RANGE);
	gateway_close(&gateway);
}

static void an_address_that_nobody_has_is_no_target(void **state)
{
	(void)state;
	gateway_open(&gateway, POOL WKP "destinations = 0.0.0.0/1\n");
	gateway.local6 = address(HERE);
	assert_int_equal(udp(HERE, WELL(1)), VERDICT_WKP_NON_GLOBAL);
	assert_int_equal(udp(HERE, OWN(2)), VERDICT_NOT_SERVED);
	gateway_close(&gateway);
}

static void the_addresses_beside_are_no_targets(void **state)
{
	(void)state;
	open_settled(POOL WKP);
	gateway.local4_last = SOURCE;
	assert_int_equal(udp(HERE, WELL(3)), VERDICT_WKP_NON_GLOBAL);
	assert_int_equal(udp(HERE, WELL(0)), VERDICT_WKP_NON_GLOBAL);
	assert_int_equal(udp(HERE, OWN(3)), VERDICT_LOCAL_ADDRESS);
	gateway_close(&gateway);
	open_settled(POOL "probe4 = 10.9.8.4/30\n");
	assert_int_equal(udp(HERE, OWN(1)), VERDICT_LOCAL_ADDRESS);
	gateway.local4 = 0x0a090805;
	gateway.local4_last = 0x0a090806;
	assert_int_equal(udp(HERE, "2001:db8:64::10.9.8.6"), VERDICT_TRANSLATED);
	gateway_close(&gateway);
}

static void others_are_refused_and_told(void **state)
{
	(void)state;
	open_settled(POOL WKP "allow-local-addresses = yes\n");
	assert_int_equal(udp(GUEST, WELL(1)), VERDICT_PROBE_TARGET);
	assert_int_equal(gateway.count, 1);
	assert_int_equal(gateway_last(&gateway)->icmp_type, 1);
	assert_int_equal(gateway_last(&gateway)->icmp_code, 1);
	assert_int_equal(udp(GUEST, OWN(2)), VERDICT_PROBE_TARGET);
	assert_int_equal(gateway_stats(&gateway).sessions[L4_UDP], 0);
	gateway_close(&gateway);
	gateway_open(&gateway, SIIT "eam = 203.0.113.7 " GUEST "\n");
	settle(&gateway, HERE);
	assert_int_equal(udp(GUEST, OWN(2)), VERDICT_PROBE_TARGET);
	gateway_close(&gateway);
}

static void only_the_fast_target_takes_the_fast_path(void **state)
{
	(void)state;
	open_settled(POOL);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(udp(HERE, OWN(1)), VERDICT_TRANSLATED);
		assert_int_equal(gateway_answer(&gateway, 0), VERDICT_TRANSLATED);
	}
	assert_int_equal(gateway.entered, 0);
	assert_int_equal(udp(HERE, OWN(2)), VERDICT_TRANSLATED);
	assert_int_equal(gateway_answer(&gateway, 0), VERDICT_TRANSLATED);
	assert_int_equal(gateway.entered, 1);
	translator_local4_grew(gateway.translator); /* as some other address comes */
	assert_int_equal(udp(HERE, OWN(2)), VERDICT_TRANSLATED);
	assert_int_equal(gateway_answer(&gateway, 0), VERDICT_TRANSLATED);
	assert_int_equal(gateway.entered, 1);
	gateway_close(&gateway);
}

/* What an earlier process, with other targets, may have left in the kernel. */
static void a_flow_to_the_slow_target_is_not_kept_in_the_fast_path(void **state)
{
	struct translator_flow flow = { .proto = L4_UDP,
		                        .host6 = address(HERE),
		                        .remote6 = address(OWN(1)),
		                        .pool4 = PUBLIC,
		                        .remote4 = SLOW,
		                        .host_port = 4000,
		                        .remote_port = PROBE_PORT };

	(void)state;
	open_settled(POOL);
	flow.pool4_port = 5000;
	assert_int_equal(
		translator_restore(gateway.translator, &flow, gateway.now_us, gateway.now_us), 0);
	assert_int_equal(udp(HERE, OWN(1)), VERDICT_TRANSLATED);
	flow.pool4_port = gateway_last(&gateway)->src_port;
	assert_false(translator_keep_fast(gateway.translator, 1, &flow));
	flow.remote4 = FAST;
	flow.remote6 = address(OWN(2));
	assert_int_not_equal(
		translator_restore(gateway.translator, &flow, gateway.now_us, gateway.now_us), 0);
	gateway_close(&gateway);
}

static void stateless_probes_come_from_the_third_address(void **state)
{
	(void)state;
	gateway_open_fast(&gateway, SIIT "pool6 = 64:ff9b::/96 for 192.0.0.0/24\n"
	                                 "eam = 192.0.0.0/24 2001:db8:7::/120\n"
	                                 "destinations = 0.0.0.0/1\n");
	settle(&gateway, WELL(3));
	assert_int_equal(udp(WELL(3), WELL(1)), VERDICT_TRANSLATED);
	assert_last4(SOURCE, SLOW);
	assert_int_equal(gateway_answer(&gateway, 0), VERDICT_TRANSLATED);
	assert_last6(WELL(1), WELL(3));
	assert_int_equal(gateway.entered, 0);
	assert_int_equal(udp(WELL(3), WELL(2)), VERDICT_TRANSLATED);
	assert_last4(SOURCE, FAST);
	assert_int_equal(gateway_answer(&gateway, 0), VERDICT_TRANSLATED);
	assert_last6(WELL(2), WELL(3));
	assert_int_equal(gateway.entered, 2);
	gateway_close(&gateway);
}

static void the_third_address_has_no_other_use(void **state)
{
	(void)state;
	gateway_open_bare(&gateway, SIIT WKP "eam = 203.0.113.7 " GUEST "\n", seed);
	settle(&gateway, WELL(3));
	assert_int_equal(udp(WELL(3), WELL(0)), VERDICT_WKP_NON_GLOBAL);
	assert_int_equal(udp(WELL(3), "64:ff9b::9.9.9.9"), VERDICT_WKP_NON_GLOBAL);
	assert_int_equal(udp(GUEST, WELL(3)), VERDICT_WKP_NON_GLOBAL);
	assert_int_equal(udp4(0x09090909, SOURCE), VERDICT_WKP_NON_GLOBAL);
	gateway.local4 = gateway.local4_last = 0;
	assert_int_equal(udp(WELL(3), WELL(1)), VERDICT_WKP_NON_GLOBAL);
	assert_int_equal(udp4(SLOW, SOURCE), VERDICT_WKP_NON_GLOBAL);
	gateway_close(&gateway);
}

static void peers_hear_nothing_of_probes(void **state)
{
	SaNat64__Feed__FeedMessage request = SA_NAT64__FEED__FEED_MESSAGE__INIT;
	size_t told = 0;

	(void)state;
	feed_side_open(&side, 0, POOL);
	settle(&side.gateway, HERE);
	assert_int_equal(gateway_send6(&side.gateway, IPPROTO_UDP, 1, 4000, SLOW, PROBE_PORT, 0),
	                 VERDICT_TRANSLATED);
	assert_int_equal(gateway_answer(&side.gateway, 0), VERDICT_TRANSLATED);
	assert_int_equal(gateway_send6(&side.gateway, IPPROTO_UDP, 1, 4001, 0xc6336450, 53, 0),
	                 VERDICT_TRANSLATED);
	for (int i = 0; i < 10; i++) {
		gateway_pass(&side.gateway, GATEWAY_SECOND_US);
		feed_side_poll(&side);
		told += side.sessions.count;
	}
	assert_int_equal(told, 1); /* the other one */
	request.scan_request = true;
	feed_side_give(&side, &request);
	feed_side_poll(&side);
	assert_int_equal(side.sessions.count, 1);
	gateway_pass(&side.gateway, 400 * GATEWAY_SECOND_US);
	feed_side_poll(&side);
	assert_int_equal(side.gone.count, 1);
	feed_side_close(&side);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(probes_go_both_ways_by_every_prefix),
		cmocka_unit_test(whatever_else_is_refused_targets_are_not),
		cmocka_unit_test(an_address_that_nobody_has_is_no_target),
		cmocka_unit_test(the_addresses_beside_are_no_targets),
		cmocka_unit_test(others_are_refused_and_told),
		cmocka_unit_test(only_the_fast_target_takes_the_fast_path),
		cmocka_unit_test(a_flow_to_the_slow_target_is_not_kept_in_the_fast_path),
		cmocka_unit_test(stateless_probes_come_from_the_third_address),
		cmocka_unit_test(the_third_address_has_no_other_use),
		cmocka_unit_test(peers_hear_nothing_of_probes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
