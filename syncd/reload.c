/* See reload.h. */
#include "syncd/reload.h"

#include "lib/config_hash.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What the exchange goes by. The key file is looked into, whatever its name, and sync-min-age is
 * the translators'. */
static const char *const cluster_keys[] = { "name",     "sync-interface", "sync-group", "sync-port",
	                                    "sync-mtu", "sync-rate",      "sync-wait",  NULL };

static void check_nodes(const struct config *running, struct reload *reload)
{
	const struct config *wanted = reload->wanted;

	for (size_t i = 0; i < running->node_count; i++) {
		const struct config_node *node = &running->nodes[i];
		const struct config_node *other = config_node_find(wanted, node->name);

		if (!other)
			fprintf(reload->restart_keys, "[node %s] (not there any more)\n",
			        node->name);
		else if (other->id != node->id)
			fprintf(reload->restart_keys, "[node %s] id\n", node->name);
	}
	for (size_t i = 0; i < wanted->node_count; i++)
		if (!config_node_find(running, wanted->nodes[i].name))
			fprintf(reload->restart_keys, "[node %s] (new)\n", wanted->nodes[i].name);
}

static bool is_replicated(const struct config_instance *instance)
{
	return instance && instance->mode == CONFIG_MODE_NAT64;
}

/* Room for the copies is made at the start. */
static void check_instances(const struct config *running, struct reload *reload)
{
	const struct config *wanted = reload->wanted;

	for (size_t i = 0; i < wanted->instance_count; i++) {
		const struct config_instance *to = &wanted->instances[i];
		const struct config_instance *from = config_instance_find(running, to->name);

		if (is_replicated(to) && !is_replicated(from))
			fprintf(reload->restart_keys, "[instance %s] (new)\n", to->name);
		else if (is_replicated(to) && from->max_sessions != to->max_sessions)
			fprintf(reload->restart_keys, "[instance %s] max-sessions\n", to->name);
	}
	for (size_t i = 0; i < running->instance_count; i++) {
		const char *name = running->instances[i].name;

		if (is_replicated(&running->instances[i]) &&
		    !is_replicated(config_instance_find(wanted, name)))
			fprintf(reload->restart_keys, "[instance %s] (not there any more)\n", name);
	}
}

/* What each of the box's instances would be measured by, in their order; the caller frees it. NULL
 * when memory ends. */
static struct config_hash *hash_all(const struct box *box, const struct config *wanted)
{
	struct config_hash *hashes = calloc(box->count + 1, sizeof(*hashes));

	for (size_t i = 0; hashes && i < box->count; i++) {
		const struct config_instance *from = config_instance_find(wanted,
		                                                          box->instances[i].name);

		if (from && config_hash(wanted, from, &hashes[i]) < 0) {
			free(hashes);
			return NULL;
		}
	}
	return hashes;
}

static bool is_changed(const struct box_instance *instance, const struct config_hash *hash)
{
	return hash->prefixes != instance->prefixes_hash || hash->rest != instance->config_hash;
}

void reload_check(const struct box *box, const struct config *running, struct reload *reload)
{
	const struct config_pair cluster = { CONFIG_SECTION_CLUSTER, &running->cluster,
		                             &reload->wanted->cluster, cluster_keys };
	struct config_hash *hashes = hash_all(box, reload->wanted);

	if (!hashes ||
	    config_differing_keys(&cluster, "[cluster] ", "\n", reload->restart_keys) < 0)
		fprintf(reload->problems, "not enough memory\n");
	check_nodes(running, reload);
	check_instances(running, reload);
	for (size_t i = 0; hashes && i < box->count; i++)
		reload->changes |= is_changed(&box->instances[i], &hashes[i]);
	free(hashes);
}

int reload_apply(struct box *box, const struct config *wanted)
{
	struct config_hash *hashes = hash_all(box, wanted);
	int count = 0;

	if (!hashes)
		return -ENOMEM;
	for (size_t i = 0; i < box->count; i++) {
		struct box_instance *instance = &box->instances[i];

		if (!is_changed(instance, &hashes[i]))
			continue;
		box_reconfigure(instance, hashes[i].prefixes, hashes[i].rest);
		count++;
	}
	free(hashes);
	return count;
}
