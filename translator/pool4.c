#include "translator/pool4.h"

#include "translator/port_blocks.h"
#include "translator/port_rest.h"
#include "translator/table_memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BLOCKS        (65536 / POOL4_BLOCK_PORTS) /* one 64-bit word each */
#define SYSTEM_BLOCKS (1024 / POOL4_BLOCK_PORTS)
#define SUMMARY_WORDS (BLOCKS / 64)
#define BLIND_DRAWS   8
#define GIVE_UP_RESTS 256 /* long rests that end early when an address has no port left */
#define OWN_BLOCKS    16  /* of a host that are looked at for a free port, the newest ones */
#define EVEN_PORTS    UINT64_C(0x5555555555555555)

enum parity { PARITY_EVEN, PARITY_ODD, PARITIES };

static const uint64_t parity_mask[PARITIES] = { EVEN_PORTS, ~EVEN_PORTS };

/* The ports of one address and protocol. Zero until it is first used. */
struct port_map {
	uint64_t free[BLOCKS];    /* bit set: owned and free */
	uint64_t resting[BLOCKS]; /* bit set: owned, and its rest is not over */
	uint64_t blocks[PARITIES]
		       [SUMMARY_WORDS]; /* bit set: the block has a free port of the parity */
	uint64_t taken[SUMMARY_WORDS];  /* bit set: the block is some host's */
	bool ready;
};

/* Addresses first..first+count-1 have the indices base..base+count-1, and all rows that touch them
 * lie in row_first..row_end-1. */
struct interval {
	uint32_t first, count, base;
	size_t row_first, row_end;
};

/* Ports that a row or an address has in use, and those that rest. */
struct port_count {
	uint64_t used, resting;
};

struct pool4 {
	struct config_pool4 *rows;
	size_t row_count;
	struct interval *intervals; /* sorted, disjoint */
	size_t interval_count;
	uint32_t address_count;
	struct port_map *maps;                          /* [address][proto] */
	struct port_count *address_counts, *row_counts; /* [address or row][proto] */
	uint32_t *row_ports; /* owned by this node, of each address of the row */
	unsigned node_id, node_count;
	struct random random;
	struct hash_key address_key;
	struct port_rest *rest;
	struct port_blocks *hosts; /* NULL: hosts share blocks */
	uint64_t owned, used[L4_PROTOS];
};

static uint32_t row_last(const struct config_pool4 *row)
{
	return row->prefix.addr | ~prefix4_mask(row->prefix.len);
}

static int compare_rows(const void *a, const void *b)
{
	const struct config_pool4 *x = a, *y = b;

	if (x->prefix.addr != y->prefix.addr)
		return x->prefix.addr < y->prefix.addr ? -1 : 1;
	return (int)x->prefix.len - (int)y->prefix.len;
}

/* Merge the rows' address ranges (sorted by address, the wider first; prefixes nest or are
 * disjoint). */
static void build_intervals(struct pool4 *pool)
{
	struct interval *last = NULL;
	size_t i;

	for (i = 0; i < pool->row_count; i++) {
		const struct config_pool4 *row = &pool->rows[i];
		uint32_t count = row_last(row) - row->prefix.addr + 1;

		if (last && row->prefix.addr - last->first < last->count) {
			last->row_end = i + 1;
			continue;
		}
		last = &pool->intervals[pool->interval_count++];
		*last = (struct interval){ row->prefix.addr, count, pool->address_count, i, i + 1 };
		pool->address_count += count;
	}
}

static bool is_owned(const struct pool4 *pool, unsigned block)
{
	return block % pool->node_count == pool->node_id;
}

/* The owned bits of a block that lie in min..max. */
static uint64_t block_ports(const struct pool4 *pool, unsigned block, unsigned min, unsigned max)
{
	unsigned first = block * POOL4_BLOCK_PORTS, last = first + POOL4_BLOCK_PORTS - 1;
	uint64_t bits = ~UINT64_C(0);

	if (!is_owned(pool, block) || min > last || max < first)
		return 0;
	if (min > first)
		bits &= ~UINT64_C(0) << (min - first);
	if (max < last)
		bits &= ~UINT64_C(0) >> (last - max);
	return bits;
}

