/* The hashes by which boxes compare their configurations: what changes which of them. */
#include "lib/config_hash.h"
#include "lib/config_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define BASE_NODES "[node a]\nid = 0\n[node b]\nid = 1\n"
#define BASE_KEYS  "[instance t]\npool6 = 64:ff9b::/96\npool4 = 198.51.100.0/28\n"
#define BASE       BASE_NODES BASE_KEYS

static struct config_hash hash(const char *text)
{
	struct config *config;
	struct config_hash out;

	assert_int_equal(config_parse(text, strlen(text), "t", stderr, &config), 0);
	assert_int_equal(config_hash(config, &config->instances[0], &out), 0);
	config_free(config);
	return out;
}

static const struct row {
	const char *what, *text;
	bool prefixes, rest; /* differs from BASE */
} rows[] = {
	{ "the same", BASE, false, false },
	{ "a default written out", BASE "udp-timeout = 300s\ndestinations = 0.0.0.0/0\n", false,
	  false },
	{ "another way to write a value",
	  BASE_NODES "[instance t]\npool6 = 64:FF9B:0::/96\n"
	             "pool4 = 198.51.100.0/28 1024-65535\n",
	  false, false },
	{ "cluster and network",
	  "[cluster]\nname = x\nsync-mtu = 600\n" BASE "[network t a]\naddress = 192.0.2.1/24\n",
	  false, false },
	{ "what is a box's own",
	  BASE "tun = x\naddress4 = 192.0.2.1\nmtu4 = 1400\nfast-path = off\n", false, false },
	{ "another instance beside", BASE "[instance u]\npool4 = 203.0.113.1\n", false, false },
	{ "pool6", BASE_NODES "[instance t]\npool6 = 64:ff9b:1::/96\npool4 = 198.51.100.0/28\n",
	  true, false },
	{ "one pool6 more", BASE "pool6 = 2001:db8::/96 for 10.0.0.0/8\n", true, false },
	{ "destinations", BASE "destinations = 0.0.0.0/1\n", true, false },
	{ "pool4", BASE "pool4 = 203.0.113.1\n", false, true },
	{ "a static binding", BASE "bib = tcp [2001:db8::1]:80 198.51.100.1:80\n", false, true },
	{ "a timeout", BASE "udp-timeout = 301s\n", false, true },
	{ "filtering", BASE "filtering = address-dependent\n", false, true },
	{ "a node more", BASE "[node c]\nid = 2\n", false, true },
	{ "a node's id", "[node a]\nid = 0\n[node b]\nid = 2\n" BASE_KEYS, false, true },
	{ "a node's name", "[node a]\nid = 0\n[node c]\nid = 1\n" BASE_KEYS, false, true },
	{ "the instance's name",
	  BASE_NODES "[instance u]\npool6 = 64:ff9b::/96\npool4 = 198.51.100.0/28\n", true, true },
};

static void only_what_must_agree_changes_a_hash(void **state)
{
	struct config_hash base = hash(BASE);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct config_hash other = hash(rows[i].text);

		if ((other.prefixes != base.prefixes) != rows[i].prefixes ||
		    (other.rest != base.rest) != rows[i].rest)
			fail_msg("%s", rows[i].what);
	}
}

/* A key without a choice would be compared by nobody and missed by nobody. */
static void every_key_has_chosen(void **state)
{
	(void)state;
	for (size_t i = 0; i < config_keys_count; i++)
		assert_int_not_equal(config_keys[i].agree, CONFIG_AGREE_UNDECIDED);
}

/* Boxes of different versions compare: a change here tells them apart, so it must be meant. */
static void the_hashes_are_the_same_everywhere(void **state)
{
	struct config_hash siit = hash("[instance s]\nmode = siit\npool6 = 2001:db8:64::/96\n");

	(void)state;
	assert_int_equal(hash(BASE).prefixes, UINT64_C(0x2a3acf80b6c6fbe0));
	assert_int_equal(siit.prefixes, UINT64_C(0x7aa795e9178039ad));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_must_agree_changes_a_hash),
		cmocka_unit_test(every_key_has_chosen),
		cmocka_unit_test(the_hashes_are_the_same_everywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
