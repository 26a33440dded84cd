#include "translator/port_rest.h"

#include "translator/table_memory.h"
#include "translator/tally.h"

#include <stdlib.h>
#include <string.h>

struct queue {
	struct resting_port *ports; /* ring */
	uint32_t first, count;
};

struct port_rest {
	struct queue queues[PORT_REST_TERMS];
	uint32_t capacity;
	struct tally *recalled; /* places to skip, by port */
};

struct port_rest *port_rest_new(uint32_t capacity, const struct hash_key *key)
{
	struct port_rest *rest = calloc(1, sizeof(*rest));

	if (!rest)
		return NULL;
	rest->capacity = capacity;
	rest->recalled = tally_new(PORT_REST_TERMS * capacity, key);
	for (int term = 0; term < PORT_REST_TERMS; term++)
		rest->queues[term].ports = table_memory_new(capacity, sizeof(struct resting_port));
	if (rest->recalled && rest->queues[PORT_REST_USUAL].ports &&
	    rest->queues[PORT_REST_LONG].ports)
		return rest;
	port_rest_free(rest);
	return NULL;
}

void port_rest_free(struct port_rest *rest)
{
	if (!rest)
		return;
	for (int term = 0; term < PORT_REST_TERMS; term++)
		table_memory_free(rest->queues[term].ports, rest->capacity,
		                  sizeof(struct resting_port));
	tally_free(rest->recalled);
	free(rest);
}

static struct tally_key key_of(const struct resting_port *port)
{
	struct tally_key key = { { port->proto } };

	memcpy(key.bytes + 4, &port->address, sizeof(port->address));
	memcpy(key.bytes + 8, &port->port, sizeof(port->port));
	return key;
}

/* Take the oldest place; false when its port was recalled. */
static bool take(struct port_rest *rest, struct queue *queue, struct resting_port *out)
{
	struct tally_key key;

	*out = queue->ports[queue->first];
	queue->first = (queue->first + 1) % rest->capacity;
	queue->count--;
	if (tally_keys(rest->recalled) == 0)
		return true;
	key = key_of(out);
	if (tally_get(rest->recalled, &key) == 0)
		return true;
	tally_dec(rest->recalled, &key);
	return false;
}

bool port_rest_add(struct port_rest *rest, enum port_rest_term term,
                   const struct resting_port *port, struct resting_port *ended)
{
	struct queue *queue = &rest->queues[term];
	bool has_ended = queue->count == rest->capacity && take(rest, queue, ended);

	queue->ports[(queue->first + queue->count) % rest->capacity] = *port;
	queue->count++;
	return has_ended;
}

void port_rest_recall(struct port_rest *rest, const struct resting_port *port)
{
	struct tally_key key = key_of(port);

	tally_inc(rest->recalled, &key);
}

bool port_rest_end(struct port_rest *rest, uint64_t now_us, struct resting_port *ended)
{
	for (int term = 0; term < PORT_REST_TERMS; term++) {
		struct queue *queue = &rest->queues[term];

		while (queue->count && queue->ports[queue->first].usable_us <= now_us) {
			if (take(rest, queue, ended))
				return true;
		}
	}
	return false;
}

bool port_rest_end_oldest(struct port_rest *rest, enum port_rest_term term,
                          struct resting_port *ended)
{
	struct queue *queue = &rest->queues[term];

	while (queue->count) {
		if (take(rest, queue, ended))
			return true;
	}
	return false;
}

bool port_rest_at(const struct port_rest *rest, enum port_rest_term term, uint32_t i,
                  struct resting_port *out)
{
	const struct queue *queue = &rest->queues[term];

	if (i >= queue->count)
		return false;
	*out = queue->ports[(queue->first + i) % rest->capacity];
	return true;
}

size_t port_rest_memory(const struct port_rest *rest)
{
	return sizeof(*rest) + tally_memory(rest->recalled) +
	       PORT_REST_TERMS * (size_t)rest->capacity * sizeof(struct resting_port);
}