/* Of one address of a row. */
static uint32_t count_ports(const struct pool4 *pool, const struct config_pool4 *row)
{
	uint32_t ports = 0;

	for (unsigned block = 0; block < BLOCKS; block++)
		ports += (unsigned)__builtin_popcountll(
			block_ports(pool, block, row->port_min, row->port_max));
	return ports;
}

static uint64_t row_addresses(const struct config_pool4 *row)
{
	return row_last(row) - row->prefix.addr + UINT64_C(1);
}

static void count_owned(struct pool4 *pool)
{
	for (size_t i = 0; i < pool->row_count; i++) {
		pool->row_ports[i] = count_ports(pool, &pool->rows[i]);
		pool->owned += pool->row_ports[i] * row_addresses(&pool->rows[i]);
	}
}

struct pool4 *pool4_new(const struct config_pool4 *rows, size_t count, unsigned node_id,
                        unsigned node_count, const struct hash_key *seed,
                        const struct hash_key *address_key, uint32_t resting_max)
{
	struct pool4 *pool = calloc(1, sizeof(*pool));

	if (!pool)
		return NULL;
	pool->node_id = node_id;
	pool->node_count = node_count;
	pool->random.key = *seed;
	pool->address_key = *address_key;
	pool->row_count = count;
	pool->rows = calloc(count + 1, sizeof(*pool->rows));
	pool->intervals = calloc(count + 1, sizeof(*pool->intervals));
	pool->rest = port_rest_new(resting_max ? resting_max : 1, seed);
	if (!pool->rows || !pool->intervals || !pool->rest)
		goto fail;
	if (count)
		memcpy(pool->rows, rows, count * sizeof(*rows));
	qsort(pool->rows, count, sizeof(*rows), compare_rows);
	build_intervals(pool);
	pool->maps = table_memory_new((size_t)pool->address_count * L4_PROTOS + 1,
	                              sizeof(*pool->maps));
	pool->address_counts = calloc((size_t)pool->address_count * L4_PROTOS + 1,
	                              sizeof(*pool->address_counts));
	pool->row_counts = calloc((count + 1) * L4_PROTOS, sizeof(*pool->row_counts));
	pool->row_ports = calloc(count + 1, sizeof(*pool->row_ports));
	if (!pool->maps || !pool->address_counts || !pool->row_counts || !pool->row_ports)
		goto fail;
	count_owned(pool);
	return pool;
fail:
	pool4_free(pool);
	return NULL;
}

void pool4_free(struct pool4 *pool)
{
	if (!pool)
		return;
	free(pool->rows);
	free(pool->intervals);
	table_memory_free(pool->maps, (size_t)pool->address_count * L4_PROTOS + 1,
	                  sizeof(*pool->maps));
	free(pool->address_counts);
	free(pool->row_counts);
	free(pool->row_ports);
	port_rest_free(pool->rest);
	port_blocks_free(pool->hosts);
	free(pool);
}

static const struct interval *find_interval(const struct pool4 *pool, uint32_t addr4)
{
	size_t low = 0, high = pool->interval_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct interval *interval = &pool->intervals[middle];

		if (addr4 < interval->first)
			high = middle;
		else if (addr4 - interval->first >= interval->count)
			low = middle + 1;
		else
			return interval;
	}
	return NULL;
}

bool pool4_has(const struct pool4 *pool, uint32_t addr4)
{
	return find_interval(pool, addr4) != NULL;
}

/* The row that a port of an interval's address is in; row_count when there is none. */
static size_t find_row(const struct pool4 *pool, const struct interval *interval, uint32_t addr4,
                       uint16_t port4)
{
	for (size_t i = interval->row_first; i < interval->row_end; i++) {
		const struct config_pool4 *row = &pool->rows[i];

		if (prefix4_has(&row->prefix, addr4) && port4 >= row->port_min &&
		    port4 <= row->port_max)
			return i;
	}
	return pool->row_count;
}

