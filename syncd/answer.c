/* See answer.h. A reply is put together in one block of memory and packed at once. */
#include "syncd/answer.h"

#include "lib/control_reply.h"
#include "lib/version.h"
#include "syncd/report.h"

#include <stdlib.h>
#include <string.h>

/* One request and the room for its reply. */
struct exchange {
	struct box *box;
	const struct answer_facts *facts;
	uint64_t now_us;
	struct control_reply to;
};

/* What one instance's part of a PeersReply points to. */
struct part {
	SaNat64__Control__SyncInstance message;
	SaNat64__Control__Peer peers[REPLICA_NODES], *peer_at[REPLICA_NODES];
	struct replica_peer_stats stats[REPLICA_NODES];
	char reason[REPORT_MAX];
	char reasons[REPLICA_NODES][REPORT_MAX];
};

static void fill_peer(const struct exchange *x, const struct box_instance *instance, uint8_t node,
                      struct part *part)
{
	struct replica_peer_stats *stats = &part->stats[node];
	SaNat64__Control__Peer *out = &part->peers[node];

	replica_peer_stats(instance->replica, node, stats, x->now_us);
	report_peer_reason(x->box, instance, node, stats, x->now_us, part->reasons[node]);
	sa_nat64__control__peer__init(out);
	out->node = x->box->names[node];
	out->id = node;
	out->state = (char *)report_peer_state(stats);
	out->reason = part->reasons[node];
	out->lag_us = stats->lag_us;
	out->lost = stats->lost;
	out->missing = stats->missing;
	out->duplicates = stats->duplicates;
	out->replays = stats->replays;
	out->sessions = stats->sessions;
	out->copies = stats->copies;
	out->silent_us = stats->heard_us ? x->now_us - stats->heard_us : 0;
	out->loss_permille = stats->loss_permille;
	out->config_differs = stats->other_config;
	out->prefixes_differ = stats->contact == REPLICA_OTHER_PREFIXES;
	out->version = stats->version;
	if (stats->heard_us)
		out->epoch = (ProtobufCBinaryData){ sizeof(stats->epoch), stats->epoch };
	out->datagrams = stats->datagrams;
	out->asked = stats->resent_asked;
	part->peer_at[part->message.n_peers++] = out;
}

static void fill_traffic(const struct replica_stats *stats, SaNat64__Control__SyncInstance *out)
{
	out->queue_repair = stats->waiting_repair;
	out->queue_news = stats->waiting_news;
	out->queue_bulk = stats->waiting_bulk;
	out->queue_translator = stats->waiting_apply;
	out->sent_datagrams = stats->sent_datagrams;
	out->sent_bytes = stats->sent_bytes;
	out->sent_sessions = stats->sent_sessions;
	out->received_datagrams = stats->received_datagrams;
	out->received_bytes = stats->received_bytes;
	out->received_sessions = stats->received_sessions;
	out->resent = stats->resent_sessions;
	out->duplicates = stats->refused[REPLICA_DUPLICATE];
	out->replays = stats->refused[REPLICA_TOO_OLD];
	out->unaccepted = stats->unaccepted;
	out->rate = stats->rate;
}

static void fill_instance(const struct exchange *x, const struct box_instance *instance,
                          struct part *part)
{
	SaNat64__Control__SyncInstance *out = &part->message;
	uint16_t peers = report_peers(x->box);
	struct replica_stats stats;

	replica_stats(instance->replica, &stats);
	report_instance_reason(x->box, instance, x->now_us, part->reason);
	sa_nat64__control__sync_instance__init(out);
	fill_traffic(&stats, out);
	out->name = (char *)instance->name;
	out->state = (char *)report_state(stats.state);
	out->reason = part->reason;
	out->translator = instance->feed.attached;
	out->sessions = stats.sessions;
	out->own = stats.own;
	out->bad_seals = instance->bad_seals;
	out->malformed = stats.malformed + instance->feed.malformed;
	out->refused = stats.refused_local;
	out->no_room = stats.no_room;
	out->feed_overflows = instance->feed.overflows;
	out->conflicts = instance->feed.conflicts;
	out->memory_bytes = stats.memory_bytes;
	out->peers = part->peer_at;
	for (uint8_t node = 0; node < REPLICA_NODES; node++)
		if (peers & 1u << node)
			fill_peer(x, instance, node, part);
}

static void fill_box(const struct exchange *x, SaNat64__Control__PeersReply *out)
{
	const uint64_t *verdicts = x->box->verdicts;

	out->cluster = x->box->cluster;
	out->node = x->box->names[x->box->node];
	out->id = x->box->node;
	out->version = (char *)sa_nat64_version;
	out->uptime_us = x->facts->uptime_us;
	out->interface = (char *)x->facts->interface;
	out->group = (char *)x->facts->group;
	out->port = x->facts->port;
	out->link = (char *)x->facts->link;
	out->foreign = verdicts[BOX_NOT_OURS] + verdicts[BOX_OTHER_CLUSTER] +
	               verdicts[BOX_OTHER_INSTANCE];
	out->other_version = verdicts[BOX_OTHER_VERSION];
	out->not_local = x->facts->not_local;
}

