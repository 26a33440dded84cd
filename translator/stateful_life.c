/* The life of sessions and dynamic bindings: limits, creation, expiry, deletion (RFC 6146
 * sections 3.1, 3.2 and 3.5; RFC 6888 REQ-4 and REQ-8). */
#include "translator/core.h"

#include <assert.h>
#include <string.h>

#define TOLD_REST_US UINT64_C(10000000) /* far more than peers need to hear of an end */

enum l4_proto flow_l4_proto(uint8_t proto)
{
	if (proto == IPPROTO_TCP)
		return L4_TCP;
	return proto == IPPROTO_UDP ? L4_UDP : L4_ICMP;
}

static struct tally_key host_key(const struct translator *t, const struct in6_addr *addr6)
{
	struct in6_addr prefix = address6_masked(addr6, t->config->host_prefix_length);
	struct tally_key key;

	memcpy(key.bytes, &prefix, sizeof(key.bytes));
	return key;
}

static struct tally_key peer_key(uint32_t bib, uint32_t dst4)
{
	struct tally_key key = { { 0 } };

	memcpy(key.bytes, &bib, sizeof(bib));
	memcpy(key.bytes + 4, &dst4, sizeof(dst4));
	return key;
}

/* Whether one more session fits the instance and its IPv6 host. */
enum verdict flow_check_limits(const struct translator *t, const struct in6_addr *addr6)
{
	uint32_t total = session_count(t->sessions, L4_TCP) + session_count(t->sessions, L4_UDP) +
	                 session_count(t->sessions, L4_ICMP);
	struct tally_key key;

	if (total >= session_capacity(t->sessions))
		return VERDICT_SESSION_LIMIT;
	if (!t->hosts)
		return VERDICT_OK;
	key = host_key(t, addr6);
	return tally_get(t->hosts, &key) >= t->config->max_sessions_per_host ? VERDICT_HOST_LIMIT
	                                                                     : VERDICT_OK;
}

/* Address-dependent filtering lets in only whom the binding has a session with. */
bool flow_is_filtered(const struct translator *t, uint32_t bib, uint32_t src4)
{
	struct tally_key key = peer_key(bib, src4);

	return t->peers && tally_get(t->peers, &key) == 0;
}

uint64_t flow_timer_us(const struct translator *t, enum tcp_timer timer)
{
	if (timer == TCP_TIMER_EST)
		return t->config->tcp_est_timeout_us;
	return timer == TCP_TIMER_INIT ? t->config->tcp_init_timeout_us
	                               : t->config->tcp_trans_timeout_us;
}

uint64_t flow_lifetime_us(const struct translator *t, const struct session *session)
{
	switch (session->state) {
	case TCP_STATE_NONE:
		return flow_idle_us(t, bib_at(t->bib, session->bib)->proto);
	case TCP_STATE_V4_INIT:
	case TCP_STATE_V6_INIT:
		return t->config->tcp_init_timeout_us;
	case TCP_STATE_V4_FIN_V6_FIN_RCV:
	case TCP_STATE_TRANS:
		return t->config->tcp_trans_timeout_us;
	default:
		return t->config->tcp_est_timeout_us;
	}
}

uint64_t flow_idle_us(const struct translator *t, enum l4_proto proto)
{
	return proto == L4_UDP ? t->config->udp_timeout_us : t->config->icmp_timeout_us;
}

void flow_count(struct translator *t, uint32_t bib, uint32_t dst4)
{
	struct tally_key key;

	if (t->hosts) {
		key = host_key(t, &bib_at(t->bib, bib)->addr6);
		tally_inc(t->hosts, &key);
	}
	if (t->peers) {
		key = peer_key(bib, dst4);
		tally_inc(t->peers, &key);
	}
}

/* Create a session after flow_check_limits(); returns its index. */
uint32_t flow_create(struct translator *t, uint32_t bib, uint32_t dst4, uint16_t dport4,
                     enum tcp_state state, uint64_t lifetime_us, int pool6)
{
	uint32_t index = session_add(t->sessions, bib, dst4, dport4, state, (uint8_t)pool6,
	                             t->now_us + lifetime_us);

