/* What sa-nat64-syncd says of replication, judged: for status, peers and check.
 *
 * What each state means, whether it is well and what to do about it stands in one table.
 */
#ifndef SA_NAT64_SYNC_H
#define SA_NAT64_SYNC_H

#include "cli/findings.h"
#include "proto/control.pb-c.h"

#include <stdbool.h>

/* An instance of the reply; NULL when it is not in there. */
const SaNat64__Control__SyncInstance *sync_find(const SaNat64__Control__PeersReply *reply,
                                                const char *name);

/* Whether sessions go both ways between this box and the peer: it is in contact, in sync, and of
 * the same prefixes. */
bool sync_peer_is_well(const SaNat64__Control__Peer *peer);

/* How text shows the word in SyncInstance.state, and the state of a peer. */
enum meaning sync_meaning(const char *state);
enum meaning sync_peer_meaning(const SaNat64__Control__Peer *peer);

/* Over all peers of an instance: the longest lag, what was lost, and how many are well. */
struct sync_sum {
	uint64_t lag_us, lost, well;
};

struct sync_sum sync_add_up(const SaNat64__Control__SyncInstance *sync);

/* Add what is wrong with the link of the box. Counters that only tell of the past count if they
 * grew since before, or at all when before is NULL. */
void sync_judge_link(const SaNat64__Control__PeersReply *now,
                     const SaNat64__Control__PeersReply *before, struct findings *findings);

/* Add what is wrong with an instance and its peers; before as above. A peer that lags more than
 * lag_max_us is worth a warning. */
void sync_judge_instance(const SaNat64__Control__SyncInstance *now,
                         const SaNat64__Control__SyncInstance *before, uint64_t lag_max_us,
                         struct findings *findings);

/* Whether the reply has counters that need a second look some time later. */
bool sync_has_suspects(const SaNat64__Control__PeersReply *reply);

#endif
