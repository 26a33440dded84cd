/* `sa-nat64 health`: what sa-nat64-healthd knows of each instance, why, and since when. */
#include "cli/commands.h"
#include "cli/health.h"

#include <string.h>

static const struct out_column bfd_columns[] = {
	{ "peer", 22 }, { "state", 10 }, { "detection_ms", 9 }, { "reason", 0 }, { NULL, 0 },
};

static const struct out_column history_columns[] = {
	{ "ago", 8 }, { "from", 8 }, { "to", 8 }, { "reason", 0 }, { NULL, 0 },
};

static void put_health(struct out *out, const char *key, const char *state)
{
	out_state(out, key, state, severity_meaning(health_severity(state)));
}

static void put_peer(struct out *out, const SaNat64__Control__BfdPeer *peer)
{
	out_begin(out, OUT_ROW, NULL);
	out_text(out, "peer", peer->peer);
	out_state(out, "state", peer->state, health_bfd_meaning(peer->state));
	out_delay(out, "detection_ms", peer->detection_us);
	out_text(out, "reason", peer->reason);
	out_delay(out, "remote_receive_ms", peer->remote_receive_us);
	out_delay(out, "remote_transmit_ms", peer->remote_transmit_us);
	out_count(out, "remote_multiplier", peer->remote_multiplier);
	out_end(out);
}

static void put_bfd(struct out *out, const SaNat64__Control__HealthInstance *health)
{
	if (health->bfd_problem[0]) {
		out_text(out, "bfd_problem", health->bfd_problem);
	} else {
		out_begin(out, OUT_UNSEEN, NULL);
		out_text(out, "bfd_problem", "");
		out_end(out);
	}
	out_begin_table(out, "bfd", bfd_columns);
	for (size_t i = 0; i < health->n_bfd; i++)
		put_peer(out, health->bfd[i]);
	out_end(out);
}

static void put_probe(struct out *out, const char *key, const SaNat64__Control__Probe *probe)
{
	static const SaNat64__Control__Probe none = SA_NAT64__CONTROL__PROBE__INIT;

	if (!probe)
		probe = &none;
	out_begin(out, OUT_LINE, key);
	out_microseconds(out, "6to4_us", probe->latency_6to4_us);
	out_microseconds(out, "4to6_us", probe->latency_4to6_us);
	out_microseconds(out, "worst_us", probe->latency_max_us);
	out_reason(out, "problem", probe->problem);
	out_count(out, "sent", probe->sent);
	out_count(out, "answered", probe->answered);
	out_count(out, "lost_6to4", probe->lost_6to4);
	out_count(out, "lost_4to6", probe->lost_4to6);
	out_begin(out, OUT_UNSEEN, NULL);
	out_microseconds(out, "silent_us", probe->silent_us);
	out_end(out);
	out_end(out);
}

static void put_history(struct out *out, const SaNat64__Control__HealthInstance *health)
{
	out_begin_table(out, "history", history_columns);
	for (size_t i = 0; i < health->n_history; i++) {
		const SaNat64__Control__Transition *transition = health->history[i];

		out_begin(out, OUT_ROW, NULL);
		out_duration(out, "ago", transition->ago_us);
		put_health(out, "from", transition->from);
		put_health(out, "to", transition->to);
		out_text(out, "reason", transition->reason);
		out_end(out);
	}
	out_end(out);
}

/* A hold-down is worth a word while there is one. */
static void put_state(struct out *out, const SaNat64__Control__HealthInstance *health)
{
	out_begin(out, OUT_LINE, NULL);
	out_text(out, "name", health->name);
	put_health(out, "state", health->state);
	out_reason(out, "reason", health->reason);
	out_duration(out, "since", health->since_us);
	out_end(out);
	out_begin(out, OUT_LINE, NULL);
	out_flag(out, "serving", health->serving);
	if (health->serves_in_us == 0)
		out_begin(out, OUT_UNSEEN, NULL);
	out_milliseconds(out, "hold_down_left_ms", health->serves_in_us);
	if (health->serves_in_us == 0)
		out_end(out);
	out_count(out, "falls", health->falls);
	out_end(out);
}

/* Returns whether the instance is not down. */
static bool put_instance(struct out *out, const SaNat64__Control__HealthInstance *health)
{
	out_begin(out, OUT_OBJECT, NULL);
	put_state(out, health);
	out_begin(out, OUT_LINE, NULL);
	if (health->pid == 0)
		out_begin(out, OUT_UNSEEN, NULL);
	out_count(out, "pid", health->pid);
	if (health->pid == 0)
		out_end(out);
	out_text(out, "interface", health->interface[0] ? health->interface : "-");
	out_flag(out, "carrier", health->carrier);
	out_text(out, "sync", health->sync[0] ? health->sync : "off");
	out_end(out);
	put_probe(out, "slow_path", health->slow);
	put_probe(out, "fast_path", health->fast);
	put_bfd(out, health);
	put_history(out, health);
	out_end(out);
	return health_severity(health->state) != SEVERITY_CRITICAL;
}

/* Returns whether no instance is down. */
static bool put_reply(struct out *out, const SaNat64__Control__HealthReply *reply)
{
	bool are_up = true;

	out_begin(out, OUT_OBJECT, NULL);
	out_begin(out, OUT_LINE, NULL);
	out_text(out, "node", reply->node);
	out_text(out, "version", reply->version);
	out_duration(out, "uptime", reply->uptime_us);
	out_end(out);
	out_begin(out, OUT_LIST, "instances");
	for (size_t i = 0; i < reply->n_instances; i++)
		are_up &= put_instance(out, reply->instances[i]);
	out_end(out);
	out_end(out);
	return are_up;
}

int cmd_health(const struct cli_options *options, struct instances *instances, struct out *out)
{
	SaNat64__Control__Request request = SA_NAT64__CONTROL__REQUEST__INIT;
	SaNat64__Control__HealthRequest health = SA_NAT64__CONTROL__HEALTH_REQUEST__INIT;
	SaNat64__Control__Reply *reply;
	bool are_up = true;

	request.command_case = SA_NAT64__CONTROL__REQUEST__COMMAND_HEALTH;
	request.health = &health;
	if (options->instance)
		health.instance = (char *)options->instance;
	reply = instance_ask(&instances->daemons[BOX_HEALTHD], &request);
	if (reply)
		are_up = put_reply(out, reply->health);
	sa_nat64__control__reply__free_unpacked(reply, NULL);
	instance_complain(&instances->daemons[BOX_HEALTHD], stderr);
	return instances_status(instances) ? instances_status(instances) : are_up ? 0 : 1;
}