bool pool4_has_port(const struct pool4 *pool, uint32_t addr4, uint16_t port4)
{
	const struct interval *interval = find_interval(pool, addr4);

	return interval && find_row(pool, interval, addr4, port4) < pool->row_count;
}

static const struct interval *interval_at(const struct pool4 *pool, uint32_t index)
{
	size_t low = 0, high = pool->interval_count - 1;

	while (low < high) {
		size_t middle = low + (high - low + 1) / 2;

		if (pool->intervals[middle].base <= index)
			low = middle;
		else
			high = middle - 1;
	}
	return &pool->intervals[low];
}

static uint32_t address_at(const struct pool4 *pool, uint32_t index)
{
	const struct interval *interval = interval_at(pool, index);

	return interval->first + (index - interval->base);
}

/* A port of an address goes into use (+1), or out of it (-1), or begins or ends to rest. */
static void count_port(struct pool4 *pool, uint32_t address, enum l4_proto proto, uint16_t port4,
                       int used, int resting)
{
	const struct interval *interval = interval_at(pool, address);
	size_t row = find_row(pool, interval, interval->first + (address - interval->base), port4);
	struct port_count *of_address = &pool->address_counts[(size_t)address * L4_PROTOS + proto];
	struct port_count *of_row = &pool->row_counts[row * L4_PROTOS + proto];

	of_address->used += (uint64_t)used;
	of_address->resting += (uint64_t)resting;
	of_row->used += (uint64_t)used;
	of_row->resting += (uint64_t)resting;
	pool->used[proto] += (uint64_t)(used + resting);
}

static void summarise(struct port_map *map, unsigned block)
{
	uint64_t bit = UINT64_C(1) << (block % 64);
	int parity;

	for (parity = 0; parity < PARITIES; parity++) {
		if (map->free[block] & parity_mask[parity])
			map->blocks[parity][block / 64] |= bit;
		else
			map->blocks[parity][block / 64] &= ~bit;
	}
}

/* The map of an address, filled from the rows when it is first asked for. */
static struct port_map *map_of(struct pool4 *pool, uint32_t address, enum l4_proto proto)
{
	struct port_map *map = &pool->maps[(size_t)address * L4_PROTOS + proto];
	uint32_t addr4;
	unsigned block;
	size_t i;

	if (map->ready)
		return map;
	addr4 = address_at(pool, address);
	for (i = 0; i < pool->row_count; i++) {
		const struct config_pool4 *row = &pool->rows[i];

		for (block = 0; block < BLOCKS && prefix4_has(&row->prefix, addr4); block++)
			map->free[block] |= block_ports(pool, block, row->port_min, row->port_max);
	}
	for (block = 0; block < BLOCKS; block++)
		summarise(map, block);
	map->ready = true;
	return map;
}

static void set_free(struct port_map *map, uint16_t port, bool is_free)
{
	uint64_t bit = UINT64_C(1) << (port % POOL4_BLOCK_PORTS);
	unsigned block = port / POOL4_BLOCK_PORTS;

	if (is_free)
		map->free[block] |= bit;
	else
		map->free[block] &= ~bit;
	summarise(map, block);
}

/* The first block from `from` on, below `to`, whose bit is set in a summary; -1 when there is none.
 */
static int scan_blocks(const uint64_t *summary, unsigned from, unsigned to)
{
	while (from < to) {
		uint64_t bits = summary[from / 64] >> (from % 64);

		if (bits) {
			from += (unsigned)__builtin_ctzll(bits);
			return from < to ? (int)from : -1;
		}
		from = (from / 64 + 1) * 64;
	}
	return -1;
}

/* A block low..high-1 whose bit is set in a summary, -1 when there is none. Drawn blindly a few
 * times, so that the block behind a long gap is no likelier than others; where set bits are rare,
 * the next one from a random place on. */
