/* See box.h. */
#include "syncd/box.h"

#include "lib/config_hash.h"
#include "lib/version.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ETHERNET    14
#define IPV6_UDP    48
#define IPV4_UDP    28
#define NEVER_US    UINT64_MAX
#define BITS_A_BYTE 8

bool box_is_for(const struct config_instance *instance)
{
	return instance && instance->mode == CONFIG_MODE_NAT64;
}

/* -1 when memory ends. */
static int open_instance(const struct box *box, struct box_instance *instance,
                         const struct config *config, const struct config_instance *from,
                         uint64_t now_us)
{
	struct replica_config replica = {
		.node = box->node,
		.sessions_max = from->max_sessions,
		.payload_max = box->datagram_max - SEAL_OVERHEAD,
		.rate = config->cluster.sync_rate / BITS_A_BYTE,
		.overhead = ETHERNET + box->ip_overhead + SEAL_OVERHEAD,
		.join_wait_us = config->cluster.sync_wait_us,
		.version = sa_nat64_version,
		.random = box->random.fill,
		.random_context = box->random.context,
	};
	struct config_hash hash;

	if (config_hash(config, from, &hash) < 0)
		return -1;
	for (size_t i = 0; i < config->node_count; i++)
		replica.nodes |= (uint16_t)(1u << config->nodes[i].id);
	(void)snprintf(instance->name, sizeof(instance->name), "%s", from->name);
	instance->id = seal_name(from->name);
	instance->sessions_max = from->max_sessions;
	instance->prefixes_hash = hash.prefixes;
	instance->config_hash = hash.rest;
	box->random.fill(box->random.context, instance->epoch, sizeof(instance->epoch));
	replica.prefixes_hash = hash.prefixes;
	replica.config_hash = hash.rest;
	memcpy(replica.epoch, instance->epoch, sizeof(replica.epoch));
	memcpy(replica.digest_key, box->keys.digest, sizeof(replica.digest_key));
	instance->replica = replica_new(&replica, now_us);
	return instance->replica ? 0 : -1;
}

struct box_instance *box_instance_new(const struct box *box, const struct config *config,
                                      const struct config_instance *from, uint64_t now_us)
{
	struct box_instance *instance = calloc(1, sizeof(*instance));

	if (instance && open_instance(box, instance, config, from, now_us) < 0) {
		free(instance);
		return NULL;
	}
	return instance;
}

void box_instance_free(struct box_instance *instance)
{
	if (!instance)
		return;
	replica_free(instance->replica);
	free(instance);
}

struct box *box_new(const struct config *config, const struct config_node *self,
                    const uint8_t file_key[SEAL_FILE_KEY_LEN], const struct box_random *random,
                    uint64_t now_us)
{
	struct box *box = calloc(1, sizeof(*box));
	bool ipv6 = strchr(config->cluster.sync_group, ':') != NULL;

	if (!box)
		return NULL;
	(void)snprintf(box->cluster, sizeof(box->cluster), "%s", config->cluster.name);
	box->node = self->id;
	box->random = *random;
	for (size_t i = 0; i < config->node_count; i++)
		(void)snprintf(box->names[config->nodes[i].id], CONFIG_NAME_MAX, "%s",
		               config->nodes[i].name);
	seal_keys_derive(file_key, box->cluster, &box->keys);
	box->ip_overhead = ipv6 ? IPV6_UDP : IPV4_UDP;
	box->datagram_max = config->cluster.sync_mtu - box->ip_overhead;
	box->instances = calloc(config->instance_count + 1, sizeof(*box->instances));
	if (!box->instances)
		goto fail;
	for (size_t i = 0; i < config->instance_count; i++) {
		const struct config_instance *from = &config->instances[i];

		if (!box_is_for(from))
			continue;
		box->instances[box->count] = box_instance_new(box, config, from, now_us);
		if (!box->instances[box->count++])
			goto fail;
	}
	return box;
fail:
	box_free(box);
	return NULL;
}

void box_free(struct box *box)
{
	if (!box)
		return;
	for (size_t i = 0; i < box->count; i++)
		box_instance_free(box->instances[i]);
	free(box->instances);
	free(box);
}

