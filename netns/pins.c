#include "netns/pins.h"

#include "lib/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PINS_DIRECTORY "/sys/fs/bpf/sa-nat64"
#define PINS_DEPTH     4 /* of directories in directories */

/* Empty the directory `name` in at and remove it. 0 or -errno. */
static int remove_tree(int at, const char *name, int depth)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), error = 0;
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!directory) {
		error = -errno;
		if (fd >= 0)
			close(fd);
		return error;
	}
	while (error == 0 && (entry = readdir(directory))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (unlinkat(fd, entry->d_name, 0) == 0 || errno == ENOENT)
			continue;
		error = errno == EISDIR && depth > 0 ? remove_tree(fd, entry->d_name, depth - 1)
		                                     : -errno;
	}
	(void)closedir(directory);
	if (error == 0 && unlinkat(at, name, AT_REMOVEDIR) < 0)
		error = -errno;
	return error;
}

int pins_remove(const char *instance)
{
	char path[PATH_MAX];
	int error;

	(void)snprintf(path, sizeof(path), PINS_DIRECTORY "/%s", instance);
	error = remove_tree(AT_FDCWD, path, PINS_DEPTH);
	(void)rmdir(PINS_DIRECTORY); /* others may have theirs in it */
	if (error == -ENOENT)
		return 0;
	if (error < 0) {
		log_error("cannot remove the BPF objects in %s: %s", path, strerror(-error));
		return error;
	}
	return 1;
}
