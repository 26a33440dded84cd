#include "translator/fastpath_mappings.h"

#include "translator/fastpath_takeover.h"

#include <bpf/bpf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define IDLE_S      60
#define SWEEP_STEPS 8192
#define TRIES       16 /* places looked at for a new pair */

struct mapping {
	bool used;
	enum translator_direction direction;
	union {
		struct fastpath_key6 key6;
		struct fastpath_key4 key4;
	};
};

struct mappings {
	uint32_t capacity, count, last_taken, swept;
	int flows6, flows4;
	uint64_t *stamps;
	struct mapping places[]; /* capacity + 1 */
};

struct mappings *mappings_new(uint32_t capacity)
{
	struct mappings *mappings =
		calloc(1, sizeof(*mappings) + ((size_t)capacity + 1) * sizeof(struct mapping));

	if (mappings)
		mappings->capacity = capacity;
	return mappings;
}

void mappings_free(struct mappings *mappings)
{
	free(mappings);
}

void mappings_use(struct mappings *mappings, int flows6, int flows4, uint64_t *stamps)
{
	mappings->flows6 = flows6;
	mappings->flows4 = flows4;
	mappings->stamps = stamps;
}

/* A free place, or 0: the sweep makes room. */
static uint32_t take_place(struct mappings *mappings)
{
	uint32_t tries;

	for (tries = 0; tries < TRIES; tries++) {
		mappings->last_taken = mappings->last_taken % mappings->capacity + 1;
		if (!mappings->places[mappings->last_taken].used)
			return mappings->last_taken;
	}
	return 0;
}

void mappings_learn64(struct mappings *mappings, const struct fastpath_key6 *key,
                      struct fastpath_to4 *to, uint64_t now_s)
{
	uint32_t index = to->index = take_place(mappings);

	if (!index || bpf_map_update_elem(mappings->flows6, key, to, BPF_NOEXIST) < 0)
		return;
	mappings->places[index] =
		(struct mapping){ .used = true, .direction = TRANSLATOR_64, .key6 = *key };
	mappings->stamps[index] = now_s;
	mappings->count++;
}

void mappings_learn46(struct mappings *mappings, const struct fastpath_key4 *key,
                      struct fastpath_to6 *to, uint64_t now_s)
{
	uint32_t index = to->index = take_place(mappings);

	if (!index || bpf_map_update_elem(mappings->flows4, key, to, BPF_NOEXIST) < 0)
		return;
	mappings->places[index] =
		(struct mapping){ .used = true, .direction = TRANSLATOR_46, .key4 = *key };
	mappings->stamps[index] = now_s;
	mappings->count++;
}

uint32_t mappings_count(const struct mappings *mappings)
{
	return mappings->count;
}

void mappings_sweep(struct mappings *mappings, uint64_t now_s)
{
	uint32_t step;

	for (step = 0; step < SWEEP_STEPS; step++) {
		uint32_t index = mappings->swept = mappings->swept % mappings->capacity + 1;
		struct mapping *mapping = &mappings->places[index];

		if (!mapping->used || now_s < mappings->stamps[index] + IDLE_S)
			continue;
		if (mapping->direction == TRANSLATOR_64)
			(void)bpf_map_delete_elem(mappings->flows6, &mapping->key6);
		else
			(void)bpf_map_delete_elem(mappings->flows4, &mapping->key4);
		mapping->used = false;
		mappings->count--;
	}
}

void mappings_forget(struct mappings *mappings)
{
	takeover_clear(mappings->flows6);
	takeover_clear(mappings->flows4);
	mappings->count = 0;
	memset(mappings->places, 0, ((size_t)mappings->capacity + 1) * sizeof(*mappings->places));
}