static int pick_block(struct pool4 *pool, const uint64_t *summary, unsigned low, unsigned high)
{
	unsigned start = low;
	int block;

	for (int try = 0; try < BLIND_DRAWS; try++) {
		start = low + (unsigned)((random_next(&pool->random) >> 32) % (high - low));
		if (summary[start / 64] >> (start % 64) & 1)
			return (int)start;
	}
	block = scan_blocks(summary, start, high);
	return block < 0 ? scan_blocks(summary, low, start) : block;
}

/* A random free port of the parity in a block that has one. */
static int port_of_block(struct pool4 *pool, const struct port_map *map, unsigned block,
                         enum parity parity)
{
	unsigned turn = random_next(&pool->random) % 64;
	uint64_t bits = map->free[block] & parity_mask[parity];

	bits = bits >> turn | bits << ((64 - turn) % 64);
	return (int)(block * POOL4_BLOCK_PORTS + ((unsigned)__builtin_ctzll(bits) + turn) % 64);
}

/* A random free port of the parity in blocks low..high-1, or -1. */
static int pick_port(struct pool4 *pool, struct port_map *map, enum parity parity, unsigned low,
                     unsigned high)
{
	int block = pick_block(pool, map->blocks[parity], low, high);

	return block < 0 ? -1 : port_of_block(pool, map, (unsigned)block, parity);
}

static uint32_t group_of(const struct pool4 *pool, const struct port_map *map)
{
	return (uint32_t)(map - pool->maps);
}

/* The same in one of the host's own blocks. */
static int pick_own_port(struct pool4 *pool, struct port_map *map, const struct in6_addr *host,
                         enum parity parity, unsigned low, unsigned high)
{
	uint32_t cursor = 0, index;

	for (int i = 0; i < OWN_BLOCKS; i++) {
		unsigned block;

		if (!port_blocks_next(pool->hosts, group_of(pool, map), host, &cursor, &index))
			return -1;
		block = index % BLOCKS;
		if (block >= low && block < high && map->free[block] & parity_mask[parity])
			return port_of_block(pool, map, block, parity);
	}
	return -1;
}

/* The same in a block that is nobody's. */
static int pick_new_port(struct pool4 *pool, struct port_map *map, enum parity parity, unsigned low,
                         unsigned high)
{
	uint64_t vacant[SUMMARY_WORDS];
	int block;

	for (int i = 0; i < SUMMARY_WORDS; i++)
		vacant[i] = map->blocks[parity][i] & ~map->taken[i];
	block = pick_block(pool, vacant, low, high);
	return block < 0 ? -1 : port_of_block(pool, map, (unsigned)block, parity);
}

/* Hosts with blocks of their own: such a port, or -1. */
static int pick_host_port(struct pool4 *pool, struct port_map *map, const struct in6_addr *host,
                          enum parity parity, const unsigned *bound)
{
	int port = pick_own_port(pool, map, host, parity, bound[0], bound[1]);

	return port >= 0 ? port : pick_new_port(pool, map, parity, bound[0], bound[1]);
}

/* Range first, then parity: a port of the other parity is better than one of the other range. host:
 * with blocks of its own; NULL: any block will do. */
static int find_port_for(struct pool4 *pool, struct port_map *map, const struct in6_addr *host,
                         uint16_t port6)
{
	static const unsigned bounds[2][2] = { { 0, SYSTEM_BLOCKS }, { SYSTEM_BLOCKS, BLOCKS } };
	enum parity wanted = port6 & 1 ? PARITY_ODD : PARITY_EVEN;
	int range = port6 >= 1024, try, port;

	for (try = 0; try < 4; try++) {
		const unsigned *bound = bounds[try < 2 ? range : !range];
		enum parity parity = try & 1 ? !wanted : wanted;

		port = host ? pick_host_port(pool, map, host, parity, bound)
		            : pick_port(pool, map, parity, bound[0], bound[1]);
		if (port >= 0)
			return port;
	}
	return -1;
}

/* Serving comes first: where no block is left for the host it gets a port in another host's. */
static int find_port(struct pool4 *pool, struct port_map *map, const struct in6_addr *host,
                     uint16_t port6)
{
	int port = pool->hosts ? find_port_for(pool, map, host, port6) : -1;

	return port >= 0 ? port : find_port_for(pool, map, NULL, port6);
}

