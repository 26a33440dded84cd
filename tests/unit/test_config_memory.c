/* The configuration when memory ends: every single allocation fails once, and each time the text is
 * refused with -ENOMEM and a message, and nothing stays behind (the sanitizer build watches that).
 * The linker puts the allocator below in front of the real one.
 */
#include "lib/config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_reallocarray(void *old, size_t count, size_t size);
char *__real_strdup(const char *text);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_reallocarray(void *old, size_t count, size_t size);
char *__wrap_strdup(const char *text);

/* Allocations that still succeed; the next one after them fails. */
static unsigned allowed = UINT32_MAX;

static bool memory_ends(void)
{
	if (allowed == UINT32_MAX || allowed-- > 0)
		return false;
	allowed = UINT32_MAX;
	errno = ENOMEM;
	return true;
}

void *__wrap_calloc(size_t count, size_t size)
{
	return memory_ends() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return memory_ends() ? NULL : __real_realloc(old, size);
}

void *__wrap_reallocarray(void *old, size_t count, size_t size)
{
	return memory_ends() ? NULL : __real_reallocarray(old, count, size);
}

char *__wrap_strdup(const char *text)
{
	return memory_ends() ? NULL : __real_strdup(text);
}

static const char text[] =
	"[cluster]\nsync-interface = sync0\nsync-group = 239.192.64.64\nsync-key-file = /k\n"
	"[node a]\nid = 0\n[node b]\nid = 1\n"
	"[instance n]\npool6 = 64:ff9b::/96\npool4 = 198.51.100.0/28\n"
	"pool4 = 203.0.113.0/28\ndenylist4 = 10.0.0.0/8\nnon-global4 = 10.0.0.0/8\n"
	"bib = tcp [2001:db8::1]:80 198.51.100.1:80\n"
	"[instance s]\nmode = siit\neam = 192.0.2.0/24 2001:db8::/120\n"
	"eam = 192.0.2.1 2001:db8::1\nrfc6791-pool4 = 192.0.2.2\n"
	"eam-file = /etc/hostname-that-is-not-there\n"
	"[network n a]\nattach = macvlan eth0\naddress = 192.0.2.2/24\ngateway = 192.0.2.1\n"
	"bfd-peer = 192.0.2.1\n[network s a]\nnamespace = blue\n";

/* Parse with the allocation behind the first `before` ones failing. */
static int parse(const char *config_text, unsigned before, char **messages)
{
	struct config *config = NULL;
	size_t len;
	FILE *err = open_memstream(messages, &len);
	int result;

	assert_non_null(err);
	allowed = before;
	result = config_parse(config_text, strlen(config_text), "t", err, &config);
	fclose(err);
	if (result == 0)
		config_free(config);
	return result;
}

/* Let each allocation fail once, until so many are allowed that none does; returns that last
 * result. */
static int exhaust(const char *config_text)
{
	unsigned before = 0;
	int result;

	do {
		char *messages;

		result = parse(config_text, before++, &messages);
		if (result == -ENOMEM)
			assert_non_null(strstr(messages, "t: out of memory\n"));
		free(messages);
	} while (result == -ENOMEM);
	/* One more was allowed than there are, so some are left. */
	assert_true(before > 20);
	allowed = UINT32_MAX;
	return result;
}

static void every_allocation_may_fail(void **state)
{
	char *cut = strdup(text);
	char *line = strstr(cut, "eam-file");

	(void)state;
	/* Without the line that names a missing file the text is accepted. */
	memmove(line, strchr(line, '\n') + 1, strlen(strchr(line, '\n')));
	assert_int_equal(exhaust(cut), 0);
	free(cut);
}

static void a_text_with_errors_may_run_out_of_memory_too(void **state)
{
	(void)state;
	assert_int_equal(exhaust(text), -EINVAL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_allocation_may_fail),
		cmocka_unit_test(a_text_with_errors_may_run_out_of_memory_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
