#include "translator/fastpath_takeover.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BATCH    TAKEOVER_PORTION
#define MAPS_MAX 16 /* of one program */

/* What FASTPATH_LAYOUT stands for; count it up with any change here. */
_Static_assert(sizeof(struct fastpath_key6) == 40 && sizeof(struct fastpath_key4) == 16 &&
                       sizeof(struct fastpath_to4) == 20 && sizeof(struct fastpath_to6) == 40 &&
                       offsetof(struct fastpath_key6, dst_port) == 34 &&
                       offsetof(struct fastpath_key6, proto) == 36 &&
                       offsetof(struct fastpath_to4, dst_port) == 10 &&
                       offsetof(struct fastpath_to4, index) == 12 && FASTPATH_LAYOUT == 0x4e363401u,
               "another layout of flows6, flows4 or stamps needs another FASTPATH_LAYOUT");

/* ---- maps ---- */

/* A map of an earlier process. */
struct found {
	int fd; /* -ENOENT: there is none; -errno: it may not be looked at */
	struct bpf_map_info info;
};

static struct found look_at(int map)
{
	struct found found = { .fd = map };
	uint32_t len = sizeof(found.info);

	if (found.fd >= 0 && bpf_obj_get_info_by_fd(found.fd, &found.info, &len) < 0) {
		(void)close(found.fd);
		found.fd = -ENOENT;
	}
	return found;
}

/* The map with this number, which may be among those that were kept. */
static struct found open_map(uint32_t id, const struct takeover_kept *kept)
{
	struct found found = { .fd = -ENOENT };
	int fd = bpf_map_get_fd_by_id(id), i;

	if (fd >= 0)
		return look_at(fd);
	for (i = 0; i < TAKEOVER_MAPS; i++) {
		fd = kept->maps[i] >= 0 ? dup(kept->maps[i]) : -1;
		if (fd >= 0)
			found = look_at(fd);
		if (fd >= 0 && found.fd >= 0 && found.info.id == id)
			return found;
		if (found.fd >= 0)
			(void)close(found.fd);
		found.fd = -ENOENT;
	}
	return found;
}

/* The program with this number, and the numbers of its maps, at most MAPS_MAX. */
static int open_program(uint32_t program_id, const struct takeover_kept *kept,
                        struct bpf_prog_info *info, uint32_t *map_ids)
{
	int fd = bpf_prog_get_fd_by_id(program_id);
	uint32_t len = sizeof(*info);

	if (fd < 0 && kept->program >= 0)
		fd = dup(kept->program);
	if (fd < 0)
		return -errno;
	*info = (struct bpf_prog_info){ .nr_map_ids = MAPS_MAX, .map_ids = (uintptr_t)map_ids };
	if (bpf_obj_get_info_by_fd(fd, info, &len) < 0 || info->id != program_id)
		info->nr_map_ids = 0;
	return fd;
}

/* The map of that name which a program uses. */
static struct found find_map(uint32_t program_id, const struct takeover_kept *kept,
                             const char *name)
{
	struct bpf_prog_info program;
	struct found found = { .fd = -ENOENT };
	uint32_t ids[MAPS_MAX], i;
	int fd = open_program(program_id, kept, &program, ids);

	if (fd < 0) {
		found.fd = fd;
		return found;
	}
	for (i = 0; i < program.nr_map_ids && i < MAPS_MAX && found.fd < 0; i++) {
		found = open_map(ids[i], kept);
		if (found.fd >= 0 && strcmp(found.info.name, name) != 0) {
			(void)close(found.fd);
			found.fd = -ENOENT;
		}
	}
	(void)close(fd);
	return found;
}

/* 0 when a program's settings say that its maps are laid out as ours, else as takeover_maps(). */
static int check_layout(uint32_t program_id, const struct takeover_kept *kept)
{
	struct found settings = find_map(program_id, kept, "settings");
	uint32_t zero = 0, layout = 0, *value;

	if (settings.fd < 0)
		return settings.fd == -ENOENT ? -EPROTO : settings.fd;
	value = settings.info.value_size >= sizeof(layout) ? malloc(settings.info.value_size)
	                                                   : NULL;
	if (value && bpf_map_lookup_elem(settings.fd, &zero, value) == 0)
		layout = value[0];
	free(value);
	(void)close(settings.fd);
	return layout == FASTPATH_LAYOUT ? 0 : -EPROTO;
}

/* Go on with the map of an earlier process. One of another size is returned instead, for its
 * entries to be moved; else -1. */
