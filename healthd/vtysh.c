/* See vtysh.h. */
#include "healthd/vtysh.h"

#include "healthd/vty.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LINES_MAX 256
#define ARGS_MAX  (2 * LINES_MAX + 8)

struct vtysh {
	pid_t pid; /* 0: reaped */
	int pidfd, output;
	sd_event_source *exited, *written, *deadline; /* owned */
	vtysh_done_fn *done;
	void *context;
	size_t len;
	char buffer[VTY_ANSWER_MAX];
};

/* The process is gone and has been waited for. Returns its exit status, or -1. */
static int reap(struct vtysh *vtysh)
{
	siginfo_t info = { .si_pid = 0 };
	int status = -1;

	while (waitid(P_PID, (id_t)vtysh->pid, &info, WEXITED) < 0 && errno == EINTR)
		;
	if (info.si_pid == vtysh->pid && info.si_code == CLD_EXITED)
		status = info.si_status;
	vtysh->pid = 0;
	return status;
}

void vtysh_free(struct vtysh *vtysh)
{
	if (!vtysh)
		return;
	if (vtysh->pid > 0) {
		(void)kill(-vtysh->pid, SIGKILL);
		(void)kill(vtysh->pid, SIGKILL);
		(void)reap(vtysh);
	}
	vtysh->exited = sd_event_source_disable_unref(vtysh->exited);
	vtysh->written = sd_event_source_disable_unref(vtysh->written);
	vtysh->deadline = sd_event_source_disable_unref(vtysh->deadline);
	if (vtysh->pidfd >= 0)
		(void)close(vtysh->pidfd);
	if (vtysh->output >= 0)
		(void)close(vtysh->output);
	free(vtysh);
}

static void finish(struct vtysh *vtysh, int error)
{
	if (vtysh->pid > 0 && error != 0) {
		(void)kill(-vtysh->pid, SIGKILL);
		(void)kill(vtysh->pid, SIGKILL);
		(void)reap(vtysh);
	}
	vtysh->done(vtysh->context, error, vtysh->buffer, vtysh->len);
	vtysh_free(vtysh);
}

/* What can be read now. 0, or -EMSGSIZE. */
static int read_output(struct vtysh *vtysh)
{
	ssize_t len;

	do {
		if (vtysh->len == sizeof(vtysh->buffer))
			return -EMSGSIZE;
		len = read(vtysh->output, vtysh->buffer + vtysh->len,
		           sizeof(vtysh->buffer) - vtysh->len);
		if (len > 0)
			vtysh->len += (size_t)len;
	} while (len > 0 || (len < 0 && errno == EINTR));
	if (len == 0)
		vtysh->written = sd_event_source_disable_unref(vtysh->written);
	return 0;
}

static int on_output(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct vtysh *vtysh = userdata;

	(void)source;
	(void)fd;
	(void)events;
	if (read_output(vtysh) < 0)
		finish(vtysh, -EMSGSIZE);
	return 0;
}

static int on_exit_of(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct vtysh *vtysh = userdata;
	int error = read_output(vtysh), status = reap(vtysh);

	(void)source;
	(void)fd;
	(void)events;
	if (error == 0 && status != 0)
		error = -EBADMSG;
	finish(vtysh, error);
	return 0;
}

static int on_deadline(sd_event_source *source, uint64_t at_us, void *userdata)
{
	(void)source;
	(void)at_us;
	finish(userdata, -ETIMEDOUT);
	return 0;
}

/* "vtysh -N PATHSPACE -d bfdd -c LINE -c LINE ..."; lines is cut into its lines. */
static int make_arguments(const char *pathspace, char *lines, const char **args)
{
	size_t count = 0;
	char *line;

	args[count++] = "vtysh";
	args[count++] = "-N";
	args[count++] = pathspace;
	args[count++] = "-d";
	args[count++] = "bfdd";
	while ((line = strsep(&lines, "\n"))) {
		if (!line[0])
			continue;
		if (count + 3 > ARGS_MAX)
			return -EMSGSIZE;
		args[count++] = "-c";
		args[count++] = line;
	}
	args[count] = NULL;
	return 0;
}

