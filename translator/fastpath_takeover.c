#include "translator/fastpath_takeover.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BATCH 1024

/* ---- maps ---- */

/* The map of that name which a program uses, -1 when there is none. */
static int find_map(uint32_t program_id, const char *name)
{
	struct bpf_prog_info program = { 0 };
	struct bpf_map_info map;
	uint32_t ids[16], len = sizeof(program), i;
	int fd, map_fd = -1;

	fd = bpf_prog_get_fd_by_id(program_id);
	if (fd < 0)
		return -1;
	program.nr_map_ids = 16;
	program.map_ids = (uintptr_t)ids;
	if (bpf_obj_get_info_by_fd(fd, &program, &len) < 0)
		program.nr_map_ids = 0;
	for (i = 0; i < program.nr_map_ids && i < 16 && map_fd < 0; i++) {
		map_fd = bpf_map_get_fd_by_id(ids[i]);
		memset(&map, 0, sizeof(map));
		len = sizeof(map);
		if (map_fd >= 0 && (bpf_obj_get_info_by_fd(map_fd, &map, &len) < 0 ||
		                    strcmp(map.name, name) != 0)) {
			(void)close(map_fd);
			map_fd = -1;
		}
	}
	(void)close(fd);
	return map_fd;
}

/* Go on with the map of an earlier process. One of another size but the same layout is returned
 * instead, for its entries to be moved; else -1. */
static int reuse_map(struct bpf_map *map, uint32_t program_id)
{
	struct bpf_map_info info = { 0 };
	uint32_t len = sizeof(info);
	int fd = find_map(program_id, bpf_map__name(map));

	if (fd < 0)
		return -1;
	if (bpf_obj_get_info_by_fd(fd, &info, &len) == 0 &&
	    info.key_size == bpf_map__key_size(map) &&
	    info.value_size == bpf_map__value_size(map)) {
		if (info.max_entries != bpf_map__max_entries(map))
			return fd;
		(void)bpf_map__reuse_fd(map, fd);
	}
	(void)close(fd);
	return -1;
}

void takeover_init(struct takeover *left)
{
	left->flows6 = left->stamps = -1;
}

void takeover_fini(struct takeover *left)
{
	if (left->flows6 >= 0)
		(void)close(left->flows6);
	if (left->stamps >= 0)
		(void)close(left->stamps);
	takeover_init(left);
}

void takeover_maps(struct takeover *left, uint32_t program_id, struct bpf_map *flows6,
                   struct bpf_map *flows4, struct bpf_map *stamps)
{
	int old_flows4;

	left->flows6 = reuse_map(flows6, program_id);
	left->stamps = reuse_map(stamps, program_id);
	old_flows4 = reuse_map(flows4, program_id);
	if (old_flows4 >= 0)
		(void)close(old_flows4); /* says nothing that flows6 does not */
}

/* ---- flows ---- */

/* The flows of a map in portions, for a table may hold millions. */
struct portion {
	uint32_t position; /* of the kernel */
	uint32_t count;
	uint8_t keys[BATCH * sizeof(struct fastpath_key6)];
	uint8_t values[BATCH * sizeof(struct fastpath_to6)];
	bool is_first, is_last;
};

static struct portion *portion_new(void)
{
	struct portion *portion = malloc(sizeof(*portion));

	if (!portion)
		return NULL;
	portion->is_first = true;
	portion->is_last = false;
	return portion;
}

void takeover_clear(int map)
{
	struct portion *portion = portion_new();

	while (portion && !portion->is_last) {
		portion->count = BATCH;
		if (bpf_map_lookup_and_delete_batch(
			    map, portion->is_first ? NULL : &portion->position, &portion->position,
			    portion->keys, portion->values, &portion->count, NULL) < 0)
			portion->is_last = true;
		portion->is_first = false;
	}
	free(portion);
}

/* Where the stamps of the flows are. */
struct stamps {
	int map; /* -1: mapped */
	const uint64_t *mapped;
	uint32_t capacity;
};

static uint64_t stamp_of(const struct stamps *stamps, uint32_t index)
{
	uint64_t seconds = 0;

	if (stamps->map >= 0)
		(void)bpf_map_lookup_elem(stamps->map, &index, &seconds);
	else if (index <= stamps->capacity)
		seconds = stamps->mapped[index];
	return seconds;
}

/* Add a portion to the list; false when memory ends. */
static bool keep_portion(const struct stamps *stamps, const struct portion *portion,
                         struct takeover_flow **flows, uint32_t *count)
{
	struct takeover_flow *larger = reallocarray(*flows, *count + portion->count,
	                                            sizeof(**flows));
	uint32_t i;

	if (!larger)
		return false;
	*flows = larger;
	for (i = 0; i < portion->count; i++) {
		struct takeover_flow *flow = &larger[*count + i];

		memcpy(&flow->key, portion->keys + i * sizeof(flow->key), sizeof(flow->key));
		memcpy(&flow->to, portion->values + i * sizeof(flow->to), sizeof(flow->to));
		flow->seconds = stamp_of(stamps, flow->to.index);
	}
	*count += portion->count;
	return true;
}

uint32_t takeover_read(const struct takeover *left, int flows6, const uint64_t *stamps,
                       uint32_t capacity, struct takeover_flow **flows)
{
	int map = left->flows6 >= 0 ? left->flows6 : flows6;
	struct stamps where = { .map = left->stamps, .mapped = stamps, .capacity = capacity };
	struct portion *portion = portion_new();
	uint32_t count = 0;

	*flows = NULL;
	while (portion && !portion->is_last) {
		portion->count = BATCH;
		if (bpf_map_lookup_batch(map, portion->is_first ? NULL : &portion->position,
		                         &portion->position, portion->keys, portion->values,
		                         &portion->count, NULL) < 0)
			portion->is_last = true; /* what came with the end counts, too */
		portion->is_first = false;
		if (portion->is_last && errno != ENOENT)
			break;
		if (portion->count && !keep_portion(&where, portion, flows, &count))
			break;
	}
	free(portion);
	return count;
}

struct translator_flow takeover_flow(const struct takeover_flow *kept)
{
	struct translator_flow flow = {
		.proto = kept->key.proto == IPPROTO_TCP   ? L4_TCP
		         : kept->key.proto == IPPROTO_UDP ? L4_UDP
		                                          : L4_ICMP,
		.pool4 = ntohl(kept->to.src),
		.remote4 = ntohl(kept->to.dst),
		.host_port = ntohs(kept->key.src_port),
		.pool4_port = ntohs(kept->to.src_port),
	};

	memcpy(&flow.host6, kept->key.src, 16);
	memcpy(&flow.remote6, kept->key.dst, 16);
	flow.remote_port = flow.proto == L4_ICMP ? 0 : ntohs(kept->key.dst_port);
	return flow;
}
