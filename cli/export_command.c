/* See export_command.h. */
#include "cli/export_command.h"

#include "cli/what_runs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* NULL after a line on standard error. */
static const struct export_target *find_target(const char *command, const char *name,
                                               const struct export_target *targets, size_t count)
{
	for (size_t i = 0; name && i < count; i++)
		if (strcmp(targets[i].name, name) == 0)
			return &targets[i];
	(void)fprintf(stderr, "sa-nat64: %s%s%s: wanted is a program to print for:", command,
	              name ? " " : "", name ? name : "");
	for (size_t i = 0; i < count; i++)
		(void)fprintf(stderr, "%s %s", i > 0 ? "," : "", targets[i].name);
	(void)fputc('\n', stderr);
	return NULL;
}

static const char *config_path(const struct cli_options *options)
{
	return options->config_path ? options->config_path : CONFIG_PATH_DEFAULT;
}

/* Why there is nothing to print. */
static int complain_nothing(const struct cli_options *options)
{
	if (options->instance)
		(void)fprintf(stderr,
		              "sa-nat64: instance %s has no pool6 that serves its destinations\n",
		              options->instance);
	else
		(void)fprintf(
			stderr,
			"sa-nat64: %s has no instance in mode nat64; name one in mode siit by "
			"--instance if hosts have IPv4 addresses of their own there\n",
			config_path(options));
	return 1;
}

/* The instances to print for: what runs, and of those that do not, what the file says. */
struct source {
	const struct cli_options *options;
	struct config *file; /* NULL: there is none */
	struct what_runs runs;
	struct config config; /* its array of instances is owned, what is in it belongs to others */
};

static bool is_running(const struct source *source, const char *name)
{
	return config_instance_find(&source->runs.running.config, name) != NULL;
}

/* Whether pool6_export() looks at it. */
static bool is_looked_at(const struct source *source, const struct config_instance *instance)
{
	return source->options->instance ? strcmp(instance->name, source->options->instance) == 0
	                                 : instance->mode == CONFIG_MODE_NAT64;
}

enum origin { ORIGIN_RUNS, ORIGIN_FILE };

/* Print those of one origin, with commas. Returns how many there are. */
static size_t print_origin(const struct source *source, enum origin origin, FILE *out)
{
	size_t count = 0;

	for (size_t i = 0; i < source->config.instance_count; i++) {
		const struct config_instance *instance = &source->config.instances[i];

		if (is_looked_at(source, instance) &&
		    is_running(source, instance->name) == (origin == ORIGIN_RUNS))
			(void)fprintf(out, "%s%s", count++ ? ", " : "", instance->name);
	}
	return count;
}

/* "FILE", "what runs (lower)", or both. */
static void print_origins(const struct source *source, FILE *out)
{
	const char *path = config_path(source->options);
	char *from_file = NULL, *from_runs = NULL;
	size_t len;
	FILE *file = open_memstream(&from_file, &len), *runs = open_memstream(&from_runs, &len);
	size_t file_count = file ? print_origin(source, ORIGIN_FILE, file) : 0;
	size_t runs_count = runs ? print_origin(source, ORIGIN_RUNS, runs) : 0;

	if (file)
		(void)fclose(file);
	if (runs)
		(void)fclose(runs);
	if (runs_count == 0)
		(void)fputs(path, out);
	else if (file_count == 0)
		(void)fprintf(out, "what runs (%s)", from_runs);
	else
		(void)fprintf(out, "what runs (%s) and %s (%s)", from_runs, path, from_file);
	free(from_file);
	free(from_runs);
}

static void print_denied(const struct source *source, FILE *out)
{
	const struct instances *all = &source->runs.programs.all;

	for (size_t i = 0; i < source->runs.programs.translators; i++)
		if (all->list[i].denied)
			(void)fprintf(out,
			              "# Instance %s was not asked what it runs with: permission "
			              "denied.\n",
			              all->list[i].name);
}

static void print_head(const struct source *source, const struct export_target *target,
                       const struct pool6_exports *exports, FILE *out)
{
	(void)fprintf(out, "# %s, by `sa-nat64` from ", target->title);
	print_origins(source, out);
	(void)fputc('\n', out);
	print_denied(source, out);
	for (size_t i = 0; i < exports->count; i++) {
		(void)fputs("# ", out);
		pool6_export_describe(&exports->list[i], out);
		(void)fputc('\n', out);
	}
	(void)fputc('\n', out);
}

