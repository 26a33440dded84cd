/* Which sessions the fast path carries, and what it says about them.
 *
 * A session is entered once both directions were seen by the slow path, a TCP session while it is
 * open; it is taken out when its state needs every packet again. Nothing here is needed for
 * translation: without a fast path all of it is skipped.
 */
#include "translator/core.h"

#define SEEN_64    0x01
#define SEEN_46    0x02
#define INSTALLED  0x04
#define REFUSED    0x08 /* there was no room; not tried again */
#define SCAN_LIMIT 1024 /* free places looked at in one go */
#define UNPROVEN   0x10 /* INSTALLED as the state file says; not seen in the kernel yet */

static struct translator_flow describe(const struct translator *t, const struct session *session)
{
	const struct bib_entry *bib = bib_at(t->bib, session->bib);

	return (struct translator_flow){
		.proto = bib->proto,
		.host6 = bib->addr6,
		.remote6 = core_embed(t, session->pool6, session->dst4),
		.pool4 = bib->addr4,
		.remote4 = session->dst4,
		.host_port = bib->port6,
		.pool4_port = bib->port4,
		.remote_port = session->dport4,
	};
}

static bool is_open(const struct session *session)
{
	return session->state == TCP_STATE_NONE || session->state == TCP_STATE_ESTABLISHED ||
	       session->state == TCP_STATE_V4_FIN_RCV || session->state == TCP_STATE_V6_FIN_RCV;
}

/* Idle time of a session that the fast path carries. */
static uint64_t carried_idle_us(const struct translator *t, enum l4_proto proto)
{
	return proto == L4_TCP ? flow_timer_us(t, TCP_TIMER_EST) : flow_idle_us(t, proto);
}

const char *fast_lacks(const struct translator *t, uint32_t index,
                       enum translator_direction direction)
{
	const struct session *session = session_at(t->sessions, index);
	unsigned seen = session->fast | (direction == TRANSLATOR_64 ? SEEN_64 : SEEN_46);

	if (session->fast & INSTALLED)
		return NULL;
	if (session->fast & REFUSED)
		return "no room in the fast path for its session";
	if (stateful_serves4(t, session->dst4))
		return "hairpin: needs two translations";
	if (fast_never(t, session->dst4))
		return "a probe of the slow path";
	if (!is_open(session))
		return "its TCP session is opening or closing";
	if ((seen & (SEEN_64 | SEEN_46)) != (SEEN_64 | SEEN_46))
		return "no session in both directions yet";
	return "its session enters the fast path with this packet";
}

void fast_seen(struct translator *t, uint32_t index, enum translator_direction direction)
{
	struct session *session;
	struct translator_flow flow;

	if (!t->io.fast.install || t->rehearsal || !index)
		return;
	session = session_at(t->sessions, index);
	session->fast |= direction == TRANSLATOR_64 ? SEEN_64 : SEEN_46;
	if ((session->fast & (SEEN_64 | SEEN_46)) != (SEEN_64 | SEEN_46) ||
	    session->fast & (INSTALLED | REFUSED) || !is_open(session))
		return;
	flow = describe(t, session);
	if (stateful_serves4(t, flow.remote4) || fast_never(t, flow.remote4))
		return; /* a hairpin needs two translations */
	if (t->io.fast.install(t->io.fast.context, index, &flow) == 0) {
		session->fast |= INSTALLED;
		t->fast_held++;
		t->counters.fast_installed++;
	} else {
		session->fast |= REFUSED;
		t->counters.fast_refused++;
	}
}

void fast_seen_elsewhere(struct translator *t, uint32_t index)
{
	if (t->io.fast.install)
		session_at(t->sessions, index)->fast |= SEEN_64 | SEEN_46;
}

void fast_remove(struct translator *t, uint32_t index)
{
	struct session *session = session_at(t->sessions, index);
	struct translator_flow flow;

	if (!(session->fast & INSTALLED) || t->rehearsal)
		return;
	flow = describe(t, session);
	t->io.fast.remove(t->io.fast.context, &flow);
	session->fast &= (uint8_t) ~(INSTALLED | UNPROVEN);
	t->fast_held--;
}

void fast_state_changed(struct translator *t, uint32_t index)
{
	if (!is_open(session_at(t->sessions, index)))
		fast_remove(t, index);
}

void translator_local4_grew(struct translator *t)
{
	uint32_t cursor = 0, index;

	if (t->config->allow_local_addresses)
		return;
	if (t->io.fast.forget)
		t->io.fast.forget(t->io.fast.context);
	if (!t->io.fast.install)
		return;
	while ((index = session_next(t->sessions, &cursor, UINT32_MAX))) {
		struct session *session = session_at(t->sessions, index);

		if (!session->fast || !t->io.is_local4(t->io.context, session->dst4))
			continue;
		fast_remove(t, index);
		session->fast = 0; /* comes back when both directions are translated again */
	}
}

