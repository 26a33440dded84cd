/* The commands. Each asks the instances and prints to out; complaints go to standard error. Returns
 * an exit status. */
#ifndef SA_NAT64_COMMANDS_H
#define SA_NAT64_COMMANDS_H

#include "cli/instances.h"
#include "cli/out.h"

int cmd_status(const struct cli_options *options, struct instances *instances, struct out *out);
int cmd_stats(const struct cli_options *options, struct instances *instances, struct out *out);
int cmd_sessions(const struct cli_options *options, struct instances *instances, struct out *out);
int cmd_bib(const struct cli_options *options, struct instances *instances, struct out *out);
int cmd_explain(const struct cli_options *options, struct instances *instances, struct out *out);
int cmd_trace(const struct cli_options *options, struct instances *instances, struct out *out);

/* These ask sa-nat64-syncd, found by instances_find_syncd(). */
int cmd_peers(const struct cli_options *options, struct instances *instances, struct out *out);
int cmd_resync(const struct cli_options *options, struct instances *instances, struct out *out);

/* These ask sa-nat64-healthd, found by instances_find_healthd(). */
int cmd_health(const struct cli_options *options, struct instances *instances, struct out *out);
int cmd_drain(const struct cli_options *options, struct instances *instances, struct out *out);
int cmd_undrain(const struct cli_options *options, struct instances *instances, struct out *out);

/* These are given no instances: check finds them itself, for nothing may go wrong without its line;
 * the others ask nobody. */
int cmd_check(const struct cli_options *options, struct instances *instances, struct out *out);
int cmd_frr_config(const struct cli_options *options, struct instances *instances, struct out *out);
int cmd_dns64(const struct cli_options *options, struct instances *instances, struct out *out);
int cmd_pref64(const struct cli_options *options, struct instances *instances, struct out *out);
int cmd_sync_key(const struct cli_options *options, struct instances *instances, struct out *out);

#endif
