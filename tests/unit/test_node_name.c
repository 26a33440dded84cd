/* The name of a box: what a file says, or else the host name. */
#include "lib/node_name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char path[] = "/tmp/node-name-XXXXXX";

static const char *named_by(const char *text, char name[NODE_NAME_SIZE])
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	if (file) {
		assert_true(fputs(text, file) >= 0);
		assert_int_equal(fclose(file), 0);
	}
	return node_name_read(path, name);
}

static void the_first_word_of_the_file_is_the_name(void **state)
{
	static const struct {
		const char *text, *name;
	} rows[] = {
		{ "gw-a\n", "gw-a" },
		{ "gw-a", "gw-a" },
		{ " \tgw-a  of the campus\r\ngw-b\n", "gw-a" },
		{ "gw-a.example.net\n", "gw-a.example.net" },
	};
	char name[NODE_NAME_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(named_by(rows[i].text, name), rows[i].name);
}

static void without_a_name_in_it_the_host_name_is(void **state)
{
	static const char *const empty[] = { "", "\n", "  \ngw-a\n" };
	char name[NODE_NAME_SIZE], host[NODE_NAME_SIZE];

	(void)state;
	assert_int_equal(gethostname(host, sizeof(host)), 0);
	for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++)
		assert_string_equal(named_by(empty[i], name), host);
	assert_string_equal(node_name_read("/tmp/there/is/no/such", name), host);
	assert_string_equal(node_name_read("/tmp", name), host);
}

static void a_name_that_is_too_long_is_cut(void **state)
{
	char text[200], name[NODE_NAME_SIZE];

	(void)state;
	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(strlen(named_by(text, name)), NODE_NAME_SIZE - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_word_of_the_file_is_the_name),
		cmocka_unit_test(without_a_name_in_it_the_host_name_is),
		cmocka_unit_test(a_name_that_is_too_long_is_cut),
	};
	int fd = mkstemp(path), failed;

	if (fd < 0)
		return 1;
	(void)close(fd);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	(void)unlink(path);
	return failed;
}
