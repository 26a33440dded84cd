/* The state file: made whole, found again, set aside when it is not ours, and done without when
 * there can be none. */
#include "lib/log.h"
#include "translator/state.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define POOL  "pool6 = 2001:db8:64::/96\npool4 = 203.0.113.1/32\nmax-sessions = 100\n"
#define OTHER "pool6 = 2001:db8:65::/96\npool4 = 203.0.113.1/32\nmax-sessions = 100\n"

static char rundir[64];
static struct config *config, *other;

static struct config *parse(const char *keys)
{
	struct config *parsed;
	char text[300];

	snprintf(text, sizeof(text), "[instance t]\n%s", keys);
	assert_int_equal(config_parse(text, strlen(text), "state", stderr, &parsed), 0);
	return parsed;
}

static int set_up(void **state)
{
	(void)state;
	snprintf(rundir, sizeof(rundir), "/tmp/sn64-state.XXXXXX");
	assert_non_null(mkdtemp(rundir));
	config = parse(POOL);
	other = parse(OTHER);
	return 0;
}

static const char *path(const char *name)
{
	static char text[100];

	snprintf(text, sizeof(text), "%s/t/%s", rundir, name);
	return text;
}

static int tear_down(void **state)
{
	(void)state;
	(void)rmdir(path("state")); /* a test made a directory of it */
	(void)unlink(path("state"));
	(void)unlink(path("state.old"));
	assert_int_not_equal(access(path("state.new"), F_OK), 0); /* never left behind */
	assert_int_equal(rmdir(path("")), 0);
	assert_int_equal(rmdir(rundir), 0);
	config_free(config);
	config_free(other);
	return 0;
}

static bool is_there(const char *name)
{
	return access(path(name), F_OK) == 0;
}

static struct state *open_state(void)
{
	struct state *state;

	assert_int_equal(state_open(rundir, "t", &state), 0);
	return state;
}

static const struct translator_memory *start(struct state *state)
{
	return state_start(state, &config->instances[0]);
}

/* Make a file and leave a mark in it. */
static void leave_file(void)
{
	struct state *state = open_state();
	const struct translator_memory *memory = start(state);

	assert_non_null(memory);
	assert_false(memory->restore);
	memcpy(memory->bindings, "bindings", 9);
	memcpy(memory->sessions, "sessions", 9);
	state_close(state);
}

static void assert_found(void)
{
	struct state *state = open_state();
	const struct translator_memory *memory = start(state);

	assert_non_null(memory);
	assert_true(memory->restore);
	assert_string_equal(memory->bindings, "bindings");
	assert_string_equal(memory->sessions, "sessions");
	state_close(state);
}

/* An empty file is in its place. */
static void assert_set_aside(const struct config *wanted)
{
	struct state *state = open_state();
	const struct translator_memory *memory = state_start(state, &wanted->instances[0]);

	assert_non_null(memory);
	assert_false(memory->restore);
	assert_int_equal(*(const char *)memory->bindings, 0);
	assert_true(is_there("state.old"));
	assert_true(is_there("state"));
	assert_string_equal(state_text(state), "started empty");
	assert_true(state_is_kept(state));
	state_close(state);
}

static void a_file_is_found_again(void **unused)
{
	struct translator_restored restored = { 1200, 900, 1, 2 };
	const struct translator_memory *memory;
	struct state *state;
	struct stat st;
	size_t bindings, sessions;
	uint8_t key[16];

	(void)unused;
	leave_file();
	assert_int_equal(stat(path("state"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	translator_memory_size(&config->instances[0], &bindings, &sessions);
	assert_true((size_t)st.st_size >= bindings + sessions);
	assert_true((size_t)st.st_blocks * 512 >= (size_t)st.st_size); /* nothing left to take */
	assert_found();
	state = open_state();
	memory = start(state);
	memcpy(key, memory->key, sizeof(key));
	state_restored(state, &restored);
	assert_string_equal(state_text(state),
	                    "restored 1200 sessions of 900 bindings, 1 torn, 2 without a place");
	state_close(state);
	state = open_state();
	assert_memory_equal(start(state)->key, key, sizeof(key));
	state_close(state);
	assert_false(is_there("state.old"));
}

static void a_second_process_is_refused(void **unused)
{
	struct state *state, *second = NULL;

	(void)unused;
	state = open_state();
	assert_int_equal(state_open(rundir, "t", &second), -EBUSY);
	assert_null(second);
	state_close(state);
	state_close(open_state());
}

/* ---- set aside ---- */

static void write_at(off_t at, const void *bytes, size_t len)
{
	int fd = open(path("state"), O_WRONLY);

	assert_int_equal(pwrite(fd, bytes, len, at), (ssize_t)len);
	assert_int_equal(close(fd), 0);
}

static void every_word_of_the_header_counts(void **unused)
{
	static const off_t words[] = { 0, 8, 16, 24, 32, 40, 60, 80, 92 };

	(void)unused;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		leave_file();
		write_at(words[i], "XX", 2);
		assert_set_aside(config);
		assert_int_equal(unlink(path("state.old")), 0);
		assert_int_equal(unlink(path("state")), 0);
	}
}

static void another_length_is_set_aside(void **unused)
{
	static const off_t lengths[] = { 0, 1, 4095, 4096, 12288, 1 << 20 };

	(void)unused;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		leave_file();
		assert_int_equal(truncate(path("state"), lengths[i]), 0);
		assert_set_aside(config);
		assert_int_equal(unlink(path("state.old")), 0);
		assert_int_equal(unlink(path("state")), 0);
	}
}

static void another_configuration_is_set_aside(void **unused)
{
	(void)unused;
	leave_file();
	assert_set_aside(other);
	assert_set_aside(config); /* in the place of the one before */
}

static void holes_are_filled(void **unused)
{
	struct stat st;
	int fd;

	(void)unused;
	leave_file();
	fd = open(path("state"), O_WRONLY);
	assert_int_equal(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 8192, 4096), 0);
	assert_int_equal(close(fd), 0);
	assert_found();
	assert_int_equal(stat(path("state"), &st), 0);
	assert_true(st.st_blocks * 512 >= st.st_size);
}

