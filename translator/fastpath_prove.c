#include "translator/fastpath_prove.h"

#include <bpf/bpf.h>
#include <stdlib.h>

#define SESSIONS_AT_ONCE 65536

enum step { STEP_FLOWS6, STEP_FLOWS4, STEP_SESSIONS, STEP_DONE };

struct prove {
	enum step step;
	int flows6, flows4;
	uint64_t *stamps;
	uint32_t capacity;
	struct translator_fast fast;
	struct takeover_walk *walk;
	uint32_t cursor; /* of sessions */
	uint32_t kept;
	struct takeover_flow flows[TAKEOVER_PORTION];
};

struct prove *prove_new(int flows6, int flows4, uint64_t *stamps, uint32_t capacity,
                        const struct translator_fast *fast)
{
	struct prove *prove = calloc(1, sizeof(*prove));

	if (!prove)
		return NULL;
	prove->flows6 = flows6;
	prove->flows4 = flows4;
	prove->stamps = stamps;
	prove->capacity = capacity;
	prove->fast = *fast;
	prove->walk = takeover_walk_new();
	if (prove->walk)
		return prove;
	prove_free(prove);
	return NULL;
}

void prove_free(struct prove *prove)
{
	if (!prove)
		return;
	takeover_walk_free(prove->walk);
	free(prove);
}

bool prove_restore(const struct translator_fast *fast, uint64_t *stamps, struct translator *t,
                   const struct takeover_flow *kept, uint64_t now_us)
{
	uint64_t last_us = kept->seconds ? (kept->seconds + 1) * 1000000 : now_us;
	struct translator_flow flow = takeover_flow(kept);
	uint32_t index;

	if (!kept->key.proto) /* the instance was stateless before */
		return false;
	index = translator_restore(t, &flow, last_us, now_us);
	if (!index || fast->install(fast->context, index, &flow) < 0)
		return false;
	stamps[index] = kept->seconds;
	return true;
}

/* False at the end of the map. */
static bool step_flows6(struct prove *prove, struct translator *t, uint64_t now_us)
{
	uint32_t count = takeover_walk6(prove->walk, prove->flows6, prove->stamps, prove->capacity,
	                                prove->flows);
	uint32_t i;

	for (i = 0; i < count; i++) {
		const struct takeover_flow *kept = &prove->flows[i];
		struct translator_flow flow = takeover_flow(kept);

		if (translator_keep_fast(t, kept->to.index, &flow) ||
		    prove_restore(&prove->fast, prove->stamps, t, kept, now_us))
			prove->kept++;
		else
			(void)bpf_map_delete_elem(prove->flows6, &kept->key);
	}
	return count > 0;
}

static bool is_in_fast_path(const void *context, uint32_t index, const struct translator_flow *flow)
{
	return translator_has_fast(context, index, flow);
}

bool prove_step(struct prove *prove, struct translator *t, uint32_t portions, uint64_t now_us)
{
	bool is_more = true;

	for (; portions > 0 && prove->step != STEP_DONE; portions--) {
		if (prove->step == STEP_FLOWS6)
			is_more = step_flows6(prove, t, now_us);
		else if (prove->step == STEP_FLOWS4)
			is_more = takeover_walk4(prove->walk, prove->flows4, is_in_fast_path, t);
		else
			is_more = translator_forget_unproven(t, &prove->cursor, SESSIONS_AT_ONCE);
		if (is_more)
			continue;
		prove->step++;
		takeover_walk_restart(prove->walk);
	}
	return prove->step == STEP_DONE;
}

uint32_t prove_count(const struct prove *prove)
{
	return prove->kept;
}
