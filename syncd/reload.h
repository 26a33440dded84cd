/* A configuration file that was read again: all of it or nothing.
 *
 * What needs memory is made beforehand (reload_plan_new), so that nothing can fail on the way from
 * the old instances to the new ones.
 */
#ifndef SA_NAT64_SYNCD_RELOAD_H
#define SA_NAT64_SYNCD_RELOAD_H

#include "lib/running_config.h"
#include "syncd/box.h"

/* Judge reload->wanted against what runs: what needs a restart, and whether anything changes here.
 */
void reload_check(const struct box *box, const struct config *running, struct reload *reload);

/* The instances that a box is to have. One of another max-sessions is another instance: the old one
 * goes, the new one learns everything from its translator and the peers. */
struct reload_plan {
	struct config_hash *hashes;      /* owned; of each of the instances */
	struct box_instance **instances; /* all; the array is owned until it is applied */
	struct box_instance **opened;  /* of them, those that the box does not have; owned alike */
	struct box_instance **parting; /* those that the box has and loses; the array is owned */
	size_t count, opened_count, parting_count;
};

/* 0, or -ENOMEM; the box is as it was. */
int reload_plan_new(const struct box *box, const struct config *wanted, uint64_t now_us,
                    struct reload_plan *out);

/* Have the box go by it. Nobody may hold what is parting any more: it is freed. Returns how many
 * instances stay and have another configuration now, which the peers are told. */
int reload_apply(struct box *box, struct reload_plan *plan);

/* Applied or not. */
void reload_plan_free(struct reload_plan *plan);

#endif
