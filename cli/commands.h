/* The commands: cli/commands.def lists them. Each asks the instances that its finder found and
 * prints to out; complaints go to standard error. Returns an exit status.
 *
 * Those with find_none are given no instances: check finds them itself, for nothing may go wrong
 * without its line, metrics does unless it prints its list, top looks for them again and again, and
 * those that concern all programs (what_runs.h) do; the others ask nobody.
 */
#ifndef SA_NAT64_COMMANDS_H
#define SA_NAT64_COMMANDS_H

#include "cli/instances.h"
#include "cli/options.h"
#include "cli/out.h"

#define X(name, word, argument, exits, find, run, help) \
	int run(const struct cli_options *options, struct instances *instances, struct out *out);
#include "cli/commands.def"
#undef X

#endif
