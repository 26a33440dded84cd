#include "healthd/drained.h"

#include "lib/run_directory.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int path_of(const char *rundir, const char *instance, const char *suffix,
                   char path[PATH_MAX])
{
	int len = snprintf(path, PATH_MAX, "%s/%s/drained%s", rundir, instance, suffix);

	return len < 0 || len >= PATH_MAX ? -ENAMETOOLONG : 0;
}

static void tidy(char *text)
{
	text[strcspn(text, "\n")] = '\0';
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

bool drained_read(const char *rundir, const char *instance, char *reason, size_t size)
{
	char path[PATH_MAX];
	ssize_t len;
	int fd;

	reason[0] = '\0';
	if (path_of(rundir, instance, "", path) < 0)
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return errno != ENOENT && errno != ENOTDIR;
	len = read(fd, reason, size - 1);
	reason[len > 0 ? len : 0] = '\0';
	(void)close(fd);
	tidy(reason);
	return true;
}

static int write_file(const char *path, const char *reason)
{
	int error = 0, fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	ssize_t len;

	if (fd < 0)
		return -errno;
	len = dprintf(fd, "%s\n", reason);
	if (len < 0)
		error = -errno;
	else if ((size_t)len != strlen(reason) + 1)
		error = -ENOSPC;
	if (close(fd) < 0 && error == 0)
		error = -errno;
	return error;
}

/* A file that is half written is never seen under the name. */
int drained_write(const char *rundir, const char *instance, const char *reason)
{
	char path[PATH_MAX], half[PATH_MAX];
	int error;

	if (path_of(rundir, instance, "", path) < 0 || path_of(rundir, instance, ".new", half) < 0)
		return -ENAMETOOLONG;
	error = run_directory_make(path);
	if (error)
		return error;
	error = write_file(half, reason);
	if (error == 0 && rename(half, path) < 0)
		error = -errno;
	if (error)
		(void)unlink(half);
	return error;
}

int drained_remove(const char *rundir, const char *instance)
{
	char path[PATH_MAX];
	int error = path_of(rundir, instance, "", path);

	if (error == 0 && unlink(path) < 0 && errno != ENOENT)
		error = -errno;
	return error;
}
