/* Points in time as people write them: what is understood, in which zone, and what is refused. */
#include "cli/when.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define SECOND INT64_C(1000000)
/* 2026-11-21 14:03:05 UTC, a Saturday */
#define THEN (INT64_C(1795269785) * SECOND)
#define NOW  (THEN + 3600 * SECOND)

static int in_berlin(void **state)
{
	(void)state;
	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	return 0;
}

static void reads(const char *text, int64_t wanted_us)
{
	int64_t got_us = -1;
	const char *wrong = when_parse(text, NOW, &got_us);

	if (wrong || got_us != wanted_us)
		print_message("%s: %s, %lld instead of %lld\n", text, wrong ? wrong : "",
		              (long long)got_us, (long long)wanted_us);
	assert_null(wrong);
	assert_int_equal(got_us, wanted_us);
}

static void refuses(const char *text, const char *part)
{
	int64_t untouched_us = 42;
	const char *wrong = when_parse(text, NOW, &untouched_us);

	if (!wrong)
		print_message("%s was taken\n", text);
	assert_non_null(wrong);
	assert_non_null(strstr(wrong, part));
}

static void local_time_is_that_of_the_zone(void **state)
{
	(void)state;
	reads("2026-11-21 15:03:05", THEN);
	reads("2026-11-21T15:03:05", THEN);
	reads("Sat 2026-11-21 15:03:05", THEN);
	reads("2026-11-21 15:03", THEN - 5 * SECOND);
	reads("2026-11-21", THEN - (15 * 3600 + 185) * SECOND);
	reads("15:03:05", THEN);
	reads("2026-07-21 16:03:05", INT64_C(1784642585) * SECOND);
}

static void a_zone_may_be_written(void **state)
{
	(void)state;
	reads("2026-11-21 14:03:05 UTC", THEN);
	reads("2026-11-21T14:03:05Z", THEN);
	reads("2026-11-21T15:03:05+01:00", THEN);
	reads("2026-11-21 15:03:05 +0100", THEN);
	reads("2026-11-21 09:03:05-05", THEN);
	reads("2026-11-21T14:03:05.123Z", THEN + 123000);
	reads("2026-11-21T14:03:05,1234567Z", THEN + 123456);
	reads("14:03:05 UTC", THEN);
}

static void time_may_be_relative(void **state)
{
	(void)state;
	reads("now", NOW);
	reads("-1h", THEN);
	reads("1h ago", THEN);
	reads("-1h30m", THEN - 1800 * SECOND);
	reads("@1795269785", THEN);
	reads("@1795269785.5", THEN + SECOND / 2);
	reads("today", THEN - (15 * 3600 + 185) * SECOND);
	reads("yesterday 15:03:05", THEN - 86400 * SECOND);
}

/* Clocks here went from 3:00 back to 2:00 on 25 October, from 2:00 on to 3:00 on 29 March. */
static void an_hour_that_comes_twice_or_never_wants_an_offset(void **state)
{
	(void)state;
	refuses("2026-10-25 02:30:00", "twice");
	refuses("2026-03-29 02:30:00", "not at all");
	reads("2026-10-25 02:30:00 +0200", INT64_C(1792888200) * SECOND);
	reads("2026-10-25 02:30:00 +0100", INT64_C(1792891800) * SECOND);
	reads("2026-10-25 01:59:59", INT64_C(1792886399) * SECOND);
}

static void what_is_no_time_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"noon",
		"2026-13-01",
		"2026-02-30",
		"2026-11-21 24:00",
		"14:60",
		"2026-11-21 14:03:05 CET",
		"2026-11-21 14:03:05 +1",
		"2026-11-21 14:03:05Zx",
		"-",
		"-2x",
		"2h",
		"@",
		"@x",
		"@123456789012",
		"26-11-21",
		"2026-11-21x",
		"ago",
		" ago",
		"UTC",
		"2026-11-21 14:03:05.",
		"1969-12-31",
		"-99999d",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		refuses(texts[i], "2026-11-21 14:03:05");
}

static void the_logs_own_form_is_exact(void **state)
{
	static const char *const wrong[] = { "",
		                             "2026-11-21 14:03:05Z",
		                             "2026-11-21T14:03:05",
		                             "2026-11-21T14:03:05+00:00",
		                             "2026-11-21T14:03:05Z ",
		                             "2026-02-29T14:03:05Z" };
	int64_t time_us;

	(void)state;
	assert_int_equal(when_parse_utc("2026-11-21T14:03:05.123Z", &time_us), 0);
	assert_int_equal(time_us, THEN + 123000);
	assert_int_equal(when_parse_utc("2026-11-21T14:03:05Z", &time_us), 0);
	assert_int_equal(time_us, THEN);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_true(when_parse_utc(wrong[i], &time_us) < 0);
}

static void durations_add_up(void **state)
{
	uint64_t us;

	(void)state;
	assert_int_equal(when_parse_duration("2h4m", &us), 0);
	assert_int_equal(us, 7440 * SECOND);
	assert_int_equal(when_parse_duration("0s", &us), 0);
	assert_int_equal(us, 0);
	assert_int_equal(when_parse_duration("1d1", &us), 0);
	assert_int_equal(us, 86401 * SECOND);
	assert_true(when_parse_duration("", &us) < 0);
	assert_true(when_parse_duration("4m2h", &us) < 0);
	assert_true(when_parse_duration("-5s", &us) < 0);
	assert_true(when_parse_duration("99999999999", &us) < 0);
	assert_true(when_parse_duration("213503983d", &us) < 0); /* 2^64 us, and some */
}

static void times_are_shown_as_they_are_read(void **state)
{
	char buf[WHEN_STRLEN];

	(void)state;
	assert_string_equal(when_format_utc(THEN, buf), "2026-11-21 14:03:05 UTC");
	assert_string_equal(when_format_utc(THEN + 7000, buf), "2026-11-21 14:03:05.007 UTC");
	assert_string_equal(when_format_local(THEN, buf), "2026-11-21 15:03:05 +0100");
	assert_string_equal(when_format_rfc3339(THEN + 120000, buf), "2026-11-21T14:03:05.120Z");
	for (int64_t at = 1; at < INT64_C(4000000000); at += 31415926)
		reads(when_format_local(at * SECOND, buf), at * SECOND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(local_time_is_that_of_the_zone),
		cmocka_unit_test(a_zone_may_be_written),
		cmocka_unit_test(time_may_be_relative),
		cmocka_unit_test(an_hour_that_comes_twice_or_never_wants_an_offset),
		cmocka_unit_test(what_is_no_time_is_refused),
		cmocka_unit_test(the_logs_own_form_is_exact),
		cmocka_unit_test(durations_add_up),
		cmocka_unit_test(times_are_shown_as_they_are_read),
	};

	return cmocka_run_group_tests(tests, in_berlin, NULL);
}