uint64_t translator_session_expiry(const struct translator *t, uint32_t index)
{
	const struct session *session = session_at(t->sessions, index);
	uint64_t last_us, expires_us;

	if (!(session->fast & INSTALLED))
		return session->expires_us;
	last_us = t->io.fast.last_used(t->io.fast.context, index);
	expires_us = last_us ? last_us + carried_idle_us(t, bib_at(t->bib, session->bib)->proto)
	                     : 0;
	return expires_us > session->expires_us ? expires_us : session->expires_us;
}

uint64_t translator_session_idle(const struct translator *t, uint32_t index, uint64_t expires_us,
                                 uint64_t now_us)
{
	uint64_t begins_us = now_us + flow_lifetime_us(t, session_at(t->sessions, index));

	return begins_us > expires_us ? begins_us - expires_us : 0;
}

bool fast_prolongs(struct translator *t, uint32_t index)
{
	uint64_t expires_us = translator_session_expiry(t, index);

	if (expires_us <= t->now_us)
		return false;
	session_set_expiry(t->sessions, index, expires_us);
	return true;
}

void fast_restored(struct translator *t, struct session *session)
{
	bool was_there = session->fast & INSTALLED && t->io.fast.install && is_open(session);

	session->fast &= SEEN_64 | SEEN_46;
	if (!was_there)
		return;
	session->fast |= INSTALLED | UNPROVEN;
	t->fast_held++;
}

bool translator_forget_unproven(struct translator *t, uint32_t *cursor, uint32_t limit)
{
	uint32_t index;

	while (limit--) {
		struct session *session;

		index = session_next(t->sessions, cursor, SCAN_LIMIT);
		if (!index && !*cursor)
			return false;
		session = index ? session_at(t->sessions, index) : NULL;
		if (!session || !(session->fast & UNPROVEN))
			continue;
		session->fast &= (uint8_t) ~(INSTALLED | UNPROVEN);
		t->fast_held--;
	}
	return true;
}

static bool is_same_flow(const struct translator_flow *a, const struct translator_flow *b)
{
	return a->proto == b->proto && address6_equal(&a->host6, &b->host6) &&
	       address6_equal(&a->remote6, &b->remote6) && a->pool4 == b->pool4 &&
	       a->remote4 == b->remote4 && a->host_port == b->host_port &&
	       a->pool4_port == b->pool4_port && a->remote_port == b->remote_port;
}

static bool is_flow_of(const struct translator *t, uint32_t index,
                       const struct translator_flow *flow)
{
	struct translator_flow own;

	if (!session_is_used(t->sessions, index))
		return false;
	own = describe(t, session_at(t->sessions, index));
	return is_same_flow(&own, flow);
}

bool translator_keep_fast(struct translator *t, uint32_t index, const struct translator_flow *flow)
{
	struct session *session;

	if (!is_flow_of(t, index, flow))
		return false;
	session = session_at(t->sessions, index);
	if (!is_open(session) || stateful_serves4(t, flow->remote4) ||
	    fast_never(t, flow->remote4) ||
	    admit_destination4(t, session->pool6, flow->remote4) != VERDICT_OK) {
		fast_remove(t, index);
		return false;
	}
	if (!(session->fast & INSTALLED))
		t->fast_held++;
	session->fast = SEEN_64 | SEEN_46 | INSTALLED;
	return true;
}

bool translator_has_fast(const struct translator *t, uint32_t index,
                         const struct translator_flow *flow)
{
	return is_flow_of(t, index, flow) && session_at(t->sessions, index)->fast & INSTALLED;
}

uint32_t translator_restore(struct translator *t, const struct translator_flow *flow,
                            uint64_t last_used_us, uint64_t now_us)
{
	uint64_t lifetime_us = carried_idle_us(t, flow->proto);
	struct adopted_flow adopted = {
		.proto = flow->proto,
		.addr6 = flow->host6,
		.port6 = flow->host_port,
		.addr4 = flow->pool4,
		.port4 = flow->pool4_port,
		.dst4 = flow->remote4,
		.dport4 = flow->remote_port,
		.state = flow->proto == L4_TCP ? TCP_STATE_ESTABLISHED : TCP_STATE_NONE,
		.expires_us = last_used_us + lifetime_us,
	};
	struct in6_addr again;
	uint32_t index;
	int pool6 = pool6_find(t->config->pool6, t->config->pool6_count, &flow->remote6);

	t->now_us = now_us;
	if (pool6 < 0 || adopted.expires_us <= now_us)
		return 0;
	again = core_embed(t, (unsigned)pool6, flow->remote4);
	if (!address6_equal(&again, &flow->remote6) || fast_never(t, flow->remote4) ||
	    admit_destination4(t, pool6, flow->remote4) != VERDICT_OK)
		return 0;
	index = adopt_flow(t, &adopted, pool6);
	if (!index)
		return 0;
	session_at(t->sessions, index)->fast = SEEN_64 | SEEN_46 | INSTALLED;
	t->fast_held++;
	return index;
}
