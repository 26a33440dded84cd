#include "cli/health.h"

#include <inttypes.h>
#include <string.h>

#define SILENT_MAX_US    1000000 /* of a probe by the fast path */
#define DETECTION_FACTOR 2       /* times as long as configured is worth a warning */
#define DETECTION_MIN_US 10000   /* and by at least this much */

const SaNat64__Control__HealthInstance *health_find(const SaNat64__Control__HealthReply *reply,
                                                    const char *name)
{
	for (size_t i = 0; reply && i < reply->n_instances; i++)
		if (strcmp(reply->instances[i]->name, name) == 0)
			return reply->instances[i];
	return NULL;
}

enum severity health_severity(const char *state)
{
	static const struct {
		const char *state;
		enum severity severity;
	} rows[] = {
		{ "up", SEVERITY_OK },           { "starting", SEVERITY_WARNING },
		{ "warming", SEVERITY_WARNING }, { "degraded", SEVERITY_WARNING },
		{ "drained", SEVERITY_WARNING },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(rows[i].state, state) == 0)
			return rows[i].severity;
	return SEVERITY_CRITICAL;
}

enum meaning health_bfd_meaning(const char *state)
{
	static const struct {
		const char *state;
		enum meaning meaning;
	} rows[] = {
		{ "up", MEANING_GOOD },         { "silent", MEANING_DIM },
		{ "init", MEANING_WARNING },    { "admin-down", MEANING_WARNING },
		{ "unknown", MEANING_WARNING },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(rows[i].state, state) == 0)
			return rows[i].meaning;
	return MEANING_BAD;
}

static bool is_withdrawn(const SaNat64__Control__BfdPeer *peer)
{
	return strcmp(peer->state, "silent") == 0 || strcmp(peer->state, "admin-down") == 0;
}

bool health_is_withdrawn(const SaNat64__Control__HealthInstance *health)
{
	if (health->serving)
		return false;
	for (size_t i = 0; i < health->n_bfd; i++)
		if (!is_withdrawn(health->bfd[i]))
			return false;
	return true;
}

size_t health_bfd_up(const SaNat64__Control__HealthInstance *health)
{
	size_t count = 0;

	for (size_t i = 0; i < health->n_bfd; i++)
		count += strcmp(health->bfd[i]->state, "up") == 0;
	return count;
}

uint64_t health_detection_us(const SaNat64__Control__HealthInstance *health)
{
	uint64_t longest = 0;

	for (size_t i = 0; i < health->n_bfd; i++)
		if (health->bfd[i]->detection_us > longest)
			longest = health->bfd[i]->detection_us;
	return longest;
}

uint64_t health_lost(const SaNat64__Control__Probe *probe)
{
	return probe ? probe->lost_6to4 + probe->lost_4to6 : 0;
}

/* Whether the reason stands in a sentence about the instance already that is as grave. */
static bool is_said(const struct findings *findings, enum severity severity, const char *instance,
                    const char *reason)
{
	for (size_t i = 0; reason[0] && i < findings->count; i++)
		if (findings->list[i].severity >= severity &&
		    strcmp(findings->list[i].instance, instance) == 0 &&
		    strstr(findings->list[i].text, reason))
			return true;
	return false;
}

/* Whether the one problem of BFD that is told, if any, is that of this peer, or of all. */
static bool is_told(const SaNat64__Control__HealthInstance *health,
                    const SaNat64__Control__BfdPeer *peer)
{
	return health->bfd_problem[0] &&
	       (!peer->reason[0] || strstr(health->bfd_problem, peer->peer));
}

/* An instance that serves with no session up gets no packets: that is the gravest of all. */
static void judge_bfd(const SaNat64__Control__HealthInstance *health, struct findings *findings)
{
	enum severity severity = health_bfd_up(health) > 0 ? SEVERITY_WARNING : SEVERITY_CRITICAL;

	if (health->bfd_problem[0])
		findings_add(findings, health->serving ? severity : SEVERITY_WARNING, health->name,
		             "%s", health->bfd_problem);
	for (size_t i = 0; health->serving && i < health->n_bfd; i++) {
		const SaNat64__Control__BfdPeer *peer = health->bfd[i];

		if (strcmp(peer->state, "up") == 0 || is_told(health, peer))
			continue;
		if (is_said(findings, severity, health->name, peer->reason))
			continue;
		findings_add(findings, severity, health->name, "BFD peer %s is %s: %s", peer->peer,
		             peer->state,
		             peer->reason[0] ? peer->reason
		                             : "does the router speak BFD with this box?");
	}
}

static void judge_detection(const SaNat64__Control__HealthInstance *health, uint64_t wanted_us,
                            struct findings *findings)
{
	for (size_t i = 0; wanted_us > 0 && i < health->n_bfd; i++) {
		const SaNat64__Control__BfdPeer *peer = health->bfd[i];

		if (peer->detection_us < wanted_us * DETECTION_FACTOR ||
		    peer->detection_us < wanted_us + DETECTION_MIN_US ||
		    strstr(health->bfd_problem, peer->peer))
			continue;
		findings_add(findings, SEVERITY_WARNING, health->name,
		             "router %s would notice only after %" PRIu64
		             " ms that this box is gone, configured are %" PRIu64
		             " ms: it accepts a packet every %" PRIu64
		             " ms; lower its BFD receive interval",
		             peer->peer, peer->detection_us / 1000, wanted_us / 1000,
		             peer->remote_receive_us / 1000);
	}
}

static bool is_silent(const SaNat64__Control__Probe *probe)
{
	return probe && probe->sent > 0 &&
	       (probe->answered == 0 || probe->silent_us > SILENT_MAX_US);
}

/* The slow probe decides the state; the fast one may fail beside it. */
static void judge_probes(const SaNat64__Control__HealthInstance *health, struct findings *findings)
{
	const SaNat64__Control__Probe *slow = health->slow, *fast = health->fast;

	if (slow && slow->problem[0])
		findings_add(findings, SEVERITY_WARNING, health->name, "no probe: %s",
		             slow->problem);
	if (!fast || !slow || slow->problem[0] || is_silent(slow))
		return;
	if (fast->problem[0]) /* nothing was sent that could be lost */
		findings_add(findings, SEVERITY_WARNING, health->name,
		             "no probe by the fast path: %s", fast->problem);
	else if (is_silent(fast) && strcmp(health->state, "down") != 0)
		findings_add(findings, SEVERITY_CRITICAL, health->name,
		             "the fast path loses packets that the translator's process "
		             "translates: restart the translator, or set fast-path = off");
}

static void judge_state(const SaNat64__Control__HealthInstance *health, struct findings *findings)
{
	enum severity severity = health_severity(health->state);

	if (severity == SEVERITY_OK || is_said(findings, severity, health->name, health->reason))
		return;
	findings_add(findings, severity, health->name, "%s%s%s", health->state,
	             health->reason[0] ? ": " : "", health->reason);
}

void health_judge_instance(const SaNat64__Control__HealthInstance *health, uint64_t detection_us,
                           struct findings *findings)
{
	judge_bfd(health, findings);
	judge_detection(health, detection_us, findings);
	judge_probes(health, findings);
	judge_state(health, findings);
}
