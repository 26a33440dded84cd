#include "netns/space.h"

#include "lib/log.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define OWN_NAMESPACE "/proc/self/ns/net"

static int space_path(const char *name, char path[PATH_MAX])
{
	return snprintf(path, PATH_MAX, SPACE_DIRECTORY "/%s", name) < PATH_MAX ? 0 : -ENAMETOOLONG;
}

/* ---- the workplace ---- */

static struct nl_sock *connected_socket(void)
{
	struct nl_sock *sock = nl_socket_alloc();

	if (sock && nl_connect(sock, NETLINK_ROUTE) < 0) {
		nl_socket_free(sock);
		sock = NULL;
	}
	return sock;
}

int workplace_go_inside(const struct workplace *place)
{
	return setns(place->inner, CLONE_NEWNET) < 0 ? -errno : 0;
}

int workplace_go_back(const struct workplace *place)
{
	return setns(place->box, CLONE_NEWNET) < 0 ? -errno : 0;
}

/* A descriptor, -ENOENT when the name is none of a namespace, or another -errno. */
static int open_space(const char *name)
{
	char path[PATH_MAX];
	struct statfs about;
	int fd = space_path(name, path);

	if (fd == 0)
		fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ENOENT : -errno;
	if (fstatfs(fd, &about) == 0 && about.f_type == NSFS_MAGIC)
		return fd;
	close(fd);
	return -ENOENT;
}

int workplace_enter_new(struct workplace *place)
{
	int error;

	place->inner = open_space(place->name);
	if (place->inner < 0)
		return place->inner;
	error = workplace_go_inside(place);
	if (error < 0)
		return error;
	place->inner_sock = connected_socket();
	error = workplace_go_back(place);
	return error < 0 || place->inner_sock ? error : -EIO;
}

int workplace_open(struct workplace *place, const char *name)
{
	int error = 0;

	*place = (struct workplace){ .box = -1, .inner = -1, .name = name };
	place->box = open(OWN_NAMESPACE, O_RDONLY | O_CLOEXEC);
	if (place->box < 0)
		error = -errno;
	if (error == 0) {
		place->box_sock = connected_socket();
		error = place->box_sock ? workplace_enter_new(place) : -EIO;
	}
	if (error == 0 || error == -ENOENT)
		return 0;
	log_error("cannot look into the namespace %s: %s", name, strerror(-error));
	workplace_close(place);
	return error;
}

void workplace_close(struct workplace *place)
{
	nl_socket_free(place->box_sock);
	nl_socket_free(place->inner_sock);
	if (place->box >= 0)
		close(place->box);
	if (place->inner >= 0)
		close(place->inner);
	*place = (struct workplace){ .box = -1, .inner = -1 };
}

/* ---- made and removed ---- */

static int make_directory(void)
{
	if (mkdir(SPACE_DIRECTORY, 0755) < 0 && errno != EEXIST)
		return -errno;
	return 0;
}

int space_lock(void)
{
	int error = make_directory(), fd;

	if (error < 0)
		return error;
	fd = open(SPACE_DIRECTORY, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX) < 0) {
		error = -errno;
		close(fd);
		return error;
	}
	return fd;
}

/* Mounts below the directory reach other mount namespaces, and unmounts free the namespace there.
 */
static int share_directory(void)
{
	if (mount("", SPACE_DIRECTORY, "none", MS_SHARED | MS_REC, NULL) == 0)
		return 0;
	if (errno != EINVAL)
		return -errno;
	if (mount(SPACE_DIRECTORY, SPACE_DIRECTORY, "none", MS_BIND | MS_REC, NULL) < 0)
		return -errno;
	return mount("", SPACE_DIRECTORY, "none", MS_SHARED | MS_REC, NULL) < 0 ? -errno : 0;
}

/* The name of what was unshared; an empty file is what an interrupted attempt left. */
static int mount_own(const char *path)
{
	int fd = open(path, O_RDONLY | O_CREAT | O_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	close(fd);
	return mount(OWN_NAMESPACE, path, "none", MS_BIND, NULL) < 0 ? -errno : 0;
}

int space_make(const char *name)
{
	char path[PATH_MAX];
	int home, error = space_path(name, path);

	if (error == 0)
		error = make_directory();
	if (error == 0)
		error = share_directory();
	if (error < 0)
		return error;
	home = open(OWN_NAMESPACE, O_RDONLY | O_CLOEXEC);
	if (home < 0)
		return -errno;
	error = unshare(CLONE_NEWNET) < 0 ? -errno : mount_own(path);
	if (setns(home, CLONE_NEWNET) < 0 && error == 0)
		error = -errno;
	close(home);
	return error;
}

int space_remove(const char *name)
{
	char path[PATH_MAX];
	int error = space_path(name, path);

	if (error < 0)
		return error;
	/* Mounted twice by two that raced: both go. EINVAL: it is no mount any more. */
	while (umount2(path, MNT_DETACH) == 0)
		;
	if (errno != EINVAL && errno != ENOENT)
		return -errno;
	return unlink(path) < 0 && errno != ENOENT ? -errno : 0;
}

/* ---- who is inside ---- */

static bool is_inside(const char *pid, const struct stat *space)
{
	char path[64];
	struct stat own;

	(void)snprintf(path, sizeof(path), "/proc/%.20s/ns/net", pid);
	return stat(path, &own) == 0 && own.st_dev == space->st_dev && own.st_ino == space->st_ino;
}

static void read_name(const char *pid, char name[16])
{
	char path[64];
	FILE *file;

	name[0] = '\0';
	(void)snprintf(path, sizeof(path), "/proc/%.20s/comm", pid);
	file = fopen(path, "re");
	if (!file)
		return;
	if (fgets(name, 16, file))
		name[strcspn(name, "\n")] = '\0';
	(void)fclose(file);
}

size_t space_programs(const struct workplace *place, struct space_program *out, size_t max)
{
	struct dirent *entry;
	struct stat space;
	size_t count = 0;
	DIR *proc;

	if (place->inner < 0 || fstat(place->inner, &space) < 0)
		return 0;
	proc = opendir("/proc");
	if (!proc)
		return 0;
	while ((entry = readdir(proc))) {
		if (!isdigit((unsigned char)entry->d_name[0]) || !is_inside(entry->d_name, &space))
			continue;
		if (count < max) {
			out[count].pid = (pid_t)strtol(entry->d_name, NULL, 10);
			read_name(entry->d_name, out[count].name);
		}
		count++;
	}
	(void)closedir(proc);
	return count;
}
