/* One row for each node: which of its lives is believed, whether it is in contact, what came of it.
 *
 * A life (epoch) is accepted with a Hello that echoes this node's present challenge, and contact
 * that was lost is accepted again in the same way. The state of contact is a table of state and
 * event. Source: proto/SYNC.md, sections 4 and 5.
 */
#ifndef SA_NAT64_SYNCD_PEER_H
#define SA_NAT64_SYNCD_PEER_H

#include "syncd/window.h"
#include "syncd/wire.h"

#define PEER_SILENCE_US   UINT64_C(3000000)
#define PEER_CANDIDATE_US UINT64_C(10000000) /* how long an epoch not accepted is remembered */

enum peer_event {
	PEER_STRANGE,  /* something of an epoch that is not accepted */
	PEER_ACCEPTED, /* its Hello echoed the present challenge */
	PEER_DIFFERS,  /* so it did, but its prefixes are others */
	PEER_SILENT,
	PEER_GOODBYE,
	PEER_EVENTS,
};

struct peer {
	enum replica_contact contact;
	uint8_t life; /* counts epochs */
	bool has_epoch;
	uint8_t epoch[REPLICA_EPOCH_LEN];
	uint8_t challenge[WIRE_CHALLENGE_LEN]; /* its latest, of that epoch */
	uint8_t candidate[REPLICA_EPOCH_LEN];  /* an epoch that waits to be accepted */
	uint8_t candidate_challenge[WIRE_CHALLENGE_LEN];
	uint64_t candidate_us; /* when it was last heard of; 0: none */
	enum replica_state state;
	bool other_config;
	uint64_t heard_us, sessions;
	uint64_t datagrams, duplicates, replays, resent_asked;
	uint64_t ask_us;  /* when something missing is to be asked for; UINT64_MAX: nothing is */
	uint64_t want_us; /* until then records of it answer a Want */
	char version[32];
	struct window window;
};

void peer_event(struct peer *peer, enum peer_event event);

/* Its present epoch is accepted. */
bool peer_is_accepted(const struct peer *peer);

/* Its present epoch is accepted, and is this one. */
bool peer_is_epoch(const struct peer *peer, const uint8_t epoch[REPLICA_EPOCH_LEN]);

/* It is in contact and its sessions are applied. */
bool peer_is_heard(const struct peer *peer);

/* It has everything: in sync, or alone. */
bool peer_is_whole(const struct peer *peer);

/* Remember the challenge of a Hello, to be echoed. */
void peer_note_challenge(struct peer *peer, const uint8_t epoch[REPLICA_EPOCH_LEN],
                         const uint8_t challenge[WIRE_CHALLENGE_LEN], uint64_t now_us);

/* Believe this epoch from the number seq on; another one than before ends the former. */
void peer_accept(struct peer *peer, const uint8_t epoch[REPLICA_EPOCH_LEN], uint64_t seq,
                 uint64_t now_us);

/* When a session was told, in a form that compares within one life: peer_told_later() is true if
 * heard is of this life and later than the datagram seq. */
uint32_t peer_heard(const struct peer *peer, uint64_t seq);
bool peer_told_later(const struct peer *peer, uint32_t heard, uint64_t seq);

#endif
