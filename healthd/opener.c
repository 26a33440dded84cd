/* See opener.h. The socket pair keeps message boundaries and tells when the other end is gone. */
#include "healthd/opener.h"

#include "lib/log.h"
#include "lib/privileges.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAMESPACES "/run/netns/"
#define WAIT_MS    500
#define CHILD_FD   3 /* descriptors from here on are the child's */

struct order {
	uint32_t kind;
	char name[OPENER_NAME_MAX]; /* "": where the program was started */
};

struct result {
	int32_t error; /* 0, or -errno */
	struct opener_namespace which;
};

struct opener {
	pid_t child;
	int fd; /* -1: given up */
};

union ancillary {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(sizeof(int))];
};

/* ---- names ---- */

static int namespace_path(const char *name, char *path, size_t size)
{
	if (name[0] == '\0' || name[0] == '.' || strchr(name, '/') ||
	    snprintf(path, size, NAMESPACES "%s", name) >= (int)size)
		return -EINVAL;
	return 0;
}

int opener_find(const char *name, struct opener_namespace *which)
{
	char path[sizeof(NAMESPACES) + OPENER_NAME_MAX];
	struct stat st;
	int error = namespace_path(name, path, sizeof(path));

	if (error == 0 && stat(path, &st) < 0)
		error = -errno;
	if (error)
		return error;
	*which = (struct opener_namespace){ .device = st.st_dev, .inode = st.st_ino };
	return 0;
}

/* ---- the child ---- */

static int open_socket(uint32_t kind)
{
	/* clang-format off */
	static const struct { int family, type, protocol; } kinds[OPENER_KINDS] = {
		[OPENER_UDP6]  = { AF_INET6,   SOCK_DGRAM, 0 },
		[OPENER_UDP4]  = { AF_INET,    SOCK_DGRAM, 0 },
		[OPENER_ROUTE] = { AF_NETLINK, SOCK_RAW,   NETLINK_ROUTE },
	};
	/* clang-format on */
	int fd;

	if (kind >= OPENER_KINDS)
		return -EINVAL;
	fd = socket(kinds[kind].family, kinds[kind].type | SOCK_CLOEXEC | SOCK_NONBLOCK,
	            kinds[kind].protocol);
	return fd < 0 ? -errno : fd;
}

static int enter(const char *name, struct opener_namespace *which)
{
	char path[sizeof(NAMESPACES) + OPENER_NAME_MAX];
	struct stat st;
	int fd, error = namespace_path(name, path, sizeof(path));

	if (error)
		return error;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0 || setns(fd, CLONE_NEWNET) < 0)
		error = -errno;
	else
		*which = (struct opener_namespace){ .device = st.st_dev, .inode = st.st_ino };
	(void)close(fd);
	return error;
}

/* Ends the child when it cannot come back: the next socket would be in the wrong namespace. */
static int serve(struct order *order, int home, struct opener_namespace *which)
{
	int fd, error = 0;

	order->name[OPENER_NAME_MAX - 1] = '\0';
	if (order->name[0])
		error = enter(order->name, which);
	if (error)
		return error;
	fd = open_socket(order->kind);
	if (order->name[0] && setns(home, CLONE_NEWNET) < 0)
		_exit(1);
	return fd;
}

