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

/* The instance that the box has for one of the file; NULL: there has to be a new one. */
static struct box_instance *find_same(const struct box *box, const struct config_instance *wanted)
{
	struct box_instance *instance = box_find(box, wanted->name);

	return instance && instance->sessions_max == wanted->max_sessions ? instance : NULL;
}

static bool is_changed(const struct box_instance *instance, const struct config_hash *hash)
{
	return hash->prefixes != instance->prefixes_hash || hash->rest != instance->config_hash;
}

/* Whether the box's instances are others, or otherwise, with the file; -ENOMEM. */
static int compare_instances(const struct box *box, const struct config *wanted)
{
	size_t count = 0;

	for (size_t i = 0; i < wanted->instance_count; i++) {
		const struct config_instance *to = &wanted->instances[i];
		const struct box_instance *instance = find_same(box, to);
		struct config_hash hash;

		if (!box_is_for(to))
			continue;
		count++;
		if (config_hash(wanted, to, &hash) < 0)
			return -ENOMEM;
		if (!instance || is_changed(instance, &hash))
			return 1;
	}
	return count != box->count;
}

void reload_check(const struct box *box, const struct config *running, struct reload *reload)
{
	const struct config_pair cluster = { CONFIG_SECTION_CLUSTER, &running->cluster,
		                             &reload->wanted->cluster, cluster_keys };
	int changes = compare_instances(box, reload->wanted);

	if (changes < 0 ||
	    config_differing_keys(&cluster, "[cluster] ", "\n", reload->restart_keys) < 0)
		fprintf(reload->problems, "not enough memory\n");
	check_nodes(running, reload);
	reload->changes |= changes > 0;
}

/* ---- the plan ---- */

/* The next one of the plan; -ENOMEM. */
static int add_wanted(struct reload_plan *plan, const struct box *box, const struct config *wanted,
                      const struct config_instance *from, uint64_t now_us)
{
	struct box_instance *instance = find_same(box, from);
	int error = config_hash(wanted, from, &plan->hashes[plan->count]);

	if (error < 0)
		return error;
	if (!instance) {
		instance = box_instance_new(box, wanted, from, now_us);
		if (!instance)
			return -ENOMEM;
		plan->opened[plan->opened_count++] = instance;
	}
	plan->instances[plan->count++] = instance;
	return 0;
}

static bool has(struct box_instance *const *list, size_t count, const struct box_instance *instance)
{
	for (size_t i = 0; i < count; i++)
		if (list[i] == instance)
			return true;
	return false;
}

static void add_parting(struct reload_plan *plan, const struct box *box)
{
	for (size_t i = 0; i < box->count; i++)
		if (!has(plan->instances, plan->count, box->instances[i]))
			plan->parting[plan->parting_count++] = box->instances[i];
}

void reload_plan_free(struct reload_plan *plan)
{
	for (size_t i = 0; plan->instances && i < plan->opened_count; i++)
		box_instance_free(plan->opened[i]);
	free(plan->hashes);
	free(plan->instances);
	free(plan->opened);
	free(plan->parting);
}

int reload_plan_new(const struct box *box, const struct config *wanted, uint64_t now_us,
                    struct reload_plan *out)
{
	struct reload_plan plan = {
		.hashes = calloc(wanted->instance_count + 1, sizeof(*plan.hashes)),
		.instances = calloc(wanted->instance_count + 1, sizeof(struct box_instance *)),
		.opened = calloc(wanted->instance_count + 1, sizeof(struct box_instance *)),
		.parting = calloc(box->count + 1, sizeof(struct box_instance *)),
	};
	int error = plan.hashes && plan.instances && plan.opened && plan.parting ? 0 : -ENOMEM;

	for (size_t i = 0; i < wanted->instance_count && error == 0; i++)
		if (box_is_for(&wanted->instances[i]))
			error = add_wanted(&plan, box, wanted, &wanted->instances[i], now_us);
	if (error < 0) {
		reload_plan_free(&plan);
		return error;
	}
	add_parting(&plan, box);
	*out = plan;
	return 0;
}

int reload_apply(struct box *box, struct reload_plan *plan)
{
	int changed = 0;

	for (size_t i = 0; i < plan->count; i++) {
		if (!is_changed(plan->instances[i], &plan->hashes[i]))
			continue;
		box_reconfigure(plan->instances[i], plan->hashes[i].prefixes, plan->hashes[i].rest);
		changed++;
	}
	for (size_t i = 0; i < plan->parting_count; i++)
		box_instance_free(plan->parting[i]);
	free(box->instances);
	box->instances = plan->instances;
	box->count = plan->count;
	plan->instances = NULL;
	return changed;
}
