#include "syncd/peer.h"

#include <string.h>

#define START_BACK 256 /* numbers before acceptance that are asked for */

/* clang-format off */
static const uint8_t next[][PEER_EVENTS] = {
	/*                            STRANGE               ACCEPTED         DIFFERS                 SILENT                GOODBYE */
	[REPLICA_NEVER_HEARD]    = { REPLICA_NOT_ACCEPTED,  REPLICA_CONTACT, REPLICA_OTHER_PREFIXES, REPLICA_NEVER_HEARD,  REPLICA_NEVER_HEARD },
	[REPLICA_NOT_ACCEPTED]   = { REPLICA_NOT_ACCEPTED,  REPLICA_CONTACT, REPLICA_OTHER_PREFIXES, REPLICA_NOT_ACCEPTED, REPLICA_NOT_ACCEPTED },
	[REPLICA_CONTACT]        = { REPLICA_CONTACT,       REPLICA_CONTACT, REPLICA_OTHER_PREFIXES, REPLICA_LOST,         REPLICA_LOST },
	[REPLICA_LOST]           = { REPLICA_LOST,          REPLICA_CONTACT, REPLICA_OTHER_PREFIXES, REPLICA_LOST,         REPLICA_LOST },
	[REPLICA_OTHER_PREFIXES] = { REPLICA_OTHER_PREFIXES, REPLICA_CONTACT, REPLICA_OTHER_PREFIXES, REPLICA_LOST,        REPLICA_LOST },
};
/* clang-format on */

void peer_event(struct peer *peer, enum peer_event event)
{
	peer->contact = next[peer->contact][event];
}

bool peer_is_accepted(const struct peer *peer)
{
	return peer->contact == REPLICA_CONTACT || peer->contact == REPLICA_OTHER_PREFIXES;
}

bool peer_is_epoch(const struct peer *peer, const uint8_t epoch[REPLICA_EPOCH_LEN])
{
	return peer_is_accepted(peer) && memcmp(peer->epoch, epoch, REPLICA_EPOCH_LEN) == 0;
}

bool peer_is_heard(const struct peer *peer)
{
	return peer->contact == REPLICA_CONTACT;
}

bool peer_is_whole(const struct peer *peer)
{
	return peer->state == REPLICA_IN_SYNC || peer->state == REPLICA_ALONE;
}

void peer_note_challenge(struct peer *peer, const uint8_t epoch[REPLICA_EPOCH_LEN],
                         const uint8_t challenge[WIRE_CHALLENGE_LEN], uint64_t now_us)
{
	if (peer->has_epoch && memcmp(peer->epoch, epoch, REPLICA_EPOCH_LEN) == 0) {
		memcpy(peer->challenge, challenge, WIRE_CHALLENGE_LEN);
		return;
	}
	memcpy(peer->candidate, epoch, REPLICA_EPOCH_LEN);
	memcpy(peer->candidate_challenge, challenge, WIRE_CHALLENGE_LEN);
	peer->candidate_us = now_us;
}

void peer_accept(struct peer *peer, const uint8_t epoch[REPLICA_EPOCH_LEN], uint64_t seq,
                 uint64_t now_us)
{
	if (peer->has_epoch && memcmp(peer->epoch, epoch, REPLICA_EPOCH_LEN) == 0)
		return;
	memcpy(peer->epoch, epoch, REPLICA_EPOCH_LEN);
	if (memcmp(peer->candidate, epoch, REPLICA_EPOCH_LEN) == 0) {
		memcpy(peer->challenge, peer->candidate_challenge, WIRE_CHALLENGE_LEN);
		peer->candidate_us = 0;
	}
	peer->has_epoch = true;
	peer->life++;
	window_start(&peer->window, seq, START_BACK, now_us);
	peer->ask_us = peer->window.missing ? now_us + WINDOW_GRACE_US : UINT64_MAX;
}

uint32_t peer_heard(const struct peer *peer, uint64_t seq)
{
	return (uint32_t)peer->life << 24 | (uint32_t)(seq & 0xffffff);
}

bool peer_told_later(const struct peer *peer, uint32_t heard, uint64_t seq)
{
	return heard >> 24 == peer->life && (int32_t)((heard - (uint32_t)seq) << 8) > 0;
}
