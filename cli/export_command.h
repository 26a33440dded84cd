/* What dns64 and pref64 share: the prefixes of the instances, printed for a program that is the
 * command's argument. They are those that an instance runs with, or, where it does not run here,
 * those of the configuration file; the first line that is printed says which. */
#ifndef SA_NAT64_EXPORT_COMMAND_H
#define SA_NAT64_EXPORT_COMMAND_H

#include "cli/options.h"
#include "cli/pool6_export.h"

/* A program that can be printed for. */
struct export_target {
	const char *name;
	const char *title; /* first words of what is printed: "PREF64 (RFC 8781) for radvd" */

	/* Print what stands below the list of prefixes, which are at least one. Returns an exit
	 * status, after a line on standard error if it is not 0. */
	int (*print)(const struct cli_options *options, const struct pool6_exports *exports,
	             FILE *out);
};

/* Print for the target that options name. Nothing is printed on a failure. Returns an exit status,
 * after lines on standard error if it is not 0. */
int export_run(const struct cli_options *options, const char *command,
               const struct export_target *targets, size_t count);

/* The one prefix for a target that takes but one, and a comment for each of the others. NULL after
 * a line on standard error when there is no such prefix. */
const struct pool6_export *export_one(const struct pool6_exports *exports, const char *program,
                                      FILE *out);

#endif
