#include "cli/services.h"

#include "lib/control_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

#define UNIT      "sa-nat64.service"
#define ACTIVE_US 2000000
#define RELOAD_US UINT64_C(90000000) /* as long as systemd gives a job */
#define PAUSE_NS  (10 * 1000000L)
#define SHOWN_MAX 4096 /* bytes of what systemctl prints */

extern char **environ;

/* The exit status of a process, or -ETIMEDOUT when it did not end until then and was killed. */
static int wait_until(pid_t pid, uint64_t deadline_us)
{
	int status;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		struct timespec pause = { .tv_nsec = PAUSE_NS };

		if (control_now_us() > deadline_us) {
			(void)kill(pid, SIGKILL);
			(void)waitpid(pid, &status, 0);
			return -ETIMEDOUT;
		}
		(void)nanosleep(&pause, NULL);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

/* Its exit status, or -errno. actions: what becomes of its descriptors, NULL for nothing. */
static int systemctl(const char *const *arguments, const posix_spawn_file_actions_t *actions,
                     uint64_t limit_us)
{
	pid_t pid;
	int error = posix_spawnp(&pid, arguments[0], actions, NULL, (char *const *)arguments,
	                         environ);

	return error ? -error : wait_until(pid, control_now_us() + limit_us);
}

bool services_are_active(void)
{
	static const char *const arguments[] = { "systemctl", "is-active", "--quiet", UNIT, NULL };

	return sd_booted() > 0 && systemctl(arguments, NULL, ACTIVE_US) == 0;
}

int services_reload(void)
{
	static const char *const arguments[] = { "systemctl", "reload", UNIT, NULL };
	int status = systemctl(arguments, NULL, RELOAD_US);

	if (status == 0)
		return 0;
	if (status == -ETIMEDOUT)
		(void)fprintf(stderr, "sa-nat64: systemctl reload sa-nat64 did not end within "
		                      "90 s; see systemctl status sa-nat64\n");
	else if (status < 0)
		(void)fprintf(stderr, "sa-nat64: cannot run systemctl: %s\n", strerror(-status));
	else
		(void)fprintf(stderr, "sa-nat64: systemctl reload sa-nat64 failed; see systemctl "
		                      "status sa-nat64\n");
	return 1;
}

/* What it prints: a few lines, which a pipe holds until they are read. */
static int systemctl_to(const char *const *arguments, char *buf, size_t size)
{
	posix_spawn_file_actions_t actions;
	int ends[2], status = 0;
	ssize_t len = -1;

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	if (posix_spawn_file_actions_init(&actions) != 0)
		status = -ENOMEM;
	if (status == 0) {
		if (posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO) != 0)
			status = -ENOMEM;
		else
			status = systemctl(arguments, &actions, ACTIVE_US);
		(void)posix_spawn_file_actions_destroy(&actions);
	}
	if (status == 0)
		len = read(ends[0], buf, size - 1);
	(void)close(ends[0]);
	(void)close(ends[1]);
	buf[len > 0 ? len : 0] = '\0';
	return status;
}

/* The value of "NAME=VALUE" on a line of its own, which ends it; NULL when there is none. */
static const char *value_of(const char *lines, const char *name)
{
	size_t len = strlen(name);

	for (const char *line = lines; *line; line += strcspn(line, "\n"), line += *line == '\n')
		if (strncmp(line, name, len) == 0 && line[len] == '=')
			return line + len + 1;
	return NULL;
}

const char *services_status_text(const char *unit, char *buf, size_t size)
{
	const char *const arguments[] = { "systemctl", "show",       "-p", "ActiveState",
		                          "-p",        "StatusText", unit, NULL };
	char lines[SHOWN_MAX];
	const char *state, *text;

	buf[0] = '\0';
	if (systemctl_to(arguments, lines, sizeof(lines)) != 0)
		return buf;
	state = value_of(lines, "ActiveState");
	text = value_of(lines, "StatusText");
	/* One that is stopped keeps its last words. */
	if (state && text &&
	    (strncmp(state, "active\n", 7) == 0 || strncmp(state, "reloading\n", 10) == 0))
		(void)snprintf(buf, size, "%.*s", (int)strcspn(text, "\n"), text);
	return buf;
}
