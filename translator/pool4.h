/* The public addresses and ports that dynamic bindings are made from (pool4).
 *
 * Ports are owned by node in blocks of 64: block mod nodes == id (two active boxes never hand out
 * the same port). For each address and protocol there is a bitmap of free owned ports and a bitmap
 * of blocks with a free even or odd port, so that finding a port, and finding that there is none,
 * takes constant time. A host keeps one address for everything (paired pooling, RFC 6888 REQ-2);
 * ports keep their range (0-1023 or above) and parity where that range has one left (RFC 6146
 * section 3.5.1.1), otherwise they are random. A released port rests before it is used again (RFC
 * 6888 REQ-8; port_rest.h).
 *
 * With pool4_own_blocks() a host gets its ports from blocks that no other host has, as long as
 * there are such blocks (port_blocks.h).
 */
#ifndef SA_NAT64_POOL4_H
#define SA_NAT64_POOL4_H

#include "lib/config.h"
#include "translator/bib.h"
#include "translator/random.h"

#define POOL4_BLOCK_PORTS 64

struct pool4;

/* Build from count checked rows (not kept). seed keys the choice of ports, address_key the choice
 * of address. resting_max: ports that can rest at once. NULL when memory ends. */
struct pool4 *pool4_new(const struct config_pool4 *rows, size_t count, unsigned node_id,
                        unsigned node_count, const struct hash_key *seed,
                        const struct hash_key *address_key, uint32_t resting_max);
void pool4_free(struct pool4 *pool); /* NULL accepted */

/* Give hosts blocks of their own from now on; before anything is allocated. hosts: how many there
 * may be at once, about. 0 or -ENOMEM. */
int pool4_own_blocks(struct pool4 *pool, uint32_t hosts, const struct hash_key *key);

/* A binding begins: whose block is its port in? Every dynamic one is to be told of.
 * POOL4_BLOCK_NONE without pool4_own_blocks() or when another host has the block; else the end is
 * to be told of. */
enum pool4_block { POOL4_BLOCK_NONE, POOL4_BLOCK_FIRST, POOL4_BLOCK_MORE };
enum pool4_block pool4_block_join(struct pool4 *pool, enum l4_proto proto, uint32_t addr4,
                                  uint16_t port4, const struct in6_addr *host);

/* A binding that joined its block ends. Returns whether it was the block's last. */
bool pool4_block_leave(struct pool4 *pool, enum l4_proto proto, uint32_t addr4, uint16_t port4);

/* The host whose block a port is in; NULL: nobody's, or there are none. */
const struct in6_addr *pool4_block_host(const struct pool4 *pool, enum l4_proto proto,
                                        uint32_t addr4, uint16_t port4);

/* Whether addr4 is one of the pool's addresses. */
bool pool4_has(const struct pool4 *pool, uint32_t addr4);

/* Whether a dynamic binding could have this port: in the rows' ranges, whoever owns it. */
bool pool4_has_port(const struct pool4 *pool, uint32_t addr4, uint16_t port4);

/* Take a free owned port of the host's address, with the range and parity of port6 if possible.
 * False: none is left. */
bool pool4_allocate(struct pool4 *pool, enum l4_proto proto, const struct in6_addr *host,
                    uint16_t port6, uint32_t *addr4, uint16_t *port4);

/* The address that pool4_allocate() has ports of for a host; not of an empty pool. */
uint32_t pool4_address_of(const struct pool4 *pool, const struct in6_addr *host);
bool pool4_is_empty(const struct pool4 *pool);

/* Take one certain port out of the pool (static bindings); nothing happens when it is not there.
 * Its block becomes no host's own. */
void pool4_reserve(struct pool4 *pool, enum l4_proto proto, uint32_t addr4, uint16_t port4);

/* Take one certain port for a dynamic binding that exists already, whoever owns it; a port that
 * rests is taken as well. False when the pool does not have it or it is taken. */
bool pool4_claim(struct pool4 *pool, enum l4_proto proto, uint32_t addr4, uint16_t port4);

/* Let ports rest that rest in old and that this pool has. */
void pool4_inherit_resting(struct pool4 *pool, const struct pool4 *old);

/* Give back what pool4_allocate() or pool4_claim() gave. usable_us: when it may be handed out
 * again; 0 = now. */
void pool4_release(struct pool4 *pool, enum l4_proto proto, uint32_t addr4, uint16_t port4,
                   uint64_t usable_us);

/* The same for a port that another node may still have a session on: it rests until usable_us
 * (above 0), long after others, unless its address has no other port left to hand out. */
void pool4_release_long(struct pool4 *pool, enum l4_proto proto, uint32_t addr4, uint16_t port4,
                        uint64_t usable_us);

/* Make ports usable whose rest is over at now_us, at most limit. */
void pool4_wake(struct pool4 *pool, uint64_t now_us, uint32_t limit);

/* Ports owned by this node, and those of them in use or resting. */
uint64_t pool4_owned(const struct pool4 *pool);
uint32_t pool4_addresses_count(const struct pool4 *pool);
uint64_t pool4_used(const struct pool4 *pool, enum l4_proto proto);

/* What is to be said of a row of the configuration, or of one address. */
struct pool4_part {
	struct prefix4 prefix;
	uint16_t port_min, port_max; /* of an address with several rows: from the lowest on to the
	                                highest */
	uint64_t ports;              /* that this node owns, of each protocol */
	uint64_t used[L4_PROTOS];    /* of these */
	uint64_t resting[L4_PROTOS]; /* of these, and not in use */
};

/* The row or the address with this number, from 0 up and in order of addresses. False: there are
 * fewer. Both take constant time but for addresses with many rows. */
bool pool4_row(const struct pool4 *pool, uint32_t index, struct pool4_part *out);
bool pool4_address(const struct pool4 *pool, uint32_t index, struct pool4_part *out);
size_t pool4_memory(const struct pool4 *pool);

#endif
