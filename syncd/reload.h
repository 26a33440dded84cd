/* A configuration file that was read again: all of it or nothing. */
#ifndef SA_NAT64_SYNCD_RELOAD_H
#define SA_NAT64_SYNCD_RELOAD_H

#include "lib/running_config.h"
#include "syncd/box.h"

/* Judge reload->wanted against what runs: what needs a restart, and whether anything changes here.
 */
void reload_check(const struct box *box, const struct config *running, struct reload *reload);

/* Take over what needs no restart: what else the instances say, which the peers are told and the
 * translators measured by. Returns how many instances changed; -ENOMEM when memory ends, with none
 * of them changed. */
int reload_apply(struct box *box, const struct config *wanted);

#endif