struct box_instance *box_find(const struct box *box, const char *name)
{
	for (size_t i = 0; i < box->count; i++)
		if (strcmp(box->instances[i]->name, name) == 0)
			return box->instances[i];
	return NULL;
}

void box_reconfigure(struct box_instance *instance, uint64_t prefixes_hash, uint64_t config_hash)
{
	instance->prefixes_hash = prefixes_hash;
	instance->config_hash = config_hash;
	replica_reconfigure(instance->replica, prefixes_hash, config_hash);
}

bool box_feed_differs(const struct box_instance *instance)
{
	return instance->feed.attached &&
	       (instance->feed.prefixes_hash != instance->prefixes_hash ||
	        instance->feed.config_hash != instance->config_hash);
}

static struct box_instance *find_id(struct box *box, uint32_t id)
{
	for (size_t i = 0; i < box->count; i++)
		if (box->instances[i]->id == id)
			return box->instances[i];
	return NULL;
}

/* A header that could be read and names an instance of ours. */
static enum box_verdict take(struct box *box, struct box_instance *instance,
                             const struct seal_header *header, const uint8_t *datagram, size_t len,
                             uint64_t now_us)
{
	struct replica_origin origin = { .node = header->node, .seq = header->seq };

	memcpy(origin.epoch, header->epoch, sizeof(origin.epoch));
	if (replica_admit(instance->replica, &origin) != REPLICA_ADMIT)
		return BOX_NOT_ADMITTED;
	if (!seal_open(&box->keys, datagram, len, box->payload)) {
		instance->bad_seals++;
		if (header->node < REPLICA_NODES)
			instance->bad_seal_us[header->node] = now_us;
		return BOX_BAD_SEAL;
	}
	return replica_deliver(instance->replica, &origin, box->payload, len - SEAL_OVERHEAD,
	                       now_us)
	               ? BOX_TAKEN
	               : BOX_MALFORMED;
}

/* Who speaks another version is told by an unsealed byte: good enough for a line to people. */
static enum box_verdict judge(struct box *box, const uint8_t *datagram, size_t len, uint64_t now_us)
{
	static const enum box_verdict refused[] = {
		[SEAL_NOT_OURS] = BOX_NOT_OURS,
		[SEAL_OTHER_VERSION] = BOX_OTHER_VERSION,
		[SEAL_OTHER_CLUSTER] = BOX_OTHER_CLUSTER,
	};
	struct box_instance *instance;
	struct seal_header header;
	enum seal_verdict verdict;

	if (len > BOX_DATAGRAM_MAX)
		return BOX_NOT_OURS;
	verdict = seal_read(&box->keys, datagram, len, &header);
	if (verdict == SEAL_OTHER_VERSION && header.node < REPLICA_NODES) {
		box->other_major[header.node] = header.major;
		box->other_major_us[header.node] = now_us;
	}
	if (verdict != SEAL_OK)
		return refused[verdict];
	instance = find_id(box, header.instance);
	if (!instance)
		return BOX_OTHER_INSTANCE;
	return take(box, instance, &header, datagram, len, now_us);
}

enum box_verdict box_receive(struct box *box, const uint8_t *datagram, size_t len, uint64_t now_us)
{
	enum box_verdict verdict = judge(box, datagram, len, now_us);

	box->verdicts[verdict]++;
	return verdict;
}

size_t box_poll(struct box *box, uint8_t *datagram, uint64_t now_us)
{
	for (size_t i = 0; i < box->count; i++) {
		struct box_instance *instance = box->instances[box->turn++ % box->count];
		struct seal_header header = { .node = box->node, .instance = instance->id };
		size_t len = replica_poll(instance->replica, box->payload, &header.seq, now_us);

		if (len == 0)
			continue;
		memcpy(header.epoch, instance->epoch, sizeof(header.epoch));
		return seal_close(&box->keys, &header, box->payload, len, datagram);
	}
	return 0;
}

uint64_t box_next_us(const struct box *box)
{
	uint64_t next = NEVER_US;

	for (size_t i = 0; i < box->count; i++) {
		uint64_t due = replica_next_us(box->instances[i]->replica);

		next = due < next ? due : next;
	}
	return next;
}

void box_goodbye(struct box *box)
{
	for (size_t i = 0; i < box->count; i++)
		replica_goodbye(box->instances[i]->replica);
}