void pool4_reserve(struct pool4 *pool, enum l4_proto proto, uint32_t addr4, uint16_t port4)
{
	const struct interval *interval = find_interval(pool, addr4);

	if (!interval)
		return;
	set_free(map_of(pool, interval->base + (addr4 - interval->first), proto), port4, false);
	(void)pool4_block_join(pool, proto, addr4, port4, &in6addr_any);
}

static bool is_resting(const struct port_map *map, uint16_t port4)
{
	return map->resting[port4 / POOL4_BLOCK_PORTS] >> (port4 % POOL4_BLOCK_PORTS) & 1;
}

static void set_resting(struct port_map *map, uint16_t port, bool rests)
{
	uint64_t bit = UINT64_C(1) << (port % POOL4_BLOCK_PORTS);

	if (rests)
		map->resting[port / POOL4_BLOCK_PORTS] |= bit;
	else
		map->resting[port / POOL4_BLOCK_PORTS] &= ~bit;
}

bool pool4_claim(struct pool4 *pool, enum l4_proto proto, uint32_t addr4, uint16_t port4)
{
	const struct interval *interval = find_interval(pool, addr4);
	bool is_mine = is_owned(pool, port4 / POOL4_BLOCK_PORTS), is_free;
	struct resting_port resting;
	struct port_map *map;
	uint32_t address;

	if (!interval || !pool4_has_port(pool, addr4, port4))
		return false;
	address = interval->base + (addr4 - interval->first);
	map = map_of(pool, address, proto);
	is_free = map->free[port4 / POOL4_BLOCK_PORTS] >> (port4 % POOL4_BLOCK_PORTS) & 1;
	if (is_mine && !is_free) {
		if (!is_resting(map, port4))
			return false;
		resting = (struct resting_port){ .address = address,
			                         .port = port4,
			                         .proto = (uint8_t)proto };
		port_rest_recall(pool->rest, &resting);
		set_resting(map, port4, false);
		count_port(pool, address, proto, port4, +1, -1);
		return true;
	}
	set_free(map, port4, false);
	if (is_mine)
		count_port(pool, address, proto, port4, +1, 0);
	return true;
}

static void make_usable(struct pool4 *pool, const struct resting_port *port)
{
	struct port_map *map = map_of(pool, port->address, port->proto);
	bool rested = is_resting(map, port->port);

	set_resting(map, port->port, false);
	set_free(map, port->port, true);
	count_port(pool, port->address, port->proto, port->port, rested ? 0 : -1, rested ? -1 : 0);
}

/* Whether the port comes back to this pool at all: not when it was claimed for a session that
 * another node began, or for one that outlived the configuration which gave it the port. */
static bool comes_back(const struct pool4 *pool, uint32_t addr4, uint16_t port4)
{
	return is_owned(pool, port4 / POOL4_BLOCK_PORTS) && pool4_has_port(pool, addr4, port4);
}

static void put_to_rest(struct pool4 *pool, enum port_rest_term term,
                        const struct resting_port *port)
{
	struct resting_port ended;

	set_resting(map_of(pool, port->address, port->proto), port->port, true);
	count_port(pool, port->address, port->proto, port->port, -1, +1);
	if (port_rest_add(pool->rest, term, port, &ended))
		make_usable(pool, &ended);
}

static void release(struct pool4 *pool, enum port_rest_term term, enum l4_proto proto,
                    uint32_t addr4, uint16_t port4, uint64_t usable_us)
{
	const struct interval *interval = find_interval(pool, addr4);
	struct resting_port port = { .usable_us = usable_us,
		                     .port = port4,
		                     .proto = (uint8_t)proto };

	if (!interval || !comes_back(pool, addr4, port4))
		return;
	port.address = interval->base + (addr4 - interval->first);
	if (usable_us == 0)
		make_usable(pool, &port);
	else
		put_to_rest(pool, term, &port);
}

