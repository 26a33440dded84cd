#include "healthd/process.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

struct process {
	sd_event *event;
	void (*ended)(void *context);
	void *context;
	uint32_t pid;
	int fd;              /* -1: it has ended */
	sd_event_source *io; /* owned */
};

static void let_go(struct process *process)
{
	process->io = sd_event_source_disable_unref(process->io);
	if (process->fd >= 0)
		(void)close(process->fd);
	process->fd = -1;
}

static int on_end(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct process *process = userdata;

	(void)source;
	(void)fd;
	(void)events;
	let_go(process);
	process->ended(process->context);
	return 0;
}

int process_watch(struct process *process, uint32_t pid)
{
	int error;

	if (process->fd >= 0 && process->pid == pid)
		return 0;
	let_go(process);
	process->pid = pid;
	process->fd = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0);
	if (process->fd < 0)
		return -errno;
	error = sd_event_add_io(process->event, &process->io, process->fd, EPOLLIN, on_end,
	                        process);
	if (error >= 0)
		return 1;
	let_go(process);
	return error;
}

uint32_t process_pid(const struct process *process)
{
	return process->pid;
}

bool process_runs(const struct process *process)
{
	return process->fd >= 0;
}

int process_new(sd_event *event, void (*ended)(void *context), void *context, struct process **out)
{
	struct process *process = calloc(1, sizeof(*process));

	if (!process)
		return -ENOMEM;
	process->event = sd_event_ref(event);
	process->ended = ended;
	process->context = context;
	process->fd = -1;
	*out = process;
	return 0;
}

void process_free(struct process *process)
{
	if (!process)
		return;
	let_go(process);
	(void)sd_event_unref(process->event);
	free(process);
}
