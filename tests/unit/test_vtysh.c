/* Answers of FRR's daemons cut anywhere, and calls of a vtysh that does what it should not. */
#include "healthd/vty.h"
#include "healthd/vtysh.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define SECOND UINT64_C(1000000)

/* ---- the socket's words ---- */

static void an_answer_is_found_when_it_is_whole(void **state)
{
	static const char wire[] = "[\n]\n\0\0\0\0% no\n\0\0\0\2";
	size_t text_len = 99;
	uint8_t code = 99;

	(void)state;
	for (size_t len = 0; len < 8; len++)
		assert_int_equal(vty_answer(wire, len, &text_len, &code), 0);
	assert_int_equal(vty_answer(wire, sizeof(wire) - 1, &text_len, &code), 8);
	assert_int_equal(text_len, 4);
	assert_int_equal(code, 0);
	assert_int_equal(vty_answer(wire + 8, sizeof(wire) - 9, &text_len, &code), 9);
	assert_int_equal(text_len, 5);
	assert_false(vty_is_good(code));
	assert_true(vty_is_good(1));
}

static void check_complaint(const char *text, const char *complaint)
{
	char out[64];

	vty_complaint(text, strlen(text), out, sizeof(out));
	assert_string_equal(out, complaint);
}

static void a_complaint_is_one_line(void **state)
{
	(void)state;
	check_complaint("% [BFD] Unknown command: peer 1\n", "[BFD] Unknown command: peer 1");
	check_complaint(
		"% Can't open configuration file /etc/frr/lower/vtysh.conf due to 'No such file or directory'.\n"
		"Exiting: failed to connect to any daemons.\n",
		"Exiting: failed to connect to any daemons.");
	check_complaint("\nfirst\nsecond\n% third", "third");
	check_complaint("%", "");
	check_complaint("", "no reason given");
	check_complaint("\n\n", "no reason given");
}

static void a_script_goes_out_line_by_line(void **state)
{
	char wire[64], *huge = calloc(1, VTY_SCRIPT_MAX + 1);
	int fds[2];

	(void)state;
	assert_non_null(huge);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(vty_send(fds[0], "enable\nshow bfd peers json\n"), 2);
	assert_int_equal(read(fds[1], wire, sizeof(wire)), 27);
	assert_memory_equal(wire, "enable\0show bfd peers json\0", 27);
	assert_int_equal(vty_process(fds[0]), getpid());
	memset(huge, 'x', VTY_SCRIPT_MAX);
	assert_int_equal(vty_send(fds[0], huge), -EMSGSIZE);
	(void)close(fds[1]);
	assert_int_equal(vty_send(fds[0], "enable\n"), -EPIPE);
	(void)close(fds[0]);
	free(huge);
}

/* ---- the child process ---- */

static sd_event *event;
static char directory[64], program[80], said[256], *old_path;
static int ended; /* 1: not yet */

static void on_end(void *context, int error, const char *text, size_t len)
{
	assert_ptr_equal(context, &ended);
	(void)snprintf(said, sizeof(said), "%.*s", (int)(len < 200 ? len : 200), text);
	ended = error;
	(void)sd_event_exit(event, 0);
}

/* A vtysh of these lines, alone in PATH but for the shell's own means. */
static void write_program(const char *lines)
{
	FILE *file = fopen(program, "w");

	assert_non_null(file);
	(void)fprintf(file, "#!/bin/sh\n%s\n", lines);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(program, 0755), 0);
}

static int begin(void **state)
{
	const char *path = getenv("PATH");

	(void)state;
	(void)snprintf(directory, sizeof(directory), "/tmp/vtysh-XXXXXX");
	if (!mkdtemp(directory) || sd_event_new(&event) < 0)
		return -1;
	(void)snprintf(program, sizeof(program), "%s/vtysh", directory);
	old_path = strdup(path ? path : "");
	ended = 1;
	said[0] = '\0';
	return setenv("PATH", directory, 1);
}

static int end(void **state)
{
	(void)state;
	(void)setenv("PATH", old_path, 1);
	free(old_path);
	event = sd_event_unref(event);
	(void)unlink(program);
	return rmdir(directory);
}

/* Run a call to its end; returns its error, and how long it took. */
static int call(const char *script, uint64_t timeout_us, uint64_t *took_us)
{
	struct timespec start, stop;
	struct vtysh *vtysh;
	int error;

	(void)clock_gettime(CLOCK_MONOTONIC, &start);
	error = vtysh_start(event, "lower", script, timeout_us, on_end, &ended, &vtysh);
	if (error < 0)
		return error;
	assert_int_equal(sd_event_loop(event), 0);
	(void)clock_gettime(CLOCK_MONOTONIC, &stop);
	*took_us = (uint64_t)(stop.tv_sec - start.tv_sec) * SECOND +
	           (uint64_t)(stop.tv_nsec / 1000) - (uint64_t)(start.tv_nsec / 1000);
	return ended;
}

