/* The command line of sa-nat64-translator. */
#ifndef SA_NAT64_TRANSLATOR_OPTIONS_H
#define SA_NAT64_TRANSLATOR_OPTIONS_H

#include "lib/daemon_options.h"

struct options {
	struct daemon_options daemon;
	const char *instance; /* NULL when not given */
};

/* As daemon_options_parse(). */
int options_parse(int argc, char **argv, struct options *options);

#endif