static void what_a_killed_reload_left_is_no_file(void **unused)
{
	const char *name;

	(void)unused;
	leave_file();
	name = strdup(path("state"));
	assert_int_equal(rename(name, path("state.new")), 0);
	leave_file(); /* over it */
	assert_false(is_there("state.new"));
	assert_false(is_there("state.old"));
	free((void *)name);
}

/* ---- none ---- */

static void assert_none(const char *why)
{
	struct state *state = open_state();

	assert_null(start(state));
	assert_false(state_is_kept(state));
	assert_non_null(strstr(state_text(state), why));
	assert_non_null(strstr(state_text(state), "sessions end with the process"));
	assert_null(state_renew(state, &config->instances[0]));
	state_commit(state);
	assert_false(state_is_kept(state));
	assert_non_null(strstr(state_text(state), why));
	state_close(state);
}

static void what_is_no_file_is_not_used(void **unused)
{
	struct state *state;

	(void)unused;
	state_close(open_state());
	assert_int_equal(mkdir(path("state"), 0700), 0);
	state = open_state();
	assert_null(start(state));
	assert_non_null(strstr(state_text(state), "Is a directory"));
	state_close(state);
	assert_int_equal(rmdir(path("state")), 0);
	assert_int_equal(symlink("/etc/passwd", path("state")), 0);
	state = open_state();
	assert_null(start(state));
	assert_non_null(strstr(state_text(state), "symbolic links"));
	state_close(state);
}

static void a_full_file_system_means_none(void **unused)
{
	(void)unused;
	if (mount("tmpfs", rundir, "tmpfs", 0, "size=8k") < 0)
		skip();
	assert_none("No space left on device");
	assert_false(is_there("state"));
	assert_false(is_there("state.new"));
	assert_int_equal(umount(rundir), 0);
	assert_int_equal(mkdir(path(""), 0700), 0);
}

static void an_old_file_makes_room(void **unused)
{
	(void)unused;
	if (mount("tmpfs", rundir, "tmpfs", 0, "size=24k") < 0)
		skip();
	leave_file();
	{
		struct state *state = open_state();

		assert_non_null(state_start(state, &other->instances[0]));
		state_close(state);
	}
	assert_false(is_there("state.old"));
	assert_int_equal(umount(rundir), 0);
	assert_int_equal(mkdir(path(""), 0700), 0);
}

/* ---- reload ---- */

static void a_reload_puts_another_file_in_its_place(void **unused)
{
	const struct translator_memory *memory;
	struct state *state;
	char *bindings;

	(void)unused;
	leave_file();
	state = open_state();
	assert_non_null(start(state));
	memory = state_renew(state, &other->instances[0]);
	assert_non_null(memory);
	assert_false(memory->restore);
	bindings = memory->bindings;
	memcpy(bindings, "renewed", 8);
	assert_true(is_there("state.new"));
	state_commit(state);
	assert_false(is_there("state.new"));
	assert_string_equal(bindings, "renewed"); /* still mapped */
	assert_true(state_is_kept(state));
	assert_string_equal(state_text(state), "new since the last reload");
	state_close(state);
	state = open_state();
	memory = state_start(state, &other->instances[0]);
	assert_true(memory->restore);
	assert_string_equal(memory->bindings, "renewed");
	state_close(state);
}

static void a_failed_reload_changes_nothing(void **unused)
{
	struct state *state;

	(void)unused;
	leave_file();
	state = open_state();
	assert_non_null(start(state));
	assert_non_null(state_renew(state, &other->instances[0]));
	state_abandon(state);
	assert_true(state_is_kept(state));
	state_close(state);
	assert_found();
}

static void without_room_for_two_a_reload_ends_the_file(void **unused)
{
	struct state *state;

	(void)unused;
	if (mount("tmpfs", rundir, "tmpfs", 0, "size=24k") < 0)
		skip();
	leave_file();
	state = open_state();
	assert_non_null(start(state));
	assert_null(state_renew(state, &other->instances[0]));
	state_abandon(state); /* the reload failed for another reason, too */
	assert_true(state_is_kept(state));
	assert_true(is_there("state"));
	assert_null(state_renew(state, &other->instances[0]));
	state_commit(state);
	assert_false(state_is_kept(state));
	assert_non_null(strstr(state_text(state), "No space left on device"));
	assert_false(is_there("state")); /* its sessions are of the past */
	state_close(state);
	assert_int_equal(umount(rundir), 0);
	assert_int_equal(mkdir(path(""), 0700), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_file_is_found_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_second_process_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(every_word_of_the_header_counts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(another_length_is_set_aside, set_up, tear_down),
		cmocka_unit_test_setup_teardown(another_configuration_is_set_aside, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(holes_are_filled, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_a_killed_reload_left_is_no_file, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(what_is_no_file_is_not_used, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_full_file_system_means_none, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_old_file_makes_room, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_reload_puts_another_file_in_its_place, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(a_failed_reload_changes_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(without_room_for_two_a_reload_ends_the_file, set_up,
		                                tear_down),
	};

	/* What a failed test leaves mounted goes with the process. */
	if (unshare(CLONE_NEWNS) == 0)
		(void)mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL);
	log_open("test", LOG_LEVEL_WARNING);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
