/* See control_socket.h. Deadlines are kept by poll() before each non-blocking send or receive. */
#include "lib/control_socket.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

int control_socket_path(const char *rundir, const char *instance, char *path, size_t size)
{
	char text[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	int len = snprintf(text, sizeof(text), "%s/%s/control.sock", rundir, instance);

	if (len < 0 || (size_t)len >= sizeof(text) || (size_t)len >= size)
		return -ENAMETOOLONG;
	memcpy(path, text, (size_t)len + 1);
	return 0;
}

uint64_t control_now_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* At least a microsecond: zero would mean "for ever" to SO_SNDTIMEO. */
static struct timeval time_left(uint64_t deadline_us)
{
	uint64_t now = control_now_us();
	uint64_t left = deadline_us > now ? deadline_us - now : 1;

	return (struct timeval){ .tv_sec = (time_t)(left / 1000000),
		                 .tv_usec = (suseconds_t)(left % 1000000) };
}

int control_connect(const char *path, uint64_t deadline_us)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct timeval timeout = time_left(deadline_us);
	size_t len = strlen(path);
	int fd, error;

	if (len >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, len + 1);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	/* connect() waits only while the server's queue of new connections is full. */
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)) < 0)
		goto fail;
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		goto fail;
	return fd;
fail:
	error = errno == EAGAIN ? ETIMEDOUT : errno;
	(void)close(fd);
	return -error;
}

/* Wait until fd is ready for events. A deadline that has passed still looks once. */
static int wait_ready(int fd, short events, uint64_t deadline_us)
{
	struct pollfd pollfd = { .fd = fd, .events = events };

	for (;;) {
		uint64_t now = control_now_us();
		uint64_t left = deadline_us > now ? deadline_us - now : 0;
		int ready = poll(&pollfd, 1, (int)((left + 999) / 1000));

		if (ready > 0)
			return 0;
		if (ready == 0)
			return -ETIMEDOUT;
		if (errno != EINTR)
			return -errno;
	}
}

int control_send(int fd, const void *message, size_t len, uint64_t deadline_us)
{
	if (len > CONTROL_MESSAGE_MAX)
		return -EMSGSIZE;
	for (;;) {
		int error = wait_ready(fd, POLLOUT, deadline_us);

		if (error)
			return error;
		if (send(fd, message, len, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
			return 0;
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
	}
}

ssize_t control_receive(int fd, void *buffer, size_t size, uint64_t deadline_us)
{
	for (;;) {
		int error = wait_ready(fd, POLLIN, deadline_us);
		ssize_t len;

		if (error)
			return error;
		len = recv(fd, buffer, size, MSG_DONTWAIT | MSG_TRUNC);
		if (len > 0)
			return (size_t)len > size ? -EMSGSIZE : len;
		if (len == 0)
			return -ECONNRESET;
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
	}
}
