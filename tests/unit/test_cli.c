/* The command line of sa-nat64: options before and behind the command, every refusal with its
 * sentence, packets in hexadecimal, suggestions. */
#include "cli/hex.h"
#include "cli/options.h"
#include "cli/suggest.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ARGS_MAX 20

static char line[500], message[1000];

/* Read a command line whose words are separated by blanks; what is said about it stays in message.
 */
static int read_line(const char *text, struct cli_options *options)
{
	char *argv[ARGS_MAX + 2] = { (char *)"sa-nat64" }, *rest = line, *word;
	FILE *err = fmemopen(message, sizeof(message), "w");
	int argc = 1, status;

	assert_non_null(err);
	(void)snprintf(line, sizeof(line), "%s", text);
	while ((word = strsep(&rest, " ")) && argc <= ARGS_MAX)
		if (*word)
			argv[argc++] = word;
	status = options_read(argc, argv, options, err);
	(void)fclose(err);
	return status;
}

static struct cli_options accepted(const char *text)
{
	struct cli_options options;

	message[0] = '\0';
	if (read_line(text, &options) != 0)
		fail_msg("%s: %s", text, message);
	assert_string_equal(message, "");
	return options;
}

static void refused(const char *text, const char *part)
{
	struct cli_options options;

	memset(message, 0, sizeof(message));
	assert_int_equal(read_line(text, &options), 2);
	if (strncmp(message, "sa-nat64: ", 10) != 0 || !strstr(message, part) ||
	    strchr(message, '\n') != message + strlen(message) - 1)
		fail_msg("%s: \"%s\" without \"%s\"", text, message, part);
}

static void options_stand_on_both_sides_of_the_command(void **state)
{
	struct cli_options options;

	(void)state;
	options = accepted("--json -c a.conf -rdir status -i lower");
	assert_int_equal(options.command, CLI_STATUS);
	assert_true(options.json);
	assert_string_equal(options.config_path, "a.conf");
	assert_string_equal(options.rundir, "dir");
	assert_string_equal(options.instance, "lower");
	options = accepted("stats --all --run-dir=/x --config /y");
	assert_true(options.all);
	assert_string_equal(options.rundir, "/x");
	assert_string_equal(options.config_path, "/y");
	assert_string_equal(accepted("bib").rundir, "/run/sa-nat64");
	assert_true(accepted("explain --help").help);
	assert_true(accepted("-V").version);
	assert_true(accepted("-t").check_config);
}

static void wrong_words_get_a_suggestion(void **state)
{
	(void)state;
	refused("statsu", "did you mean `sa-nat64 stats`");
	refused("sesions", "did you mean `sa-nat64 sessions`");
	refused("expl", "did you mean `sa-nat64 explain`");
	refused("zzzzzz", "see `sa-nat64 --help`");
	refused("status --jsn", "did you mean --json?");
	refused("status --qqqqqq", "see `sa-nat64 status --help`");
	refused("--qqqqqq", "see `sa-nat64 --help`");
	refused("-q", "unknown option -q");
	refused("status lower", "takes no argument \"lower\"");
	refused("status --limit 5", "status has no option --limit");
	refused("--limit 5 sessions", "--limit belongs to a command and stands behind it");
	refused("bib --state TRANS", "bib has no option --state");
	refused("status --json=yes", "--json takes no value");
	refused("sessions --limit", "--limit wants a value: --limit N");
}

static void check_and_sync_key_are_read(void **state)
{
	struct cli_options options = accepted("check");

	(void)state;
	assert_int_equal(options.command, CLI_CHECK);
	assert_int_equal(options.warning_percent, 80);
	assert_int_equal(options.critical_percent, 95);
	assert_int_equal(options.lag_ms, 1000);
	options = accepted("check --warning 50 --critical 50 --lag 20 --json -i lower");
	assert_int_equal(options.warning_percent, 50);
	assert_int_equal(options.critical_percent, 50);
	assert_int_equal(options.lag_ms, 20);
	assert_int_equal(accepted("-i lower peers --json").command, CLI_PEERS);
	assert_int_equal(accepted("resync -i lower").command, CLI_RESYNC);
	assert_null(accepted("sync-key").key_path);
	options = accepted("sync-key --force /etc/x.key");
	assert_int_equal(options.command, CLI_SYNC_KEY);
	assert_true(options.force);
	assert_string_equal(options.key_path, "/etc/x.key");
	options = accepted("sync-key x.key --check");
	assert_true(options.check_key);
	assert_string_equal(options.key_path, "x.key");
}

