/* sa-nat64: asks the running programs of this box and prints what they say. It holds no policy and
 * changes nothing. */
#include "cli/commands.h"
#include "cli/options.h"
#include "lib/version.h"

#include <errno.h>
#include <string.h>

static int dispatch(const struct cli_options *options, struct instances *instances, struct out *out)
{
	switch (options->command) {
	case CLI_STATUS:
		return cmd_status(options, instances, out);
	case CLI_STATS:
		return cmd_stats(options, instances, out);
	case CLI_SESSIONS:
		return cmd_sessions(options, instances, out);
	case CLI_BIB:
		return cmd_bib(options, instances, out);
	case CLI_TRACE:
		return cmd_trace(options, instances, out);
	default:
		return cmd_explain(options, instances, out);
	}
}

static int check_config(const struct cli_options *options)
{
	const char *path = options->config_path ? options->config_path : CONFIG_PATH_DEFAULT;
	struct config *config;

	if (config_load(path, stderr, &config) != 0)
		return 2;
	config_free(config);
	return 0;
}

/* What was printed must have arrived: a full disk is a failure. */
static int finish_stdout(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	(void)fprintf(stderr, "sa-nat64: cannot write the output: %s\n", strerror(errno));
	return 1;
}

static int run_command(const struct cli_options *options)
{
	struct instances instances;
	struct out *out;
	int status = instances_find(options, &instances, stderr);

	if (status)
		return status;
	out = options->json ? out_json_new(stdout) : out_text_new(stdout);
	status = out ? dispatch(options, &instances, out) : 1;
	out_free(out);
	instances_free(&instances);
	return finish_stdout(status);
}

int main(int argc, char **argv)
{
	struct cli_options options;
	int status = options_read(argc, argv, &options, stderr);

	if (status)
		return status;
	if (options.version) {
		(void)printf("sa-nat64 %s\n", sa_nat64_version);
		return finish_stdout(0);
	}
	if (options.help) {
		options_help(options.command, stdout);
		return finish_stdout(0);
	}
	if (options.check_config)
		return check_config(&options);
	if (!options.command) {
		(void)fprintf(stderr, "sa-nat64: say what to do, for example `sa-nat64 status`; "
		                      "see `sa-nat64 --help`\n");
		return 2;
	}
	return run_command(&options);
}
