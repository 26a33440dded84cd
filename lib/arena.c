/* See arena.h. */
#include "lib/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>

struct arena {
	ProtobufCAllocator allocator;
	size_t size, used;
	alignas(max_align_t) uint8_t bytes[];
};

static void *take(void *data, size_t len)
{
	struct arena *arena = data;
	size_t rounded = (len + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	void *place = arena->bytes + arena->used;

	if (rounded < len || rounded > arena->size - arena->used)
		return NULL;
	arena->used += rounded;
	return place;
}

static void keep(void *data, void *place)
{
	(void)data;
	(void)place;
}

struct arena *arena_new(size_t size)
{
	struct arena *arena = malloc(sizeof(*arena) + size);

	if (!arena)
		return NULL;
	arena->allocator =
		(ProtobufCAllocator){ .alloc = take, .free = keep, .allocator_data = arena };
	arena->size = size;
	arena->used = 0;
	return arena;
}

void arena_free(struct arena *arena)
{
	free(arena);
}

void arena_clear(struct arena *arena)
{
	arena->used = 0;
}

ProtobufCAllocator *arena_allocator(struct arena *arena)
{
	return &arena->allocator;
}
