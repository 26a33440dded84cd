/* What runs, put together from several programs' configurations: whose section is taken, what
 * differs, and that the whole parses back to itself. */
#include "cli/running.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CLUSTER "[cluster]\nname = campus\nsync-interface = sync0\n"
#define NODES   "[node gw-a]\nid = 0\n[node gw-b]\nid = 1\n"
#define LOWER   "[instance lower]\ndestinations = 0.0.0.0/1\npool4 = 198.51.100.1\n"
#define UPPER   "[instance upper]\ndestinations = 128.0.0.0/1\npool4 = 198.51.100.2\n"
#define SIIT \
	"[instance siit]\nmode = siit\npool6 = 2001:db8:64::/96\neam = 203.0.113.10 2001:db8:10::10\n"
#define NETWORK "[network lower gw-a]\nnamespace = one\n[network upper gw-a]\nnamespace = two\n"
#define FILE_1  CLUSTER NODES LOWER UPPER SIIT NETWORK

#define PROGRAMS 5

static struct running_program programs[PROGRAMS];
static size_t count;
static struct running running;
static struct running_difference found[20];
static size_t found_count;

static struct config *parse(const char *text)
{
	struct config *config = NULL;

	assert_int_equal(config_parse(text, strlen(text), "t", stderr, &config), 0);
	return config;
}

static void add(enum running_role role, const char *name, const char *text, uint64_t age_us)
{
	programs[count++] = (struct running_program){
		.role = role, .name = name, .title = name, .config = parse(text), .age_us = age_us
	};
}

static void collect(void *context, const struct running_difference *difference)
{
	(void)context;
	assert_true(found_count < sizeof(found) / sizeof(found[0]));
	found[found_count++] = *difference;
}

static void gather(void)
{
	assert_int_equal(running_gather(programs, count, &running), 0);
	found_count = 0;
	assert_int_equal(running_compare(&running, programs, count, collect, NULL), 0);
}

static int set_up(void **state)
{
	(void)state;
	count = 0;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	running_free(&running);
	for (size_t i = 0; i < count; i++)
		config_free(programs[i].config);
	return 0;
}

static char *print(const struct config *config)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	config_print(config, out);
	assert_int_equal(fclose(out), 0);
	return text;
}

/* It is a whole configuration, equal to that of text. */
static void assert_runs(const char *text)
{
	struct config *expected = parse(text), *again;
	char *want = print(expected), *is = print(&running.config), *back;

	assert_string_equal(is, want);
	again = parse(is);
	back = print(again);
	assert_string_equal(back, want);
	free(want);
	free(is);
	free(back);
	config_free(expected);
	config_free(again);
}

static const struct running_section *section(enum config_section kind, const char *name)
{
	for (size_t i = 0; i < running.section_count; i++)
		if (running.sections[i].kind == kind && strcmp(running.sections[i].name, name) == 0)
			return &running.sections[i];
	fail_msg("no section %d %s", (int)kind, name);
	return NULL;
}

static void all_with_one_file_run_that_file(void **state)
{
	(void)state;
	add(RUNNING_TRANSLATOR, "lower", FILE_1, 5);
	add(RUNNING_TRANSLATOR, "upper", FILE_1, 5);
	add(RUNNING_TRANSLATOR, "siit", FILE_1, 5);
	add(RUNNING_SYNCD, "syncd", FILE_1, 7);
	add(RUNNING_HEALTHD, "healthd", FILE_1, 7);
	gather();
	assert_runs(FILE_1);
	assert_int_equal(found_count, 0);
	assert_string_equal(section(CONFIG_SECTION_CLUSTER, "")->from->name, "syncd");
	assert_string_equal(section(CONFIG_SECTION_HEALTH, "")->from->name, "healthd");
	assert_string_equal(section(CONFIG_SECTION_INSTANCE, "upper")->from->name, "upper");
	assert_string_equal(section(CONFIG_SECTION_NETWORK, "upper")->from->name, "healthd");
}

static void without_daemons_it_is_as_the_translators_have_read_it(void **state)
{
	(void)state;
	add(RUNNING_TRANSLATOR, "lower", FILE_1, 5);
	add(RUNNING_TRANSLATOR, "upper", FILE_1, 5);
	add(RUNNING_TRANSLATOR, "siit", FILE_1, 5);
	gather();
	assert_runs(FILE_1);
	assert_string_equal(section(CONFIG_SECTION_CLUSTER, "")->from->name, "lower");
	assert_string_equal(section(CONFIG_SECTION_NETWORK, "upper")->from->name, "upper");
}

