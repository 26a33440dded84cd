/* FRR's words for BFD peers: printed, and read back from what bfdd 8.4.4 said. */
#include "lib/bfd_peers.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* bfdd 8.4.4: one peer up, one that never answered, one shut down. */
static const char frr8[] =
	"[\n  {\n"
	"    \"multihop\":false,\n    \"peer\":\"192.0.2.1\",\n    \"local\":\"192.0.2.2\",\n"
	"    \"vrf\":\"default\",\n    \"interface\":\"uplink0\",\n    \"id\":2040728584,\n"
	"    \"remote-id\":1652535087,\n    \"passive-mode\":false,\n    \"status\":\"up\",\n"
	"    \"uptime\":1,\n    \"diagnostic\":\"ok\",\n    \"remote-diagnostic\":\"ok\",\n"
	"    \"receive-interval\":50,\n    \"transmit-interval\":50,\n"
	"    \"echo-receive-interval\":50,\n    \"echo-transmit-interval\":0,\n"
	"    \"detect-multiplier\":3,\n    \"remote-receive-interval\":300,\n"
	"    \"remote-transmit-interval\":100,\n    \"remote-echo-receive-interval\":0,\n"
	"    \"remote-detect-multiplier\":5,\n    \"rtt-min\":0,\n    \"rtt-avg\":0,\n"
	"    \"rtt-max\":0\n  },\n  {\n"
	"    \"multihop\":false,\n    \"peer\":\"2001:db8:6464:a::1\",\n"
	"    \"local\":\"2001:db8:6464:a::2\",\n    \"vrf\":\"default\",\n"
	"    \"interface\":\"uplink0\",\n    \"id\":478760567,\n    \"remote-id\":0,\n"
	"    \"passive-mode\":false,\n    \"status\":\"down\",\n    \"downtime\":322,\n"
	"    \"diagnostic\":\"control detection time expired\",\n"
	"    \"remote-diagnostic\":\"ok\",\n    \"receive-interval\":50,\n"
	"    \"transmit-interval\":50,\n    \"echo-receive-interval\":50,\n"
	"    \"echo-transmit-interval\":0,\n    \"detect-multiplier\":3,\n"
	"    \"remote-receive-interval\":1000,\n    \"remote-transmit-interval\":1000,\n"
	"    \"remote-echo-receive-interval\":0,\n    \"remote-detect-multiplier\":3\n  },\n  {\n"
	"    \"multihop\":false,\n    \"peer\":\"192.0.2.7\",\n    \"vrf\":\"default\",\n"
	"    \"id\":7,\n    \"remote-id\":8,\n    \"status\":\"shutdown\",\n"
	"    \"diagnostic\":\"ok\",\n    \"receive-interval\":300,\n"
	"    \"transmit-interval\":300,\n    \"detect-multiplier\":3\n  }\n]\n";

/* Later releases: further keys, other order; a multihop peer in a VRF. */
static const char frr10[] =
	"[{\"multihop\":true,\"minimum-ttl\":254,\"vrf\":\"blue\",\"local\":\"2001:DB8::2\","
	"\"peer\":\"2001:db8:0:0::1\",\"status\":\"init\",\"type\":\"configured\","
	"\"profile\":\"sa-nat64\",\"log-session-changes\":false,\"id\":1,\"remote-id\":2,"
	"\"diagnostic\":\"neighbor signaled session down\",\"transmit-interval\":10,"
	"\"receive-interval\":10,\"detect-multiplier\":255,\"bfd-name\":\"x\","
	"\"auth\":{\"type\":[1,2]}}]";

static char *text;
static size_t text_len;
static FILE *out;

static int open_out(void **state)
{
	(void)state;
	out = open_memstream(&text, &text_len);
	return out ? 0 : -1;
}

static int close_out(void **state)
{
	(void)state;
	(void)fclose(out);
	free(text);
	return 0;
}

static const char *printed(void)
{
	(void)fflush(out);
	return text;
}

static void frr_8_is_read(void **state)
{
	struct bfd_peer_state peers[4];

	(void)state;
	assert_int_equal(bfd_parse_peers(frr8, sizeof(frr8) - 1, peers, 4), 3);
	assert_string_equal(peers[0].peer, "192.0.2.1");
	assert_string_equal(peers[0].local, "192.0.2.2");
	assert_string_equal(peers[0].interface, "uplink0");
	assert_string_equal(peers[0].vrf, "");
	assert_string_equal(peers[0].diagnostic, "");
	assert_int_equal(peers[0].state, BFD_UP);
	assert_int_equal(peers[0].transmit_us, 50000);
	assert_int_equal(peers[0].remote_receive_us, 300000);
	assert_int_equal(peers[0].remote_transmit_us, 100000);
	assert_int_equal(peers[0].remote_multiplier, 5);
	assert_int_equal(peers[0].detection_us, 900000);
	assert_int_equal(peers[1].state, BFD_DOWN);
	assert_string_equal(peers[1].diagnostic, "control detection time expired");
	assert_int_equal(peers[1].remote_receive_us, 0);
	assert_int_equal(peers[1].detection_us, 0);
	assert_int_equal(peers[2].state, BFD_ADMIN_DOWN);
	assert_string_equal(peers[2].local, "");
}

