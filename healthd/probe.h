/* Probes of one path through a translator: what is sent, what came back, what was lost where; pure.
 *
 * A probe is a datagram from the IPv6 side to a target of lib/probe_address.h, which sends it back
 * as it came. It carries a random nonce besides its number, so that nobody who does not see it can
 * answer in the translator's place. A ring keeps the newest probes. A probe that is not back after
 * PROBE_LATE_US counts as lost, for the direction in which it got lost; if it comes after all while
 * the ring still holds it, the count is put right. An answer that comes even later is counted
 * nowhere.
 *
 * Silence is counted from the time at which the newest probe that arrived was *sent*, so that a
 * translator that stopped is noticed probe-timeout after its last packet, however late its answers
 * were looked at. Time in which this program itself did not run does not count, see probe_excuse().
 */
#ifndef SA_NAT64_PROBE_H
#define SA_NAT64_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROBE_LEN     32 /* bytes of payload */
#define PROBE_NONCE   16
#define PROBE_RING    256 /* probes that are remembered */
#define PROBE_LATE_US 1000000

enum probe_place {
	PROBE_NOWHERE,
	PROBE_SENT,
	PROBE_AT_TARGET, /* translated 6to4, sent back */
	PROBE_BACK
};

struct probe_slot {
	uint64_t seq, sent_us, half_us;
	uint8_t nonce[PROBE_NONCE];
	uint8_t place; /* enum probe_place */
	bool lost;     /* it counts as such */
	bool timed;    /* the loop waits for it, so that its latency is true */
};

struct probe_latency {
	uint64_t from6_us, from4_us; /* of the newest one that was timed */
	uint64_t max_us[2];          /* there and back; in this half minute, and the one before */
	uint64_t turn_us;            /* when this half minute began */
};

/* Embedded; all zero, and then probe_init(). */
struct probe {
	uint8_t path; /* in the payload: answers of different paths come to one socket */
	uint64_t next_seq, next_late; /* the next one to be judged by its age */
	struct probe_slot ring[PROBE_RING];
	uint64_t sent, answered, lost64, lost46;
	uint64_t half_sent_us, whole_sent_us; /* of the newest that arrived there; 0: none did */
	uint64_t newest_half, newest_whole;   /* their numbers */
	struct probe_latency latency;
};

void probe_init(struct probe *probe, uint8_t path);

/* Write the next probe to message (PROBE_LEN bytes) with a nonce of random bytes. is_timed as in
 * struct probe_slot. */
enum probe_timing { PROBE_COUNTED, PROBE_TIMED };
void probe_make(struct probe *probe, const uint8_t nonce[PROBE_NONCE], enum probe_timing timing,
                uint64_t now_us, uint8_t message[PROBE_LEN]);

/* The probe that was made last could not be sent: it never was. */
void probe_unmake(struct probe *probe);

/* The path that a message (len bytes, any at all) names; -1 when it is none of ours. */
int probe_path(const uint8_t *message, size_t len);

/* A message arrived at the target, or back at the source. Both return whether it is one of the
 * ring's that had not been there; what is not is to be ignored. Only a probe that was at the target
 * can come back. */
bool probe_at_target(struct probe *probe, const uint8_t *message, size_t len, uint64_t now_us);
bool probe_is_back(struct probe *probe, const uint8_t *message, size_t len, uint64_t now_us);

/* The program did not run for that long; no more than up to now is forgiven. */
void probe_excuse(struct probe *probe, uint64_t absent_us, uint64_t now_us);

/* Since the newest probe that came to the target, or back, was sent; UINT64_MAX: none ever did. */
uint64_t probe_half_silent(const struct probe *probe, uint64_t now_us);
uint64_t probe_whole_silent(const struct probe *probe, uint64_t now_us);

/* The longest way there and back of the last half to whole minute; 0: none. */
uint64_t probe_latency_max(const struct probe *probe, uint64_t now_us);

#endif
