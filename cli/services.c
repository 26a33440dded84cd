#include "cli/services.h"

#include "lib/control_socket.h"

#include <errno.h>
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

/* Its exit status, or -errno. */
static int systemctl(const char *const *arguments, uint64_t limit_us)
{
	pid_t pid;
	int error = posix_spawnp(&pid, arguments[0], NULL, NULL, (char *const *)arguments, environ);

	return error ? -error : wait_until(pid, control_now_us() + limit_us);
}

bool services_are_active(void)
{
	static const char *const arguments[] = { "systemctl", "is-active", "--quiet", UNIT, NULL };

	return sd_booted() > 0 && systemctl(arguments, ACTIVE_US) == 0;
}

int services_reload(void)
{
	static const char *const arguments[] = { "systemctl", "reload", UNIT, NULL };
	int status = systemctl(arguments, RELOAD_US);

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