static void later_releases_are_read(void **state)
{
	struct bfd_peer_state peer;

	(void)state;
	assert_int_equal(bfd_parse_peers(frr10, sizeof(frr10) - 1, &peer, 1), 1);
	assert_true(peer.multihop);
	assert_string_equal(peer.peer, "2001:db8::1");
	assert_string_equal(peer.local, "2001:db8::2");
	assert_string_equal(peer.vrf, "blue");
	assert_int_equal(peer.state, BFD_INIT);
	assert_int_equal(peer.multiplier, 255);
}

static void other_words_before_are_passed_over(void **state)
{
	static const char said[] = "% Can't open configuration file [x]\n[\n]\nmore\n";
	struct bfd_peer_state peer;

	(void)state;
	assert_int_equal(bfd_parse_peers(said, sizeof(said) - 1, &peer, 1), 0);
	assert_int_equal(bfd_parse_peers("", 0, &peer, 1), -EINVAL);
	assert_int_equal(bfd_parse_peers("% Unknown command\n", 18, &peer, 1), -EINVAL);
	assert_int_equal(bfd_parse_peers("{}\n", 3, &peer, 1), -EINVAL);
	assert_int_equal(bfd_parse_peers("[1]\n", 4, &peer, 1), -EINVAL);
	assert_int_equal(bfd_parse_peers(frr8, sizeof(frr8) - 1, &peer, 0), 0);
	assert_int_equal(bfd_parse_peers(frr8, sizeof(frr8) - 1, &peer, 1), 1);
}

/* Each cut lies in memory of its own, so that a sanitizer sees a byte too many. */
static void a_cut_answer_is_refused(void **state)
{
	static const char *const samples[] = { frr8, frr10 };
	struct bfd_peer_state peers[4];

	(void)state;
	for (size_t s = 0; s < 2; s++) {
		const char *end = strrchr(samples[s], ']');

		for (size_t len = 0; samples[s] + len <= end; len++) {
			char *cut = malloc(len ? len : 1);

			assert_non_null(cut);
			memcpy(cut, samples[s], len);
			assert_int_equal(bfd_parse_peers(cut, len, peers, 4), -EINVAL);
			free(cut);
		}
	}
}

/* Every byte in turn is another one; what comes through is still clean. */
static void a_changed_byte_does_no_harm(void **state)
{
	static const char bytes[] = { '\0', '\n', ' ', '"', ']', '0', '\x80', ';' };
	struct bfd_peer_state peers[4];
	char copy[sizeof(frr8)];

	(void)state;
	for (size_t at = 0; at < sizeof(frr8) - 1; at++)
		for (size_t b = 0; b < sizeof(bytes); b++) {
			int count;

			memcpy(copy, frr8, sizeof(copy));
			copy[at] = bytes[b];
			count = bfd_parse_peers(copy, sizeof(copy) - 1, peers, 4);
			assert_in_range(count + EINVAL, 0, 3 + EINVAL);
			for (int i = 0; i < count; i++) {
				assert_null(strpbrk(peers[i].peer, " \n;\""));
				assert_null(strpbrk(peers[i].interface, " \n/"));
			}
		}
}

static void nothing_but_addresses_and_names_is_said_again(void **state)
{
	static const char *const bad[] = {
		"[{\"peer\":\"192.0.2.1\\nno bfd\",\"status\":\"up\"}]",
		"[{\"peer\":\"router\",\"status\":\"up\"}]",
		"[{\"peer\":\"192.0.2.1\",\"local\":\"here\"}]",
		"[{\"peer\":\"192.0.2.1\",\"interface\":\"eth0 vrf x\"}]",
		"[{\"peer\":\"192.0.2.1\",\"interface\":\"longer-than-any-interface\"}]",
		"[{\"peer\":\"192.0.2.1\",\"vrf\":\"a\\nb\"}]",
		"[{\"peer\":7}]",
	};
	struct bfd_peer_state peer;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(bfd_parse_peers(bad[i], strlen(bad[i]), &peer, 1), -EINVAL);
}

static void a_number_out_of_range_is_unknown(void **state)
{
	static const char said[] =
		"[{\"peer\":\"192.0.2.1\",\"status\":\"up\",\"detect-multiplier\":256,"
		"\"transmit-interval\":-5,\"receive-interval\":99999999999,"
		"\"remote-receive-interval\":\"x\"}]";
	struct bfd_peer_state peer;

	(void)state;
	assert_int_equal(bfd_parse_peers(said, sizeof(said) - 1, &peer, 1), 1);
	assert_int_equal(peer.multiplier, 0);
	assert_int_equal(peer.transmit_us, 0);
	assert_int_equal(peer.receive_us, 0);
	assert_int_equal(peer.detection_us, 0);
}

