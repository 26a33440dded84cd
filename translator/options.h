/* The command line of sa-nat64-translator. */
#ifndef SA_NAT64_TRANSLATOR_OPTIONS_H
#define SA_NAT64_TRANSLATOR_OPTIONS_H

#include <stdbool.h>

enum exit_code { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* Strings are those of argv, or defaults. */
struct options {
	const char *config, *rundir;
	const char *node, *instance; /* NULL when not given */
	bool check_only;
};

/* Fill *options; what is wrong, and what --help and --version print, goes out at once. Returns -1
 * to go on, else the exit code. */
int options_parse(int argc, char **argv, struct options *options);

#endif