static void lines_become_arguments(void **state)
{
	uint64_t us;

	(void)state;
	write_program("for a; do echo \"<$a>\"; done; read x || echo empty; echo oops >&2");
	assert_int_equal(call("bfd\n peer x\nend\n", 60 * SECOND, &us), 0);
	assert_string_equal(said, "<-N>\n<lower>\n<-d>\n<bfdd>\n<-c>\n<bfd>\n<-c>\n< peer x>\n"
	                          "<-c>\n<end>\nempty\noops\n");
}

static void a_refusal_brings_its_reason(void **state)
{
	uint64_t us;

	(void)state;
	write_program("echo '% Unknown command: x'; exit 1");
	assert_int_equal(call("x\n", 60 * SECOND, &us), -EBADMSG);
	assert_string_equal(said, "% Unknown command: x\n");
}

static void one_that_hangs_is_killed_with_its_children(void **state)
{
	char marker[96], lines[256];
	uint64_t us;
	FILE *file;
	long child = 0;

	(void)state;
	(void)snprintf(marker, sizeof(marker), "%s/child", directory);
	(void)snprintf(lines, sizeof(lines),
	               "trap '' TERM INT HUP\n/bin/sleep 60 &\necho $! > %s\nwait", marker);
	write_program(lines);
	assert_int_equal(call("x\n", 2 * SECOND, &us), -ETIMEDOUT);
	assert_in_range(us, 2 * SECOND, 50 * SECOND); /* its child sleeps for 60 */
	file = fopen(marker, "r");
	assert_non_null(file);
	assert_non_null(fgets(lines, sizeof(lines), file));
	child = strtol(lines, NULL, 10);
	(void)fclose(file);
	(void)unlink(marker);
	assert_true(child > 1);
	for (int i = 0; i < 5000 && kill((pid_t)child, 0) == 0; i++) {
		(void)snprintf(lines, sizeof(lines), "/proc/%ld/stat", child);
		file = fopen(lines, "r");
		if (file && fgets(lines, sizeof(lines), file) && strstr(lines, ") Z "))
			i = 10000; /* dead, and nobody has waited for it yet */
		if (file)
			(void)fclose(file);
		(void)usleep(10000);
		assert_true(i < 4999 || i >= 10000);
	}
}

static void endless_words_are_cut_off(void **state)
{
	uint64_t us;

	(void)state;
	write_program("while :; do echo 0123456789012345678901234567890123456789; done");
	assert_int_equal(call("x\n", 20 * SECOND, &us), -EMSGSIZE);
}

static void one_that_is_not_there_is_missed_at_once(void **state)
{
	uint64_t us;

	(void)state;
	assert_int_equal(vtysh_find(), -ENOENT);
	assert_int_equal(call("x\n", SECOND, &us), -ENOENT);
	write_program("exit 0");
	assert_int_equal(vtysh_find(), 0);
}

static void a_call_can_be_given_up(void **state)
{
	struct vtysh *vtysh;

	(void)state;
	write_program("exec /bin/sleep 60");
	assert_int_equal(vtysh_start(event, "lower", "x\n", 60 * SECOND, on_end, &ended, &vtysh),
	                 0);
	vtysh_free(vtysh);
	vtysh_free(NULL);
	assert_int_equal(sd_event_run(event, 0), 0);
	assert_int_equal(ended, 1);
}

static void too_many_lines_are_refused(void **state)
{
	char script[4096];
	uint64_t us;

	(void)state;
	write_program("exit 0");
	for (size_t i = 0; i < sizeof(script) - 1; i += 2)
		memcpy(script + i, "x\n", 2);
	script[sizeof(script) - 1] = '\0';
	assert_int_equal(call(script, SECOND, &us), -EMSGSIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_is_found_when_it_is_whole),
		cmocka_unit_test(a_complaint_is_one_line),
		cmocka_unit_test(a_script_goes_out_line_by_line),
		cmocka_unit_test_setup_teardown(lines_become_arguments, begin, end),
		cmocka_unit_test_setup_teardown(a_refusal_brings_its_reason, begin, end),
		cmocka_unit_test_setup_teardown(one_that_hangs_is_killed_with_its_children, begin,
		                                end),
		cmocka_unit_test_setup_teardown(endless_words_are_cut_off, begin, end),
		cmocka_unit_test_setup_teardown(one_that_is_not_there_is_missed_at_once, begin,
		                                end),
		cmocka_unit_test_setup_teardown(a_call_can_be_given_up, begin, end),
		cmocka_unit_test_setup_teardown(too_many_lines_are_refused, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
