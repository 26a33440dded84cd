#include "cli/running.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- who says what ---- */

static const struct running_program *find_role(const struct running_program *programs, size_t count,
                                               enum running_role role)
{
	for (size_t i = 0; i < count; i++)
		if (programs[i].role == role)
			return &programs[i];
	return NULL;
}

/* Who goes by a section, else who has read it. */
static const struct running_program *find_source(const struct running_program *programs,
                                                 size_t count, enum running_role role)
{
	const struct running_program *source = find_role(programs, count, role);

	return source ? source : &programs[0];
}

static const struct running_program *find_translator(const struct running_program *programs,
                                                     size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (programs[i].role == RUNNING_TRANSLATOR && strcmp(programs[i].name, name) == 0)
			return &programs[i];
	return NULL;
}

/* ---- putting together ---- */

static int add_section(struct running *running, const struct running_section *section)
{
	struct running_section *list = reallocarray(running->sections, running->section_count + 1,
	                                            sizeof(*list));

	if (!list)
		return -ENOMEM;
	running->sections = list;
	list[running->section_count++] = *section;
	return 0;
}

static int add_plain(struct running *running, enum config_section kind, const void *of,
                     const struct running_program *from)
{
	const struct running_section section = { kind, of, "", "", from };

	return add_section(running, &section);
}

static int add_nodes(struct running *running, const struct running_program *from)
{
	const struct config *config = from->config;
	int error = 0;

	for (size_t i = 0; error == 0 && i < config->node_count; i++) {
		const struct config_node *node = &config->nodes[i];
		const struct running_section section = { CONFIG_SECTION_NODE, node, node->name, "",
			                                 from };

		error = add_section(running, &section);
	}
	return error;
}

static int add_instances(struct running *running, const struct running_program *programs,
                         size_t count)
{
	int error = 0;

	for (size_t i = 0; error == 0 && i < count; i++) {
		const struct config_instance *instance =
			programs[i].role == RUNNING_TRANSLATOR
				? config_instance_find(programs[i].config, programs[i].name)
				: NULL;
		const struct running_section section = { CONFIG_SECTION_INSTANCE, instance,
			                                 programs[i].name, "", &programs[i] };

		if (instance)
			error = add_section(running, &section);
	}
	return error;
}

/* Of the instances that are there, on nodes that are there. */
static int add_networks(struct running *running, const struct running_program *programs,
                        size_t count, const struct running_program *from,
                        const struct running_program *nodes)
{
	const struct config *config = from->config;
	int error = 0;

	for (size_t i = 0; error == 0 && i < config->network_count; i++) {
		const struct config_network *network = &config->networks[i];
		const struct running_section section = { CONFIG_SECTION_NETWORK, network,
			                                 network->instance, network->node, from };

		if (find_translator(programs, count, network->instance) &&
		    config_node_find(nodes->config, network->node))
			error = add_section(running, &section);
	}
	return error;
}

/* Without sa-nat64-healthd: each translator's own. */
static int add_own_networks(struct running *running, const struct running_program *programs,
                            size_t count, const struct running_program *nodes)
{
	int error = 0;

	for (size_t i = 0; error == 0 && i < count; i++)
		if (programs[i].role == RUNNING_TRANSLATOR)
			error = add_networks(running, &programs[i], 1, &programs[i], nodes);
	return error;
}

static int gather_sections(struct running *running, const struct running_program *programs,
                           size_t count)
{
	const struct running_program *syncd = find_source(programs, count, RUNNING_SYNCD);
	const struct running_program *healthd = find_source(programs, count, RUNNING_HEALTHD);
	int error = add_plain(running, CONFIG_SECTION_CLUSTER, &syncd->config->cluster, syncd);

	if (error == 0)
		error = add_plain(running, CONFIG_SECTION_HEALTH, &healthd->config->health,
		                  healthd);
	if (error == 0)
		error = add_nodes(running, syncd);
	if (error == 0)
		error = add_instances(running, programs, count);
	if (error == 0 && healthd->role == RUNNING_HEALTHD)
		return add_networks(running, programs, count, healthd, syncd);
	return error == 0 ? add_own_networks(running, programs, count, syncd) : error;
}

