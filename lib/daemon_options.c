#include "lib/daemon_options.h"

#include "lib/log.h"
#include "lib/version.h"

#include <getopt.h>
#include <stdio.h>
#include <unistd.h>

#define FLAG 256 /* no letter */

int daemon_options_parse_flag(int argc, char **argv, const char *program, void (*print_help)(void),
                              const char *flag, struct daemon_options *options)
{
	const struct option longs[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "run-dir", required_argument, NULL, 'r' },
		{ "node", required_argument, NULL, 'n' },
		{ "check-config", no_argument, NULL, 't' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ flag, no_argument, NULL, FLAG },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	*options = (struct daemon_options){ .config = CONFIG_PATH_DEFAULT,
		                            .rundir = CONFIG_RUNDIR_DEFAULT };
	while ((option = getopt_long(argc, argv, "c:r:n:thV", longs, NULL)) != -1) {
		switch (option) {
		case 'c':
			options->config = optarg;
			break;
		case 'r':
			options->rundir = optarg;
			break;
		case 'n':
			options->node = optarg;
			break;
		case 't':
			options->check_only = true;
			break;
		case FLAG:
			options->flag = true;
			break;
		case 'h':
			print_help();
			return EXIT_DONE;
		case 'V':
			printf("%s %s\n", program, sa_nat64_version);
			return EXIT_DONE;
		default:
			fprintf(stderr, "Try '%s --help'.\n", program);
			return EXIT_USAGE;
		}
	}
	options->arguments = argv + optind;
	options->argument_count = argc - optind;
	return -1;
}

int daemon_options_parse(int argc, char **argv, const char *program, void (*print_help)(void),
                         struct daemon_options *options)
{
	return daemon_options_parse_flag(argc, argv, program, print_help, NULL, options);
}

const char *daemon_options_node_name(const struct daemon_options *options,
                                     char name[NODE_NAME_SIZE])
{
	return options->node ? options->node : node_name_find(name);
}

const struct config_node *daemon_options_node(const struct daemon_options *options,
                                              const struct config *config, const char *name)
{
	const struct config_node *node = config_node_find(config, name);

	if (!node)
		log_error("this box is %s, and there is no [node %s] in %s; name the right one "
		          "with --node, or in " NODE_NAME_FILE,
		          name, name, options->config);
	return node;
}
