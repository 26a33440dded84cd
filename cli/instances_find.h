/* Which instances a command speaks to, and which daemons of the box.
 *
 * The instances are the one of -i, else those of the configuration file, else those that have a
 * socket in the run directory. Sa-nat64-syncd is asked where the configuration has a
 * sync-interface or, without configuration, where its socket is; sa-nat64-healthd where the
 * configuration has bfd-peers for this box, or its socket is. What was found is freed with
 * instances_free().
 */
#ifndef SA_NAT64_INSTANCES_FIND_H
#define SA_NAT64_INSTANCES_FIND_H

#include "cli/instances.h"
#include "cli/options.h"

/* Find the instances; connects to none. Returns 0, or an exit status after lines on err: 2 when
 * the configuration does not have the one of -i, and it does not run either. */
int instances_find(const struct cli_options *options, struct instances *out, FILE *err);

/* Find all that the configuration has for this box, and all that have a socket; it may be none. */
int instances_find_all(const struct cli_options *options, struct instances *out, FILE *err);

/* Find sa-nat64-syncd alone: out has no instances, and it is expected. A box without replication
 * is told so on err, and counts as failed. */
int instances_find_syncd(const struct cli_options *options, struct instances *out, FILE *err);

/* The same for sa-nat64-healthd, which a configuration without [network] does not need. */
int instances_find_healthd(const struct cli_options *options, struct instances *out, FILE *err);

/* Whether somebody listens, or did, as far as one may look. */
bool instance_has_socket(const struct instance *instance);

#endif