/* Standard input is empty, both outputs are the pipe, signals are as they were made. */
static int spawn(const char *const *args, int output, pid_t *pid)
{
	static char path_default[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	char path[4096], *environment[] = { path_default, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	int error;

	if (getenv("PATH") &&
	    snprintf(path, sizeof(path), "PATH=%s", getenv("PATH")) < (int)sizeof(path))
		environment[0] = path;
	(void)sigemptyset(&none);
	(void)sigfillset(&all);
	if (posix_spawn_file_actions_init(&actions) != 0)
		return -ENOMEM;
	if (posix_spawnattr_init(&attributes) != 0) {
		(void)posix_spawn_file_actions_destroy(&actions);
		return -ENOMEM;
	}
	(void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
	                                                    POSIX_SPAWN_SETSIGDEF);
	(void)posix_spawnattr_setsigmask(&attributes, &none);
	(void)posix_spawnattr_setsigdefault(&attributes, &all);
	error = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	if (!error)
		error = posix_spawn_file_actions_adddup2(&actions, output, 1);
	if (!error)
		error = posix_spawn_file_actions_adddup2(&actions, output, 2);
	if (!error)
		error = posix_spawnp(pid, args[0], &actions, &attributes, (char *const *)args,
		                     environment);
	(void)posix_spawnattr_destroy(&attributes);
	(void)posix_spawn_file_actions_destroy(&actions);
	return -error;
}

static int start(struct vtysh *vtysh, const char *pathspace, const char *script)
{
	const char *args[ARGS_MAX];
	int fds[2], error;
	char *lines = strdup(script);

	if (!lines)
		return -ENOMEM;
	error = make_arguments(pathspace, lines, args);
	if (error == 0 && pipe2(fds, O_CLOEXEC) < 0)
		error = -errno;
	if (error == 0) {
		vtysh->output = fds[0];
		(void)fcntl(fds[0], F_SETFL, O_NONBLOCK);
		error = spawn(args, fds[1], &vtysh->pid);
		(void)close(fds[1]);
	}
	free(lines);
	if (error < 0)
		vtysh->pid = 0;
	return error;
}

static int watch(struct vtysh *vtysh, sd_event *event, uint64_t timeout_us)
{
	int error;

	vtysh->pidfd = pidfd_open(vtysh->pid, 0);
	if (vtysh->pidfd < 0)
		return -errno;
	error = sd_event_add_io(event, &vtysh->exited, vtysh->pidfd, EPOLLIN, on_exit_of, vtysh);
	if (error >= 0)
		error = sd_event_add_io(event, &vtysh->written, vtysh->output, EPOLLIN, on_output,
		                        vtysh);
	if (error >= 0)
		error = sd_event_add_time_relative(event, &vtysh->deadline, CLOCK_MONOTONIC,
		                                   timeout_us, 10000, on_deadline, vtysh);
	return error < 0 ? error : 0;
}

int vtysh_start(sd_event *event, const char *pathspace, const char *script, uint64_t timeout_us,
                vtysh_done_fn *done, void *context, struct vtysh **out)
{
	struct vtysh *vtysh = calloc(1, sizeof(*vtysh));
	int error;

	if (!vtysh)
		return -ENOMEM;
	vtysh->pidfd = -1;
	vtysh->output = -1;
	vtysh->done = done;
	vtysh->context = context;
	error = start(vtysh, pathspace, script);
	if (error == 0)
		error = watch(vtysh, event, timeout_us);
	if (error < 0) {
		vtysh_free(vtysh);
		return error;
	}
	*out = vtysh;
	return 0;
}

int vtysh_find(void)
{
	const char *path = getenv("PATH");
	char file[4096];

	while (path) {
		int len = (int)strcspn(path, ":");

		if (snprintf(file, sizeof(file), "%.*s/vtysh", len, path) < (int)sizeof(file) &&
		    access(file, X_OK) == 0)
			return 0;
		path = path[len] ? path + len + 1 : NULL;
	}
	return -ENOENT;
}
