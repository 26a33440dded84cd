/* sa-nat64: asks the running programs of this box and prints what they say. It holds no policy. */
#include "cli/commands.h"
#include "cli/instances_find.h"
#include "cli/options.h"
#include "lib/version.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define OUTPUT_PIECE 65536 /* bytes written to a file or pipe at once */

struct command {
	unsigned command;
	int (*find)(const struct cli_options *options, struct instances *out, FILE *err);
	int (*run)(const struct cli_options *options, struct instances *instances, struct out *out);
};

static int find_none(const struct cli_options *options, struct instances *out, FILE *err)
{
	(void)options;
	(void)err;
	*out = (struct instances){ .list = NULL };
	return 0;
}

static const struct command commands[] = {
#define X(name, word, argument, exits, find, run, help) { CLI_##name, find, run },
#include "cli/commands.def"
#undef X
};

static int check_config(const struct cli_options *options)
{
	const char *path = options->config_path ? options->config_path : CONFIG_PATH_DEFAULT;
	struct config *config;

	if (config_load(path, stderr, &config) != 0)
		return 2;
	config_free(config);
	return 0;
}

/* A file or socket that is opened must not become a standard stream that somebody has closed: what
 * is printed would go there. Reading and writing what takes the place fails. */
static void fill_standard_streams(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
			(void)open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

/* What was printed must have arrived: a full disk is a failure. */
static int finish_stdout(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	(void)fprintf(stderr, "sa-nat64: cannot write the output: %s\n", strerror(errno));
	return 1;
}

static int run(const struct command *command, const struct cli_options *options)
{
	struct instances instances;
	struct out *out;
	int status = command->find(options, &instances, stderr);

	if (status)
		return status;
	if (!isatty(STDOUT_FILENO)) /* a terminal gets line by line */
		(void)setvbuf(stdout, NULL, _IOFBF, OUTPUT_PIECE);
	out = options->json ? out_json_new(stdout) : out_text_new(stdout, options->color);
	status = out ? command->run(options, &instances, out) : 1;
	out_free(out);
	instances_free(&instances);
	return finish_stdout(status);
}

static int run_command(const struct cli_options *options)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (commands[i].command == options->command)
			return run(&commands[i], options);
	return 1;
}

int main(int argc, char **argv)
{
	struct cli_options options;
	int status;

	fill_standard_streams();
	status = options_read(argc, argv, &options, stderr);
	if (status) /* a monitoring system would take 2 for critical */
		return options.command == CLI_CHECK ? 3 : status;
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
