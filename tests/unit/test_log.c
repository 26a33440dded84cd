/* Log lines as they reach standard error. */
#include "lib/log.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static int real_stderr, capture;
static char text[4096];

static int begin(void **state)
{
	(void)state;
	real_stderr = dup(STDERR_FILENO);
	capture = memfd_create("log", 0);
	assert_true(real_stderr >= 0 && capture >= 0);
	assert_true(dup2(capture, STDERR_FILENO) >= 0);
	(void)unsetenv("JOURNAL_STREAM");
	log_open("program", LOG_LEVEL_INFO);
	return 0;
}

/* What was written so far. */
static const char *written(void)
{
	ssize_t len;

	(void)fflush(stderr);
	len = pread(capture, text, sizeof(text) - 1, 0);
	text[len > 0 ? len : 0] = '\0';
	return text;
}

static int end(void **state)
{
	(void)state;
	(void)dup2(real_stderr, STDERR_FILENO);
	(void)close(real_stderr);
	(void)close(capture);
	return 0;
}

static void lines_carry_the_program_and_end_at_the_level(void **state)
{
	(void)state;
	log_error("failed: %d", 7);
	log_debug("not shown");
	assert_string_equal(written(), "program: failed: 7\n");
}

static void foreign_text_forges_no_line(void **state)
{
	(void)state;
	log_info("name \"%s\"", "a\nprogram: all is well\x1b[2J");
	assert_string_equal(written(), "program: name \"a?program: all is well?[2J\"\n");
}

static void the_journal_gets_priorities(void **state)
{
	char stream[64];
	struct stat st;

	(void)state;
	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	(void)snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)st.st_dev,
	               (uintmax_t)st.st_ino);
	(void)setenv("JOURNAL_STREAM", stream, 1);
	log_open("program", LOG_LEVEL_INFO);
	log_warning("careful");
	(void)setenv("JOURNAL_STREAM", "1:1", 1);
	log_open("program", LOG_LEVEL_INFO);
	log_warning("elsewhere");
	assert_string_equal(written(), "<4>careful\nprogram: elsewhere\n");
	(void)unsetenv("JOURNAL_STREAM");
}

static void a_flood_is_cut_and_counted(void **state)
{
	struct log_limit limit = { .burst = 2, .interval_us = 1000000 };

	(void)state;
	for (uint64_t i = 0; i < 5; i++)
		log_limited(&limit, 1000 + i, LOG_LEVEL_INFO, "line %d", (int)i);
	log_limited(&limit, 2000000, LOG_LEVEL_INFO, "later");
	assert_string_equal(written(), "program: line 0\nprogram: line 1\n"
	                               "program: 3 messages like the next one were left out\n"
	                               "program: later\n");
}

static void errno_survives(void **state)
{
	(void)state;
	errno = ENOENT;
	log_error("x");
	assert_int_equal(errno, ENOENT);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(lines_carry_the_program_and_end_at_the_level),
		TEST(foreign_text_forges_no_line),
		TEST(the_journal_gets_priorities),
		TEST(a_flood_is_cut_and_counted),
		TEST(errno_survives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
