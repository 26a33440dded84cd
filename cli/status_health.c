#include "cli/status_health.h"

#include "cli/health.h"

#include <string.h>

/* What the translator says of itself, or what its silence means. */
static struct status_judged judge_translator(const struct instance *instance,
                                             const SaNat64__Control__StatusReply *status)
{
	return status ? (struct status_judged){ status->health, status->reason }
	              : (struct status_judged){ "down", instance->problem };
}

/* A translator that does not answer is down, whatever sa-nat64-healthd knew a moment ago; that does
 * not hide that it was drained before. */
static struct status_judged judge_with(const SaNat64__Control__HealthInstance *health,
                                       const struct instance *instance,
                                       const SaNat64__Control__StatusReply *status)
{
	if (status || strcmp(health->state, "down") == 0)
		return (struct status_judged){ health->state, health->reason };
	return (struct status_judged){ health->serving ? "down" : health->state,
		                       instance->problem };
}

struct status_judged status_judge_health(const struct status_box *box,
                                         const struct instance *instance,
                                         const SaNat64__Control__StatusReply *status)
{
	const SaNat64__Control__HealthInstance *health = health_find(box->health, instance->name);
	struct status_judged judged = judge_translator(instance, status);

	if (health)
		return judge_with(health, instance, status);
	if (!instance->has_routers || strcmp(judged.state, "up") != 0)
		return judged;
	return (struct status_judged){ "degraded",
		                       box->health
		                               ? "sa-nat64-healthd does not know this instance: it "
		                                 "runs with another configuration; reload it"
		                               : "without sa-nat64-healthd no router is told that "
		                                 "this instance serves" };
}

bool status_put_health(struct out *out, const struct status_box *box,
                       const struct instance *instance, const SaNat64__Control__StatusReply *status)
{
	const SaNat64__Control__HealthInstance *health = health_find(box->health, instance->name);
	struct status_judged judged = status_judge_health(box, instance, status);

	out_begin(out, OUT_LINE, NULL);
	out_state(out, "health", judged.state, severity_meaning(health_severity(judged.state)));
	out_reason(out, "reason", judged.reason);
	if (health) {
		out_flag(out, "serving", health->serving);
		out_begin(out, OUT_UNSEEN, NULL);
		out_duration(out, "since", health->since_us);
		out_end(out);
	}
	if (!status)
		out_begin(out, OUT_UNSEEN, NULL);
	out_duration(out, "uptime", status ? status->uptime_us : 0);
	if (!status)
		out_end(out);
	out_end(out);
	return strcmp(judged.state, "down") != 0;
}

static void put_probe(struct out *out, const char *key, const SaNat64__Control__Probe *probe)
{
	out_begin(out, OUT_LINE, key);
	out_microseconds(out, "6to4_us", probe->latency_6to4_us);
	out_microseconds(out, "4to6_us", probe->latency_4to6_us);
	out_count(out, "sent", probe->sent);
	out_count(out, "lost", health_lost(probe));
	out_reason(out, "problem", probe->problem);
	out_end(out);
}

void status_put_probes(struct out *out, const struct status_box *box,
                       const struct instance *instance)
{
	const SaNat64__Control__HealthInstance *health = health_find(box->health, instance->name);

	if (health && health->slow)
		put_probe(out, "probe", health->slow);
	if (!health || !health->fast)
		return;
	out_begin(out, OUT_UNSEEN, NULL);
	put_probe(out, "fast_probe", health->fast);
	out_end(out);
}

static void put_peer(struct out *out, const SaNat64__Control__BfdPeer *peer)
{
	out_begin(out, OUT_LINE, "bfd");
	out_text(out, "peer", peer->peer);
	out_state(out, "state", peer->state, health_bfd_meaning(peer->state));
	out_reason(out, "reason", peer->reason);
	out_delay(out, "detection_ms", peer->detection_us);
	out_end(out);
}

void status_put_bfd(struct out *out, const struct status_box *box, const struct instance *instance)
{
	const SaNat64__Control__HealthInstance *health = health_find(box->health, instance->name);

	out_begin(out, OUT_LIST, "bfd");
	for (size_t i = 0; health && i < health->n_bfd; i++)
		put_peer(out, health->bfd[i]);
	out_end(out);
}

void status_put_healthd(struct out *out, const struct status_box *box)
{
	bool is_down = box->healthd && !box->health;

	if (!is_down)
		out_begin(out, OUT_UNSEEN, NULL);
	out_begin(out, OUT_LINE, "healthd");
	out_state(out, "state",
	          box->health ? "up"
	          : is_down   ? "down"
	                      : "off",
	          is_down ? MEANING_BAD : MEANING_PLAIN);
	out_reason(out, "reason", is_down ? box->healthd->problem : "");
	out_end(out);
	if (!is_down)
		out_end(out);
}
