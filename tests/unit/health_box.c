#include "tests/unit/health_box.h"

#include <stdio.h>

static const char *const names[HEALTH_BOX_INSTANCES] = { "lower", "upper", "siit" };

static void view(void *context, size_t index, struct answer_instance *out)
{
	struct health_box *of = context;

	*out = (struct answer_instance){ .name = names[index],
		                         .health = &of->health[index],
		                         .slow = &of->slow,
		                         .fast = &of->fast,
		                         .probe_problem = "",
		                         .pid = 77,
		                         .interface = "uplink0",
		                         .carrier = true,
		                         .sync = "in-sync",
		                         .bfd_problem = of->bfd_problem,
		                         .bfd_split = of->bfd_split };
	if (index == 0) {
		out->bfd = of->bfd;
		out->bfd_count = HEALTH_BOX_PEERS;
	}
}

static int order(void *context, size_t index, enum answer_order what, const char *reason)
{
	struct health_box *of = context;
	struct health_facts *facts = &of->facts[index];

	facts->drain = what == ANSWER_DRAIN;
	(void)snprintf(facts->drain_reason, HEALTH_REASON_MAX, "%s", reason);
	(void)health_judge(&of->health[index], facts, of->now_us);
	return of->order_result;
}

static void open_probes(struct health_box *out)
{
	uint8_t nonce[PROBE_NONCE] = { 1 }, message[PROBE_LEN];

	probe_init(&out->slow, 0);
	probe_init(&out->fast, 1);
	probe_make(&out->slow, nonce, PROBE_TIMED, out->now_us, message);
	(void)probe_at_target(&out->slow, message, sizeof(message), out->now_us + 40);
	(void)probe_is_back(&out->slow, message, sizeof(message), out->now_us + 100);
}

static void open_peer(struct bfd_peer_state *peer, size_t number)
{
	(void)snprintf(peer->peer, sizeof(peer->peer), "192.0.2.%zu", number);
	(void)snprintf(peer->local, sizeof(peer->local), "192.0.2.9");
	peer->state = BFD_UP;
	peer->detection_us = 150000;
}

void health_box_open(struct health_box *out)
{
	*out = (struct health_box){ .bfd_problem = "", .now_us = 100 * SECOND };
	out->box = (struct answer_box){ .node = "gw-a",
		                        .uptime_us = 9 * SECOND,
		                        .count = HEALTH_BOX_INSTANCES,
		                        .view = view,
		                        .order = order,
		                        .context = out };
	for (size_t i = 0; i < HEALTH_BOX_INSTANCES; i++) {
		out->facts[i] = health_side_good();
		out->facts[i].instance = names[i];
		health_init(&out->health[i], &health_side_config, out->now_us);
		(void)health_judge(&out->health[i], &out->facts[i], out->now_us);
	}
	for (size_t i = 0; i < HEALTH_BOX_PEERS; i++)
		open_peer(&out->bfd[i], i + 1);
	open_probes(out);
	out->now_us += 2 * SECOND;
}