	assert(index);
	flow_count(t, bib, dst4);
	t->session_at_hand = index;
	t->counters.sessions_created[bib_at(t->bib, bib)->proto]++;
	if (t->rehearsal)
		t->rehearsed.made[t->rehearsed.made_count++] = index;
	TRACE(t->trace, "session: created, %s, %llu s", tcp_state_name(state),
	      (unsigned long long)(lifetime_us / 1000000));
	return index;
}

/* When a dynamic binding's port may be used again: RFC 6888 REQ-8 and its exceptions, of which
 * there are none for a port that peers know: they hear late that it is free. */
static uint64_t port_usable_us(const struct translator *t, const struct bib_entry *entry,
                               enum tcp_state last_state)
{
	if (t->feed && entry->told)
		return t->now_us + (t->config->port_reuse_delay_us > TOLD_REST_US
		                            ? t->config->port_reuse_delay_us
		                            : TOLD_REST_US);
	if (t->rehearsal || t->config->port_reuse_delay_us == 0 ||
	    last_state == TCP_STATE_V4_FIN_V6_FIN_RCV ||
	    t->config->filtering == CONFIG_FILTERING_ADDRESS_DEPENDENT)
		return 0;
	return t->now_us + t->config->port_reuse_delay_us;
}

void flow_delete_binding(struct translator *t, uint32_t index, enum tcp_state last_state)
{
	const struct bib_entry entry = *bib_at(t->bib, index);

	bib_del(t->bib, index);
	if (feed_rests_long(t, &entry))
		pool4_release_long(t->pool4, entry.proto, entry.addr4, entry.port4,
		                   t->now_us + t->config->tcp_est_timeout_us);
	else
		pool4_release(t->pool4, entry.proto, entry.addr4, entry.port4,
		              port_usable_us(t, &entry, last_state));
}

void flow_delete(struct translator *t, uint32_t index)
{
	const struct session session = *session_at(t->sessions, index);
	const struct bib_entry *bib = bib_at(t->bib, session.bib);
	struct tally_key key;

	session_log_ends(t, index);
	feed_ends(t, index);
	fast_remove(t, index);
	if (t->hosts) {
		key = host_key(t, &bib->addr6);
		tally_dec(t->hosts, &key);
	}
	if (t->peers) {
		key = peer_key(session.bib, session.dst4);
		tally_dec(t->peers, &key);
	}
	session_del(t->sessions, index);
	if (bib->session_count == 0 && !(bib->flags & BIB_STATIC))
		flow_delete_binding(t, session.bib, session.state);
}

void flow_expire(struct translator *t, uint32_t index)
{
	struct session *session = session_at(t->sessions, index);
	enum l4_proto proto = bib_at(t->bib, session->bib)->proto;
	struct tcp_step step = { .timer = TCP_TIMER_DELETE };

	if (fast_prolongs(t, index))
		return;
	if (proto == L4_TCP && !feed_is_copy(t, index))
		step = tcp_fsm_next(session->state, TCP_EVENT_TIMEOUT);
	if (step.timer == TCP_TIMER_DELETE) {
		t->counters.sessions_expired[proto]++;
		flow_delete(t, index);
		return;
	}
	session->state = (uint8_t)step.state;
	session_set_expiry(t->sessions, index, t->now_us + flow_timer_us(t, step.timer));
	fast_state_changed(t, index);
	feed_changed(t, index);
	if (step.probe)
		own_probe(t, index);
}

/* The session if it is there and its time is not over. */
uint32_t flow_find(struct translator *t, uint32_t bib, uint32_t dst4, uint16_t dport4)
{
	uint32_t index = session_find(t->sessions, bib, dst4, dport4);

	if (index && session_at(t->sessions, index)->expires_us <= t->now_us && !t->rehearsal) {
		flow_expire(t, index);
		index = session_find(t->sessions, bib, dst4, dport4);
	}
	return index;
}