static void lines_are_those_of_vtysh(void **state)
{
	static const struct config_health health = { .bfd_interval_us = 50000,
		                                     .bfd_multiplier = 3 };
	static const struct bfd_peer_wanted wanted = { "192.0.2.1", "192.0.2.2", "uplink0" };
	static const struct bfd_peer_state far = {
		.peer = "2001:db8::1", .local = "2001:db8::2", .vrf = "blue", .multihop = true
	};
	static const struct bfd_peer_state near = { .peer = "192.0.2.1",
		                                    .local = "192.0.2.2",
		                                    .interface = "uplink0" };

	(void)state;
	bfd_print_profile(&health, out);
	bfd_print_peer(&wanted, out);
	bfd_print_shutdown(&wanted, out);
	bfd_print_no_peer(&near, out);
	bfd_print_no_peer(&far, out);
	assert_string_equal(printed(),
	                    " profile sa-nat64\n"
	                    "  detect-multiplier 3\n"
	                    "  transmit-interval 50\n"
	                    "  receive-interval 50\n"
	                    "  no shutdown\n"
	                    " exit\n"
	                    " peer 192.0.2.1 local-address 192.0.2.2 interface uplink0\n"
	                    "  profile sa-nat64\n"
	                    "  no shutdown\n"
	                    " exit\n"
	                    " peer 192.0.2.1 local-address 192.0.2.2 interface uplink0\n"
	                    "  shutdown\n"
	                    " exit\n"
	                    " no peer 192.0.2.1 local-address 192.0.2.2 interface uplink0\n"
	                    " no peer 2001:db8::1 multihop local-address 2001:db8::2 vrf blue\n");
	assert_int_equal(bfd_detection_us(&health), 150000);
	assert_true(bfd_peer_is(&near, &wanted));
	assert_false(bfd_peer_is(&far, &wanted));
}

static void a_whole_file_has_no_live_peer(void **state)
{
	static const struct config_health health = { .bfd_interval_us = 50000,
		                                     .bfd_multiplier = 3 };
	static const struct bfd_peer_wanted wanted = { "192.0.2.1", "192.0.2.2", "uplink0" };

	(void)state;
	bfd_print_config("lower", &health, &wanted, 1, out);
	assert_non_null(strstr(printed(), "\nbfd\n profile sa-nat64\n"));
	assert_non_null(strstr(printed(),
	                       "\n ! peer 192.0.2.1 local-address 192.0.2.2 interface uplink0\n"
	                       " !  profile sa-nat64\n"));
	assert_null(strstr(printed(), "\n peer"));
}

static void local_addresses_come_from_the_subnet(void **state)
{
	static char own[3][32] = { "198.51.100.9/32", "2001:db8:6464:a::2/64", "192.0.2.2/24" };
	static char far[4][32] = { "192.0.2.1", "2001:DB8:6464:A:0::1", "203.0.113.1",
		                   "192.0.2.1" };
	char *addresses[] = { own[0], own[1], own[2] };
	char *peers[] = { far[0], far[1], far[2], far[3] };
	struct config_network network = { .instance = "lower",
		                          .node = "gw-a",
		                          .address = addresses,
		                          .address_count = 3,
		                          .bfd_peer = peers,
		                          .bfd_peer_count = 4 };
	struct bfd_peer_wanted wanted[BFD_PEERS_MAX];

	(void)state;
	assert_int_equal(bfd_peers_of(&network, "uplink0", wanted, out), 2);
	assert_string_equal(wanted[0].peer, "192.0.2.1");
	assert_string_equal(wanted[0].local, "192.0.2.2");
	assert_string_equal(wanted[0].interface, "uplink0");
	assert_string_equal(wanted[1].peer, "2001:db8:6464:a::1");
	assert_string_equal(wanted[1].local, "2001:db8:6464:a::2");
	assert_string_equal(
		printed(),
		"[network lower gw-a]: bfd-peer 203.0.113.1 is left out: no address of the section is in its subnet; add one, or correct the peer\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frr_8_is_read),
		cmocka_unit_test(later_releases_are_read),
		cmocka_unit_test(other_words_before_are_passed_over),
		cmocka_unit_test(a_cut_answer_is_refused),
		cmocka_unit_test(a_changed_byte_does_no_harm),
		cmocka_unit_test(nothing_but_addresses_and_names_is_said_again),
		cmocka_unit_test(a_number_out_of_range_is_unknown),
		cmocka_unit_test_setup_teardown(lines_are_those_of_vtysh, open_out, close_out),
		cmocka_unit_test_setup_teardown(a_whole_file_has_no_live_peer, open_out, close_out),
		cmocka_unit_test_setup_teardown(local_addresses_come_from_the_subnet, open_out,
		                                close_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
