/* Configurations of other programs, whole, cut at every byte and with every byte changed: what is
 * accepted is a configuration of ours, and what is refused is said with a line of the file. */
#include "cli/import.h"

#include "tests/unit/prng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char jool[] =
	"{\"comment\":{\"a\":[1,{}]},\n\"instance\": \"alpha\", \"framework\": \"netfilter\",\n"
	"\"global\": {\"pool6\": \"2001:db8:64::/96\",\n\"override-tos\": true, \"tos\": 7,\n"
	"\"mtu-plateaus\": [1500, 68, 9000],\n\"udp-timeout\": \"1:02:03.004\",\n"
	"\"logging-session\": true,\n\"f-args\": 10},\n"
	"\"pool4\": [{\"protocol\": \"TCP\", \"prefix\": \"192.0.2.0/30\", \"port range\": "
	"\"1000-2000\"},\n{\"protocol\": \"UDP\", \"prefix\": \"192.0.2.2\", \"mark\": 3}],\n"
	"\"bib\": [{\"protocol\": \"ICMP\", \"ipv6 address\": \"2001:db8::1#4\",\n"
	"\"ipv4 address\": \"192.0.2.9#5\"}]\n}\n";
static const char siit[] =
	"{ \"global\": { \"pool6\": null, \"eam-hairpin-mode\": \"simple\",\n"
	"\"rfc6791v4-prefix\": \"192.0.2.8/29\" },\n"
	"\"eamt\": [ { \"ipv6 prefix\": \"2001:db8:3::/124\",\n\"ipv4 prefix\": \"192.0.2.16/28\" } ],\n"
	"\"denylist4\": [ \"198.51.100.0\", \"10.0.0.0/8\" ] }";
static const char tayga[] =
	"tun-device nat64 # comment\r\nipv4-addr 192.0.2.1\n"
	"prefix 2001:db8:64::/96\n\ndynamic-pool 198.51.100.0/29\n"
	"map 198.51.100.3 2001:db8:10::10\nmap 203.0.113.64/26 2001:db8:11::/122\n"
	"wkpf-strict no\nofflink-mtu 1400\nudp-cksum-mode calc\nlog drop\n";

enum source { JOOL, TAYGA };

static char *printed, *said; /* by the last import */

/* Import a text. Returns the exit status. */
static int take(enum source source, const char *text, size_t len)
{
	struct import *import = import_new("file");
	size_t printed_len, said_len;
	FILE *out, *err;
	int status;

	free(printed);
	free(said);
	out = open_memstream(&printed, &printed_len);
	err = open_memstream(&said, &said_len);
	assert_true(import && out && err);
	if (source == JOOL)
		import_jool(import, text, len, NULL, NULL);
	else
		import_tayga(import, text, len, NULL);
	status = import_finish(import, out, err);
	import_free(import);
	(void)fclose(out);
	(void)fclose(err);
	return status;
}

/* Every line said begins with the name of the file, and lines that are named exist. */
static void lines_exist(const char *text, size_t len)
{
	unsigned long lines = 1;

	for (size_t i = 0; i < len; i++)
		lines += text[i] == '\n';
	for (const char *line = said; *line; line = strchr(line, '\n') + 1) {
		assert_int_equal(strncmp(line, "file:", 5), 0);
		assert_non_null(strchr(line, '\n'));
		assert_true(line[5] == ' ' || strtoul(line + 5, NULL, 10) - 1 < lines);
	}
}

/* Import a text that may be anything. */
static void survives(enum source source, const char *text, size_t len)
{
	int status = take(source, text, len);
	struct config *config;

	lines_exist(text, len);
	if (status == 0) {
		assert_int_equal(config_parse(printed, strlen(printed), "printed", stderr, &config),
		                 0);
		config_free(config);
		return;
	}
	assert_int_equal(status, 2);
	assert_string_equal(printed, "");
	assert_true(said[0] != '\0');
}

static const struct {
	enum source source;
	const char *text;
} samples[] = { { JOOL, jool }, { JOOL, siit }, { TAYGA, tayga } };

static void cut_anywhere(void **state)
{
	(void)state;
	for (size_t s = 0; s < sizeof(samples) / sizeof(samples[0]); s++)
		for (size_t len = 0; len <= strlen(samples[s].text); len++) {
			/* Its own memory, so that reading behind the end is seen. */
			char *cut = malloc(len + 1);

			assert_non_null(cut);
			memcpy(cut, samples[s].text, len);
			survives(samples[s].source, cut, len);
			free(cut);
		}
}

static void changed_anywhere(void **state)
{
	static const char bytes[] = "\"{}[],:0-/#\n\\ x\x80";
	char text[2000];

	(void)state;
	for (size_t s = 0; s < sizeof(samples) / sizeof(samples[0]); s++) {
		size_t len = strlen(samples[s].text);

		for (size_t i = 0; i < len; i++)
			for (size_t b = 0; b < sizeof(bytes); b++) {
				memcpy(text, samples[s].text, len);
				text[i] = bytes[b];
				survives(samples[s].source, text, len);
			}
	}
}

