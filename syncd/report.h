/* What people are told of replication: one word for each state and one sentence for what is wrong,
 * the same in `peers`, in the log and in the service's status. Pure. */
#ifndef SA_NAT64_SYNCD_REPORT_H
#define SA_NAT64_SYNCD_REPORT_H

#include "syncd/box.h"

#define REPORT_MAX 200 /* bytes of a sentence, NUL included */

/* "starting", "joining", "in-sync" or "alone". */
const char *report_state(enum replica_state state);

/* As it says itself while it is in contact; else "never-heard", "not-accepted" or "lost". */
const char *report_peer_state(const struct replica_peer_stats *peer);

/* What is wrong with a peer, "" when nothing is. node is configured and not the own one; out has
 * REPORT_MAX bytes. */
void report_peer_reason(const struct box *box, const struct box_instance *instance, uint8_t node,
                        const struct replica_peer_stats *peer, uint64_t now_us, char *out);

/* What is wrong with an instance: "" when it is in sync and every peer is in contact. */
void report_instance_reason(const struct box *box, const struct box_instance *instance,
                            uint64_t now_us, char *out);

/* Configured nodes other than the own one, bit by bit. */
uint16_t report_peers(const struct box *box);

#endif
