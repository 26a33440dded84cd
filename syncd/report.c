/* See report.h. */
#include "syncd/report.h"

#include <inttypes.h>
#include <stdio.h>

/* An unsealed hint (another key, another version) is believed for so long. */
#define HINT_US UINT64_C(10000000)
/* A box that is gone falls silent in all instances within that time. */
#define APART_US UINT64_C(500000)

static const char *const state_names[] = {
	[REPLICA_STARTING] = "starting",
	[REPLICA_JOINING] = "joining",
	[REPLICA_IN_SYNC] = "in-sync",
	[REPLICA_ALONE] = "alone",
};

const char *report_state(enum replica_state state)
{
	return state_names[state];
}

const char *report_peer_state(const struct replica_peer_stats *peer)
{
	static const char *const names[] = {
		[REPLICA_NEVER_HEARD] = "never-heard",
		[REPLICA_NOT_ACCEPTED] = "not-accepted",
		[REPLICA_LOST] = "lost",
		[REPLICA_CONTACT] = NULL, /* what it says itself */
		[REPLICA_OTHER_PREFIXES] = NULL,
	};

	return names[peer->contact] ? names[peer->contact] : report_state(peer->state);
}

static bool is_recent(uint64_t at_us, uint64_t now_us)
{
	return at_us && now_us - at_us < HINT_US;
}

/* It is in contact in another instance, and was heard there since it fell silent in this one. */
static bool is_without_instance(const struct box *box, uint8_t node,
                                const struct replica_peer_stats *peer, uint64_t now_us)
{
	struct replica_peer_stats other;

	for (size_t i = 0; i < box->count; i++) {
		replica_peer_stats(box->instances[i]->replica, node, &other, now_us);
		if ((other.contact == REPLICA_CONTACT || other.contact == REPLICA_OTHER_PREFIXES) &&
		    other.heard_us >= peer->heard_us + APART_US)
			return true;
	}
	return false;
}

/* Why nothing of a peer can be used. */
static void silence_reason(const struct box *box, const struct box_instance *instance, uint8_t node,
                           const struct replica_peer_stats *peer, uint64_t now_us, char *out)
{
	if (is_recent(box->other_major_us[node], now_us))
		(void)snprintf(out, REPORT_MAX,
		               "it speaks version %u of the protocol, this box version %u",
		               box->other_major[node], SEAL_MAJOR);
	else if (is_recent(instance->bad_seal_us[node], now_us))
		(void)snprintf(out, REPORT_MAX, "it seals with another key; compare sync-key-file");
	else if (peer->contact == REPLICA_NOT_ACCEPTED)
		(void)snprintf(out, REPORT_MAX,
		               "it is heard, but has not answered yet; does it hear this box?");
	else if (is_without_instance(box, node, peer, now_us))
		(void)snprintf(out, REPORT_MAX,
		               "it replicates other instances with this box, but not this one; "
		               "sa-nat64 reload there, when its file has the instance");
	else if (peer->contact == REPLICA_LOST)
		(void)snprintf(out, REPORT_MAX, "silent for %" PRIu64 " s",
		               (now_us - peer->heard_us) / 1000000);
	else
		(void)snprintf(out, REPORT_MAX,
		               "nothing was ever heard of it; does it run, and on this link?");
}

void report_peer_reason(const struct box *box, const struct box_instance *instance, uint8_t node,
                        const struct replica_peer_stats *peer, uint64_t now_us, char *out)
{
	out[0] = '\0';
	if (peer->contact == REPLICA_OTHER_PREFIXES)
		(void)snprintf(
			out, REPORT_MAX,
			"its pool6 or destinations differ from this box: nothing of it is applied");
	else if (peer->contact != REPLICA_CONTACT)
		silence_reason(box, instance, node, peer, now_us, out);
	else if (peer->other_config)
		(void)snprintf(out, REPORT_MAX,
		               "its configuration of the instance differs from that of this box");
}

uint16_t report_peers(const struct box *box)
{
	uint16_t peers = 0;

	for (unsigned node = 0; node < REPLICA_NODES; node++)
		if (box->names[node][0] != '\0' && node != box->node)
			peers |= (uint16_t)(1u << node);
	return peers;
}

/* The first peer with something wrong. */
static void first_peer_reason(const struct box *box, const struct box_instance *instance,
                              uint64_t now_us, char *out)
{
	uint16_t peers = report_peers(box);
	struct replica_peer_stats peer;
	char reason[REPORT_MAX];

	for (uint8_t node = 0; node < REPLICA_NODES; node++) {
		if (!(peers & 1u << node))
			continue;
		replica_peer_stats(instance->replica, node, &peer, now_us);
		report_peer_reason(box, instance, node, &peer, now_us, reason);
		if (reason[0] == '\0')
			continue;
		(void)snprintf(out, REPORT_MAX, "%s: %.*s", box->names[node],
		               REPORT_MAX - CONFIG_NAME_MAX - 2, reason);
		return;
	}
}

void report_instance_reason(const struct box *box, const struct box_instance *instance,
                            uint64_t now_us, char *out)
{
	static const char *const waiting[] = {
		[REPLICA_STARTING] = "waiting for the first peer",
		[REPLICA_JOINING] = "a peer sends what it holds",
		[REPLICA_IN_SYNC] = "",
		[REPLICA_ALONE] = "",
	};

	(void)snprintf(out, REPORT_MAX, "%s", waiting[replica_state(instance->replica)]);
	if (out[0] == '\0' && box_feed_differs(instance))
		(void)snprintf(
			out, REPORT_MAX,
			"its translator runs another configuration than sa-nat64-syncd: reload "
			"the one that was not reloaded");
	if (out[0] == '\0')
		first_peer_reason(box, instance, now_us, out);
}
