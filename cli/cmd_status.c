/* `sa-nat64 status`: the whole box on one screen. An instance that does not answer is shown as
 * down, and so is its replication when sa-nat64-syncd does not. */
#include "cli/commands.h"
#include "cli/incomplete.h"
#include "cli/session_log.h"
#include "cli/status_health.h"
#include "cli/status_sync.h"
#include "lib/node_name.h"

#include <stdlib.h>
#include <string.h>

static int by_count(const void *a, const void *b)
{
	const SaNat64__Control__Verdict *left = *(SaNat64__Control__Verdict *const *)a;
	const SaNat64__Control__Verdict *right = *(SaNat64__Control__Verdict *const *)b;

	if (left->count != right->count)
		return left->count < right->count ? 1 : -1;
	return strcmp(left->name, right->name);
}

static void put_directions(struct out *out, const char *key,
                           const SaNat64__Control__Directions *values,
                           void (*put)(struct out *, const char *, uint64_t))
{
	out_begin(out, OUT_LINE, key);
	put(out, "6to4", values ? values->from6 : 0);
	put(out, "4to6", values ? values->from4 : 0);
	out_end(out);
}

static void put_sessions(struct out *out, const SaNat64__Control__StatusReply *status)
{
	const SaNat64__Control__Protocols *sessions = status->sessions;

	out_begin(out, OUT_LINE, "sessions");
	out_count(out, "tcp", sessions ? sessions->tcp : 0);
	out_count(out, "udp", sessions ? sessions->udp : 0);
	out_count(out, "icmp", sessions ? sessions->icmp : 0);
	out_count(out, "max", status->sessions_max);
	out_end(out);
	out_begin(out, OUT_LINE, NULL);
	out_count(out, "bindings", status->bindings);
	out_count(out, "static_bindings", status->static_bindings);
	out_end(out);
}

static void put_pool4(struct out *out, const SaNat64__Control__Protocols *used,
                      const SaNat64__Control__Protocols *ports)
{
	if (!used || !ports)
		return;
	out_begin(out, OUT_LINE, "pool4");
	out_share(out, "tcp", used->tcp, ports->tcp);
	out_share(out, "udp", used->udp, ports->udp);
	out_share(out, "icmp", used->icmp, ports->icmp);
	out_end(out);
}

static void put_drops(struct out *out, const SaNat64__Control__StatusReply *status)
{
	if (status->n_drops > 1)
		qsort(status->drops, status->n_drops, sizeof(status->drops[0]), by_count);
	out_begin(out, OUT_TOP, "dropped");
	for (size_t i = 0; i < status->n_drops; i++)
		out_count(out, status->drops[i]->name, status->drops[i]->count);
	out_end(out);
}

/* A stateless instance has no sessions and no pool: nothing for people to look at. */
static void put_state(struct out *out, const SaNat64__Control__StatusReply *status)
{
	bool is_stateless = strcmp(status->mode, "siit") == 0;

	if (is_stateless)
		out_begin(out, OUT_UNSEEN, NULL);
	put_sessions(out, status);
	put_pool4(out, status->pool4_used, status->pool4_ports);
	if (is_stateless)
		out_end(out);
}

/* People see a share, programs compute their own. */
static void put_fast_packets(struct out *out, const SaNat64__Control__StatusReply *status)
{
	const SaNat64__Control__Directions *fast = status->fast_packets, *all = status->packets;

	if (strcmp(status->fast_path, "on") != 0)
		out_begin(out, OUT_UNSEEN, NULL);
	out_begin(out, OUT_LINE, "fast_packets");
	out_share(out, "6to4", fast ? fast->from6 : 0, all ? all->from6 : 0);
	out_share(out, "4to6", fast ? fast->from4 : 0, all ? all->from4 : 0);
	out_end(out);
	if (strcmp(status->fast_path, "on") != 0)
		out_end(out);
}

static void put_load(struct out *out, const SaNat64__Control__StatusReply *status)
{
	put_state(out, status);
	put_directions(out, "packets", status->packets, out_count);
	put_fast_packets(out, status);
	put_directions(out, "bytes", status->bytes, out_size);
	put_drops(out, status);
	out_begin(out, OUT_LINE, "memory");
	out_size(out, "tables", status->table_bytes);
	out_size(out, "resident", status->resident_bytes);
	out_end(out);
}

