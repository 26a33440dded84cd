/* The file of the cluster's key: who may read it, what may stand in it. */
#include "lib/sync_key.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define DIGITS "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eFF"

static char directory[] = "/tmp/sync-key-XXXXXX";
static char path[64];
static char why[300];

static void put(const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static int read_it(uint8_t key[SYNC_KEY_LEN])
{
	memset(key, 0xee, SYNC_KEY_LEN);
	why[0] = '\0';
	return sync_key_read(path, key, why, sizeof(why));
}

static void refused(int error, const char *words)
{
	uint8_t key[SYNC_KEY_LEN];

	assert_int_equal(read_it(key), error);
	assert_non_null(strstr(why, words));
	assert_non_null(strstr(why, path));
	for (size_t i = 0; i < sizeof(key); i++)
		assert_int_equal(key[i], 0xee);
}

static void a_key_is_read(void **state)
{
	uint8_t key[SYNC_KEY_LEN];

	(void)state;
	for (int i = 0; i < 4; i++) {
		put(i & 1 ? DIGITS : DIGITS "\n", i & 2 ? 0400 : 0600);
		assert_int_equal(read_it(key), 0);
		for (uint8_t j = 0; j < SYNC_KEY_LEN - 1; j++)
			assert_int_equal(key[j], j);
		assert_int_equal(key[SYNC_KEY_LEN - 1], 0xff);
		unlink(path);
	}
}

static void a_key_that_others_know_is_refused(void **state)
{
	static const mode_t modes[] = { 0640, 0604, 0620, 0602, 0644, 0660, 0777, 0700, 0610 };

	(void)state;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		put(DIGITS "\n", modes[i]);
		refused(-EPERM, "chmod 0600");
	}
	unlink(path);
}

static void a_key_of_another_user_is_refused(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	put(DIGITS "\n", 0600);
	assert_int_equal(chown(path, 1, 1), 0);
	refused(-EPERM, "belongs to user 1");
	unlink(path);
}

static void what_is_no_key_is_refused(void **state)
{
	static const char *const texts[] = { "",
		                             "\n",
		                             "00",
		                             DIGITS "0",
		                             DIGITS "\n\n",
		                             DIGITS " ",
		                             " " DIGITS,
		                             "0x" DIGITS,
		                             DIGITS DIGITS DIGITS,
		                             "g00102030405060708090a0b0c0d0e0f1011121314151617181"
		                             "91a1b1c1d1eff" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		put(texts[i], 0600);
		refused(-EINVAL, "64 hexadecimal digits");
	}
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	refused(-EINVAL, "no file");
	unlink(path);
	refused(-ENOENT, "sync-key");
}

static void a_made_key_is_new_secret_and_readable(void **state)
{
	uint8_t first[SYNC_KEY_LEN], again[SYNC_KEY_LEN];
	struct stat st;

	(void)state;
	umask(0);
	assert_int_equal(sync_key_make(path, why, sizeof(why)), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(read_it(first), 0);
	assert_int_equal(sync_key_make(path, why, sizeof(why)), -EEXIST);
	assert_non_null(strstr(why, "left alone"));
	assert_int_equal(read_it(again), 0);
	assert_memory_equal(first, again, SYNC_KEY_LEN);
	unlink(path);
	assert_int_equal(sync_key_make(path, why, sizeof(why)), 0);
	assert_int_equal(read_it(again), 0);
	assert_memory_not_equal(first, again, SYNC_KEY_LEN);
	unlink(path);
}

static void a_key_that_cannot_be_written_leaves_nothing(void **state)
{
	(void)state;
	assert_int_equal(sync_key_make("/nonexistent/key", why, sizeof(why)), -ENOENT);
	assert_non_null(strstr(why, "/nonexistent/key"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_is_read),
		cmocka_unit_test(a_key_that_others_know_is_refused),
		cmocka_unit_test(a_key_of_another_user_is_refused),
		cmocka_unit_test(what_is_no_key_is_refused),
		cmocka_unit_test(a_made_key_is_new_secret_and_readable),
		cmocka_unit_test(a_key_that_cannot_be_written_leaves_nothing),
	};
	int failed;

	if (sodium_init() < 0 || !mkdtemp(directory))
		return 1;
	snprintf(path, sizeof(path), "%s/key", directory);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(directory);
	return failed;
}
