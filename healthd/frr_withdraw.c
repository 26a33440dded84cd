/* frr_withdraw_all(), see frr.h: everything with one deadline, waiting for each answer. */
#include "healthd/frr.h"

#include "healthd/vty.h"
#include "lib/control_socket.h"
#include "lib/log.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define AT_ONCE 64 /* peers deleted by one script */
#define ROUNDS  16

struct withdrawal {
	const char *pathspace;
	int fd;
	uint64_t deadline_us;
	char answer[VTY_ANSWER_MAX];
};

/* 0 when there is something to read, or -ETIMEDOUT. */
static int wait_for_bytes(const struct withdrawal *w)
{
	struct pollfd poll_fd = { .fd = w->fd, .events = POLLIN };
	uint64_t now = control_now_us();

	if (now >= w->deadline_us)
		return -ETIMEDOUT;
	return poll(&poll_fd, 1, (int)((w->deadline_us - now) / 1000) + 1) == 0 ? -ETIMEDOUT : 0;
}

/* Read until as many answers are whole. The text of the last one is at the beginning of w->answer,
 * *len bytes. What bfdd refuses is of no account: the peers are read again afterwards. */
static int read_answers(struct withdrawal *w, int answers, size_t *len)
{
	size_t have = 0, taken;
	uint8_t code;

	for (;;) {
		ssize_t got;
		int error = wait_for_bytes(w);

		if (error < 0)
			return error;
		got = recv(w->fd, w->answer + have, sizeof(w->answer) - have, MSG_DONTWAIT);
		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (got <= 0)
			return -ECONNRESET;
		have += (size_t)got;
		while ((taken = vty_answer(w->answer, have, len, &code)) > 0) {
			if (--answers == 0)
				return 0;
			memmove(w->answer, w->answer + taken, have - taken);
			have -= taken;
		}
		if (have == sizeof(w->answer))
			return -EMSGSIZE;
	}
}

static int ask(struct withdrawal *w, const char *script, size_t *len)
{
	int answers = vty_send(w->fd, script);

	return answers < 0 ? answers : read_answers(w, answers, len);
}

/* Returns how many peers there were (at most AT_ONCE of them are in script now), or -errno. */
static int find_peers(struct withdrawal *w, char *script, size_t size)
{
	struct bfd_peer_state peers[AT_ONCE];
	size_t len;
	int error = ask(w, "enable\n" BFD_SHOW "\n", &len), count;
	FILE *out;

	if (error < 0)
		return error;
	count = bfd_parse_peers(w->answer, len, peers, AT_ONCE);
	if (count <= 0)
		return count;
	out = fmemopen(script, size, "w");
	if (!out)
		return -errno;
	(void)fprintf(out, "configure terminal\nbfd\n");
	for (int i = 0; i < count; i++)
		bfd_print_no_peer(&peers[i], out);
	(void)fprintf(out, "end\n");
	return fclose(out) == 0 ? count : -EMSGSIZE;
}

/* Until none is left: another program (a call of vtysh under way) may be making some. */
static int delete_peers(struct withdrawal *w)
{
	char script[VTY_SCRIPT_MAX];
	size_t len;

	for (int round = 0; round < ROUNDS; round++) {
		int count = find_peers(w, script, sizeof(script));
		int error;

		if (count <= 0)
			return count;
		error = ask(w, script, &len);
		if (error < 0)
			return error;
	}
	return -EBUSY;
}

/* The process that we are connected to, held by a pidfd, so that no other one is met. */
static int kill_bfdd(const char *pathspace, int pidfd, int why)
{
	if (pidfd < 0)
		errno = ESRCH;
	else if (pidfd_send_signal(pidfd, SIGKILL, NULL, 0) == 0) {
		log_warning("pathspace %s: bfdd did not withdraw its peers (%s), so it was killed",
		            pathspace, strerror(-why));
		return 0;
	}
	log_error(
		"pathspace %s: bfdd did not withdraw its peers (%s) and could not be killed (%s); systemctl restart sa-nat64-bfdd@%s",
		pathspace, strerror(-why), strerror(errno), pathspace);
	return why;
}

static int withdraw(struct withdrawal *w)
{
	pid_t pid = vty_process(w->fd);
	int pidfd = pid > 1 ? pidfd_open(pid, 0) : -1;
	int error = delete_peers(w);

	if (error == -ECONNRESET)
		error = 0; /* it has ended */
	else if (error < 0)
		error = kill_bfdd(w->pathspace, pidfd, error);
	if (pidfd >= 0)
		(void)close(pidfd);
	return error;
}

/* A bfdd that hangs while others try to connect has a full queue in the end; room may come. */
static int connect_until(const char *pathspace, uint64_t deadline_us)
{
	int fd;

	while ((fd = vty_connect(pathspace, "bfdd")) == -EAGAIN && control_now_us() < deadline_us)
		(void)poll(NULL, 0, 10);
	return fd;
}

/* The first line of a file under a directory, "" when it cannot be read. */
static void read_line(const char *directory, const char *name, const char *file, char out[32])
{
	char path[200];
	FILE *stream;

	out[0] = '\0';
	if (snprintf(path, sizeof(path), "%s/%s/%s", directory, name, file) >= (int)sizeof(path))
		return;
	stream = fopen(path, "re");
	if (!stream)
		return;
	if (!fgets(out, 32, stream))
		out[0] = '\0';
	(void)fclose(stream);
	out[strcspn(out, "\n")] = '\0';
}

/* The process whose number bfdd wrote down, when it is a bfdd; -1: none. */
static int pidfd_of_file(const char *pathspace)
{
	char number[32], name[32];
	long pid;
	int pidfd;

	read_line(VTY_RUN_DIR, pathspace, "bfdd.pid", number);
	pid = strtol(number, NULL, 10);
	if (pid <= 1)
		return -1;
	(void)snprintf(number, sizeof(number), "%ld", pid);
	pidfd = pidfd_open((pid_t)pid, 0);
	read_line("/proc", number, "comm", name);
	if (pidfd >= 0 && strcmp(name, "bfdd") != 0) {
		(void)close(pidfd);
		pidfd = -1;
	}
	return pidfd;
}

static int not_connected(const char *pathspace, int error)
{
	int pidfd;

	if (error == -ENOENT || error == -ECONNREFUSED)
		return 0;
	if (error == -EAGAIN) {
		pidfd = pidfd_of_file(pathspace);
		error = kill_bfdd(pathspace, pidfd, -ETIMEDOUT);
		if (pidfd >= 0)
			(void)close(pidfd);
		return error;
	}
	log_error("pathspace %s: bfdd cannot be told to withdraw its peers: %s", pathspace,
	          strerror(-error));
	return error;
}

int frr_withdraw_all(const char *pathspace, uint64_t timeout_us)
{
	uint64_t deadline_us = control_now_us() + timeout_us;
	int fd = connect_until(pathspace, deadline_us), error;
	struct withdrawal *w;

	if (fd < 0)
		return not_connected(pathspace, fd);
	w = calloc(1, sizeof(*w));
	if (!w) {
		(void)close(fd);
		return -ENOMEM;
	}
	w->pathspace = pathspace;
	w->fd = fd;
	w->deadline_us = deadline_us;
	error = withdraw(w);
	(void)close(fd);
	free(w);
	return error;
}
