/* Asking the programs of this box for what runs, for all commands that print something of it. */
#ifndef SA_NAT64_WHAT_RUNS_H
#define SA_NAT64_WHAT_RUNS_H

#include "cli/programs.h"
#include "cli/running.h"

struct what_runs {
	struct programs programs;
	struct running_program *answers; /* of those that answered, in the order of programs */
	size_t count;                    /* 0: nobody did, and running is empty */
	struct running running;
	char (*titles)[INSTANCE_TITLE_LEN];
};

/* Ask them all. Those that do not answer have a problem in programs. Returns 0, or an exit status
 * after lines on err; what_runs_free() after 0 only. */
int what_runs_ask(const struct cli_options *options, struct what_runs *out, FILE *err);
void what_runs_free(struct what_runs *what);

#endif
