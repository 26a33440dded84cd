#include "translator/options.h"

#include "lib/config.h"
#include "lib/version.h"

#include <getopt.h>
#include <stdio.h>

static void print_help(void)
{
	printf("usage: sa-nat64-translator [OPTION]... INSTANCE\n"
	       "Translate between IPv6 and IPv4 for one instance of the configuration, in the current\n"
	       "network namespace and in the foreground.\n\n"
	       "  -c, --config=FILE    configuration (default " CONFIG_PATH_DEFAULT ")\n"
	       "  -r, --run-dir=DIR    where the control socket goes (default " CONFIG_RUNDIR_DEFAULT
	       ")\n"
	       "  -n, --node=NODE      which [node] this box is (default: the host name)\n"
	       "  -t, --check-config   read and check the configuration, say what is wrong, stop\n"
	       "  -h, --help           this text and all keys of the configuration\n"
	       "  -V, --version        print the version\n\n"
	       "Exit status: 0 done, 1 failed at run time, 2 usage or configuration.\n\n"
	       "Keys of the configuration file:\n");
	config_help(stdout);
}

int options_parse(int argc, char **argv, struct options *options)
{
	static const struct option longs[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "run-dir", required_argument, NULL, 'r' },
		{ "node", required_argument, NULL, 'n' },
		{ "check-config", no_argument, NULL, 't' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	*options = (struct options){ .config = CONFIG_PATH_DEFAULT,
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
		case 'h':
			print_help();
			return EXIT_DONE;
		case 'V':
			printf("sa-nat64-translator %s\n", sa_nat64_version);
			return EXIT_DONE;
		default:
			fprintf(stderr, "Try 'sa-nat64-translator --help'.\n");
			return EXIT_USAGE;
		}
	}
	options->instance = optind < argc ? argv[optind++] : NULL;
	if (optind < argc || (!options->instance && !options->check_only)) {
		fprintf(stderr,
		        "sa-nat64-translator: one INSTANCE is needed, as in [instance INSTANCE] of the "
		        "configuration. Try 'sa-nat64-translator --help'.\n");
		return EXIT_USAGE;
	}
	return -1;
}