void pool4_release(struct pool4 *pool, enum l4_proto proto, uint32_t addr4, uint16_t port4,
                   uint64_t usable_us)
{
	release(pool, PORT_REST_USUAL, proto, addr4, port4, usable_us);
}

void pool4_release_long(struct pool4 *pool, enum l4_proto proto, uint32_t addr4, uint16_t port4,
                        uint64_t usable_us)
{
	release(pool, PORT_REST_LONG, proto, addr4, port4, usable_us);
}

void pool4_wake(struct pool4 *pool, uint64_t now_us, uint32_t limit)
{
	struct resting_port ended;

	while (limit-- && port_rest_end(pool->rest, now_us, &ended))
		make_usable(pool, &ended);
}

void pool4_inherit_resting(struct pool4 *pool, const struct pool4 *old)
{
	struct resting_port port;

	for (int term = 0; term < PORT_REST_TERMS; term++) {
		for (uint32_t i = 0; port_rest_at(old->rest, term, i, &port); i++) {
			uint32_t addr4 = address_at(old, port.address);

			if (pool4_claim(pool, port.proto, addr4, port.port))
				release(pool, term, port.proto, addr4, port.port, port.usable_us);
		}
	}
}

/* Serving comes first: the oldest long rests end when an address has nothing else left. */
static int find_port_or_end_rests(struct pool4 *pool, struct port_map *map,
                                  const struct in6_addr *host, uint16_t port6)
{
	int port = find_port(pool, map, host, port6);
	struct resting_port ended;

	for (int i = 0; port < 0 && i < GIVE_UP_RESTS; i++) {
		if (!port_rest_end_oldest(pool->rest, PORT_REST_LONG, &ended))
			return -1;
		make_usable(pool, &ended);
		if (&pool->maps[(size_t)ended.address * L4_PROTOS + ended.proto] == map)
			port = find_port(pool, map, host, port6);
	}
	return port;
}

static uint32_t index_of(const struct pool4 *pool, const struct in6_addr *host)
{
	return (uint32_t)(hash_bytes(&pool->address_key, host, sizeof(*host)) %
	                  pool->address_count);
}

uint32_t pool4_address_of(const struct pool4 *pool, const struct in6_addr *host)
{
	return address_at(pool, index_of(pool, host));
}

bool pool4_is_empty(const struct pool4 *pool)
{
	return pool->address_count == 0;
}

bool pool4_allocate(struct pool4 *pool, enum l4_proto proto, const struct in6_addr *host,
                    uint16_t port6, uint32_t *addr4, uint16_t *port4)
{
	struct port_map *map;
	uint32_t address;
	int port;

	if (pool->address_count == 0)
		return false;
	address = index_of(pool, host);
	map = map_of(pool, address, proto);
	port = find_port_or_end_rests(pool, map, host, port6);
	if (port < 0)
		return false;
	set_free(map, (uint16_t)port, false);
	count_port(pool, address, proto, (uint16_t)port, +1, 0);
	*addr4 = address_at(pool, address);
	*port4 = (uint16_t)port;
	return true;
}

/* ---- blocks of hosts ---- */

int pool4_own_blocks(struct pool4 *pool, uint32_t hosts, const struct hash_key *key)
{
	pool->hosts = port_blocks_new(pool->address_count * L4_PROTOS * BLOCKS, BLOCKS, hosts, key);
	return pool->hosts ? 0 : -ENOMEM;
}

/* The index of a port's block in pool->hosts; false when there is none. */
static bool find_block(const struct pool4 *pool, enum l4_proto proto, uint32_t addr4,
                       uint16_t port4, uint32_t *block)
{
	const struct interval *interval = pool->hosts ? find_interval(pool, addr4) : NULL;

	if (!interval)
		return false;
	*block = ((interval->base + (addr4 - interval->first)) * L4_PROTOS + proto) * BLOCKS +
	         port4 / POOL4_BLOCK_PORTS;
	return true;
}

