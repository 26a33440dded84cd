/* `sa-nat64 peers`: replication as sa-nat64-syncd sees it, and what is wrong with it; and
 * `sa-nat64 resync`, which has it fetch everything again. */
#include "cli/commands.h"
#include "cli/sync.h"

#include <stdlib.h>

#define LAG_MAX_US 1000000 /* more than that is worth a word */

static const struct out_column peer_columns[] = {
	{ "node", 12 },    { "state", 12 }, { "lag_ms", 8 }, { "lost", 6 },
	{ "sessions", 8 }, { "copies", 8 }, { NULL, 0 },
};

static const struct out_column resync_columns[] = { { "instance", 31 }, { NULL, 0 } };

static void put_peer(struct out *out, const SaNat64__Control__Peer *peer)
{
	out_begin(out, OUT_ROW, NULL);
	out_text(out, "node", peer->node);
	out_state(out, "state", peer->state, sync_peer_meaning(peer));
	out_milliseconds(out, "lag_ms", peer->lag_us);
	out_count(out, "lost", peer->lost);
	out_count(out, "sessions", peer->sessions);
	out_count(out, "copies", peer->copies);
	out_count(out, "id", peer->id);
	out_text(out, "reason", peer->reason);
	out_text(out, "version", peer->version);
	out_flag(out, "config_differs", peer->config_differs);
	out_flag(out, "prefixes_differ", peer->prefixes_differ);
	out_milliseconds(out, "silent_ms", peer->silent_us);
	out_count(out, "missed", peer->missing);
	out_count(out, "datagrams", peer->datagrams);
	out_count(out, "duplicates", peer->duplicates);
	out_count(out, "replays", peer->replays);
	out_count(out, "loss_permille", peer->loss_permille);
	out_count(out, "asked", peer->asked);
	out_end(out);
}

static void put_traffic(struct out *out, const SaNat64__Control__SyncInstance *sync)
{
	out_begin(out, OUT_LINE, "sent");
	out_count(out, "datagrams", sync->sent_datagrams);
	out_size(out, "bytes", sync->sent_bytes);
	out_count(out, "sessions", sync->sent_sessions);
	out_count(out, "resent", sync->resent);
	out_end(out);
	out_begin(out, OUT_LINE, "received");
	out_count(out, "datagrams", sync->received_datagrams);
	out_size(out, "bytes", sync->received_bytes);
	out_count(out, "sessions", sync->received_sessions);
	out_end(out);
	out_begin(out, OUT_LINE, "dropped");
	out_count(out, "duplicates", sync->duplicates);
	out_count(out, "replays", sync->replays);
	out_count(out, "bad_seals", sync->bad_seals);
	out_count(out, "malformed", sync->malformed);
	out_count(out, "unaccepted", sync->unaccepted);
	out_end(out);
}

static void put_instance(struct out *out, const SaNat64__Control__SyncInstance *sync)
{
	out_begin(out, OUT_OBJECT, NULL);
	out_begin(out, OUT_LINE, NULL);
	out_text(out, "name", sync->name);
	out_state(out, "state", sync->state, sync_meaning(sync->state));
	out_reason(out, "reason", sync->reason);
	out_flag(out, "translator", sync->translator);
	out_end(out);
	out_begin(out, OUT_LINE, NULL);
	out_count(out, "sessions", sync->sessions);
	out_count(out, "own", sync->own);
	out_size(out, "memory", sync->memory_bytes);
	out_end(out);
	out_begin(out, OUT_LINE, "queue");
	out_count(out, "repair", sync->queue_repair);
	out_count(out, "news", sync->queue_news);
	out_count(out, "bulk", sync->queue_bulk);
	out_count(out, "translator", sync->queue_translator);
	out_size(out, "bytes_a_second", sync->rate);
	out_end(out);
	put_traffic(out, sync);
	out_begin(out, OUT_LINE, "not_entered");
	out_count(out, "refused", sync->refused);
	out_count(out, "conflicts", sync->conflicts);
	out_count(out, "no_room", sync->no_room);
	out_count(out, "feed_overflows", sync->feed_overflows);
	out_end(out);
	out_begin_table(out, "peers", peer_columns);
	for (size_t i = 0; i < sync->n_peers; i++)
		put_peer(out, sync->peers[i]);
	out_end(out);
	out_end(out);
}

