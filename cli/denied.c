/* See denied.h. */
#include "cli/denied.h"

#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* The group of the innermost thing on the way to path that can be seen; 0 when nothing can. */
static gid_t group_of(const char *path)
{
	char part[PATH_MAX];
	struct stat st;

	if (snprintf(part, sizeof(part), "%s", path) >= (int)sizeof(part))
		return 0;
	while (stat(part, &st) < 0) {
		char *slash = strrchr(part, '/');

		if (!slash || slash == part)
			return 0;
		*slash = '\0';
	}
	return st.st_gid;
}

const char *denied_remedy(const char *path, char text[DENIED_REMEDY_MAX])
{
	gid_t gid = group_of(path);
	const struct group *group = gid ? getgrgid(gid) : NULL;

	(void)snprintf(text, DENIED_REMEDY_MAX, "run as root%s%.40s",
	               group ? ", or join the group " : "", group ? group->gr_name : "");
	return text;
}
