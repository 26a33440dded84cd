/* The configuration as data: defaults, fields, printing, and the key table itself. What is said
 * about refused files stands in tests/golden/config/.
 */
#include "lib/config_internal.h"
#include "tests/unit/prng.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct prng prng = { .state = 7 };

/* What config_parse() returns for the text; messages go to *messages if wanted (malloc'ed). */
static int parse_len(const char *text, size_t len, struct config **config, char **messages)
{
	char *said = NULL;
	size_t said_len;
	FILE *err = open_memstream(&said, &said_len);
	/* A copy without NUL behind it, so that a sanitizer sees a read past the end. */
	char *copy = malloc(len ? len : 1);
	int result;

	assert_non_null(err);
	assert_non_null(copy);
	memcpy(copy, text, len);
	result = config_parse(copy, len, "t", err, config);
	fclose(err);
	free(copy);
	if (messages)
		*messages = said;
	else
		free(said);
	return result;
}

static struct config *parse(const char *text)
{
	struct config *config = NULL;
	char *messages;

	if (parse_len(text, strlen(text), &config, &messages) < 0)
		fail_msg("refused: %s", messages);
	free(messages);
	return config;
}

static char *print(const struct config *config)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	config_print(config, out);
	fclose(out);
	return text;
}

static void a_pool4_alone_is_a_whole_nat64(void **state)
{
	struct config *config = parse("[instance a]\npool4 = 198.51.100.1\n");
	const struct config_instance *a = &config->instances[0];

	(void)state;
	assert_string_equal(config->cluster.name, "sa-nat64");
	assert_null(config->cluster.sync_interface);
	assert_string_equal(config->cluster.sync_group, "ff02::6464");
	assert_int_equal(config->cluster.sync_port, 6464);
	assert_string_equal(config->cluster.sync_key_file, "/etc/sa-nat64/sync.key");
	assert_int_equal(config->cluster.sync_min_age_us, 2000000);
	assert_int_equal(config->cluster.sync_mtu, 1400);
	assert_int_equal(config->cluster.sync_rate, 200000000);
	assert_int_equal(config->cluster.sync_wait_us, 5000000);
	assert_int_equal(config->node_count, 0);
	assert_int_equal(config->instance_count, 1);
	assert_int_equal(a->mode, CONFIG_MODE_NAT64);
	assert_int_equal(a->pool6_count, 1);
	assert_int_equal(a->pool6[0].prefix.len, 96);
	assert_int_equal(a->pool6[0].prefix.addr.s6_addr[1], 0x64);
	assert_int_equal(a->pool6[0].range.len, 0);
	assert_int_equal(a->destinations.len, 0);
	assert_int_equal(a->pool4_count, 1);
	assert_int_equal(a->pool4[0].port_min, 1024);
	assert_int_equal(a->pool4[0].port_max, 65535);
	assert_string_equal(a->tun, "nat64");
	assert_string_equal(a->primary, "");
	assert_false(a->has_address4 || a->has_address6);
	config_free(config);
}

static void defaults_are_those_of_the_rfcs(void **state)
{
	struct config *config = parse("[instance a]\npool4 = 198.51.100.1\n");
	const struct config_instance *a = &config->instances[0];

	(void)state;
	assert_int_equal(a->mtu4, 1500);
	assert_int_equal(a->mtu6, 1500);
	assert_int_equal(a->lowest_ipv6_mtu, 1280);
	assert_int_equal(a->mtu_plateaus_count, 11);
	assert_int_equal(a->mtu_plateaus[0], 65535);
	assert_int_equal(a->mtu_plateaus[10], 68);
	assert_int_equal(a->override_tos, -1);
	assert_int_equal(a->mss_clamp, 0);
	assert_int_equal(a->udp_checksum_zero, CONFIG_UDP_ZERO_COMPUTE);
	for (unsigned i = 0; i < CONFIG_ICMP_CLASSES; i++)
		assert_true(a->icmp_errors[i]);
	assert_int_equal(a->icmp_error_rate, 1000);
	assert_int_equal(a->icmp_error_burst, 200);
	assert_int_equal(a->filtering, CONFIG_FILTERING_ENDPOINT_INDEPENDENT);
	assert_true(a->inbound_refresh);
	assert_false(a->drop_icmpv6_info || a->drop_externally_initiated_tcp);
	assert_false(a->zeroize_traffic_class || a->icmp_interface_info);
	assert_false(a->allow_private_with_wkp || a->allow_local_addresses);
	assert_int_equal(a->tcp_est_timeout_us, 7440000000);
	assert_int_equal(a->tcp_trans_timeout_us, 240000000);
	assert_int_equal(a->tcp_syn_timeout_us, 6000000);
	assert_int_equal(a->udp_timeout_us, 300000000);
	assert_int_equal(a->icmp_timeout_us, 60000000);
	assert_int_equal(a->fragment_timeout_us, 2000000);
	assert_int_equal(a->port_reuse_delay_us, 120000000);
	assert_int_equal(a->max_sessions, 1000000);
	assert_int_equal(a->max_sessions_per_host, 0);
	assert_int_equal(a->host_prefix_length, 64);
	assert_int_equal(a->max_stored_syns, 4096);
	assert_int_equal(a->max_fragments, 4096);
	assert_int_equal(a->log_sessions, CONFIG_LOG_SESSIONS_OFF);
	assert_int_equal(a->fast_path, CONFIG_FAST_PATH_AUTO);
	config_free(config);
}