static void orders_are_read(void **state)
{
	struct cli_options options = accepted("drain lower --reason repair --wait 0");

	(void)state;
	assert_int_equal(options.command, CLI_DRAIN);
	assert_string_equal(options.instance, "lower");
	assert_string_equal(options.reason, "repair");
	assert_int_equal(options.wait_s, 0);
	options = accepted("undrain");
	assert_int_equal(options.command, CLI_UNDRAIN);
	assert_null(options.instance);
	assert_int_equal(options.wait_s, 5);
	assert_string_equal(accepted("-i lower health").instance, "lower");
	assert_string_equal(accepted("-i lower health lower").instance, "lower");
	options = accepted("frr-config lower -n gw-a --interface eth0");
	assert_int_equal(options.command, CLI_FRR_CONFIG);
	assert_string_equal(options.node, "gw-a");
	assert_string_equal(options.interface, "eth0");
}

static void wrong_orders_are_refused(void **state)
{
	(void)state;
	refused("drain lower upper", "drain upper: wanted is one instance only");
	refused("-i lower drain upper", "wanted is one instance only");
	refused("drain lower -i upper", "wanted is one instance only");
	refused("drain a/b", "wanted is an instance name");
	refused("drain --wait 3601", "--wait 3601: wanted is seconds, from 0 to 3600");
	refused("drain --wait 1s", "seconds, from 0 to 3600");
	refused("drain --reason=", "--reason \"\": wanted is a sentence");
	refused("drain --reason a\tb", "without control characters");
	refused("undrain --reason x", "undrain has no option --reason");
	refused("health --wait 3", "health has no option --wait");
	refused("frr-config --json", "frr-config has no option --json");
	refused("frr-config --node a/b", "a node name");
	refused("frr-config --interface 0123456789abcdef", "up to 15 characters");
	refused("dran", "did you mean `sa-nat64 drain`");
	refused("undrian", "did you mean `sa-nat64 undrain`");
	refused("helth", "did you mean `sa-nat64 health`");
	refused("frr", "did you mean `sa-nat64 frr-config`");
}

static void wrong_limits_and_keys_are_refused(void **state)
{
	(void)state;
	refused("check --warning 0", "--warning 0: wanted is percent, from 1 to 100");
	refused("check --critical 101", "--critical 101: wanted is percent, from 1 to 100");
	refused("check --warning 96", "check: --warning must not be above --critical");
	refused("check --critical 79", "check: --warning must not be above --critical");
	refused("check --lag 0", "from 1 to 3600000");
	refused("check --lag 3600001", "from 1 to 3600000");
	refused("check --lag 5s", "from 1 to 3600000");
	refused("check --force", "check has no option --force");
	refused("sync-key a b", "sync-key takes no argument \"b\"");
	refused("sync-key --check --force", "leave out one of them");
	refused("sync-key -i lower", "sync-key has no option --instance");
	refused("sync-key --json", "sync-key has no option --json");
	refused("sync-key --forc", "did you mean --force?");
	refused("synckey", "did you mean `sa-nat64 sync-key`");
	refused("resnc", "did you mean `sa-nat64 resync`");
	refused("peer", "did you mean `sa-nat64 peers`");
}

/* Text with the command wherever it says %s. */
static void named(const char *text, const char *command, char *out, size_t size)
{
	size_t len = 0;

	for (; *text; text++) {
		if (strncmp(text, "%s", 2) == 0) {
			len += (size_t)snprintf(out + len, size - len, "%s", command);
			text++;
		} else {
			out[len++] = *text;
		}
		assert_in_range(len, 1, size - 1);
	}
	out[len] = '\0';
}

