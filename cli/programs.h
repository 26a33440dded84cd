/* All programs of this box that run with the configuration: the translators, sa-nat64-syncd and
 * sa-nat64-healthd, as one list that is asked at once.
 *
 * The translators are those that the configuration has for this box and those that have a socket;
 * with -i only that one, and no daemon. A daemon is on the list where its socket is.
 */
#ifndef SA_NAT64_PROGRAMS_H
#define SA_NAT64_PROGRAMS_H

#include "cli/instances.h"
#include "cli/options.h"

struct programs {
	struct instances all; /* the translators first */
	size_t translators;
	struct instance *daemon[BOX_DAEMONS]; /* their places in it; NULL: not there */
};

/* Connects to none. Returns 0, or an exit status after lines on err. */
int programs_find(const struct cli_options *options, struct programs *out, FILE *err);
void programs_free(struct programs *programs);

/* What one of them runs with, all sections as it has read them; the caller frees it. age_us: since
 * it was read. first is its answer to a ConfigRequest without fields, which is freed; NULL when it
 * did not answer. NULL, and the instance has a problem, when it cannot be had. */
struct config *programs_config(struct instance *instance, SaNat64__Control__Reply *first,
                               uint64_t *age_us);

#endif
