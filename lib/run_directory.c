#include "lib/run_directory.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

static int make(const char *directory)
{
	return mkdir(directory, 0750) < 0 && errno != EEXIST ? -errno : 0;
}

int run_directory_make(const char *path)
{
	char directory[PATH_MAX];
	size_t len = strlen(path);
	char *inner, *outer;

	if (len >= sizeof(directory))
		return -ENAMETOOLONG;
	memcpy(directory, path, len + 1);
	inner = strrchr(directory, '/');
	if (!inner || inner == directory)
		return 0;
	*inner = '\0';
	outer = strrchr(directory, '/');
	if (outer && outer != directory) {
		*outer = '\0';
		if (make(directory) < 0)
			return -errno;
		*outer = '/';
	}
	return make(directory);
}
