/* Session logs in files: plain and packed, rotated, of several boxes, in order of time, with lines
 * that are broken or far too long. */
#include "cli/session_files.h"
#include "cli/when.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

#define SECOND INT64_C(1000000)
#define AT     (INT64_C(1795269785) * SECOND)

static char directory[] = "/tmp/session-files-XXXXXX";
static const struct session_question question = { .pool4 = 0xc6336407, .port = 40123, .at_us = AT };

static int open_directory(void **state)
{
	(void)state;
	return mkdtemp(directory) && chdir(directory) == 0 ? 0 : -1;
}

static int remove_directory(void **state)
{
	static const char *const names[] = { "log.json",          "log.json.1", "log.json.2.gz",
		                             "log.json-20261120", "other.json", "log.jsonx",
		                             "log.json.3.xz",     "cut.gz" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void)unlink(names[i]);
	return chdir("/") == 0 ? rmdir(directory) : -1;
}

/* One line of a binding of that port, so many seconds after AT. */
static const char *line(const char *event, int seconds, unsigned port)
{
	static char text[400];
	char when[WHEN_STRLEN];

	(void)snprintf(text, sizeof(text),
	               "{\"time\": \"%s\", \"event\": \"%s\", \"instance\": \"lower\", \"node\": "
	               "\"gw-a\", \"protocol\": \"tcp\", \"host6\": \"2001:db8::5\", "
	               "\"host6_port\": 51000, \"pool4\": \"198.51.100.7\", \"pool4_port\": %u}",
	               when_format_rfc3339(AT + seconds * SECOND, when), event, port);
	return text;
}

static const char *start(int seconds)
{
	static char text[200];
	char when[WHEN_STRLEN];

	(void)snprintf(text, sizeof(text),
	               "{\"time\": \"%s\", \"event\": \"start\", \"instance\": \"lower\", "
	               "\"node\": \"gw-b\", \"restored\": 0}",
	               when_format_rfc3339(AT + seconds * SECOND, when));
	return text;
}

static FILE *create(const char *name)
{
	FILE *file = fopen(name, "we");

	assert_non_null(file);
	return file;
}

static void put(FILE *file, const char *text)
{
	assert_true(fprintf(file, "%s\n", text) > 0);
}

static void put_packed(const char *name, int seconds, unsigned port)
{
	gzFile file = gzopen(name, "wbe");

	assert_non_null(file);
	assert_true(gzprintf(file, "%s\n", line("binding-begin", seconds, port)) > 0);
	assert_int_equal(gzclose(file), Z_OK);
}

/* Read all; returns how many records were wanted, and that they came in order. */
static size_t read_all(struct session_files *files, size_t *problems)
{
	struct session_record record;
	char problem[300];
	int64_t last_us = 0;
	size_t count = 0;
	int more;

	*problems = 0;
	while ((more = session_files_next(files, &record, problem, sizeof(problem)))) {
		if (more < 0) {
			++*problems;
			continue;
		}
		assert_true(record.time_us >= last_us);
		assert_true(session_fold_wants(&question, &record));
		last_us = record.time_us;
		count++;
	}
	return count;
}

static void rotated_files_come_in_order_of_time(void **state)
{
	struct session_files *files = session_files_new(&question);
	struct session_fold fold;
	char problem[300];
	size_t problems;
	FILE *file;

	(void)state;
	file = create("log.json");
	put(file, line("binding-begin", -10, 40123));
	put(file, line("binding-end", 10, 40123));
	put(file, line("binding-end", 900, 1));
	assert_int_equal(fclose(file), 0);
	file = create("log.json.1");
	put(file, line("binding-begin", -300, 1));
	put(file, start(-250));
	put(file, line("binding-begin", -200, 40123));
	put(file, line("binding-end", -100, 40123));
	assert_int_equal(fclose(file), 0);
	put_packed("log.json.2.gz", -500, 40123);
	file = create("log.json-20261120");
	put(file, line("binding-end", -400, 40123));
	assert_int_equal(fclose(file), 0);
	assert_int_equal(fclose(create("log.jsonx")), 0); /* none of them */
	assert_int_equal(session_files_add_rotated(files, "log.json", problem, sizeof(problem)), 4);
	assert_int_equal(session_files_add(files, "./log.json.1", problem, sizeof(problem)), 0);
	assert_int_equal(read_all(files, &problems), 7);
	assert_int_equal(problems, 0);
	session_fold_init(&fold, &question);
	session_files_note(files, &fold);
	assert_int_equal(fold.node_count, 1);
	assert_int_equal(fold.nodes[0].first_us, AT - 500 * SECOND);
	assert_int_equal(fold.nodes[0].last_us,
	                 AT + 900 * SECOND); /* of a line that nobody wanted */
	session_files_free(files);
}