/* No command takes what is not its own; only sync-key takes a word. */
static void every_command_refuses_what_it_does_not_know(void **state)
{
	static const char *const commands[] = { "status",  "check", "stats", "sessions",
		                                "explain", "trace", "peers", "resync" };
	static const struct {
		const char *text, *part;
	} rows[] = {
		{ "%s word", "%s takes no argument \"word\"" },
		{ "%s %s", "%s takes no argument" },
		{ "%s --nothing-like-this", "unknown option --nothing-like-this" },
		{ "%s -z", "unknown option -z" },
		{ "%s --check", "%s has no option --check" },
		{ "%s --json=1", "--json takes no value" },
		{ "%s --run-dir", "--run-dir wants a value: --run-dir DIR" },
		{ "%s -i", "--instance wants a value: --instance NAME" },
		{ "%s -i ../x", "an instance name" },
		{ "%s --config=", "--config \"\": wanted is the name of a file" },
	};

	(void)state;
	for (size_t c = 0; c < sizeof(commands) / sizeof(commands[0]); c++) {
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			char text[100], part[100];

			named(rows[i].text, commands[c], text, sizeof(text));
			named(rows[i].part, commands[c], part, sizeof(part));
			refused(text, part);
		}
	}
}

static void filters_are_read(void **state)
{
	struct cli_options options;

	(void)state;
	options = accepted(
		"sessions --proto tcp --host 2001:db8::/64 --pool4 198.51.100.1 --port 443 "
		"--remote 192.0.2.1 --state TRANS --limit 10");
	assert_string_equal(options.list_proto, "tcp");
	assert_true(options.has_host);
	assert_int_equal(options.host.len, 64);
	assert_int_equal(options.pool4.address.len, 4);
	assert_int_equal(options.pool4.len, 32);
	assert_memory_equal(options.pool4.address.bytes, "\xc6\x33\x64\x01", 4);
	assert_memory_equal(options.remote.address.bytes, "\xc0\x00\x02\x01", 4);
	assert_int_equal(options.port, 443);
	assert_string_equal(options.state, "TRANS");
	assert_int_equal(options.limit, 10);
	assert_int_equal(accepted("bib --host 2001:db8::5").host.len, 128);
}

static void wrong_values_are_named_with_what_is_right(void **state)
{
	(void)state;
	refused("sessions --proto sctp", "--proto sctp: wanted is tcp, udp or icmp");
	refused("sessions --host 192.0.2.1", "--host 192.0.2.1: wanted is an IPv6 address");
	refused("sessions --host 2001:db8::1/64", "without bits behind its length");
	refused("sessions --pool4 2001:db8::1", "wanted is an IPv4 address");
	refused("sessions --remote 192.0.2.1/24", "without bits behind its length");
	refused("sessions --idle 0s", "wanted is a duration from 1s up");
	refused("sessions --idle 4m2h", "wanted is a duration from 1s up");
	refused("bib word", "wanted is add or remove");
	refused("bib add sctp", "wanted is tcp, udp or icmp");
	refused("bib add tcp [2001:db8::1]:80", "wanted is bib add PROTO HOST PUBLIC");
	refused("bib remove tcp 192.0.2.1:80 x", "wanted is nothing more");
	refused("bib remove tcp 192.0.2.1:80 --count", "do not go with add and remove");
	refused("sessions --port 0", "from 1 to 65535");
	refused("sessions --port 65536", "from 1 to 65535");
	refused("sessions --port -1", "from 1 to 65535");
	refused("sessions --port 80x", "from 1 to 65535");
	refused("sessions --limit 0", "from 1 up");
	refused("sessions --limit 99999999999999999999", "from 1 up");
	refused("-i ../etc status", "an instance name");
	refused("--instance= status", "an instance name");
	refused("-i abcdefghijklmnopqrstuvwxyzabcdefg status", "up to 31");
	refused("--run-dir= status", "the name of a directory");
}

static void packets_are_described(void **state)
{
	struct cli_options options;

	(void)state;
	options = accepted("explain --from 2001:db8::5 --to 64:ff9b::192.0.2.1 --tcp 40000:443 "
	                   "--flags syn,ack --length 1500 --ttl 9");
	assert_int_equal(options.from.len, 16);
	assert_int_equal(options.to.len, 16);
	assert_memory_equal(options.to.bytes + 12, "\xc0\x00\x02\x01", 4);
	assert_int_equal(options.protocol, IPPROTO_TCP);
	assert_int_equal(options.source_port, 40000);
	assert_int_equal(options.destination_port, 443);
	assert_int_equal(options.tcp_flags, 0x12);
	assert_int_equal(options.length, 1500);
	assert_int_equal(options.ttl, 9);
	options = accepted("explain --from 192.0.2.1 --to 198.51.100.1 --icmp 7");
	assert_int_equal(options.from.len, 4);
	assert_true(options.is_icmp);
	assert_int_equal(options.source_port, 7);
	options = accepted("explain --from 192.0.2.1 --to 198.51.100.1 --proto 50");
	assert_int_equal(options.protocol, 50);
	assert_string_equal(accepted("explain --hex -").hex, "-");
}

