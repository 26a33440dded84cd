/* Ports that nobody uses and nobody may have yet: two queues in order of time, for the usual rest
 * (RFC 6888 REQ-8) and for the long one of ports that another box may still have a session on
 * (proto/SYNC.md section 5).
 *
 * A port can be recalled from its rest; its place in the queue is skipped when its time comes.
 */
#ifndef SA_NAT64_PORT_REST_H
#define SA_NAT64_PORT_REST_H

#include "translator/hash.h"

#include <stdbool.h>

enum port_rest_term { PORT_REST_USUAL, PORT_REST_LONG, PORT_REST_TERMS };

struct resting_port {
	uint64_t usable_us;
	uint32_t address; /* number of the address in its pool */
	uint16_t port;
	uint8_t proto; /* enum l4_proto */
};

struct port_rest;

/* Room for capacity ports in each queue; key is for a hash. NULL when memory ends. */
struct port_rest *port_rest_new(uint32_t capacity, const struct hash_key *key);
void port_rest_free(struct port_rest *rest); /* NULL accepted */

/* Let a port rest. When the queue is full the oldest one's rest ends: true and *ended. */
bool port_rest_add(struct port_rest *rest, enum port_rest_term term,
                   const struct resting_port *port, struct resting_port *ended);

/* Use a port that rests: its rest will not end. */
void port_rest_recall(struct port_rest *rest, const struct resting_port *port);

/* Take out the next port whose rest is over at now_us. False: none is. */
bool port_rest_end(struct port_rest *rest, uint64_t now_us, struct resting_port *ended);

/* Take out the port that has rested longest in a queue, whether its rest is over or not. */
bool port_rest_end_oldest(struct port_rest *rest, enum port_rest_term term,
                          struct resting_port *ended);

/* The i-th port of a queue from the oldest; recalled ones count. False: there are fewer. */
bool port_rest_at(const struct port_rest *rest, enum port_rest_term term, uint32_t i,
                  struct resting_port *out);

size_t port_rest_memory(const struct port_rest *rest);

#endif
