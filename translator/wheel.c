#include "translator/wheel.h"

#include "translator/table_memory.h"

#include <stdlib.h>

#define TICK_SHIFT 16 /* 65.536 ms */
#define SLOT_BITS  8
#define SLOTS      (1u << SLOT_BITS)
#define LEVELS     3
#define TICKS_MAX  ((UINT64_C(1) << (SLOT_BITS * LEVELS)) - 1)
#define NO_SLOT    0

struct wheel_node {
	uint32_t next, prev; /* prev 0: first of its slot */
	uint32_t due;        /* tick, its low 32 bits: never far from the present one */
	uint32_t slot;       /* 1 + level * SLOTS + slot; NO_SLOT when not scheduled */
};

struct wheel {
	struct wheel_node *nodes;
	uint32_t capacity;
	uint64_t start_us;
	uint64_t tick; /* the tick being handled, counted from start_us */
	uint32_t head[1 + LEVELS * SLOTS];
};

struct wheel *wheel_new(uint32_t capacity, uint64_t now_us)
{
	struct wheel *wheel = calloc(1, sizeof(*wheel));

	if (!wheel)
		return NULL;
	wheel->capacity = capacity;
	wheel->start_us = now_us;
	wheel->nodes = table_memory_new((size_t)capacity + 1, sizeof(*wheel->nodes));
	if (!wheel->nodes) {
		free(wheel);
		return NULL;
	}
	return wheel;
}

void wheel_free(struct wheel *wheel)
{
	if (!wheel)
		return;
	table_memory_free(wheel->nodes, (size_t)wheel->capacity + 1, sizeof(*wheel->nodes));
	free(wheel);
}

static void unlink_node(struct wheel *wheel, uint32_t index)
{
	struct wheel_node *node = &wheel->nodes[index];

	if (node->prev)
		wheel->nodes[node->prev].next = node->next;
	else
		wheel->head[node->slot] = node->next;
	if (node->next)
		wheel->nodes[node->next].prev = node->prev;
	node->slot = NO_SLOT;
}

/* Put a node into the slot of its due tick: the lowest level whose span reaches it. */
static void link_node(struct wheel *wheel, uint32_t index, uint32_t due)
{
	struct wheel_node *node = &wheel->nodes[index];
	uint32_t ahead = due - (uint32_t)wheel->tick, level = 0;

	while (level < LEVELS - 1 && ahead >> (SLOT_BITS * (level + 1)))
		level++;
	node->due = due;
	node->slot = 1 + level * SLOTS + (due >> (SLOT_BITS * level) & (SLOTS - 1));
	node->prev = 0;
	node->next = wheel->head[node->slot];
	if (node->next)
		wheel->nodes[node->next].prev = index;
	wheel->head[node->slot] = index;
}

void wheel_schedule(struct wheel *wheel, uint32_t index, uint64_t when_us)
{
	uint64_t due = when_us > wheel->start_us ? ((when_us - wheel->start_us) >> TICK_SHIFT) + 1
	                                         : 0;

	if (wheel->nodes[index].slot != NO_SLOT)
		unlink_node(wheel, index);
	if (due <= wheel->tick)
		due = wheel->tick + 1;
	if (due - wheel->tick > TICKS_MAX)
		due = wheel->tick + TICKS_MAX;
	link_node(wheel, index, (uint32_t)due);
}

void wheel_cancel(struct wheel *wheel, uint32_t index)
{
	if (wheel->nodes[index].slot != NO_SLOT)
		unlink_node(wheel, index);
}

uint64_t wheel_due(const struct wheel *wheel, uint32_t index)
{
	uint32_t ahead;

	if (wheel->nodes[index].slot == NO_SLOT)
		return UINT64_MAX;
	ahead = wheel->nodes[index].due - (uint32_t)wheel->tick;
	return wheel->start_us + ((wheel->tick + ahead) << TICK_SHIFT);
}

/* Move the nodes of a higher level's present slot down. False when the limit ended it. */
static bool cascade(struct wheel *wheel, uint32_t level, uint32_t *limit)
{
	uint32_t slot = 1 + level * SLOTS + (wheel->tick >> (SLOT_BITS * level) & (SLOTS - 1));
	uint32_t index, due;

	while ((index = wheel->head[slot])) {
		if (*limit == 0)
			return false;
		(*limit)--;
		due = wheel->nodes[index].due;
		unlink_node(wheel, index);
		link_node(wheel, index, due);
	}
	return true;
}

static bool fire(struct wheel *wheel, uint32_t *limit, void (*due)(void *context, uint32_t index),
                 void *context)
{
	uint32_t slot = 1 + (wheel->tick & (SLOTS - 1)), index;

	while ((index = wheel->head[slot])) {
		if (*limit == 0)
			return false;
		(*limit)--;
		unlink_node(wheel, index);
		due(context, index);
	}
	return true;
}

static bool run_tick(struct wheel *wheel, uint32_t *limit,
                     void (*due)(void *context, uint32_t index), void *context)
{
	uint32_t level;

	for (level = LEVELS - 1; level > 0; level--) {
		if (wheel->tick & ((1u << (SLOT_BITS * level)) - 1))
			continue;
		if (!cascade(wheel, level, limit))
			return false;
	}
	return fire(wheel, limit, due, context);
}

bool wheel_advance(struct wheel *wheel, uint64_t now_us, uint32_t limit,
                   void (*due)(void *context, uint32_t index), void *context)
{
	uint64_t target = now_us > wheel->start_us ? (now_us - wheel->start_us) >> TICK_SHIFT : 0;

	while (wheel->tick < target) {
		if (!run_tick(wheel, &limit, due, context))
			return false;
		wheel->tick++;
	}
	return run_tick(wheel, &limit, due, context);
}

size_t wheel_memory(const struct wheel *wheel)
{
	return sizeof(*wheel) + ((size_t)wheel->capacity + 1) * sizeof(*wheel->nodes);
}