static void half_a_packet_is_refused(void **state)
{
	(void)state;
	refused("explain", "give --from ADDRESS and --to ADDRESS");
	refused("explain --from 2001:db8::5 --udp 1:2", "give --from ADDRESS and --to ADDRESS");
	refused("explain --from 2001:db8::5 --to 192.0.2.1 --udp 1:2", "one family");
	refused("explain --from 2001:db8::5 --to 2001:db8::6", "say what the packet carries");
	refused("explain --from ::1 --to ::2 --tcp 1:2 --udp 1:2", "given only once");
	refused("explain --from ::1 --to ::2 --udp 1:2 --flags syn", "--flags belongs to --tcp");
	refused("explain --from ::1 --to ::2 --tcp 1:2 --flags syn,foo", "fin, syn, rst");
	refused("explain --from ::1 --to ::2 --tcp 1:2 --flags syn,", "fin, syn, rst");
	refused("explain --from ::1 --to ::2 --tcp 443", "two ports");
	refused("explain --from ::1 --to ::2 --tcp :443", "two ports");
	refused("explain --from ::1 --to ::2 --tcp 1:65536", "two ports");
	refused("explain --from ::1 --to ::2 --tcp 1234567890:1", "two ports");
	refused("explain --from ::1 --to ::2 --proto 256", "from 0 to 255");
	refused("explain --from ::1 --to ::2 --icmp 65536", "from 0 to 65535");
	refused("explain --from example.org --to ::2", "an address");
	refused("explain --hex 60 --ttl 9", "--hex gives the whole packet");
	refused("explain --length 19", "from 20 to 65575");
	refused("explain --ttl 0", "from 1 to 255");
}

static void traces_are_described(void **state)
{
	struct cli_options options;

	(void)state;
	options = accepted(
		"trace --proto udp --address 2001:db8::/64 --address 192.0.2.0/24 --port 53 "
		"--direction 6to4 --path fast --drops --limit 9");
	assert_int_equal(options.command, CLI_TRACE);
	assert_int_equal(options.address_count, 2);
	assert_int_equal(options.addresses[0].address.len, 16);
	assert_int_equal(options.addresses[0].len, 64);
	assert_int_equal(options.addresses[1].address.len, 4);
	assert_memory_equal(options.addresses[1].address.bytes, "\xc0\x00\x02\x00", 4);
	assert_int_equal(options.addresses[1].len, 24);
	assert_string_equal(options.direction, "6to4");
	assert_string_equal(options.path, "fast");
	assert_true(options.drops);
	assert_int_equal(options.limit, 9);
	options = accepted("trace --verdict no-session --pcapng - --snaplen 100");
	assert_string_equal(options.verdict, "no-session");
	assert_string_equal(options.pcapng, "-");
	assert_int_equal(options.snaplen, 100);
	refused("trace --address example.org", "wanted is an address or prefix of either family");
	refused("trace --address 2001:db8::1/64", "without bits behind its length");
	refused("trace --address 192.0.2.1/24", "without bits behind its length");
	refused("trace --address ::1 --address ::2 --address ::3", "at most twice");
	refused("trace --direction up", "6to4 or 4to6");
	refused("trace --path kernel", "fast or slow");
	refused("trace --verdict=", "a verdict, like no-session");
	refused("trace --snaplen 2049 --pcapng x", "from 1 to 2048");
	refused("trace --snaplen 100", "--snaplen belongs to --pcapng");
	refused("trace --pcapng x --json", "leave out --json");
	refused("trace --pcapng=", "the name of a file");
	refused("trace --drops --verdict no-session", "leave out --drops");
	refused("trace --hex 60", "trace has no option --hex");
}

static void colours_are_chosen_for_any_command(void **state)
{
	(void)state;
	assert_int_equal(accepted("status").color, COLOUR_AUTO);
	assert_int_equal(accepted("--color always status").color, COLOUR_ALWAYS);
	assert_int_equal(accepted("check --color=never").color, COLOUR_NEVER);
	refused("status --color sometimes", "auto, always or never");
}

