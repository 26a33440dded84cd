/* Payloads of datagrams to and from protobuf: how much fits, and whether every field makes sense.
 *
 * Nothing is allocated for a datagram: messages are unpacked into an arena of fixed size, which
 * the next one uses again. Source: proto/sync.proto, proto/session.proto.
 */
#ifndef SA_NAT64_SYNCD_WIRE_H
#define SA_NAT64_SYNCD_WIRE_H

#include "lib/arena.h"
#include "proto/sync.pb-c.h"
#include "syncd/replica.h"

#define WIRE_RANGES_MAX    64 /* of a NACK and its answers */
#define WIRE_DIGESTS_MAX   64
#define WIRE_BUCKETS_MAX   64
#define WIRE_HASHES_MAX    1200 /* of a listing or a Want: more than 9,000 bytes hold */
#define WIRE_CHALLENGE_LEN 16
#define WIRE_OVERHEAD      8 /* field number and length of one part, at most */

typedef SaNat64__Sync__Payload wire_payload;

/* ---- making ---- */

struct wire_out {
	uint8_t *at;
	size_t len, max;
};

/* Add a part of the payload under its field number; false: it does not fit, nothing was added. */
bool wire_put(struct wire_out *out, uint32_t field, const ProtobufCMessage *part);

/* Add a record. sender: node id, left out of the record where it is the owner. */
bool wire_put_session(struct wire_out *out, const struct replica_session *session, uint8_t sender,
                      uint64_t now_us);
bool wire_put_gone(struct wire_out *out, const struct replica_gone *gone, uint8_t sender);

/* ---- reading ---- */

/* How large an arena has to be for payloads of at most payload_max bytes. */
size_t wire_arena_size(size_t payload_max);

/* The records of a payload. */
struct wire_records {
	size_t n_sessions, n_gone;
	struct replica_session *sessions;
	struct replica_gone *gone;
};

/* The payload, all fields of which are in their ranges, and its records, both until the next call;
 * NULL: malformed. sender: node id, the owner of records that name none. */
const wire_payload *wire_read(struct arena *arena, const uint8_t *payload, size_t len,
                              uint8_t sender, uint64_t now_us, struct wire_records *records);

/* Whether the values of a record of the local translator are in their ranges. */
bool wire_session_is_valid(const struct replica_session *session);
bool wire_gone_is_valid(const struct replica_gone *gone);

#endif
