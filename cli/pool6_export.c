/* See pool6_export.h. */
#include "cli/pool6_export.h"

#include <errno.h>
#include <stdlib.h>

/* A pool6 line of an instance and what it serves. */
struct row {
	const struct config_instance *instance;
	struct prefix6 prefix;
	struct prefix4 range;
};

struct rows {
	struct row *list;
	size_t count;
};

/* What both prefixes hold. False when that is nothing. */
static bool prefix4_meet(const struct prefix4 *a, const struct prefix4 *b, struct prefix4 *out)
{
	if (prefix4_covers(a, b))
		*out = *b;
	else if (prefix4_covers(b, a))
		*out = *a;
	else
		return false;
	return true;
}

static int rows_add(struct rows *rows, const struct config_instance *instance)
{
	for (size_t i = 0; i < instance->pool6_count; i++) {
		struct row row = { instance, instance->pool6[i].prefix, { 0 } };
		struct row *list;

		if (!prefix4_meet(&instance->pool6[i].range, &instance->destinations, &row.range))
			continue;
		list = reallocarray(rows->list, rows->count + 1, sizeof(*list));
		if (!list)
			return -ENOMEM;
		rows->list = list;
		list[rows->count++] = row;
	}
	return 0;
}

static int collect(const struct config *config, const char *name, struct rows *rows)
{
	const struct config_instance *instance = name ? config_instance_find(config, name) : NULL;
	int error = 0;

	if (name)
		return instance ? rows_add(rows, instance) : 0;
	for (size_t i = 0; i < config->instance_count && error == 0; i++)
		if (config->instances[i].mode == CONFIG_MODE_NAT64)
			error = rows_add(rows, &config->instances[i]);
	return error;
}

/* The export of a prefix, made if there is none yet. NULL when memory ends. */
static struct pool6_export *export_of(struct pool6_exports *exports, const struct prefix6 *prefix)
{
	struct pool6_export *list;

	for (size_t i = 0; i < exports->count; i++) {
		list = &exports->list[i];
		if (list->prefix.len == prefix->len &&
		    address6_equal(&list->prefix.addr, &prefix->addr))
			return list;
	}
	list = reallocarray(exports->list, exports->count + 1, sizeof(*list));
	if (!list)
		return NULL;
	exports->list = list;
	list += exports->count++;
	*list = (struct pool6_export){ .prefix = *prefix };
	return list;
}

static int name_instance(struct pool6_export *export, const struct config_instance *instance)
{
	const struct config_instance **list;

	for (size_t i = 0; i < export->instance_count; i++)
		if (export->instances[i] == instance)
			return 0;
	list = reallocarray(export->instances, export->instance_count + 1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	export->instances = list;
	list[export->instance_count++] = instance;
	return 0;
}

static int serve(struct pool6_exports *exports, const struct row *row)
{
	struct pool6_export *export = export_of(exports, &row->prefix);
	int error = export ? name_instance(export, row->instance) : -ENOMEM;

	return error < 0 ? error : ranges4_add(&export->served, range4_of(&row->range));
}

/* Give what is left of a row's range to its prefix. */
static int own(struct pool6_exports *exports, const struct row *row, struct ranges4 *left)
{
	struct pool6_export *export = export_of(exports, &row->prefix);
	struct range4 range = range4_of(&row->range);
	int error = 0;

	for (size_t i = 0; i < left->count && error == 0; i++) {
		struct range4 part = left->at[i];

		if (part.first < range.first)
			part.first = range.first;
		if (part.end > range.end)
			part.end = range.end;
		if (part.first < part.end)
			error = ranges4_add(&export->own, part);
	}
	return error < 0 ? error : ranges4_remove(left, range);
}

/* The narrowest first, then by their order. */
static int own_all(struct pool6_exports *exports, const struct rows *rows)
{
	struct ranges4 left = { .count = 0 };
	int error = ranges4_add(&left, (struct range4){ 0, RANGES4_END });

	for (unsigned len = 33; len-- > 0 && error == 0;)
		for (size_t i = 0; i < rows->count && error == 0; i++)
			if (rows->list[i].range.len == len)
				error = own(exports, &rows->list[i], &left);
	ranges4_fini(&left);
	return error;
}

int pool6_export(const struct config *config, const char *instance, struct pool6_exports *out)
{
	struct rows rows = { .list = NULL };
	int error;

	*out = (struct pool6_exports){ .list = NULL };
	error = collect(config, instance, &rows);
	for (size_t i = 0; i < rows.count && error == 0; i++)
		error = serve(out, &rows.list[i]);
	if (error == 0)
		error = own_all(out, &rows);
	free(rows.list);
	return error;
}

void pool6_exports_free(struct pool6_exports *exports)
{
	for (size_t i = 0; i < exports->count; i++) {
		ranges4_fini(&exports->list[i].served);
		ranges4_fini(&exports->list[i].own);
		free(exports->list[i].instances);
	}
	free(exports->list);
	*exports = (struct pool6_exports){ .list = NULL };
}

const struct pool6_export *pool6_export_main(const struct pool6_exports *exports)
{
	for (size_t i = 0; i < exports->count; i++)
		if (ranges4_size(&exports->list[i].served) == RANGES4_END)
			return &exports->list[i];
	return exports->count == 1 ? exports->list : NULL;
}

void ranges4_print(const struct ranges4 *ranges, const char *before, const char *behind, FILE *out)
{
	for (size_t i = 0; i < ranges->count; i++) {
		struct range4 rest = ranges->at[i];
		struct prefix4 prefix;
		char buf[ADDRESS_STRLEN];

		while (range4_take_prefix(&rest, &prefix))
			(void)fprintf(out, "%s%s/%u%s", before, address4_format(prefix.addr, buf),
			              prefix.len, behind);
	}
}

void pool6_export_describe(const struct pool6_export *export, FILE *out)
{
	char buf[ADDRESS_STRLEN];

	(void)fprintf(out, "%s: instance%s ", prefix6_format(&export->prefix, buf),
	              export->instance_count > 1 ? "s" : "");
	for (size_t i = 0; i < export->instance_count; i++)
		(void)fprintf(out, "%s%s", i > 0 ? ", " : "", export->instances[i]->name);
	if (ranges4_size(&export->served) == RANGES4_END)
		return;
	(void)fputs(", for", out);
	ranges4_print(&export->served, " ", "", out);
}