static void the_live_screen_is_described(void **state)
{
	struct cli_options options = accepted("top");

	(void)state;
	assert_int_equal(options.interval_us, 1000000);
	assert_int_equal(options.batch, 0);
	assert_int_equal(accepted("top --interval 0.2").interval_us, 200000);
	assert_int_equal(accepted("top --interval 60").interval_us, 60000000);
	assert_int_equal(accepted("top --interval 1.25").interval_us, 1250000);
	assert_int_equal(accepted("top --batch 3 --json").batch, 3);
	refused("top --interval 0.19", "from 0.2 to 60");
	refused("top --interval 60.000001", "from 0.2 to 60");
	refused("top --interval 1.", "from 0.2 to 60");
	refused("top --interval .5", "from 0.2 to 60");
	refused("top --interval 1s", "from 0.2 to 60");
	refused("top --interval 1e1", "from 0.2 to 60");
	refused("top --interval 99999999999999999999", "from 0.2 to 60");
	refused("top --batch 0", "from 1 up");
	refused("top --json", "--batch N");
}

static void hex_is_read_as_people_write_it(void **state)
{
	static const struct {
		const char *text;
		int error;
		size_t count, position;
	} rows[] = {
		{ "6000", 0, 2, 0 },
		{ " 60 0A\n\t0b:ff:", 0, 4, 0 },
		{ "", 0, 0, 0 },
		{ "6", -EINVAL, 0, 0 },
		{ "60 0", -EINVAL, 0, 3 },
		{ "60 0 0", -EINVAL, 0, 3 },
		{ "60zz", -EINVAL, 0, 2 },
		{ "0x60", -EINVAL, 0, 0 },
		{ "00112233445566778899", -E2BIG, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t count = 0, position = 0;
		uint8_t bytes[8];
		int error = hex_parse(rows[i].text, strlen(rows[i].text), bytes, sizeof(bytes),
		                      &count, &position);

		assert_int_equal(error, rows[i].error);
		assert_int_equal(count, rows[i].count);
		assert_int_equal(position, rows[i].position);
		if (count == 4)
			assert_memory_equal(bytes, "\x60\x0a\x0b\xff", 4);
	}
}

static void the_nearest_word_is_suggested(void **state)
{
	static const char *const names[] = { "status", "stats", "sessions" };

	(void)state;
	assert_string_equal(suggest_nearest("stat", names, 3), "status");
	assert_string_equal(suggest_nearest("session", names, 3), "sessions");
	assert_string_equal(suggest_nearest("tsats", names, 3), "stats");
	assert_null(suggest_nearest("drain", names, 3));
	assert_null(suggest_nearest("", names, 3));
	assert_null(suggest_nearest("a-word-that-is-longer-than-all-words", names, 3));
}

static void help_lists_every_command_and_fits_the_screen(void **state)
{
	char *text = NULL, *rest, *one;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	assert_non_null(out);
	options_help(0, out);
	options_help(CLI_EXPLAIN, out);
	(void)fclose(out);
	for (const char *const *name = (const char *const[]){ "status", "stats", "sessions", "bib",
	                                                      "explain", "trace", "top", "check",
	                                                      "peers", "resync", "sync-key", NULL };
	     *name; name++)
		assert_non_null(strstr(text, *name));
	rest = text;
	while ((one = strsep(&rest, "\n")))
		if (strlen(one) > 80)
			fail_msg("%s", one);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_stand_on_both_sides_of_the_command),
		cmocka_unit_test(wrong_words_get_a_suggestion),
		cmocka_unit_test(check_and_sync_key_are_read),
		cmocka_unit_test(orders_are_read),
		cmocka_unit_test(wrong_orders_are_refused),
		cmocka_unit_test(wrong_limits_and_keys_are_refused),
		cmocka_unit_test(every_command_refuses_what_it_does_not_know),
		cmocka_unit_test(filters_are_read),
		cmocka_unit_test(wrong_values_are_named_with_what_is_right),
		cmocka_unit_test(packets_are_described),
		cmocka_unit_test(half_a_packet_is_refused),
		cmocka_unit_test(traces_are_described),
		cmocka_unit_test(colours_are_chosen_for_any_command),
		cmocka_unit_test(the_live_screen_is_described),
		cmocka_unit_test(hex_is_read_as_people_write_it),
		cmocka_unit_test(the_nearest_word_is_suggested),
		cmocka_unit_test(help_lists_every_command_and_fits_the_screen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
