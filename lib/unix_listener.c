/* See unix_listener.h. */
#include "lib/unix_listener.h"

#include "lib/run_directory.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Remove the socket that an ended process left at address. A process that is stopped or busy still
 * counts as there. */
static int remove_stale(const struct sockaddr_un *address)
{
	struct stat st;
	int fd, error = 0;

	if (lstat(address->sun_path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 || errno == EAGAIN)
		error = -EADDRINUSE;
	else if (errno != ECONNREFUSED && errno != ENOENT)
		error = -errno;
	(void)close(fd);
	if (error == 0 && unlink(address->sun_path) < 0 && errno != ENOENT)
		error = -errno;
	return error;
}

int unix_listen(const char *path, mode_t mode, int backlog)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t len = strlen(path);
	int fd, error;

	if (len >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, len + 1);
	error = run_directory_make(path);
	if (error == 0)
		error = remove_stale(&address);
	if (error)
		return error;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		error = -errno;
	} else if (chmod(path, mode) < 0 || listen(fd, backlog) < 0) {
		error = -errno;
		(void)unlink(path);
	} else {
		return fd;
	}
	(void)close(fd);
	return error;
}