static void siit_has_no_prefix_of_its_own_accord(void **state)
{
	struct config *config = parse("[instance s]\nmode = siit\neam = 0.0.0.0/0 2001:db8::/96\n");
	const struct config_instance *s = config_instance_find(config, "s");

	(void)state;
	assert_int_equal(s->pool6_count, 0);
	assert_int_equal(s->eam_hairpin_mode, CONFIG_HAIRPIN_INTRINSIC);
	config_free(config);
}

static void values_reach_their_fields(void **state)
{
	struct config *config = parse("[instance a]\n"
	                              "pool4 = 198.51.100.0/28 2000-3000\n"
	                              "pool6 = 2001:db8::/32 for 10.0.0.0/8\n"
	                              "bib = udp [2001:db9::1]:8000-8099 198.51.100.1:100-199\n"
	                              "bib = icmp [2001:db9::1]:0 198.51.100.1:65535\n"
	                              "address4 = 0.0.0.0\n"
	                              "override-tos = 0x10\n"
	                              "mss-clamp = 1220\n"
	                              "icmp-errors = too-big, unreachable\n"
	                              "mtu-plateaus = 1500 1280\n"
	                              "udp-timeout = 2m30s500ms\n"
	                              "denylist4 = 10.0.0.0/8\ndenylist4 = 192.0.2.1\n");
	const struct config_instance *a = &config->instances[0];

	(void)state;
	assert_int_equal(a->pool4[0].port_min, 2000);
	assert_int_equal(a->pool4[0].port_max, 3000);
	assert_int_equal(a->pool6[0].range.addr, 10 << 24);
	assert_int_equal(a->pool6[0].range.len, 8);
	assert_int_equal(a->bib[0].proto, IPPROTO_UDP);
	assert_int_equal(a->bib[0].port6, 8000);
	assert_int_equal(a->bib[0].port4, 100);
	assert_int_equal(a->bib[0].count, 100);
	assert_true(a->bib[0].addr4 == 0xc6336401);
	assert_int_equal(a->bib[1].proto, IPPROTO_ICMP);
	assert_int_equal(a->bib[1].port4, 65535);
	assert_true(a->has_address4);
	assert_int_equal(a->override_tos, 16);
	assert_int_equal(a->mss_clamp, 1220);
	assert_true(a->icmp_errors[CONFIG_ICMP_TOO_BIG]);
	assert_true(a->icmp_errors[CONFIG_ICMP_UNREACHABLE]);
	assert_false(a->icmp_errors[CONFIG_ICMP_TIME_EXCEEDED]);
	assert_int_equal(a->mtu_plateaus_count, 2);
	assert_int_equal(a->mtu_plateaus[1], 1280);
	assert_int_equal(a->udp_timeout_us, 150500000);
	assert_int_equal(a->denylist4_count, 2);
	assert_int_equal(a->denylist4[1].len, 32);
	config_free(config);
}

