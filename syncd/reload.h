/* A configuration file that was read again: all of it or nothing. */
#ifndef SA_NAT64_SYNCD_RELOAD_H
#define SA_NAT64_SYNCD_RELOAD_H

#include "syncd/box.h"

#include <stdio.h>

/* Print to out, blank before each, what differs from what runs and needs a restart: "[cluster]",
 * "[node]", "[instance NAME]". Returns how many there are. */
int reload_needs_restart(const struct config *running, const struct config *wanted, FILE *out);

/* Take over what needs none: what else the instances say, which the peers are told and the
 * translators measured by. Only when nothing needs a restart. Returns how many instances changed;
 * -ENOMEM when memory ends, with some of them not changed. */
int reload_apply(struct box *box, const struct config *wanted);

#endif
