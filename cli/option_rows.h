/* The table of options of sa-nat64, and how the argument of each is read. For options.c. */
#ifndef SA_NAT64_OPTION_ROWS_H
#define SA_NAT64_OPTION_ROWS_H

#include "cli/options.h"

#include <stddef.h>

#define OPTION_COUNT_MAX 96

struct option_row {
	unsigned commands; /* that know the option */
	char letter;       /* 0: none */
	const char *name;
	const char *argument; /* how it is called in help; NULL: none */
	const char *help;

	/* Store value (NULL without argument). Returns NULL, or what would have been accepted. */
	const char *(*set)(struct cli_options *options, const char *value);
};

extern const struct option_row option_rows[];
/* That of --instance, for the argument of commands that take one. */
const char *option_set_instance(struct cli_options *options, const char *value);

/* One more word of `bib add` or `bib remove`. Returns as set() does. */
const char *option_set_bib_change(struct cli_options *options, const char *value);

/* That of --pool4, for the argument of pool4. */
const char *option_set_pool4(struct cli_options *options, const char *value);

/* The argument of who. */
const char *option_set_public(struct cli_options *options, const char *value);

extern const size_t option_count; /* at most OPTION_COUNT_MAX */

#endif