static const char cluster_text[] = "[cluster]\nsync-interface = sync0\n"
				   "[network lower gw-a]\nattach = macvlan eth0\n"
				   "address = 192.0.2.2/24\ngateway = 192.0.2.1\n"
				   "bfd-peer = 192.0.2.1\n"
				   "[node gw-a]\nid = 3\n[node gw-b]\nid = 1\n"
				   "[instance lower]\nprimary = gw-b\npool4 = 198.51.100.1\n"
				   "[network lower gw-b]\nnamespace = blue\nattach = veth\n";

static void sections_are_found_by_name(void **state)
{
	struct config *config = parse(cluster_text);
	const struct config_network *network = config_network_find(config, "lower", "gw-a");

	(void)state;
	assert_int_equal(config_node_find(config, "gw-a")->id, 3);
	assert_null(config_node_find(config, "gw-c"));
	assert_string_equal(config_instance_find(config, "lower")->primary, "gw-b");
	assert_null(config_instance_find(config, "upper"));
	assert_null(config_network_find(config, "lower", "gw-c"));
	assert_string_equal(network->namespace_name, "nat64-lower");
	assert_int_equal(network->attach, CONFIG_ATTACH_MACVLAN);
	assert_string_equal(network->attach_interface, "eth0");
	assert_string_equal(network->address[0], "192.0.2.2/24");
	assert_string_equal(network->gateway[0], "192.0.2.1");
	assert_int_equal(network->bfd_peer_count, 1);
	network = config_network_find(config, "lower", "gw-b");
	assert_string_equal(network->namespace_name, "blue");
	assert_int_equal(network->attach, CONFIG_ATTACH_VETH);
	assert_null(network->attach_interface);
	config_free(config);
}

static void what_is_printed_parses_to_the_same_text(void **state)
{
	struct config *config = parse(cluster_text), *again;
	char *first = print(config), *second;

	(void)state;
	again = parse(first);
	second = print(again);
	assert_string_equal(first, second);
	config_free(config);
	config_free(again);
	free(first);
	free(second);
}

static void every_cut_of_a_text_is_accepted_or_explained(void **state)
{
	(void)state;
	for (size_t len = 0; len < sizeof(cluster_text); len++) {
		struct config *config = NULL;
		char *messages;

		if (parse_len(cluster_text, len, &config, &messages) == 0)
			config_free(config);
		else
			assert_true(strlen(messages) > 0);
		free(messages);
	}
}

static void a_refused_text_leaves_the_result_alone(void **state)
{
	static const char text[] = "[instance a]\npool4 = 198.51.100.1\nmtu6 = 1\n";
	struct config *config = (struct config *)&prng;

	(void)state;
	assert_int_equal(parse_len(text, sizeof(text) - 1, &config, NULL), -EINVAL);
	assert_ptr_equal(config, &prng);
	config_free(NULL);
}

static void a_file_that_cannot_be_read_says_why(void **state)
{
	struct config *config = NULL;
	FILE *err = fopen("/dev/null", "w");

	(void)state;
	assert_non_null(err);
	assert_int_equal(config_load("/nonexistent/file", err, &config), -ENOENT);
	assert_int_equal(config_load("/", err, &config), -EISDIR);
	fclose(err);
}

/* Write text into a new file under /tmp; path holds the template. */
static void file_write(char *path, const char *text, size_t len)
{
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), len);
	close(fd);
}

static void an_eam_file_adds_to_eam_lines(void **state)
{
	enum { PAIRS = 100000 };
	char path[] = "/tmp/test_config_XXXXXX";
	char *pairs = NULL, text[256];
	size_t len;
	FILE *out = open_memstream(&pairs, &len);
	struct config *config;

	(void)state;
	for (unsigned i = 0; i < PAIRS; i++)
		fprintf(out, "10.%u.%u.%u 2001:db8::%x:%x\n", i >> 16, i >> 8 & 255, i & 255,
		        i >> 16, i & 0xffff);
	fclose(out);
	file_write(path, pairs, len);
	snprintf(text, sizeof(text),
	         "[instance s]\nmode = siit\neam = 192.0.2.1 2001:db9::1\neam-file = %s\n", path);
	config = parse(text);
	assert_int_equal(config->instances[0].eam_count, PAIRS + 1);
	assert_int_equal(config->instances[0].eam[PAIRS].prefix4.addr, (10 << 24) + PAIRS - 1);
	config_free(config);
	unlink(path);
	free(pairs);
}

