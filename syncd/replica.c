#include "syncd/replica_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TICK_US     UINT64_C(100000)
#define STALL_US    UINT64_C(1000000) /* a pause of our own; the silence of it is nobody's fault */
#define SWEEP_PARTS 64                /* steps in which the whole mirror is looked through */
#define SWEEP_MIN   64
#define TOMBS_PART  4 /* room for tombstones: a fourth of the sessions of one node */
#define TOMBS_MIN   4096

static uint32_t capacity_of(const struct replica_config *config)
{
	uint64_t nodes = (uint64_t)__builtin_popcount(config->nodes);
	uint64_t entries = config->sessions_max * nodes + config->sessions_max / TOMBS_PART +
	                   TOMBS_MIN;

	return entries < INT32_MAX ? (uint32_t)entries : INT32_MAX;
}

struct replica *replica_new(const struct replica_config *config, uint64_t now_us)
{
	struct replica *replica = calloc(1, sizeof(*replica));

	if (!replica)
		return NULL;
	replica->config = *config;
	(void)snprintf(replica->version, sizeof(replica->version), "%s",
	               config->version ? config->version : "");
	replica->config.version = NULL;
	replica->mirror = mirror_new(capacity_of(config), config->digest_key, now_us);
	replica->sent = sent_new();
	replica->arena = arena_new(wire_arena_size(config->payload_max));
	if (!replica->mirror || !replica->sent || !replica->arena) {
		replica_free(replica);
		return NULL;
	}
	sendq_init(&replica->sendq, replica->mirror);
	pace_init(&replica->pace, config->rate, now_us);
	for (unsigned node = 0; node < REPLICA_NODES; node++)
		replica->peers[node].ask_us = UINT64_MAX;
	replica->hello_us = replica->beat_us = replica->tick_us = replica->sweep_us = now_us;
	replica_new_challenge(replica);
	join_start(replica, now_us);
	return replica;
}

void replica_free(struct replica *replica)
{
	if (!replica)
		return;
	mirror_free(replica->mirror);
	sent_free(replica->sent);
	arena_free(replica->arena);
	free(replica);
}

void replica_reconfigure(struct replica *replica, uint64_t prefixes_hash, uint64_t config_hash)
{
	replica->config.prefixes_hash = prefixes_hash;
	replica->config.config_hash = config_hash;
}

void replica_new_challenge(struct replica *replica)
{
	replica->config.random(replica->config.random_context, replica->challenge,
	                       sizeof(replica->challenge));
}

void replica_want_hello(struct replica *replica, uint64_t now_us)
{
	uint64_t may_us = replica->hello_sent_us + REPLICA_HELLO_MIN_US;

	if (may_us < now_us || !replica->hello_sent_us)
		may_us = now_us;
	if (may_us < replica->hello_us)
		replica->hello_us = may_us;
}

void replica_goodbye(struct replica *replica)
{
	replica->goodbye = true;
}

/* ---- what time brings ---- */

static void look_at_peers(struct replica *replica, uint64_t now_us)
{
	for (unsigned node = 0; node < REPLICA_NODES; node++) {
		struct peer *peer = &replica->peers[node];

		if (!peer_is_accepted(peer) || now_us < peer->heard_us + PEER_SILENCE_US)
			continue;
		peer_event(peer, PEER_SILENT);
		replica_new_challenge(replica);
		replica_want_hello(replica, now_us);
	}
}

/* This process was stopped for a while: its peers were not. */
static void forgive_silence(struct replica *replica, uint64_t pause_us)
{
	for (unsigned node = 0; node < REPLICA_NODES; node++)
		if (peer_is_accepted(&replica->peers[node]))
			replica->peers[node].heard_us += pause_us;
}

static bool leave(void *context, uint32_t index)
{
	struct replica *replica = context;

	if (mirror_at(replica->mirror, index)->queue != SENDQ_NONE)
		return false;
	apply_remove(replica, index);
	return true;
}

static void sweep(struct replica *replica, uint64_t now_us)
{
	uint32_t slots = mirror_slots(replica->mirror) / SWEEP_PARTS + SWEEP_MIN;

	if (now_us < replica->sweep_us)
		return;
	replica->sweep_us = now_us + TICK_US;
	mirror_sweep(replica->mirror, slots, now_us, leave, replica);
}

void replica_tick(struct replica *replica, uint64_t now_us)
{
	if (now_us < replica->tick_us && !replica->scan_cursor)
		return;
	if (now_us > replica->tick_us + STALL_US)
		forgive_silence(replica, now_us - replica->tick_us);
	replica->tick_us = now_us + TICK_US;
	local_step(replica, now_us);
	look_at_peers(replica, now_us);
	join_tick(replica, now_us);
	pace_judge(&replica->pace, now_us);
	sweep(replica, now_us);
}

/* ---- what people want to know ---- */

enum replica_state replica_state(const struct replica *replica)
{
	return replica->state;
}

bool replica_all_in_contact(const struct replica *replica)
{
	for (unsigned node = 0; node < REPLICA_NODES; node++)
		if (replica_is_other(replica, node) &&
		    (!peer_is_heard(&replica->peers[node]) || replica->peers[node].other_config))
			return false;
	return true;
}

static size_t memory(const struct replica *replica)
{
	return sizeof(*replica) + mirror_memory(replica->mirror) + sent_memory(replica->sent) +
	       wire_arena_size(replica->config.payload_max);
}

void replica_stats(const struct replica *replica, struct replica_stats *out)
{
	*out = replica->stats;
	out->state = replica->state;
	out->sessions = mirror_total(replica->mirror);
	out->own = mirror_count(replica->mirror, replica->config.node);
	out->waiting_repair = sendq_count(&replica->sendq, SENDQ_REPAIR);
	out->waiting_news = sendq_count(&replica->sendq, SENDQ_NEWS);
	out->waiting_bulk = snapshot_pending(replica) ? mirror_total(replica->mirror) : 0;
	out->waiting_apply = replica->apply.count + replica->apply_cursor;
	out->rate = replica->pace.rate;
	out->memory_bytes = memory(replica);
}

void replica_peer_stats(const struct replica *replica, uint8_t node, struct replica_peer_stats *out,
                        uint64_t now_us)
{
	const struct peer *peer = &replica->peers[node];

	*out = (struct replica_peer_stats){
		.contact = peer->contact,
		.state = peer->state,
		.other_config = peer->other_config,
		.heard_us = peer->heard_us,
		.sessions = peer->sessions,
		.copies = mirror_count(replica->mirror, node),
		.lag_us = window_lag_us(&peer->window, now_us),
		.missing = peer->window.asked,
		.lost = peer->window.lost,
		.resent_asked = peer->resent_asked,
		.duplicates = peer->duplicates,
		.replays = peer->replays,
		.datagrams = peer->datagrams,
		.loss_permille = window_loss_permille(&peer->window),
	};
	memcpy(out->epoch, peer->epoch, sizeof(out->epoch));
	memcpy(out->version, peer->version, sizeof(out->version));
}
