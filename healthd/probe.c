/* See probe.h. Payload: "N64P", the path, three zero bytes, the number (8 bytes), the nonce (16);
 * big endian. */
#include "healthd/probe.h"

#include "healthd/absence.h"

#include <sodium.h>
#include <string.h>

#define PATH_AT     4
#define SEQ_AT      8
#define NONCE_AT    16
#define HALF_MINUTE UINT64_C(30000000)

static const uint8_t magic[PATH_AT] = { 'N', '6', '4', 'P' };

static void put64(uint8_t *at, uint64_t value)
{
	for (int i = 7; i >= 0; i--, value >>= 8)
		at[i] = value & 0xff;
}

static uint64_t get64(const uint8_t *at)
{
	uint64_t value = 0;

	for (int i = 0; i < 8; i++)
		value = value << 8 | at[i];
	return value;
}

static struct probe_slot *slot_of(struct probe *probe, uint64_t seq)
{
	return &probe->ring[seq % PROBE_RING];
}

void probe_init(struct probe *probe, uint8_t path)
{
	*probe = (struct probe){ .path = path, .next_seq = 1, .next_late = 1 };
}

/* Probes that are not back although their time is over, or their place in the ring is needed. */
static void count_lost(struct probe *probe, uint64_t now_us)
{
	for (; probe->next_late < probe->next_seq; probe->next_late++) {
		struct probe_slot *slot = slot_of(probe, probe->next_late);

		if (now_us - slot->sent_us < PROBE_LATE_US &&
		    probe->next_seq - probe->next_late < PROBE_RING)
			return;
		slot->lost = slot->place == PROBE_SENT || slot->place == PROBE_AT_TARGET;
		probe->lost64 += slot->place == PROBE_SENT;
		probe->lost46 += slot->place == PROBE_AT_TARGET;
	}
}

void probe_make(struct probe *probe, const uint8_t nonce[PROBE_NONCE], enum probe_timing timing,
                uint64_t now_us, uint8_t message[PROBE_LEN])
{
	struct probe_slot *slot = slot_of(probe, probe->next_seq);

	count_lost(probe, now_us);
	*slot = (struct probe_slot){ .seq = probe->next_seq++,
		                     .sent_us = now_us,
		                     .place = PROBE_SENT,
		                     .timed = timing == PROBE_TIMED };
	memcpy(slot->nonce, nonce, PROBE_NONCE);
	probe->sent++;
	memset(message, 0, PROBE_LEN);
	memcpy(message, magic, sizeof(magic));
	message[PATH_AT] = probe->path;
	put64(message + SEQ_AT, slot->seq);
	memcpy(message + NONCE_AT, nonce, PROBE_NONCE);
}

void probe_unmake(struct probe *probe)
{
	slot_of(probe, probe->next_seq - 1)->place = PROBE_NOWHERE;
	probe->sent--;
}

int probe_path(const uint8_t *message, size_t len)
{
	if (len != PROBE_LEN || memcmp(message, magic, sizeof(magic)) != 0)
		return -1;
	return message[PATH_AT];
}

/* The slot of a message that is just there where it has to be before; else NULL. */
static struct probe_slot *find(struct probe *probe, const uint8_t *message, size_t len,
                               enum probe_place place)
{
	struct probe_slot *slot;
	uint64_t seq;

	if (probe_path(message, len) != probe->path)
		return NULL;
	seq = get64(message + SEQ_AT);
	slot = slot_of(probe, seq);
	if (slot->place != place || slot->seq != seq ||
	    sodium_memcmp(slot->nonce, message + NONCE_AT, PROBE_NONCE) != 0)
		return NULL;
	return slot;
}

bool probe_at_target(struct probe *probe, const uint8_t *message, size_t len, uint64_t now_us)
{
	struct probe_slot *slot = find(probe, message, len, PROBE_SENT);

	if (!slot)
		return false;
	slot->place = PROBE_AT_TARGET;
	slot->half_us = now_us;
	if (slot->lost) {
		probe->lost64--;
		probe->lost46++;
	}
	if (slot->seq > probe->newest_half) {
		probe->newest_half = slot->seq;
		if (slot->sent_us > probe->half_sent_us)
			probe->half_sent_us = slot->sent_us;
	}
	return true;
}

static void turn_half_minutes(struct probe_latency *latency, uint64_t now_us)
{
	if (now_us - latency->turn_us < HALF_MINUTE)
		return;
	latency->max_us[1] = now_us - latency->turn_us < 2 * HALF_MINUTE ? latency->max_us[0] : 0;
	latency->max_us[0] = 0;
	latency->turn_us = now_us;
}

static void note_latency(struct probe *probe, const struct probe_slot *slot, uint64_t now_us)
{
	struct probe_latency *latency = &probe->latency;
	uint64_t both_us = now_us - slot->sent_us;

	latency->from6_us = slot->half_us - slot->sent_us;
	latency->from4_us = now_us - slot->half_us;
	turn_half_minutes(latency, now_us);
	if (both_us > latency->max_us[0])
		latency->max_us[0] = both_us;
}

bool probe_is_back(struct probe *probe, const uint8_t *message, size_t len, uint64_t now_us)
{
	struct probe_slot *slot = find(probe, message, len, PROBE_AT_TARGET);

	if (!slot)
		return false;
	slot->place = PROBE_BACK;
	probe->answered++;
	probe->lost46 -= slot->lost;
	slot->lost = false;
	if (slot->seq > probe->newest_whole) {
		probe->newest_whole = slot->seq;
		if (slot->sent_us > probe->whole_sent_us)
			probe->whole_sent_us = slot->sent_us;
	}
	if (slot->timed)
		note_latency(probe, slot, now_us);
	return true;
}

void probe_excuse(struct probe *probe, uint64_t absent_us, uint64_t now_us)
{
	probe->half_sent_us = absence_excuse(probe->half_sent_us, absent_us, now_us);
	probe->whole_sent_us = absence_excuse(probe->whole_sent_us, absent_us, now_us);
}

static uint64_t silent(uint64_t since_us, uint64_t now_us)
{
	if (since_us == 0)
		return UINT64_MAX;
	return now_us > since_us ? now_us - since_us : 0;
}

uint64_t probe_half_silent(const struct probe *probe, uint64_t now_us)
{
	return silent(probe->half_sent_us, now_us);
}

uint64_t probe_whole_silent(const struct probe *probe, uint64_t now_us)
{
	return silent(probe->whole_sent_us, now_us);
}

uint64_t probe_latency_max(const struct probe *probe, uint64_t now_us)
{
	struct probe_latency latency = probe->latency;

	turn_half_minutes(&latency, now_us);
	return latency.max_us[0] > latency.max_us[1] ? latency.max_us[0] : latency.max_us[1];
}