static void set_taken(struct pool4 *pool, uint32_t block, bool is_taken)
{
	uint64_t *word = &pool->maps[block / BLOCKS].taken[block % BLOCKS / 64];
	uint64_t bit = UINT64_C(1) << (block % 64);

	*word = is_taken ? *word | bit : *word & ~bit;
}

enum pool4_block pool4_block_join(struct pool4 *pool, enum l4_proto proto, uint32_t addr4,
                                  uint16_t port4, const struct in6_addr *host)
{
	uint32_t block;

	if (!find_block(pool, proto, addr4, port4, &block))
		return POOL4_BLOCK_NONE;
	switch (port_blocks_join(pool->hosts, block, host)) {
	case PORT_BLOCKS_FIRST:
		set_taken(pool, block, true);
		return POOL4_BLOCK_FIRST;
	case PORT_BLOCKS_MORE:
		return POOL4_BLOCK_MORE;
	default:
		return POOL4_BLOCK_NONE;
	}
}

bool pool4_block_leave(struct pool4 *pool, enum l4_proto proto, uint32_t addr4, uint16_t port4)
{
	uint32_t block;

	if (!find_block(pool, proto, addr4, port4, &block) ||
	    !port_blocks_leave(pool->hosts, block))
		return false;
	set_taken(pool, block, false);
	return true;
}

const struct in6_addr *pool4_block_host(const struct pool4 *pool, enum l4_proto proto,
                                        uint32_t addr4, uint16_t port4)
{
	uint32_t block;

	return find_block(pool, proto, addr4, port4, &block) ? port_blocks_host(pool->hosts, block)
	                                                     : NULL;
}

uint32_t pool4_addresses_count(const struct pool4 *pool)
{
	return pool->address_count;
}

uint64_t pool4_owned(const struct pool4 *pool)
{
	return pool->owned;
}

uint64_t pool4_used(const struct pool4 *pool, enum l4_proto proto)
{
	return pool->used[proto];
}

/* ---- what is in it ---- */

static void fill_part(const struct port_count *counts, uint64_t ports, struct pool4_part *out)
{
	out->ports = ports;
	for (int proto = 0; proto < L4_PROTOS; proto++) {
		out->used[proto] = counts[proto].used;
		out->resting[proto] = counts[proto].resting;
	}
}

bool pool4_row(const struct pool4 *pool, uint32_t index, struct pool4_part *out)
{
	const struct config_pool4 *row;

	if (index >= pool->row_count)
		return false;
	row = &pool->rows[index];
	out->prefix = row->prefix;
	out->port_min = row->port_min;
	out->port_max = row->port_max;
	fill_part(&pool->row_counts[(size_t)index * L4_PROTOS],
	          pool->row_ports[index] * row_addresses(row), out);
	return true;
}

bool pool4_address(const struct pool4 *pool, uint32_t index, struct pool4_part *out)
{
	const struct interval *interval;
	uint64_t ports = 0;
	uint32_t addr4;

	if (index >= pool->address_count)
		return false;
	interval = interval_at(pool, index);
	addr4 = interval->first + (index - interval->base);
	out->prefix = (struct prefix4){ .addr = addr4, .len = 32 };
	out->port_min = UINT16_MAX;
	out->port_max = 0;
	for (size_t i = interval->row_first; i < interval->row_end; i++) {
		const struct config_pool4 *row = &pool->rows[i];

		if (!prefix4_has(&row->prefix, addr4))
			continue;
		ports += pool->row_ports[i];
		out->port_min = row->port_min < out->port_min ? row->port_min : out->port_min;
		out->port_max = row->port_max > out->port_max ? row->port_max : out->port_max;
	}
	fill_part(&pool->address_counts[(size_t)index * L4_PROTOS], ports, out);
	return true;
}

size_t pool4_memory(const struct pool4 *pool)
{
	return sizeof(*pool) + (size_t)pool->address_count * L4_PROTOS * sizeof(*pool->maps) +
	       (size_t)(pool->address_count + pool->row_count) * L4_PROTOS *
	               sizeof(struct port_count) +
	       port_rest_memory(pool->rest) + (pool->hosts ? port_blocks_memory(pool->hosts) : 0);
}
