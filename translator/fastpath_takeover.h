/* What an earlier process left in the kernel: the maps of the program on the TUN's egress filter,
 * and the flows in them.
 *
 * Knows maps and their entries, but neither sessions nor devices: fastpath.c asks for the maps
 * before it loads its own program, and enters again what the translator has a place for.
 */
#ifndef SA_NAT64_FASTPATH_TAKEOVER_H
#define SA_NAT64_FASTPATH_TAKEOVER_H

#include "translator/fastpath_abi.h"
#include "translator/translator.h"

#include <stdint.h>

struct bpf_map;

#define TAKEOVER_MAPS 4 /* flows6, flows4, stamps and settings, in any order */

/* Maps of another size, whose entries have to be moved. */
struct takeover {
	int flows6, stamps; /* descriptors; -1: none, or taken as it was */
};

/* Descriptors of an earlier process's program and maps that were kept elsewhere, -1 each where
 * there is none: only with CAP_SYS_ADMIN the kernel gives them by their numbers. */
struct takeover_kept {
	int program, maps[TAKEOVER_MAPS];
};

/* A flow that the kernel kept. */
struct takeover_flow {
	struct fastpath_key6 key;
	struct fastpath_to4 to;
	uint64_t seconds; /* of the monotonic clock when it was last used; 0: never */
};

/* Nothing left. */
void takeover_init(struct takeover *left);

/* Close what is open. */
void takeover_fini(struct takeover *left);

/* Make the maps of a program that has its sizes and is not loaded yet those of the program on the
 * device (program_id; 0: there is none; kept: where the kernel does not give its maps): each map of
 * the same size; one of flows or stamps that has another size goes to *left. Returns 0, -ENOENT
 * when there is nothing to take over, -EPROTO when it has another layout and is forgotten. */
int takeover_maps(struct takeover *left, uint32_t program_id, const struct takeover_kept *kept,
                  struct bpf_map *flows6, struct bpf_map *flows4, struct bpf_map *stamps);

/* Copy the flows out of *left or, if that has none, out of the map flows6, with their stamps out of
 * *left or the array stamps of indexes up to capacity. Returns their count; *flows is the caller's
 * to free, NULL when there are none. Without memory for all of them: those that fit. */
uint32_t takeover_read(const struct takeover *left, int flows6, const uint64_t *stamps,
                       uint32_t capacity, struct takeover_flow **flows);

/* The same flow in the translator's words. Meaningless for stateless mappings: key.proto is 0. */
struct translator_flow takeover_flow(const struct takeover_flow *kept);

/* A walk through a map in portions, while its entries change. NULL when memory ends. */
struct takeover_walk;
struct takeover_walk *takeover_walk_new(void);
void takeover_walk_free(struct takeover_walk *walk); /* NULL accepted */

/* From the beginning of the same or another map. */
void takeover_walk_restart(struct takeover_walk *walk);

#define TAKEOVER_PORTION 1024

/* The next flows of flows6, as takeover_read() has them; 0 at the end. */
uint32_t takeover_walk6(struct takeover_walk *walk, int flows6, const uint64_t *stamps,
                        uint32_t capacity, struct takeover_flow flows[TAKEOVER_PORTION]);

/* Remove those of the next entries of flows4 whose flow and index wanted() does not want. False at
 * the end. */
bool takeover_walk4(struct takeover_walk *walk, int flows4,
                    bool (*wanted)(const void *context, uint32_t index,
                                   const struct translator_flow *flow),
                    const void *context);

/* Remove every entry of a map of flows. */
void takeover_clear(int map);

#endif
