#include "cli/roster.h"

#include "cli/instances_find.h"

#include <string.h>

static bool is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static bool are_same(const struct instances *a, const struct instances *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->list[i].name, b->list[i].name) != 0)
			return false;
	for (size_t i = 0; i < BOX_DAEMONS; i++)
		if (a->daemons[i].is_expected != b->daemons[i].is_expected)
			return false;
	return true;
}

enum roster_news roster_look(struct roster *roster, const struct instances *known,
                             struct instances *out, FILE *err, int *status)
{
	const char *path = roster->options->config_path ? roster->options->config_path
	                                                : CONFIG_PATH_DEFAULT;
	struct stat config = { .st_size = 0 };
	bool has_config = stat(path, &config) == 0;
	bool is_same = is_same_file(&config, &roster->config);
	struct instances found;
	FILE *ignored;

	if (known && has_config && is_same)
		return ROSTER_SAME;
	ignored = known ? fopen("/dev/null", "we") : NULL;
	*status = instances_find(roster->options, &found, ignored ? ignored : err);
	if (ignored)
		(void)fclose(ignored);
	roster->config = config;
	if (*status)
		return known ? ROSTER_SAME : ROSTER_NONE;
	if (known && is_same && are_same(known, &found)) {
		instances_free(&found);
		return ROSTER_SAME;
	}
	*out = found;
	return ROSTER_CHANGED;
}