static void a_huge_eam_file_is_refused(void **state)
{
	char path[] = "/tmp/test_config_XXXXXX";
	char text[256], *messages;
	struct config *config = NULL;

	(void)state;
	file_write(path, "#", 1);
	assert_int_equal(truncate(path, (off_t)65 << 20), 0);
	snprintf(text, sizeof(text), "[instance s]\nmode = siit\neam-file = %s\n", path);
	assert_int_equal(parse_len(text, strlen(text), &config, &messages), -EINVAL);
	assert_non_null(strstr(messages, "File too large"));
	free(messages);
	unlink(path);
}

static void more_sections_than_fit_are_refused(void **state)
{
	char *text = NULL, *messages;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	struct config *config = NULL;

	(void)state;
	for (unsigned i = 0; i <= CONFIG_SECTIONS_MAX; i++)
		fprintf(out, "[instance i%u]\nmode = siit\npool6 = 2001:db8::/96\n", i);
	fclose(out);
	assert_int_equal(parse_len(text, len, &config, &messages), -EINVAL);
	assert_string_equal(messages, "t:12289: [instance i4096]: more than 4096 sections\n");
	free(messages);
	free(text);
}

static void durations_add_up_their_units(void **state)
{
	static const struct {
		const char *text;
		uint64_t us;
	} rows[] = {
		{ "0", 0 },
		{ "7", 7000000 },
		{ "300s", 300000000 },
		{ "500ms", 500000 },
		{ "2h4m", 7440000000 },
		{ "1h0m1s1ms", 3601001000 },
		{ "0h", 0 },
		{ "4294967295", 4294967295000000 },
	};
	static const char *const wrong[] = { "",
		                             " 1s",
		                             "1s ",
		                             "s",
		                             "1m1h",
		                             "1s1s",
		                             "1d",
		                             "1us",
		                             "1.5s",
		                             "-1s",
		                             "+1s",
		                             "1 s",
		                             "1sm",
		                             "1hm",
		                             "1mss",
		                             "4294967296s",
		                             "99999999999999999999999s" };
	uint64_t us = 1;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(config_parse_duration(rows[i].text, &us), 0);
		assert_true(us == rows[i].us);
	}
	us = 1;
	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_int_equal(config_parse_duration(wrong[i], &us), -EINVAL);
	assert_int_equal(us, 1);
}

static void printed_durations_read_back(void **state)
{
	char buf[CONFIG_DURATION_STRLEN];

	(void)state;
	for (unsigned i = 0; i < 10000; i++) {
		uint64_t us = (uint64_t)prng_32(&prng) % 86400001 * 1000, back;

		assert_int_equal(config_parse_duration(config_format_duration(us, buf), &back), 0);
		assert_true(us == back);
	}
}

static void numbers_are_strict_and_stop_at_their_limit(void **state)
{
	static const char *const wrong[] = { "",    "-1",  "+1",    " 1",
		                             "1 ",  "1x",  "0x",    "x1",
		                             "1e3", "256", "0x100", "18446744073709551616" };
	uint64_t value = 7;

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_int_equal(config_parse_number(wrong[i], 255, &value), -EINVAL);
	assert_int_equal(value, 7);
	assert_int_equal(config_parse_number("0255", 255, &value), 0);
	assert_int_equal(value, 255);
	assert_int_equal(config_parse_number("0xFf", 255, &value), 0);
	assert_int_equal(value, 255);
	assert_int_equal(config_parse_number("18446744073709551615", UINT64_MAX, &value), 0);
	assert_true(value == UINT64_MAX);
	assert_int_equal(config_parse_number("18446744073709551616", UINT64_MAX, &value), -EINVAL);
	assert_int_equal(config_parse_number("0", 0, &value), 0);
	assert_int_equal(config_parse_number("1", 0, &value), -EINVAL);
}