static int reply(int to, const struct result *result, int fd)
{
	struct iovec part = { (void *)result, sizeof(*result) };
	union ancillary ancillary = { 0 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	if (fd >= 0) {
		message.msg_control = ancillary.bytes;
		message.msg_controllen = sizeof(ancillary.bytes);
		ancillary.header.cmsg_level = SOL_SOCKET;
		ancillary.header.cmsg_type = SCM_RIGHTS;
		ancillary.header.cmsg_len = CMSG_LEN(sizeof(fd));
		memcpy(CMSG_DATA(&ancillary.header), &fd, sizeof(fd));
	}
	return sendmsg(to, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static void child_loop(int orders, int home)
{
	struct order order;

	while (recv(orders, &order, sizeof(order), 0) == (ssize_t)sizeof(order)) {
		struct result result = { .error = 0 };
		int fd = serve(&order, home, &result.which);

		result.error = fd < 0 ? fd : 0;
		if (reply(orders, &result, fd) < 0)
			return;
		if (fd >= 0)
			(void)close(fd);
	}
}

/* Nothing but the parent's end, or its socket, ends the child. */
static void child_main(int orders, pid_t parent)
{
	sigset_t all;
	int home;

	(void)prctl(PR_SET_NAME, "healthd-opener");
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_BLOCK, &all, NULL);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(1);
	if (orders != CHILD_FD && dup2(orders, CHILD_FD) < 0)
		_exit(1);
	(void)close_range(CHILD_FD + 1, ~0U, 0);
	home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (home < 0 || privileges_keep(CAP_SYS_ADMIN) < 0)
		_exit(1);
	child_loop(CHILD_FD, home);
	_exit(0);
}

/* ---- the parent ---- */

int opener_start(struct opener **out)
{
	struct opener *opener = calloc(1, sizeof(*opener));
	pid_t parent = getpid();
	int pair[2], error;

	if (!opener)
		return -ENOMEM;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		goto fail;
	opener->child = fork();
	if (opener->child == 0)
		child_main(pair[1], parent);
	error = errno;
	(void)close(pair[1]);
	opener->fd = pair[0];
	errno = error;
	if (opener->child < 0)
		goto fail_pair;
	*out = opener;
	return 0;
fail_pair:
	(void)close(pair[0]);
fail:
	error = -errno;
	log_error("cannot start the process that opens sockets in namespaces: %s",
	          strerror(-error));
	free(opener);
	return error;
}

static void give_up(struct opener *opener)
{
	log_error("the process that opens sockets in namespaces is gone; restart sa-nat64-healthd");
	(void)close(opener->fd);
	opener->fd = -1;
}

void opener_free(struct opener *opener)
{
	if (!opener)
		return;
	if (opener->fd >= 0)
		(void)close(opener->fd);
	(void)kill(opener->child, SIGKILL);
	(void)waitpid(opener->child, NULL, 0);
	free(opener);
}

/* The child is gone, or hangs. */
static int ask(struct opener *opener, const struct order *order)
{
	struct pollfd pollfd = { .fd = opener->fd, .events = POLLIN };

	if (send(opener->fd, order, sizeof(*order), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		return -ESHUTDOWN;
	return poll(&pollfd, 1, WAIT_MS) == 1 ? 0 : -ESHUTDOWN;
}

static int take_reply(struct opener *opener, struct result *result)
{
	struct iovec part = { result, sizeof(*result) };
	union ancillary ancillary;
	struct msghdr message = { .msg_iov = &part,
		                  .msg_iovlen = 1,
		                  .msg_control = ancillary.bytes,
		                  .msg_controllen = sizeof(ancillary.bytes) };
	const struct cmsghdr *header;
	int fd;

	if (recvmsg(opener->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) !=
	    (ssize_t)sizeof(*result))
		return -ESHUTDOWN;
	if (result->error)
		return result->error;
	header = CMSG_FIRSTHDR(&message);
	if (!header || header->cmsg_type != SCM_RIGHTS)
		return -EMFILE;
	memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	return fd;
}

int opener_open(struct opener *opener, enum opener_kind kind, const char *name,
                struct opener_namespace *which)
{
	struct order order = { .kind = kind };
	struct result result;
	int fd;

	if (opener->fd < 0)
		return -ESHUTDOWN;
	if (name && (name[0] == '\0' || snprintf(order.name, sizeof(order.name), "%s", name) >=
	                                        (int)sizeof(order.name)))
		return -EINVAL;
	fd = ask(opener, &order);
	if (fd == 0)
		fd = take_reply(opener, &result);
	if (fd == -ESHUTDOWN)
		give_up(opener);
	if (fd >= 0)
		*which = result.which;
	return fd;
}
