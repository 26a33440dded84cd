#include "cli/sync.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct state_row {
	const char *name;
	bool is_well;
	const char *advice;
};

/* clang-format off */
static const struct state_row own_states[] = {
	{ "in-sync", true, "" },
	{ "alone", true, "" },
	{ "starting", false, "after sync-wait it goes on alone" },
	{ "joining", false, "wait until all sessions have come" },
};

static const struct state_row peer_states[] = {
	{ "in-sync", true, "" },
	{ "alone", true, "" },
	{ "starting", false, "wait; it has just started" },
	{ "joining", false, "wait until all sessions are there" },
	{ "never-heard", false, "is the box up, and does sa-nat64-syncd run there with the same cluster name, "
	                        "sync-group, sync-port and sync-key-file?" },
	{ "not-accepted", false, "its datagrams arrive, but it does not answer those of this box: does it hear them?" },
	{ "lost", false, "is the box up, does sa-nat64-syncd run there, and is the sync link whole?" },
};
/* clang-format on */

static const struct state_row unknown_state = {
	"", false, "a state that this release of sa-nat64 does not know"
};

static const struct state_row *state_find(const struct state_row *rows, size_t count,
                                          const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	return &unknown_state;
}

static const struct state_row *peer_state(const SaNat64__Control__Peer *peer)
{
	return state_find(peer_states, sizeof(peer_states) / sizeof(peer_states[0]), peer->state);
}

const SaNat64__Control__SyncInstance *sync_find(const SaNat64__Control__PeersReply *reply,
                                                const char *name)
{
	for (size_t i = 0; i < reply->n_instances; i++)
		if (strcmp(reply->instances[i]->name, name) == 0)
			return reply->instances[i];
	return NULL;
}

bool sync_peer_is_well(const SaNat64__Control__Peer *peer)
{
	return peer_state(peer)->is_well && !peer->prefixes_differ;
}

enum meaning sync_meaning(const char *state)
{
	return state_find(own_states, sizeof(own_states) / sizeof(own_states[0]), state)->is_well
	               ? MEANING_GOOD
	               : MEANING_WARNING;
}

enum meaning sync_peer_meaning(const SaNat64__Control__Peer *peer)
{
	return peer->prefixes_differ       ? MEANING_BAD
	       : peer_state(peer)->is_well ? MEANING_GOOD
	                                   : MEANING_WARNING;
}

struct sync_sum sync_add_up(const SaNat64__Control__SyncInstance *sync)
{
	struct sync_sum sum = { .lag_us = 0 };

	for (size_t i = 0; i < sync->n_peers; i++) {
		const SaNat64__Control__Peer *peer = sync->peers[i];

		sum.lag_us = peer->lag_us > sum.lag_us ? peer->lag_us : sum.lag_us;
		sum.lost += peer->lost;
		sum.well += sync_peer_is_well(peer);
	}
	return sum;
}

static uint64_t growth(uint64_t now, uint64_t before)
{
	return now > before ? now - before : 0;
}

void sync_judge_link(const SaNat64__Control__PeersReply *now,
                     const SaNat64__Control__PeersReply *before, struct findings *findings)
{
	uint64_t other_version = growth(now->other_version, before ? before->other_version : 0);

	if (now->link[0])
		findings_add(findings, SEVERITY_CRITICAL, "", "sync-interface %s: %s",
		             now->interface, now->link);
	if (other_version > 0)
		findings_add(findings, SEVERITY_WARNING, "",
		             "other version %" PRIu64 ": datagrams of another major version of the "
		             "protocol; run the same release on all boxes",
		             other_version);
}

/* A state in words: why, and what to do, unless the reason has that itself, behind a semicolon. */
static void describe(const struct state_row *state, const char *reason, char *text, size_t size)
{
	if (!reason[0])
		(void)snprintf(text, size, "%s", state->advice);
	else if (strchr(reason, ';'))
		(void)snprintf(text, size, "%s", reason);
	else
		(void)snprintf(text, size, "%s; %s", reason, state->advice);
}

static void judge_peer(const char *instance, const SaNat64__Control__Peer *peer,
                       uint64_t lag_max_us, struct findings *findings)
{
	const struct state_row *state = peer_state(peer);
	char described[400];

	describe(state, peer->reason, described, sizeof(described));
	if (!state->is_well)
		findings_add(findings, SEVERITY_WARNING, instance, "peer %s %s: %s", peer->node,
		             peer->state, described);
	else if (peer->lag_us > lag_max_us)
		findings_add(findings, SEVERITY_WARNING, instance,
		             "peer %s lags by %" PRIu64
		             " ms: is the sync link lossy, or one of the "
		             "boxes overloaded?",
		             peer->node, peer->lag_us / 1000);
	if (peer->prefixes_differ)
		findings_add(findings, SEVERITY_CRITICAL, instance,
		             "peer %s has another pool6 or destinations: nothing that it sends is "
		             "taken; give all boxes the same configuration",
		             peer->node);
	else if (peer->config_differs)
		findings_add(findings, SEVERITY_WARNING, instance,
		             "peer %s has another configuration: only what fits is taken; give "
		             "all boxes the same pool4, bib, mode, timeouts and nodes",
		             peer->node);
}

static void judge_state(const SaNat64__Control__SyncInstance *sync, struct findings *findings)
{
	const struct state_row *state =
		state_find(own_states, sizeof(own_states) / sizeof(own_states[0]), sync->state);
	char described[400];

	describe(state, sync->reason, described, sizeof(described));
	if (!state->is_well)
		findings_add(findings, SEVERITY_WARNING, sync->name, "this box is %s: %s",
		             sync->state, described);
	if (!sync->translator)
		findings_add(findings, SEVERITY_WARNING, sync->name,
		             "its translator is not attached to sa-nat64-syncd: does it run, and "
		             "with the same run directory?");
}

static void judge_counters(const SaNat64__Control__SyncInstance *now,
                           const SaNat64__Control__SyncInstance *before, struct findings *findings)
{
	const struct {
		uint64_t count;
		const char *name, *advice;
	} rows[] = {
		{ growth(now->bad_seals, before ? before->bad_seals : 0), "bad seals",
		  "datagrams of a box with another sync-key-file, or forged ones" },
		{ now->refused, "refused",
		  "sessions of peers could not be entered here; are their addresses in pool4, and "
		  "is max-sessions large enough?" },
		{ now->conflicts, "conflicts",
		  "bindings contradicted each other and one of both ended; is a bib or pool4 line "
		  "missing on a box?" },
		{ now->no_room, "no room",
		  "sessions of peers did not fit into sa-nat64-syncd; raise max-sessions on all "
		  "boxes" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].count > 0)
			findings_add(findings, SEVERITY_WARNING, now->name, "%s %" PRIu64 ": %s",
			             rows[i].name, rows[i].count, rows[i].advice);
}

void sync_judge_instance(const SaNat64__Control__SyncInstance *now,
                         const SaNat64__Control__SyncInstance *before, uint64_t lag_max_us,
                         struct findings *findings)
{
	judge_state(now, findings);
	for (size_t i = 0; i < now->n_peers; i++)
		judge_peer(now->name, now->peers[i], lag_max_us, findings);
	judge_counters(now, before, findings);
}

bool sync_has_suspects(const SaNat64__Control__PeersReply *reply)
{
	bool has = reply->other_version > 0;

	for (size_t i = 0; i < reply->n_instances; i++)
		has |= reply->instances[i]->bad_seals > 0;
	return has;
}
