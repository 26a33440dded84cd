/* Which host has which block of public ports (log-sessions = blocks): one log record tells then who
 * used 64 ports, as long as no other host gets one of them.
 *
 * A block becomes a host's with its first binding there and is free again after its last one.
 * Blocks are named by index and belong to groups, one for each public address and protocol; the
 * group of a block is index / POOL4_BLOCKS (pool4.c). Flat arrays; a keyed hash finds a host's
 * blocks.
 */
#ifndef SA_NAT64_PORT_BLOCKS_H
#define SA_NAT64_PORT_BLOCKS_H

#include "translator/hash.h"

#include <netinet/in.h>
#include <stdbool.h>

struct port_blocks;

/* For count blocks in groups of `group` each, with about `hosts` that have some at once. NULL when
 * memory ends. */
struct port_blocks *port_blocks_new(uint32_t count, uint32_t group, uint32_t hosts,
                                    const struct hash_key *key);
void port_blocks_free(struct port_blocks *blocks); /* NULL accepted */

enum port_blocks_joined {
	PORT_BLOCKS_OTHERS, /* another host has the block: nothing was counted */
	PORT_BLOCKS_FIRST,  /* it is the host's from now on */
	PORT_BLOCKS_MORE,   /* it was so before */
};

/* A binding of the host begins in a block. */
enum port_blocks_joined port_blocks_join(struct port_blocks *blocks, uint32_t block,
                                         const struct in6_addr *host);

/* One that was counted ends. Returns whether it was the block's last. */
bool port_blocks_leave(struct port_blocks *blocks, uint32_t block);

/* Whose block it is; NULL: nobody's. */
const struct in6_addr *port_blocks_host(const struct port_blocks *blocks, uint32_t block);

/* A host's blocks of a group, the newest first: *cursor begins with 0. False at the end. */
bool port_blocks_next(const struct port_blocks *blocks, uint32_t group, const struct in6_addr *host,
                      uint32_t *cursor, uint32_t *block);

size_t port_blocks_memory(const struct port_blocks *blocks);

#endif
