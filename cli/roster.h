/* Which instances there are, asked again and again: read anew when the configuration file has
 * changed, or, without one, from the run directory each time. */
#ifndef SA_NAT64_ROSTER_H
#define SA_NAT64_ROSTER_H

#include "cli/instances.h"
#include "cli/options.h"

#include <sys/stat.h>

struct roster {
	const struct cli_options *options; /* not owned */
	struct stat config;                /* as it was when the instances were found */
};

enum roster_news {
	ROSTER_SAME,    /* go on with those that are known */
	ROSTER_CHANGED, /* there are others */
	ROSTER_NONE,    /* none were known, and none can be found */
};

/* Look again. known is what the last ROSTER_CHANGED brought, NULL at first. With ROSTER_CHANGED,
 * *out has what takes its place, for instances_free(); the caller lets go of known. A file that
 * became wrong changes nothing, as for all programs that read it; what is wrong at first is said on
 * err, and then *status is an exit status. */
enum roster_news roster_look(struct roster *roster, const struct instances *known,
                             struct instances *out, FILE *err, int *status);

#endif
