/* What a configuration brings into the tables: static bindings, and the sessions that a reload
 * takes over. */
#include "translator/core.h"

#include <errno.h>
#include <stdlib.h>

/* ---- a new configuration ---- */

/* The prefix of the new configuration that a session goes on with; -1 when there is none. */
static int adopted_pool6(const struct translator *t, const struct translator *old,
                         const struct session *session)
{
	const struct prefix6 *prefix = &old->config->pool6[session->pool6].prefix;
	size_t i;

	for (i = 0; i < t->config->pool6_count; i++)
		if (t->config->pool6[i].prefix.len == prefix->len &&
		    address6_equal(&t->config->pool6[i].prefix.addr, &prefix->addr))
			return admit_remote4(t, (int)i, session->dst4) == VERDICT_OK ? (int)i : -1;
	return -1;
}

bool flow_claim(struct translator *t, enum l4_proto proto, uint32_t addr4, uint16_t port4)
{
	if (pool4_claim(t->pool4, proto, addr4, port4))
		return true;
	if (t->config->pool4_removed == CONFIG_REMOVED_KILL)
		return false;
	t->is_draining = true;
	return true;
}

/* The binding that a session goes on with, made if need be; 0 when the new configuration has no
 * place for it. */
static uint32_t adopted_binding(struct translator *t, const struct adopted_flow *flow)
{
	uint32_t by6 = bib_find6(t->bib, flow->proto, &flow->addr6, flow->port6);
	uint32_t by4 = bib_find4(t->bib, flow->proto, flow->addr4, flow->port4);

	if (by6 || by4)
		return by6 == by4 ? by6 : 0;
	if (flow->is_static)
		return 0;
	if (!flow_claim(t, flow->proto, flow->addr4, flow->port4))
		return 0;
	return bib_add(t->bib, flow->proto, &flow->addr6, flow->port6, flow->addr4, flow->port4, 0);
}

uint32_t adopt_flow(struct translator *t, const struct adopted_flow *flow, int pool6)
{
	uint64_t left_us = flow->expires_us > t->now_us ? flow->expires_us - t->now_us : 0;
	uint32_t bib, index;

	if (flow_check_limits(t, &flow->addr6) != VERDICT_OK)
		return 0;
	bib = adopted_binding(t, flow);
	if (!bib || session_find(t->sessions, bib, flow->dst4, flow->dport4))
		return 0;
	index = flow_create(t, bib, flow->dst4, flow->dport4, flow->state, left_us, pool6);
	session_log_adopted(t, index, flow->logged);
	return index;
}

/* What the cluster was told of a session stays true. */
static void adopt_told(struct translator *t, uint32_t index, const struct session *session,
                       const struct bib_entry *entry)
{
	struct session *adopted = session_at(t->sessions, index);

	adopted->sync = session->sync & SESSION_TOLD;
	adopted->owner = session->owner;
	adopted->version = session->version;
	adopted->told_s = session->told_s;
	bib_at(t->bib, adopted->bib)->told |= entry->told;
}

static bool adopt_session(struct translator *t, const struct translator *old, uint32_t index)
{
	const struct session *session = session_at(old->sessions, index);
	const struct bib_entry *entry = bib_at(old->bib, session->bib);
	int pool6 = adopted_pool6(t, old, session);
	struct adopted_flow flow = {
		.proto = entry->proto,
		.state = session->state,
		.addr6 = entry->addr6,
		.port6 = entry->port6,
		.addr4 = entry->addr4,
		.port4 = entry->port4,
		.dst4 = session->dst4,
		.dport4 = session->dport4,
		.is_static = entry->flags & BIB_STATIC,
		.logged = entry->logged,
		.expires_us = translator_session_expiry(old, index),
	};

	uint32_t adopted = pool6 >= 0 ? adopt_flow(t, &flow, pool6) : 0;

	if (adopted)
		adopt_told(t, adopted, session, entry);
	else
		session_log_left_session(t, old, index);
	return adopted != 0;
}

uint32_t translator_adopt(struct translator *t, const struct translator *old, uint64_t now_us)
{
	uint32_t cursor = 0, index, lost = 0;

	t->now_us = now_us;
	if (t->config->mode == CONFIG_MODE_NAT64 && old->config->mode == CONFIG_MODE_NAT64) {
		while ((index = session_next(old->sessions, &cursor, UINT32_MAX)))
			lost += !adopt_session(t, old, index);
		pool4_inherit_resting(t->pool4, old->pool4);
		session_log_took_over(t, old);
	}
	t->counters = old->counters;
	t->started_us = old->started_us;
	return lost;
}

/* ---- static bindings ---- */

static int compare_addresses(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

bool flow_has_static4(const struct translator *t, uint32_t addr4)
{
	return t->static4_count &&
	       bsearch(&addr4, t->static4, t->static4_count, sizeof(addr4), compare_addresses);
}

static void add_row(struct translator *t, const struct config_bib *row)
{
	enum l4_proto proto = flow_l4_proto(row->proto);
	uint16_t i;

	for (i = 0; i < row->count; i++) {
		uint16_t port6 = (uint16_t)(row->port6 + i), port4 = (uint16_t)(row->port4 + i);

		pool4_reserve(t->pool4, proto, row->addr4, port4);
		(void)bib_add(t->bib, proto, &row->addr6, port6, row->addr4, port4, BIB_STATIC);
	}
}

int flow_add_static(struct translator *t)
{
	size_t i, count = t->config->bib_count;

	if (count == 0)
		return 0;
	t->static4 = calloc(count, sizeof(*t->static4));
	if (!t->static4)
		return -ENOMEM;
	for (i = 0; i < count; i++) {
		add_row(t, &t->config->bib[i]);
		t->static4[i] = t->config->bib[i].addr4;
	}
	t->static4_count = count;
	qsort(t->static4, count, sizeof(*t->static4), compare_addresses);
	return 0;
}