static void what_is_no_record_is_counted(void **state)
{
	struct session_files *files = session_files_new(&question);
	FILE *file = create("other.json");
	char problem[300], *text;
	size_t problems;

	(void)state;
	put(file, line("binding-begin", 0, 40123));
	put(file, "");                      /* none, but not broken either */
	put(file, "{\"time\": \"2026-11-"); /* the disk was full */
	put(file, "no JSON at all");
	text = strdup(line("binding-end", 1, 40123));
	assert_non_null(text);
	assert_true(fprintf(file, "%.40s%s\n", text, text) > 0); /* two in one */
	put(file, text);
	for (int i = 0; i < 30000; i++)
		assert_true(fprintf(file, "{\"%d\": ", i) > 0);
	put(file, ""); /* one line, too long for any buffer */
	put(file, line("binding-begin", 2, 40123));
	put(file, "{\"event\": \"start\"}");
	assert_true(fputs(line("binding-end", 3, 40123), file) >= 0); /* without its end */
	assert_int_equal(fclose(file), 0);
	free(text);
	assert_int_equal(session_files_add(files, "other.json", problem, sizeof(problem)), 1);
	assert_int_equal(read_all(files, &problems), 4);
	assert_int_equal(session_files_at(files, 0)->broken, 5);
	session_files_free(files);
}

static void numbers_decide_not_the_way_they_are_written(void **state)
{
	struct session_files *files = session_files_new(&question);
	FILE *file = create("other.json");
	char problem[300];
	size_t problems;

	(void)state;
	put(file, line("binding-begin", 0, 4012));  /* a part of the number */
	put(file, line("binding-begin", 0, 40064)); /* the block's number as a port */
	put(file,
	    "{\"pool4_port\":40123,\"pool4\":\"198.51.100.7\",\"host6_port\":1,\"host6\":\"::2\","
	    "\"protocol\":\"udp\",\"node\":\"a\",\"instance\":\"i\",\"event\":\"binding-end\","
	    "\"time\":\"2026-11-21T14:03:05Z\"}");
	put(file,
	    "{\"time\": \"2026-11-21T14:03:06Z\", \"event\": \"block-end\", \"instance\": \"i\", "
	    "\"node\": \"a\", \"protocol\": \"tcp\", \"host6\": \"::2\", \"pool4\": \"198.51.100.7\", "
	    "\"port_min\": 40064, \"port_max\": 40127}\r");
	assert_int_equal(fclose(file), 0);
	assert_int_equal(session_files_add(files, "other.json", problem, sizeof(problem)), 1);
	assert_int_equal(read_all(files, &problems), 2);
	assert_int_equal(session_files_at(files, 0)->broken, 0);
	session_files_free(files);
}

static void what_cannot_be_read_is_said(void **state)
{
	struct session_files *files = session_files_new(&question);
	char problem[300];
	size_t problems;

	(void)state;
	assert_int_equal(session_files_add(files, "nowhere", problem, sizeof(problem)), -ENOENT);
	assert_non_null(strstr(problem, "nowhere: No such file"));
	assert_int_equal(session_files_add(files, ".", problem, sizeof(problem)), -EINVAL);
	assert_int_equal(fclose(create("log.json.3.xz")), 0);
	assert_int_equal(session_files_add(files, "log.json.3.xz", problem, sizeof(problem)),
	                 -EINVAL);
	assert_non_null(strstr(problem, "unpack it first"));
	put_packed("cut.gz", 0, 40123);
	assert_int_equal(truncate("cut.gz", 60), 0);
	assert_int_equal(session_files_add(files, "cut.gz", problem, sizeof(problem)), 1);
	(void)read_all(files, &problems);
	assert_int_equal(problems, 1);
	session_files_free(files);
	session_files_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rotated_files_come_in_order_of_time),
		cmocka_unit_test(what_is_no_record_is_counted),
		cmocka_unit_test(numbers_decide_not_the_way_they_are_written),
		cmocka_unit_test(what_cannot_be_read_is_said),
	};

	return cmocka_run_group_tests(tests, open_directory, remove_directory);
}