static void an_instance_that_does_not_answer_is_left_out_with_its_network(void **state)
{
	(void)state;
	add(RUNNING_TRANSLATOR, "upper", FILE_1, 5);
	add(RUNNING_HEALTHD, "healthd", FILE_1, 5);
	gather();
	assert_runs(CLUSTER NODES UPPER "[network upper gw-a]\nnamespace = two\n");
}

static void one_instance_alone_is_as_it_has_read_all(void **state)
{
	(void)state;
	add(RUNNING_TRANSLATOR, "lower", FILE_1, 5);
	gather();
	assert_runs(CLUSTER NODES LOWER "[network lower gw-a]\nnamespace = one\n");
}

static void each_section_is_of_who_goes_by_it(void **state)
{
	(void)state;
	add(RUNNING_TRANSLATOR, "lower", FILE_1, 50);
	add(RUNNING_SYNCD, "syncd", CLUSTER "sync-wait = 9s\n" NODES LOWER UPPER SIIT, 5);
	add(RUNNING_HEALTHD, "healthd",
	    CLUSTER "[health]\nhold-down = 7s\n" NODES LOWER UPPER SIIT NETWORK, 5);
	gather();
	assert_runs(CLUSTER "sync-wait = 9s\n[health]\nhold-down = 7s\n" NODES LOWER
	                    "[network lower gw-a]\nnamespace = one\n");
}

static void what_differs_is_named_with_who_is_behind(void **state)
{
	(void)state;
	add(RUNNING_TRANSLATOR, "lower", CLUSTER NODES LOWER "mtu4 = 1400\nmtu6 = 1400\n", 5);
	add(RUNNING_SYNCD, "syncd", CLUSTER NODES LOWER, 5);
	add(RUNNING_HEALTHD, "healthd", CLUSTER NODES LOWER, 500);
	gather();
	assert_int_equal(found_count, 2); /* sa-nat64-syncd goes by the section, too */
	assert_string_equal(found[1].section->name, "lower");
	assert_string_equal(found[1].section->from->name, "lower");
	assert_string_equal(found[1].other->name, "healthd");
	assert_string_equal(found[1].earlier->name, "healthd");
	assert_string_equal(found[1].keys, "mtu4, mtu6");
	assert_false(found[1].needs_restart);
}

static void a_key_that_needs_a_restart_says_so(void **state)
{
	(void)state;
	add(RUNNING_TRANSLATOR, "lower", CLUSTER NODES LOWER, 500);
	add(RUNNING_HEALTHD, "healthd", CLUSTER NODES LOWER "max-sessions = 5\n", 5);
	gather();
	assert_int_equal(found_count, 1);
	assert_string_equal(found[0].keys, "max-sessions");
	assert_string_equal(found[0].earlier->name, "lower");
	assert_true(found[0].needs_restart);
}

static void an_instance_that_sa_nat64_syncd_does_not_know_wants_its_restart(void **state)
{
	(void)state;
	add(RUNNING_TRANSLATOR, "lower", CLUSTER NODES LOWER UPPER, 5);
	add(RUNNING_TRANSLATOR, "upper", CLUSTER NODES LOWER UPPER, 5);
	add(RUNNING_SYNCD, "syncd", CLUSTER NODES LOWER, 500);
	gather();
	assert_int_equal(found_count, 1);
	assert_string_equal(found[0].section->name, "upper");
	assert_string_equal(found[0].keys, "");
	assert_string_equal(found[0].earlier->name, "syncd");
	assert_true(found[0].needs_restart);
}

static void what_a_program_does_not_go_by_may_differ(void **state)
{
	(void)state;
	add(RUNNING_TRANSLATOR, "lower", CLUSTER NODES LOWER UPPER "mtu4 = 1400\n" NETWORK, 5);
	add(RUNNING_TRANSLATOR, "upper", CLUSTER "[health]\nhold-down = 9s\n" NODES LOWER UPPER, 5);
	add(RUNNING_SYNCD, "syncd", CLUSTER NODES LOWER UPPER SIIT NETWORK, 5);
	gather();
	assert_int_equal(found_count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(all_with_one_file_run_that_file, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			without_daemons_it_is_as_the_translators_have_read_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			an_instance_that_does_not_answer_is_left_out_with_its_network, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(one_instance_alone_is_as_it_has_read_all, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(each_section_is_of_who_goes_by_it, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(what_differs_is_named_with_who_is_behind, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(a_key_that_needs_a_restart_says_so, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(
			an_instance_that_sa_nat64_syncd_does_not_know_wants_its_restart, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(what_a_program_does_not_go_by_may_differ, set_up,
		                                tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
