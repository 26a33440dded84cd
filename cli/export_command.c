/* See export_command.h. */
#include "cli/export_command.h"

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

static void print_head(const struct cli_options *options, const struct export_target *target,
                       const struct pool6_exports *exports, FILE *out)
{
	(void)fprintf(out, "# %s, by `sa-nat64` from %s\n", target->title, config_path(options));
	for (size_t i = 0; i < exports->count; i++) {
		(void)fputs("# ", out);
		pool6_export_describe(&exports->list[i], out);
		(void)fputc('\n', out);
	}
	(void)fputc('\n', out);
}

/* The text is made first and printed when it is whole. */
static int print(const struct cli_options *options, const struct export_target *target,
                 const struct pool6_exports *exports)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	int status = 1;

	if (out) {
		print_head(options, target, exports, out);
		status = target->print(options, exports, out);
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

static int export_config(const struct cli_options *options, const struct export_target *target,
                         const struct config *config)
{
	struct pool6_exports exports;
	int status;

	if (options->instance && !config_instance_find(config, options->instance)) {
		(void)fprintf(stderr, "sa-nat64: the configuration has no [instance %s]\n",
		              options->instance);
		return 2;
	}
	if (pool6_export(config, options->instance, &exports) < 0) {
		(void)fprintf(stderr, "sa-nat64: out of memory\n");
		status = 1;
	} else if (exports.count == 0) {
		status = complain_nothing(options);
	} else {
		status = print(options, target, &exports);
	}
	pool6_exports_free(&exports);
	return status;
}

int export_run(const struct cli_options *options, const char *command,
               const struct export_target *targets, size_t count)
{
	const struct export_target *target = find_target(command, options->program, targets, count);
	struct config *config;
	int status;

	if (!target || config_load(config_path(options), stderr, &config) != 0)
		return 2;
	status = export_config(options, target, config);
	config_free(config);
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