static void whole_files_are_imported(void **state)
{
	(void)state;
	for (size_t s = 0; s < sizeof(samples) / sizeof(samples[0]); s++)
		assert_int_equal(take(samples[s].source, samples[s].text, strlen(samples[s].text)),
		                 0);
	assert_int_equal(take(JOOL, jool, strlen(jool)), 0);
	assert_string_equal(printed,
	                    "[instance alpha]\nmode = nat64\npool6 = 2001:db8:64::/96\n"
	                    "mtu-plateaus = 9000,1500,68\nudp-timeout = 3723004ms\n"
	                    "override-tos = 7\nlog-sessions = sessions\nlog-destinations = yes\n"
	                    "pool4 = 192.0.2.0/30 1000-2000\n"
	                    "bib = icmp [2001:db8::1]:4 192.0.2.9:5\n");
	assert_non_null(strstr(said, "file:8: f-args = 10: "));
	assert_non_null(strstr(said, "file:10: pool4.mark = 3: "));
}

/* The remark about a time tells what became of it. */
static void times_are_those_of_jool(void **state)
{
	static const struct {
		const char *time, *ours; /* NULL: refused */
	} rows[] = {
		{ "5", "5s" },       { "0.5", "500ms" },     { "1:00", "1m" },
		{ "2:00:00", "2h" }, { "1:02:03", "3723s" }, { "120", "2m" },
		{ "90:00", "90m" },  { "0", "100ms" },       { "24:00:01", "24h" },
		{ "1.0009", NULL },  { "", NULL },           { ":", NULL },
		{ "1:", NULL },      { ":1", NULL },         { "1:2:3:4", NULL },
		{ "1.", NULL },      { "-1", NULL },         { "1s", NULL },
		{ "1..5", NULL },    { " 1", NULL },         { "9999999:9999999:9999999", "24h" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[300], line[60];
		int len = snprintf(text, sizeof(text),
		                   "{\"global\":{\"pool6\":\"2001:db8:64::/96\",\"icmp-timeout\":"
		                   "\"%s\"},\"pool4\":[{\"protocol\":\"TCP\",\"prefix\":"
		                   "\"192.0.2.1\"}]}",
		                   rows[i].time);
		int status = take(JOOL, text, (size_t)len);

		(void)snprintf(line, sizeof(line), "icmp-timeout = %s\n",
		               rows[i].ours ? rows[i].ours : "");
		if (status != (rows[i].ours ? 0 : 2) || (rows[i].ours && !strstr(printed, line)))
			fail_msg("%s: status %d, %s%s", rows[i].time, status, printed, said);
	}
}

/* A pool in random pieces: each protocol has, for each address and port, at least what is printed,
 * unless a remark says that it had nothing in common. */
static void a_pool_never_grows(void **state)
{
	struct prng prng = { 7 };

	(void)state;
	for (int round = 0; round < 100; round++) {
		char text[3000];
		size_t len = (size_t)snprintf(text, sizeof(text), "{\"pool4\":[");
		unsigned entries = 1 + prng_below(&prng, 8);
		struct {
			uint32_t first, end, min, max;
			unsigned proto;
		} all[8];
		struct config *config;

		for (unsigned i = 0; i < entries; i++) {
			static const char *const protos[] = { "TCP", "UDP", "ICMP" };
			uint32_t bits = prng_below(&prng, 4), min = 1 + prng_below(&prng, 50);

			all[i].proto = prng_below(&prng, 3);
			all[i].first = prng_below(&prng, 16) >> bits << bits;
			all[i].end = all[i].first + (1u << bits);
			all[i].min = min;
			all[i].max = min + prng_below(&prng, 50);
			len += (size_t)snprintf(
				text + len, sizeof(text) - len,
				"%s{\"protocol\":\"%s\",\"prefix\":\"192.0.2.%u/%u\","
				"\"port range\":\"%u-%u\"}",
				i ? "," : "", protos[all[i].proto], all[i].first, 32 - bits,
				all[i].min, all[i].max);
		}
		len += (size_t)snprintf(text + len, sizeof(text) - len, "]}");
		assert_int_equal(take(JOOL, text, len), 0);
		assert_int_equal(config_parse(printed, strlen(printed), "printed", stderr, &config),
		                 0);
		for (uint32_t address = 0; address < 16; address++)
			for (unsigned port = 1; port < 110; port++) {
				const struct config_instance *instance = &config->instances[0];
				bool has[3] = { false }, listed[3] = { false }, ours = false,
				     all_have;

				for (unsigned i = 0; i < entries; i++) {
					if (address < all[i].first || address >= all[i].end)
						continue;
					listed[all[i].proto] = true;
					has[all[i].proto] |= port >= all[i].min &&
					                     port <= all[i].max;
				}
				for (size_t i = 0; i < instance->pool4_count; i++)
					ours |= prefix4_has(&instance->pool4[i].prefix,
					                    0xc0000200 + address) &&
					        port >= instance->pool4[i].port_min &&
					        port <= instance->pool4[i].port_max;
				all_have = (has[0] || !listed[0]) && (has[1] || !listed[1]) &&
				           (has[2] || !listed[2]) &&
				           (listed[0] || listed[1] || listed[2]);
				if (all_have)
					assert_true(ours);
				else if (ours)
					assert_non_null(strstr(said, "no port of"));
			}
		config_free(config);
	}
}

static int forget(void **state)
{
	(void)state;
	free(printed);
	free(said);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_files_are_imported),
		cmocka_unit_test(cut_anywhere),
		cmocka_unit_test(changed_anywhere),
		cmocka_unit_test(times_are_those_of_jool),
		cmocka_unit_test(a_pool_never_grows),
	};

	return cmocka_run_group_tests(tests, NULL, forget);
}