static void put_box(struct out *out, const SaNat64__Control__PeersReply *reply)
{
	out_begin(out, OUT_LINE, NULL);
	out_text(out, "cluster", reply->cluster);
	out_text(out, "node", reply->node);
	out_count(out, "id", reply->id);
	out_duration(out, "uptime", reply->uptime_us);
	out_end(out);
	out_begin(out, OUT_LINE, NULL);
	out_text(out, "interface", reply->interface);
	out_reason(out, "link", reply->link);
	out_text(out, "group", reply->group);
	out_count(out, "port", reply->port);
	out_end(out);
	out_begin(out, OUT_LINE, "strangers");
	out_count(out, "foreign", reply->foreign);
	out_count(out, "other_version", reply->other_version);
	out_count(out, "not_local", reply->not_local);
	out_end(out);
	out_begin(out, OUT_UNSEEN, NULL);
	out_text(out, "version", reply->version);
	out_end(out);
}

static void put_wrong(struct out *out, const SaNat64__Control__PeersReply *reply)
{
	static struct findings findings;

	sync_judge_link(reply, NULL, &findings);
	for (size_t i = 0; i < reply->n_instances; i++)
		sync_judge_instance(reply->instances[i], NULL, LAG_MAX_US, &findings);
	findings_sort(&findings);
	out_begin(out, OUT_STEPS, "wrong");
	for (size_t i = 0; i < findings.count; i++) {
		const struct finding *finding = &findings.list[i];
		char text[sizeof(finding->instance) + sizeof(finding->text) + 2];

		(void)snprintf(text, sizeof(text), "%s%s%s", finding->instance,
		               finding->instance[0] ? ": " : "", finding->text);
		out_text(out, "text", text);
	}
	out_end(out);
}

int cmd_peers(const struct cli_options *options, struct instances *instances, struct out *out)
{
	SaNat64__Control__Request request = SA_NAT64__CONTROL__REQUEST__INIT;
	SaNat64__Control__PeersRequest peers = SA_NAT64__CONTROL__PEERS_REQUEST__INIT;
	SaNat64__Control__Reply *reply;

	request.command_case = SA_NAT64__CONTROL__REQUEST__COMMAND_PEERS;
	request.peers = &peers;
	if (options->instance)
		peers.instance = (char *)options->instance;
	reply = instance_ask(&instances->daemons[BOX_SYNCD], &request);
	if (reply) {
		out_begin(out, OUT_OBJECT, NULL);
		put_box(out, reply->peers);
		out_begin(out, OUT_LIST, "instances");
		for (size_t i = 0; i < reply->peers->n_instances; i++)
			put_instance(out, reply->peers->instances[i]);
		out_end(out);
		put_wrong(out, reply->peers);
		out_end(out);
	}
	sa_nat64__control__reply__free_unpacked(reply, NULL);
	instance_complain(&instances->daemons[BOX_SYNCD], stderr);
	return instances_status(instances);
}

int cmd_resync(const struct cli_options *options, struct instances *instances, struct out *out)
{
	SaNat64__Control__Request request = SA_NAT64__CONTROL__REQUEST__INIT;
	SaNat64__Control__ResyncRequest resync = SA_NAT64__CONTROL__RESYNC_REQUEST__INIT;
	SaNat64__Control__Reply *reply;

	request.command_case = SA_NAT64__CONTROL__REQUEST__COMMAND_RESYNC;
	request.resync = &resync;
	if (options->instance)
		resync.instance = (char *)options->instance;
	reply = instance_ask(&instances->daemons[BOX_SYNCD], &request);
	if (reply) {
		out_begin(out, OUT_OBJECT, NULL);
		out_begin_table(out, "resync", resync_columns);
		for (size_t i = 0; i < reply->resync->n_instances; i++) {
			out_begin(out, OUT_ROW, NULL);
			out_text(out, "instance", reply->resync->instances[i]);
			out_end(out);
		}
		out_end(out);
		out_end(out);
	}
	sa_nat64__control__reply__free_unpacked(reply, NULL);
	instance_complain(&instances->daemons[BOX_SYNCD], stderr);
	return instances_status(instances);
}