static void every_row_of_the_table_is_complete(void **state)
{
	(void)state;
	for (size_t i = 0; i < config_keys_count; i++) {
		const struct config_key *key = &config_keys[i];

		assert_true(key->section < CONFIG_SECTION_KINDS);
		assert_non_null(key->type);
		assert_non_null(key->help);
		assert_true(strspn(key->name, "abcdefghijklmnopqrstuvwxyz0123456789-") ==
		            strlen(key->name));
		/* What a user types is shown: by syntax, words or range. */
		assert_true(key->syntax || key->words || key->max > 0 ||
		            key->type == &config_type_yes_no);
		assert_true(!(key->flags & CONFIG_KEY_REQUIRED) || !key->fallback);
		assert_true((key->floor_us == 0) == (key->floor_source == NULL));
		for (size_t j = 0; j < i; j++)
			assert_true(config_keys[j].section != key->section ||
			            strcmp(config_keys[j].name, key->name) != 0);
	}
}

static void every_default_is_a_value_that_may_be_written(void **state)
{
	(void)state;
	for (size_t i = 0; i < config_keys_count; i++) {
		const struct config_key *key = &config_keys[i];
		char text[512], *messages;
		struct config *config = NULL;
		bool siit = key->modes == CONFIG_IN_SIIT;

		if (key->section != CONFIG_SECTION_INSTANCE || !key->fallback ||
		    strcmp(key->name, "mode") == 0)
			continue;
		snprintf(text, sizeof(text), "[instance a]\nmode = %s\n%s\n%s = %s\n",
		         siit ? "siit" : "nat64",
		         siit ? "eam = 192.0.2.1 2001:db8::1" : "pool4 = 198.51.100.1", key->name,
		         key->fallback);
		assert_int_equal(parse_len(text, strlen(text), &config, &messages), 0);
		assert_string_equal(messages, "");
		config_free(config);
		free(messages);
	}
}

static void rates_have_units_of_thousands(void **state)
{
	static const struct {
		const char *text;
		uint64_t rate;
	} good[] = { { "0", 0 },
		     { "1", 1 },
		     { "64k", 64000 },
		     { "200M", 200000000 },
		     { "1001k", 1001000 },
		     { "1G", 1000000000 },
		     { "18446744073G", UINT64_C(18446744073000000000) } };
	static const char *const bad[] = { "",
		                           "k",
		                           "M",
		                           "1m",
		                           "1K",
		                           "1 k",
		                           "-1",
		                           "1.5M",
		                           "0x1k",
		                           "1kk",
		                           " 1",
		                           "1Mbit",
		                           "18446744074G",
		                           "99999999999999999999",
		                           "000000000000000000000000001" };
	char buf[CONFIG_DURATION_STRLEN];
	uint64_t rate;

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		assert_int_equal(config_parse_rate(good[i].text, &rate), 0);
		assert_int_equal(rate, good[i].rate);
		assert_string_equal(config_format_rate(rate, buf), good[i].text);
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(config_parse_rate(bad[i], &rate), -EINVAL);
}

static void the_help_names_every_key(void **state)
{
	char *text = NULL, line[64];
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	config_help(out);
	fclose(out);
	for (size_t i = 0; i < config_keys_count; i++) {
		snprintf(line, sizeof(line), "\n  %s = ", config_keys[i].name);
		assert_non_null(strstr(text, line));
		assert_non_null(strstr(text, config_keys[i].help));
	}
	free(text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pool4_alone_is_a_whole_nat64),
		cmocka_unit_test(defaults_are_those_of_the_rfcs),
		cmocka_unit_test(siit_has_no_prefix_of_its_own_accord),
		cmocka_unit_test(values_reach_their_fields),
		cmocka_unit_test(sections_are_found_by_name),
		cmocka_unit_test(what_is_printed_parses_to_the_same_text),
		cmocka_unit_test(every_cut_of_a_text_is_accepted_or_explained),
		cmocka_unit_test(a_refused_text_leaves_the_result_alone),
		cmocka_unit_test(a_file_that_cannot_be_read_says_why),
		cmocka_unit_test(an_eam_file_adds_to_eam_lines),
		cmocka_unit_test(a_huge_eam_file_is_refused),
		cmocka_unit_test(more_sections_than_fit_are_refused),
		cmocka_unit_test(durations_add_up_their_units),
		cmocka_unit_test(printed_durations_read_back),
		cmocka_unit_test(numbers_are_strict_and_stop_at_their_limit),
		cmocka_unit_test(every_row_of_the_table_is_complete),
		cmocka_unit_test(every_default_is_a_value_that_may_be_written),
		cmocka_unit_test(rates_have_units_of_thousands),
		cmocka_unit_test(the_help_names_every_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
