/* The command line that all daemons share, and which box of the cluster they run on. */
#ifndef SA_NAT64_DAEMON_OPTIONS_H
#define SA_NAT64_DAEMON_OPTIONS_H

#include "lib/config.h"
#include "lib/node_name.h"

#include <stdbool.h>

enum exit_code { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* Strings are those of argv, or defaults. */
struct daemon_options {
	const char *config, *rundir;
	const char *node; /* NULL when not given */
	bool check_only;
	bool flag;        /* the flag of the program's own was given */
	char **arguments; /* what is left, ended by NULL */
	int argument_count;
};

/* Fill *options. What is wrong, and what --help (print_help) and --version print, goes out at once.
 * Returns -1 to go on, else the exit code. */
int daemon_options_parse(int argc, char **argv, const char *program, void (*print_help)(void),
                         struct daemon_options *options);

/* The same for a program that has one flag more, such as "json" for --json. */
int daemon_options_parse_flag(int argc, char **argv, const char *program, void (*print_help)(void),
                              const char *flag, struct daemon_options *options);

/* The name of this box: --node, else node_name_find(), whose result is put into name. */
const char *daemon_options_node_name(const struct daemon_options *options,
                                     char name[NODE_NAME_SIZE]);

/* The [node] of that name; NULL, and logged, when there is none. */
const struct config_node *daemon_options_node(const struct daemon_options *options,
                                              const struct config *config, const char *name);

#endif