static bool is_wanted(const char *wanted, const struct box_instance *instance)
{
	return wanted[0] == '\0' || strcmp(wanted, instance->name) == 0;
}

static size_t answer_peers(const struct exchange *x, const SaNat64__Control__PeersRequest *request)
{
	SaNat64__Control__Reply reply = SA_NAT64__CONTROL__REPLY__INIT;
	SaNat64__Control__PeersReply peers = SA_NAT64__CONTROL__PEERS_REPLY__INIT;
	struct part *parts = calloc(x->box->count + 1, sizeof(*parts));
	SaNat64__Control__SyncInstance **at = calloc(x->box->count + 1, sizeof(struct part *));
	size_t len = 0;

	if (!parts || !at) {
		len = control_reply_error(&x->to, "not enough memory for the answer");
		goto out;
	}
	fill_box(x, &peers);
	for (size_t i = 0; i < x->box->count; i++) {
		if (!is_wanted(request->instance, x->box->instances[i]))
			continue;
		fill_instance(x, x->box->instances[i], &parts[i]);
		at[peers.n_instances++] = &parts[i].message;
	}
	peers.instances = at;
	reply.body_case = SA_NAT64__CONTROL__REPLY__BODY_PEERS;
	reply.peers = &peers;
	len = control_reply_send(&x->to, &reply);
	if (len == 0)
		len = control_reply_invalid(&x->to, "the answer is too long; ask for one instance");
out:
	free(parts);
	free(at);
	return len;
}

static size_t answer_resync(const struct exchange *x,
                            const SaNat64__Control__ResyncRequest *request)
{
	SaNat64__Control__Reply reply = SA_NAT64__CONTROL__REPLY__INIT;
	SaNat64__Control__ResyncReply resync = SA_NAT64__CONTROL__RESYNC_REPLY__INIT;
	char **names = calloc(x->box->count + 1, sizeof(*names));
	size_t len;

	if (!names)
		return control_reply_error(&x->to, "not enough memory for the answer");
	for (size_t i = 0; i < x->box->count; i++) {
		struct box_instance *instance = x->box->instances[i];

		if (!is_wanted(request->instance, instance))
			continue;
		replica_resync(instance->replica, x->now_us);
		x->facts->rescan(x->facts->context, instance);
		names[resync.n_instances++] = instance->name;
	}
	resync.instances = names;
	reply.body_case = SA_NAT64__CONTROL__REPLY__BODY_RESYNC;
	reply.resync = &resync;
	len = control_reply_send(&x->to, &reply);
	free(names);
	return len;
}

static bool is_known(struct box *box, const char *name)
{
	return name[0] == '\0' || box_find(box, name);
}

static size_t answer(const struct exchange *x, const SaNat64__Control__Request *request)
{
	static const char unknown[] = "it replicates no instance of that name; those with "
				      "mode = siit have no sessions to replicate";

	if (request->version != CONTROL_VERSION)
		return control_reply_error(&x->to,
		                           "this version of the protocol is not understood");
	switch (request->command_case) {
	case SA_NAT64__CONTROL__REQUEST__COMMAND_PEERS:
		return is_known(x->box, request->peers->instance)
		               ? answer_peers(x, request->peers)
		               : control_reply_invalid(&x->to, unknown);
	case SA_NAT64__CONTROL__REQUEST__COMMAND_RESYNC:
		return is_known(x->box, request->resync->instance)
		               ? answer_resync(x, request->resync)
		               : control_reply_invalid(&x->to, unknown);
	case SA_NAT64__CONTROL__REQUEST__COMMAND_CONFIG:
	case SA_NAT64__CONTROL__REQUEST__COMMAND_RELOAD:
		return running_config_answer(x->facts->running, request, &x->to);
	default:
		return control_reply_unknown(&x->to, "sa-nat64-syncd");
	}
}

size_t syncd_answer(struct box *box, const struct answer_facts *facts, const uint8_t *request,
                    size_t len, uint8_t *reply, size_t size, uint64_t now_us)
{
	struct exchange x = {
		.box = box, .facts = facts, .now_us = now_us, .to = { .bytes = reply, .size = size }
	};
	SaNat64__Control__Request *in = sa_nat64__control__request__unpack(NULL, len, request);
	size_t length;

	if (!in)
		return control_reply_error(&x.to, "the request cannot be understood");
	x.to.id = in->id;
	length = answer(&x, in);
	sa_nat64__control__request__free_unpacked(in, NULL);
	return length;
}