static int reuse_map(struct bpf_map *map, uint32_t program_id, const struct takeover_kept *kept)
{
	struct found found = find_map(program_id, kept, bpf_map__name(map));

	if (found.fd >= 0 && found.info.max_entries != bpf_map__max_entries(map))
		return found.fd;
	if (found.fd >= 0) {
		(void)bpf_map__reuse_fd(map, found.fd);
		(void)close(found.fd);
	}
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

int takeover_maps(struct takeover *left, uint32_t program_id, const struct takeover_kept *kept,
                  struct bpf_map *flows6, struct bpf_map *flows4, struct bpf_map *stamps)
{
	int old_flows4, error;

	if (!program_id)
		return -ENOENT;
	error = check_layout(program_id, kept);
	if (error < 0)
		return error;
	left->flows6 = reuse_map(flows6, program_id, kept);
	left->stamps = reuse_map(stamps, program_id, kept);
	old_flows4 = reuse_map(flows4, program_id, kept);
	if (old_flows4 >= 0)
		(void)close(old_flows4); /* says nothing that flows6 does not */
	return 0;
}

/* ---- flows ---- */

/* The flows of a map in portions, for a table may hold millions. */
struct takeover_walk {
	uint32_t position; /* of the kernel */
	uint32_t count;
	uint8_t keys[BATCH * sizeof(struct fastpath_key6)];
	uint8_t values[BATCH * sizeof(struct fastpath_to6)];
	bool is_first, is_last;
};

struct takeover_walk *takeover_walk_new(void)
{
	struct takeover_walk *portion = malloc(sizeof(*portion));

	if (!portion)
		return NULL;
	takeover_walk_restart(portion);
	return portion;
}

void takeover_walk_restart(struct takeover_walk *walk)
{
	walk->is_first = true;
	walk->is_last = false;
}

void takeover_walk_free(struct takeover_walk *walk)
{
	free(walk);
}

void takeover_clear(int map)
{
	struct takeover_walk *portion = takeover_walk_new();

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

/* The next entries, count of them; what comes with the end counts, too. False after the end. */
static bool next_portion(int map, struct takeover_walk *portion)
{
	if (portion->is_last)
		return false;
	portion->count = BATCH;
	if (bpf_map_lookup_batch(map, portion->is_first ? NULL : &portion->position,
	                         &portion->position, portion->keys, portion->values,
	                         &portion->count, NULL) < 0)
		portion->is_last = true;
	portion->is_first = false;
	if (portion->is_last && errno != ENOENT)
		return false;
	return portion->count > 0;
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

static void copy_flows(const struct stamps *stamps, const struct takeover_walk *portion,
                       struct takeover_flow *flows)
{
	uint32_t i;

	for (i = 0; i < portion->count; i++) {
		struct takeover_flow *flow = &flows[i];

		memcpy(&flow->key, portion->keys + i * sizeof(flow->key), sizeof(flow->key));
		memcpy(&flow->to, portion->values + i * sizeof(flow->to), sizeof(flow->to));
		flow->seconds = stamp_of(stamps, flow->to.index);
	}
}

uint32_t takeover_walk6(struct takeover_walk *walk, int flows6, const uint64_t *stamps,
                        uint32_t capacity, struct takeover_flow flows[TAKEOVER_PORTION])
{
	struct stamps where = { .map = -1, .mapped = stamps, .capacity = capacity };

	if (!next_portion(flows6, walk))
		return 0;
	copy_flows(&where, walk, flows);
	return walk->count;
}

/* Add a portion to the list; false when memory ends. */
static bool keep_portion(const struct stamps *stamps, const struct takeover_walk *portion,
                         struct takeover_flow **flows, uint32_t *count)
{
	struct takeover_flow *larger = reallocarray(*flows, *count + portion->count,
	                                            sizeof(**flows));

	if (!larger)
		return false;
	*flows = larger;
	copy_flows(stamps, portion, larger + *count);
	*count += portion->count;
	return true;
}

uint32_t takeover_read(const struct takeover *left, int flows6, const uint64_t *stamps,
                       uint32_t capacity, struct takeover_flow **flows)
{
	int map = left->flows6 >= 0 ? left->flows6 : flows6;
	struct stamps where = { .map = left->stamps, .mapped = stamps, .capacity = capacity };
	struct takeover_walk *portion = takeover_walk_new();
	uint32_t count = 0;

	*flows = NULL;
	while (portion && next_portion(map, portion) &&
	       keep_portion(&where, portion, flows, &count))
		;
	free(portion);
	return count;
}

static enum l4_proto l4_proto_of(uint8_t proto)
{
	if (proto == IPPROTO_TCP)
		return L4_TCP;
	return proto == IPPROTO_UDP ? L4_UDP : L4_ICMP;
}

struct translator_flow takeover_flow(const struct takeover_flow *kept)
{
	struct translator_flow flow = {
		.proto = l4_proto_of(kept->key.proto),
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

static struct translator_flow flow_of4(const struct fastpath_key4 *key,
                                       const struct fastpath_to6 *to)
{
	struct translator_flow flow = {
		.proto = l4_proto_of(key->proto),
		.pool4 = ntohl(key->dst),
		.remote4 = ntohl(key->src),
		.host_port = ntohs(to->dst_port),
		.pool4_port = ntohs(key->dst_port),
	};

	memcpy(&flow.host6, to->dst, 16);
	memcpy(&flow.remote6, to->src, 16);
	flow.remote_port = flow.proto == L4_ICMP ? 0 : ntohs(key->src_port);
	return flow;
}

static void sweep_portion(int map, const struct takeover_walk *portion,
                          bool (*wanted)(const void *context, uint32_t index,
                                         const struct translator_flow *flow),
                          const void *context)
{
	struct translator_flow flow;
	struct fastpath_key4 key;
	struct fastpath_to6 to;
	uint32_t i;

	for (i = 0; i < portion->count; i++) {
		memcpy(&key, portion->keys + i * sizeof(key), sizeof(key));
		memcpy(&to, portion->values + i * sizeof(to), sizeof(to));
		flow = flow_of4(&key, &to);
		if (!wanted(context, to.index, &flow))
			(void)bpf_map_delete_elem(map, &key);
	}
}

bool takeover_walk4(struct takeover_walk *walk, int flows4,
                    bool (*wanted)(const void *context, uint32_t index,
                                   const struct translator_flow *flow),
                    const void *context)
{
	if (!next_portion(flows4, walk))
		return false;
	sweep_portion(flows4, walk, wanted, context);
	return true;
}