/* The sections once more, as a configuration. */
static int fill_config(struct running *running)
{
	struct config *config = &running->config;
	size_t room = running->section_count;

	config->nodes = calloc(room, sizeof(*config->nodes));
	config->instances = calloc(room, sizeof(*config->instances));
	config->networks = calloc(room, sizeof(*config->networks));
	if (!config->nodes || !config->instances || !config->networks)
		return -ENOMEM;
	for (size_t i = 0; i < room; i++) {
		const void *section = running->sections[i].section;

		switch (running->sections[i].kind) {
		case CONFIG_SECTION_CLUSTER:
			memcpy(&config->cluster, section, sizeof(config->cluster));
			break;
		case CONFIG_SECTION_HEALTH:
			memcpy(&config->health, section, sizeof(config->health));
			break;
		case CONFIG_SECTION_NODE:
			memcpy(&config->nodes[config->node_count++], section,
			       sizeof(*config->nodes));
			break;
		case CONFIG_SECTION_INSTANCE:
			memcpy(&config->instances[config->instance_count++], section,
			       sizeof(*config->instances));
			break;
		default:
			memcpy(&config->networks[config->network_count++], section,
			       sizeof(*config->networks));
			break;
		}
	}
	return 0;
}

int running_gather(const struct running_program *programs, size_t count, struct running *out)
{
	int error;

	*out = (struct running){ .section_count = 0 };
	error = gather_sections(out, programs, count);
	return error == 0 ? fill_config(out) : error;
}

void running_free(struct running *running)
{
	free(running->config.nodes);
	free(running->config.instances);
	free(running->config.networks);
	free(running->sections);
	*running = (struct running){ .section_count = 0 };
}

/* ---- comparing ---- */

/* Whether the program does what the section says. */
static bool goes_by(const struct running_program *program, const struct running_section *section)
{
	const struct config_instance *instance = section->section;

	switch (section->kind) {
	case CONFIG_SECTION_CLUSTER:
	case CONFIG_SECTION_NODE:
		return true;
	case CONFIG_SECTION_INSTANCE:
		return program->role == RUNNING_HEALTHD ||
		       (program->role == RUNNING_SYNCD && instance->mode == CONFIG_MODE_NAT64);
	default:
		return program->role == RUNNING_HEALTHD;
	}
}

/* The same section in another configuration; NULL when it has none. */
static const void *find_section(const struct config *config, const struct running_section *section)
{
	switch (section->kind) {
	case CONFIG_SECTION_CLUSTER:
		return &config->cluster;
	case CONFIG_SECTION_HEALTH:
		return &config->health;
	case CONFIG_SECTION_NODE:
		return config_node_find(config, section->name);
	case CONFIG_SECTION_INSTANCE:
		return config_instance_find(config, section->name);
	default:
		return config_network_find(config, section->name, section->second);
	}
}

typedef int keys_fn(const struct config_pair *pair, const char *before, const char *behind,
                    FILE *out);

/* Their names, to buf. Returns how many there are; -ENOMEM. */
static int name_keys(keys_fn *print, const struct config_pair *pair, char *buf, size_t size)
{
	char *names = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&names, &len);
	int count = out ? print(pair, "", ", ", out) : -ENOMEM;

	if (out && fclose(out) != 0)
		count = -ENOMEM;
	if (count > 0)
		(void)snprintf(buf, size, "%.*s", (int)(len - 2), names);
	free(names);
	return count;
}

/* 1 and *out when they differ, else 0, or -ENOMEM. */
static int compare(const struct running_section *section, const struct running_program *other,
                   struct running_difference *out)
{
	struct config_pair pair = { section->kind, section->section,
		                    find_section(other->config, section), NULL };
	char restart[sizeof(out->keys)];
	int count = 1, restarts = 1;

	*out = (struct running_difference){ .section = section, .other = other };
	out->earlier = other->age_us > section->from->age_us ? other : section->from;
	if (pair.b) {
		count = name_keys(config_differing_keys, &pair, out->keys, sizeof(out->keys));
		restarts = name_keys(config_restart_keys, &pair, restart, sizeof(restart));
	} else {
		out->earlier = other;
	}
	out->needs_restart = restarts > 0 && out->earlier->role != RUNNING_HEALTHD;
	return count < 0 || restarts < 0 ? -ENOMEM : count > 0;
}

int running_compare(const struct running *running, const struct running_program *programs,
                    size_t count,
                    void (*found)(void *context, const struct running_difference *difference),
                    void *context)
{
	struct running_difference difference;

	for (size_t i = 0; i < running->section_count; i++) {
		const struct running_section *section = &running->sections[i];

		for (size_t j = 0; j < count; j++) {
			int differs = 0;

			if (&programs[j] != section->from && goes_by(&programs[j], section))
				differs = compare(section, &programs[j], &difference);
			if (differs < 0)
				return differs;
			if (differs)
				found(context, &difference);
		}
	}
	return 0;
}
