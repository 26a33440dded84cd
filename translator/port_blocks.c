#include "translator/port_blocks.h"

#include "lib/address.h"
#include "translator/table_memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Chains link places, which are block + 1; 0 ends them. */
struct place {
	struct in6_addr host;
	uint32_t count; /* bindings; 0: the block is nobody's */
	uint32_t next, prev;
};

struct port_blocks {
	struct place *places; /* [0] is not used */
	uint32_t *heads;
	uint32_t count, group, buckets;
	struct hash_key key;
};

struct port_blocks *port_blocks_new(uint32_t count, uint32_t group, uint32_t hosts,
                                    const struct hash_key *key)
{
	struct port_blocks *blocks = calloc(1, sizeof(*blocks));

	if (!blocks)
		return NULL;
	blocks->count = count;
	blocks->group = group;
	blocks->buckets = table_memory_buckets(hosts < count ? hosts : count);
	blocks->key = *key;
	blocks->places = table_memory_new((size_t)count + 1, sizeof(*blocks->places));
	blocks->heads = table_memory_new(blocks->buckets, sizeof(*blocks->heads));
	if (blocks->places && blocks->heads)
		return blocks;
	port_blocks_free(blocks);
	return NULL;
}

void port_blocks_free(struct port_blocks *blocks)
{
	if (!blocks)
		return;
	table_memory_free(blocks->places, (size_t)blocks->count + 1, sizeof(*blocks->places));
	table_memory_free(blocks->heads, blocks->buckets, sizeof(*blocks->heads));
	free(blocks);
}

static uint32_t *head_of(const struct port_blocks *blocks, uint32_t group,
                         const struct in6_addr *host)
{
	uint8_t key[20];

	memcpy(key, &group, sizeof(group));
	memcpy(key + 4, host, sizeof(*host));
	return &blocks->heads[hash_bytes(&blocks->key, key, sizeof(key)) & (blocks->buckets - 1)];
}

static struct place *place_of(const struct port_blocks *blocks, uint32_t block)
{
	assert(block < blocks->count);
	return &blocks->places[block + 1];
}

enum port_blocks_joined port_blocks_join(struct port_blocks *blocks, uint32_t block,
                                         const struct in6_addr *host)
{
	struct place *place = place_of(blocks, block);
	uint32_t *head;

	if (place->count && !address6_equal(&place->host, host))
		return PORT_BLOCKS_OTHERS;
	if (place->count++)
		return PORT_BLOCKS_MORE;
	head = head_of(blocks, block / blocks->group, host);
	place->host = *host;
	place->prev = 0;
	place->next = *head;
	if (*head)
		blocks->places[*head].prev = block + 1;
	*head = block + 1;
	return PORT_BLOCKS_FIRST;
}

bool port_blocks_leave(struct port_blocks *blocks, uint32_t block)
{
	struct place *place = place_of(blocks, block);

	assert(place->count > 0);
	if (--place->count)
		return false;
	if (place->prev)
		blocks->places[place->prev].next = place->next;
	else
		*head_of(blocks, block / blocks->group, &place->host) = place->next;
	if (place->next)
		blocks->places[place->next].prev = place->prev;
	return true;
}

const struct in6_addr *port_blocks_host(const struct port_blocks *blocks, uint32_t block)
{
	const struct place *place = place_of(blocks, block);

	return place->count ? &place->host : NULL;
}

bool port_blocks_next(const struct port_blocks *blocks, uint32_t group, const struct in6_addr *host,
                      uint32_t *cursor, uint32_t *block)
{
	uint32_t at = *cursor ? blocks->places[*cursor].next : *head_of(blocks, group, host);

	for (; at; at = blocks->places[at].next) {
		if ((at - 1) / blocks->group != group ||
		    !address6_equal(&blocks->places[at].host, host))
			continue;
		*cursor = at;
		*block = at - 1;
		return true;
	}
	return false;
}

size_t port_blocks_memory(const struct port_blocks *blocks)
{
	return sizeof(*blocks) + ((size_t)blocks->count + 1) * sizeof(*blocks->places) +
	       blocks->buckets * sizeof(*blocks->heads);
}
