/* Sessions between their messages (proto/session.proto) and the structs of replica.h, every field
 * checked on its way in. Pure.
 *
 * A record names its owner unless that is the sender of the message: on the wire the node that sent
 * the datagram, on the feed this box. Lifetimes are rounded up to seconds on their way out and
 * taken as they are on their way in; who wants grace adds it.
 */
#ifndef SA_NAT64_SYNCD_RECORD_H
#define SA_NAT64_SYNCD_RECORD_H

#include "proto/session.pb-c.h"
#include "syncd/replica.h"

#define RECORD_LIFETIME_MAX_S (1u << 22)
#define RECORD_TCP_STATE_MAX  8  /* the translator's last TCP state, plus 1 */
#define RECORD_POOL6_MAX      16 /* prefixes of one instance */

/* False: a field is out of range; *out is untouched then. sender is a node id. */
bool record_read_session(const SaNat64__Session__Session *in, uint8_t sender, uint64_t now_us,
                         struct replica_session *out);
bool record_read_gone(const SaNat64__Session__Gone *in, uint8_t sender, struct replica_gone *out);

/* Initialise and fill *out. The session's message points into *in, which has to outlive it. */
void record_write_session(const struct replica_session *in, uint8_t sender, uint64_t now_us,
                          SaNat64__Session__Session *out);
void record_write_gone(const struct replica_gone *in, uint8_t sender, SaNat64__Session__Gone *out);

#endif