/* The text is made first and printed when it is whole. */
static int print(const struct source *source, const struct export_target *target,
                 const struct pool6_exports *exports)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	int status = 1;

	if (out) {
		print_head(source, target, exports, out);
		status = target->print(source->options, exports, out);
	}
	if (!out || fclose(out) != 0) {
		(void)fprintf(stderr, "sa-nat64: out of memory\n");
		status = 1;
	}
	if (status == 0)
		(void)fputs(text, stdout);
	free(text);
	return status;
}

static int export_source(const struct source *source, const struct export_target *target)
{
	const struct cli_options *options = source->options;
	struct pool6_exports exports;
	int status;

	if (options->instance && !config_instance_find(&source->config, options->instance)) {
		(void)fprintf(stderr, "sa-nat64: the configuration has no [instance %s]\n",
		              options->instance);
		return 2;
	}
	if (pool6_export(&source->config, options->instance, &exports) < 0) {
		(void)fprintf(stderr, "sa-nat64: out of memory\n");
		status = 1;
	} else if (exports.count == 0) {
		status = complain_nothing(options);
	} else {
		status = print(source, target, &exports);
	}
	pool6_exports_free(&exports);
	return status;
}

/* The file's instances in its order, each as it runs if it does, and then what runs beside them. 0
 * or -ENOMEM. */
static int merge(struct source *source)
{
	const struct config *runs = &source->runs.running.config;
	size_t in_file = source->file ? source->file->instance_count : 0;
	struct config *to = &source->config;

	to->instances = calloc(in_file + runs->instance_count + 1, sizeof(*to->instances));
	if (!to->instances)
		return -ENOMEM;
	for (size_t i = 0; i < in_file; i++) {
		const struct config_instance *from = &source->file->instances[i];
		const struct config_instance *running = config_instance_find(runs, from->name);

		memcpy(&to->instances[to->instance_count++], running ? running : from,
		       sizeof(*from));
	}
	for (size_t i = 0; i < runs->instance_count; i++)
		if (!source->file || !config_instance_find(source->file, runs->instances[i].name))
			memcpy(&to->instances[to->instance_count++], &runs->instances[i],
			       sizeof(*to->instances));
	return 0;
}

/* The file is needed only where nothing runs, or when it is asked for. Returns an exit status. */
static int read_file(struct source *source)
{
	const struct cli_options *options = source->options;
	char *messages = NULL;
	size_t len = 0;
	FILE *err = open_memstream(&messages, &len);
	bool is_needed = options->config_path || source->runs.running.config.instance_count == 0;
	int error = err ? config_load(config_path(options), err, &source->file) : -ENOMEM;

	if (err)
		(void)fclose(err);
	if (messages && is_needed)
		(void)fputs(messages, stderr);
	free(messages);
	return error && is_needed ? 2 : 0;
}

int export_run(const struct cli_options *options, const char *command,
               const struct export_target *targets, size_t count)
{
	const struct export_target *target = find_target(command, options->program, targets, count);
	struct source source = { .options = options };
	int status;

	if (!target)
		return 2;
	status = what_runs_ask(options, &source.runs, stderr);
	if (status)
		return status;
	status = read_file(&source);
	if (status == 0 && merge(&source) < 0) {
		(void)fprintf(stderr, "sa-nat64: out of memory\n");
		status = 1;
	}
	if (status == 0)
		status = export_source(&source, target);
	free(source.config.instances);
	config_free(source.file);
	what_runs_free(&source.runs);
	return status;
}

const struct pool6_export *export_one(const struct pool6_exports *exports, const char *program,
                                      FILE *out)
{
	const struct pool6_export *one = pool6_export_main(exports);
	char buf[ADDRESS_STRLEN];

	if (!one) {
		(void)fprintf(
			stderr,
			"sa-nat64: none of the prefixes serves all IPv4 addresses, and %s takes "
			"but one; choose by --instance\n",
			program);
		return NULL;
	}
	for (size_t i = 0; i < exports->count; i++)
		if (&exports->list[i] != one)
			(void)fprintf(out,
			              "# Left out: %s; %s takes one prefix for all addresses.\n",
			              prefix6_format(&exports->list[i].prefix, buf), program);
	return one;
}
