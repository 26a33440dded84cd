#include "translator/options.h"

#include <stdio.h>

static void print_help(void)
{
	printf("usage: sa-nat64-translator [OPTION]... INSTANCE\n"
	       "Translate between IPv6 and IPv4 for one instance of the configuration, in the current\n"
	       "network namespace and in the foreground.\n\n"
	       "  -c, --config=FILE    configuration (default " CONFIG_PATH_DEFAULT ")\n"
	       "  -r, --run-dir=DIR    where the control socket goes (default " CONFIG_RUNDIR_DEFAULT
	       ")\n"
	       "  -n, --node=NODE      which [node] this box is (default: in " NODE_NAME_FILE
	       ",\n                       else the host name)\n"
	       "  -t, --check-config   read and check the configuration, say what is wrong, stop\n"
	       "  -h, --help           this text and all keys of the configuration\n"
	       "  -V, --version        print the version\n\n"
	       "Exit status: 0 done, 1 failed at run time, 2 usage or configuration.\n\n"
	       "Keys of the configuration file:\n");
	config_help(stdout);
}

int options_parse(int argc, char **argv, struct options *options)
{
	int result = daemon_options_parse(argc, argv, "sa-nat64-translator", print_help,
	                                  &options->daemon);

	if (result >= 0)
		return result;
	options->instance = options->daemon.arguments[0];
	if (options->daemon.argument_count > 1 ||
	    (!options->instance && !options->daemon.check_only)) {
		fprintf(stderr,
		        "sa-nat64-translator: one INSTANCE is needed, as in [instance INSTANCE] of the "
		        "configuration. Try 'sa-nat64-translator --help'.\n");
		return EXIT_USAGE;
	}
	return -1;
}
