/* See reload.h. */
#include "syncd/reload.h"

#include "lib/config_hash.h"

#include <errno.h>
#include <string.h>

static bool same_cluster(const struct config_cluster *a, const struct config_cluster *b)
{
	return b->sync_interface && strcmp(a->name, b->name) == 0 &&
	       strcmp(a->sync_interface, b->sync_interface) == 0 &&
	       strcmp(a->sync_group, b->sync_group) == 0 && a->sync_port == b->sync_port &&
	       a->sync_mtu == b->sync_mtu && a->sync_rate == b->sync_rate &&
	       a->sync_wait_us == b->sync_wait_us;
}

static bool same_nodes(const struct config *a, const struct config *b)
{
	const struct config_node *other;

	for (size_t i = 0; i < a->node_count; i++) {
		other = config_node_find(b, a->nodes[i].name);
		if (!other || other->id != a->nodes[i].id)
			return false;
	}
	return a->node_count == b->node_count;
}

/* Whether an instance of one configuration is replicated in the same way under the other. */
static bool same_room(const struct config_instance *instance, const struct config *other)
{
	const struct config_instance *there = config_instance_find(other, instance->name);

	if (!there || there->mode != CONFIG_MODE_NAT64)
		return instance->mode != CONFIG_MODE_NAT64;
	return instance->mode == CONFIG_MODE_NAT64 && instance->max_sessions == there->max_sessions;
}

int reload_needs_restart(const struct config *running, const struct config *wanted, FILE *out)
{
	int count = 0;

	if (!same_cluster(&running->cluster, &wanted->cluster))
		count += fprintf(out, " [cluster]") > 0;
	if (!same_nodes(running, wanted))
		count += fprintf(out, " [node]") > 0;
	for (size_t i = 0; i < wanted->instance_count; i++)
		if (!same_room(&wanted->instances[i], running))
			count += fprintf(out, " [instance %s]", wanted->instances[i].name) > 0;
	for (size_t i = 0; i < running->instance_count; i++)
		if (!config_instance_find(wanted, running->instances[i].name) &&
		    running->instances[i].mode == CONFIG_MODE_NAT64)
			count += fprintf(out, " [instance %s]", running->instances[i].name) > 0;
	return count;
}

int reload_apply(struct box *box, const struct config *wanted)
{
	struct config_hash hash;
	int count = 0;

	for (size_t i = 0; i < box->count; i++) {
		struct box_instance *instance = &box->instances[i];
		const struct config_instance *from = config_instance_find(wanted, instance->name);

		if (config_hash(wanted, from, &hash) < 0)
			return -ENOMEM;
		if (hash.prefixes == instance->prefixes_hash && hash.rest == instance->config_hash)
			continue;
		box_reconfigure(instance, hash.prefixes, hash.rest);
		count++;
	}
	return count;
}