/* Returns whether the instance is not down, as put_unanswered() does. */
static bool put_answered(struct out *out, const struct status_box *box,
                         const struct instance *instance,
                         const SaNat64__Control__StatusReply *status)
{
	bool is_up;

	out_begin(out, OUT_LINE, NULL);
	out_text(out, "name", instance->name);
	out_text(out, "mode", status->mode);
	out_text(out, "namespace", status->namespace_);
	out_count(out, "pid", status->pid);
	out_end(out);
	is_up = status_put_health(out, box, instance, status);
	out_begin(out, OUT_LINE, NULL);
	out_state(out, "fast_path", status->fast_path,
	          strcmp(status->fast_path, "on") == 0 ? MEANING_GOOD : MEANING_DIM);
	out_reason(out, "fast_path_reason", status->fast_path_reason);
	out_end(out);
	/* People need to know only when sessions are not kept. */
	out_begin(out, status->state_is_kept || !status->state_file[0] ? OUT_UNSEEN : OUT_LINE,
	          NULL);
	out_text(out, "state_file", status->state_file);
	out_end(out);
	put_load(out, status);
	session_log_put(out, status->session_log);
	status_put_probes(out, box, instance);
	status_put_bfd(out, box, instance);
	status_put_sync(out, box, instance->name, status);
	return is_up;
}

/* Programs find the same keys as for an instance that is up, with nothing in them; people need not
 * see that. */
static bool put_unanswered(struct out *out, const struct status_box *box,
                           const struct instance *instance)
{
	SaNat64__Control__StatusReply nothing = SA_NAT64__CONTROL__STATUS_REPLY__INIT;
	bool is_up;

	out_begin(out, OUT_LINE, NULL);
	out_text(out, "name", instance->name);
	out_end(out);
	is_up = status_put_health(out, box, instance, NULL);
	out_begin(out, OUT_UNSEEN, NULL);
	out_text(out, "mode", "unknown");
	out_text(out, "namespace", "unknown");
	out_text(out, "fast_path", "off");
	out_text(out, "state_file", "");
	put_load(out, &nothing);
	out_end(out);
	status_put_probes(out, box, instance);
	status_put_bfd(out, box, instance);
	status_put_sync(out, box, instance->name, NULL);
	return is_up;
}

/* The name this box answers to: as the first program says that answers. */
static void put_names(struct out *out, const struct status_box *box,
                      const struct instances *instances, SaNat64__Control__Reply *const *replies)
{
	const char *cluster = instances->cluster, *node;
	char host[NODE_NAME_SIZE];

	(void)node_name_find(host);
	node = box->health ? box->health->node : host;
	for (size_t i = 0; i < instances->count; i++) {
		if (!replies[i])
			continue;
		cluster = replies[i]->status->cluster;
		node = replies[i]->status->node;
		break;
	}
	out_begin(out, OUT_LINE, NULL);
	out_text(out, "cluster", cluster[0] ? cluster : "-");
	out_text(out, "node", node);
	out_end(out);
}

/* Returns whether none of them is down. */
static bool put_instances(struct out *out, const struct status_box *box,
                          const struct instances *instances,
                          SaNat64__Control__Reply *const *replies)
{
	bool are_up = true;

	out_begin(out, OUT_LIST, "instances");
	for (size_t i = 0; i < instances->count; i++) {
		const struct instance *instance = &instances->list[i];

		out_begin(out, OUT_OBJECT, NULL);
		if (replies[i])
			are_up &= put_answered(out, box, instance, replies[i]->status);
		else
			are_up &= put_unanswered(out, box, instance);
		out_end(out);
	}
	out_end(out);
	return are_up;
}

int cmd_status(const struct cli_options *options, struct instances *instances, struct out *out)
{
	SaNat64__Control__Request request = SA_NAT64__CONTROL__REQUEST__INIT;
	SaNat64__Control__StatusRequest status = SA_NAT64__CONTROL__STATUS_REQUEST__INIT;
	SaNat64__Control__Reply **replies = calloc(instances->count, sizeof(*replies));
	SaNat64__Control__Reply *daemons[BOX_DAEMONS];
	struct status_box box;
	bool are_up;

	(void)options;
	if (!replies)
		return 1;
	request.command_case = SA_NAT64__CONTROL__REQUEST__COMMAND_STATUS;
	request.status = &status;
	instances_ask_with_box(instances, &request, replies, daemons);
	box = status_box_of(instances, daemons);
	out_begin(out, OUT_OBJECT, NULL);
	put_names(out, &box, instances, replies);
	status_put_healthd(out, &box);
	are_up = put_instances(out, &box, instances, replies);
	incomplete_put(out, instances);
	out_end(out);
	for (size_t i = 0; i < instances->count; i++)
		sa_nat64__control__reply__free_unpacked(replies[i], NULL);
	for (size_t i = 0; i < BOX_DAEMONS; i++)
		sa_nat64__control__reply__free_unpacked(daemons[i], NULL);
	free(replies);
	return instances_status(instances) ? instances_status(instances) : are_up ? 0 : 1;
}
