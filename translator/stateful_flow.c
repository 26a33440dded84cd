/* Bindings and sessions: RFC 6146 section 3.5, UDP (3.5.1), TCP (3.5.2) and ICMP queries (3.5.3).
 */
#include "translator/core.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static enum l4_proto l4_of(uint8_t proto)
{
	if (proto == IPPROTO_TCP)
		return L4_TCP;
	return proto == IPPROTO_UDP ? L4_UDP : L4_ICMP;
}

/* Remote port as sessions keep it: ICMP sessions have none. */
static uint16_t remote_port(enum l4_proto proto, uint16_t port)
{
	return proto == L4_ICMP ? 0 : port;
}

/* ---- counting by host and by peer ---- */

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
static enum verdict check_limits(const struct translator *t, const struct in6_addr *addr6)
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

/* ---- life of a session ---- */

static uint64_t timer_us(const struct translator *t, enum tcp_timer timer)
{
	if (timer == TCP_TIMER_EST)
		return t->config->tcp_est_timeout_us;
	return timer == TCP_TIMER_INIT ? t->config->tcp_init_timeout_us
	                               : t->config->tcp_trans_timeout_us;
}

static uint64_t idle_us(const struct translator *t, enum l4_proto proto)
{
	return proto == L4_UDP ? t->config->udp_timeout_us : t->config->icmp_timeout_us;
}

/* Create a session after check_limits(); returns its index. */
static uint32_t create_session(struct translator *t, uint32_t bib, uint32_t dst4, uint16_t dport4,
                               enum tcp_state state, uint64_t lifetime_us, int pool6)
{
	const struct bib_entry *entry = bib_at(t->bib, bib);
	uint32_t index = session_add(t->sessions, bib, dst4, dport4, state,
	                             t->now_us + lifetime_us);
	struct tally_key key;

	assert(index);
	session_at(t->sessions, index)->pool6 = (uint8_t)pool6;
	if (t->hosts) {
		key = host_key(t, &entry->addr6);
		tally_inc(t->hosts, &key);
	}
	if (t->peers) {
		key = peer_key(bib, dst4);
		tally_inc(t->peers, &key);
	}
	t->counters.sessions_created[entry->proto]++;
	if (t->rehearsal)
		t->rehearsed.made[t->rehearsed.made_count++] = index;
	TRACE(t->trace, "session: created, %s, %llu s", tcp_state_name(state),
	      (unsigned long long)(lifetime_us / 1000000));
	return index;
}

/* When a dynamic binding's port may be used again (RFC 6888 REQ-8 and its exceptions). */
static uint64_t port_usable_us(const struct translator *t, enum tcp_state last_state)
{
	if (t->rehearsal || t->config->port_reuse_delay_us == 0 ||
	    last_state == TCP_STATE_V4_FIN_V6_FIN_RCV ||
	    t->config->filtering == CONFIG_FILTERING_ADDRESS_DEPENDENT)
		return 0;
	return t->now_us + t->config->port_reuse_delay_us;
}

static void delete_binding(struct translator *t, uint32_t index, enum tcp_state last_state)
{
	const struct bib_entry entry = *bib_at(t->bib, index);

	bib_del(t->bib, index);
	pool4_release(t->pool4, entry.proto, entry.addr4, entry.port4,
	              port_usable_us(t, last_state));
}

void flow_delete(struct translator *t, uint32_t index)
{
	const struct session session = *session_at(t->sessions, index);
	const struct bib_entry *bib = bib_at(t->bib, session.bib);
	struct tally_key key;

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
		delete_binding(t, session.bib, session.state);
}

void flow_expire(struct translator *t, uint32_t index)
{
	struct session *session = session_at(t->sessions, index);
	enum l4_proto proto = bib_at(t->bib, session->bib)->proto;
	struct tcp_step step = { .timer = TCP_TIMER_DELETE };

	if (proto == L4_TCP)
		step = tcp_fsm_next(session->state, TCP_EVENT_TIMEOUT);
	if (step.timer == TCP_TIMER_DELETE) {
		t->counters.sessions_expired[proto]++;
		flow_delete(t, index);
		return;
	}
	session->state = (uint8_t)step.state;
	session_set_expiry(t->sessions, index, t->now_us + timer_us(t, step.timer));
	if (step.probe)
		own_probe(t, index);
}

/* The session if it is there and its time is not over. */
static uint32_t find_session(struct translator *t, uint32_t bib, uint32_t dst4, uint16_t dport4)
{
	uint32_t index = session_find(t->sessions, bib, dst4, dport4);

	if (index && session_at(t->sessions, index)->expires_us <= t->now_us && !t->rehearsal) {
		flow_expire(t, index);
		index = session_find(t->sessions, bib, dst4, dport4);
	}
	return index;
}

/* Note the session of the packet at hand, so that an explanation can put it back. */
static void remember_session(struct translator *t, uint32_t index)
{
	if (!t->rehearsal || !index)
		return;
	t->rehearsed.met[t->rehearsed.met_count] = index;
	t->rehearsed.met_before[t->rehearsed.met_count++] = *session_at(t->sessions, index);
}

static void step_tcp(struct translator *t, uint32_t index, enum tcp_event event)
{
	struct session *session = session_at(t->sessions, index);
	struct tcp_step step = tcp_fsm_next(session->state, event);

	TRACE(t->trace, "session: %s -> %s", tcp_state_name(session->state),
	      tcp_state_name(step.state));
	session->state = (uint8_t)step.state;
	if (step.timer != TCP_TIMER_KEEP)
		session_set_expiry(t->sessions, index, t->now_us + timer_us(t, step.timer));
}

/* ---- IPv6 to IPv4 ---- */

static void trace_binding(const struct translator *t, const char *what, uint32_t index)
{
	char text6[ADDRESS_STRLEN], text4[ADDRESS_STRLEN];
	const struct bib_entry *bib;

	if (!t->trace)
		return;
	bib = bib_at(t->bib, index);
	trace_add(t->trace, "binding: %s, [%s]:%u <-> %s:%u%s", what,
	          address6_format(&bib->addr6, text6), bib->port6,
	          address4_format(bib->addr4, text4), bib->port4,
	          bib->flags & BIB_STATIC ? " (static)" : "");
}

/* Find or make the binding of the packet's source. */
static enum verdict take_binding(struct translator *t, enum l4_proto proto, const struct packet *p,
                                 uint32_t *bib)
{
	uint32_t addr4;
	uint16_t port4;

	*bib = bib_find6(t->bib, proto, &p->src6, p->src_port);
	if (*bib) {
		trace_binding(t, "found", *bib);
		return VERDICT_OK;
	}
	if (!pool4_allocate(t->pool4, proto, &p->src6, p->src_port, &addr4, &port4))
		return VERDICT_POOL4_EXHAUSTED;
	*bib = bib_add(t->bib, proto, &p->src6, p->src_port, addr4, port4, 0);
	if (!*bib) {
		pool4_release(t->pool4, proto, addr4, port4, 0);
		return VERDICT_SESSION_LIMIT;
	}
	t->counters.bindings_created[proto]++;
	trace_binding(t, "created", *bib);
	return VERDICT_OK;
}

/* Binding and session for a packet that may create both. */
static enum verdict open_session(struct translator *t, enum l4_proto proto, const struct packet *p,
                                 int pool6, uint32_t dst4, enum tcp_state state,
                                 uint64_t lifetime_us, uint32_t *session)
{
	uint32_t bib;
	enum verdict verdict = check_limits(t, &p->src6);

	if (verdict == VERDICT_OK)
		verdict = take_binding(t, proto, p, &bib);
	if (verdict != VERDICT_OK)
		return verdict;
	*session = create_session(t, bib, dst4, remote_port(proto, p->dst_port), state, lifetime_us,
	                          pool6);
	return VERDICT_OK;
}

static enum verdict query64(struct translator *t, enum l4_proto proto, const struct packet *p,
                            int pool6, uint32_t dst4, uint32_t session)
{
	if (!session)
		return open_session(t, proto, p, pool6, dst4, TCP_STATE_NONE, idle_us(t, proto),
		                    &session);
	session_at(t->sessions, session)->pool6 = (uint8_t)pool6;
	session_set_expiry(t->sessions, session, t->now_us + idle_us(t, proto));
	TRACE(t->trace, "session: found, lifetime refreshed");
	return VERDICT_OK;
}

static enum verdict tcp64(struct translator *t, const struct packet *p, int pool6, uint32_t dst4,
                          uint32_t bib, uint32_t session)
{
	enum tcp_event event = tcp_event_v6(p->tcp_flags);
	enum verdict verdict;
	struct syn_key key;

	if (session) {
		session_at(t->sessions, session)->pool6 = (uint8_t)pool6;
		step_tcp(t, session, event);
		return VERDICT_OK;
	}
	if (event != TCP_EVENT_V6_SYN) {
		TRACE(t->trace, "session: none, and the segment is no SYN");
		return bib ? VERDICT_OK : VERDICT_NO_SESSION;
	}
	verdict = open_session(t, L4_TCP, p, pool6, dst4, TCP_STATE_V6_INIT,
	                       t->config->tcp_init_timeout_us, &session);
	if (verdict != VERDICT_OK)
		return verdict;
	bib = session_at(t->sessions, session)->bib;
	key = (struct syn_key){ dst4, bib_at(t->bib, bib)->addr4, p->dst_port,
		                bib_at(t->bib, bib)->port4 };
	if (!t->rehearsal && syn_store_remove(t->syns, &key))
		TRACE(t->trace, "simultaneous open: a stored SYN was met");
	return VERDICT_OK;
}

enum verdict flow64(struct translator *t, const struct packet *p, int pool6, uint32_t dst4,
                    struct xlat_addresses *to)
{
	enum l4_proto proto = l4_of(p->proto == IPPROTO_ICMPV6 ? IPPROTO_ICMP : p->proto);
	uint32_t index = bib_find6(t->bib, proto, &p->src6, p->src_port), session = 0;
	const struct bib_entry *bib;
	enum verdict verdict;

	if (index) {
		session = find_session(t, index, dst4, remote_port(proto, p->dst_port));
		index = bib_find6(t->bib, proto, &p->src6, p->src_port);
	}
	remember_session(t, session);
	verdict = proto == L4_TCP ? tcp64(t, p, pool6, dst4, index, session)
	                          : query64(t, proto, p, pool6, dst4, session);
	if (verdict != VERDICT_OK)
		return verdict;
	index = index ? index : bib_find6(t->bib, proto, &p->src6, p->src_port);
	bib = bib_at(t->bib, index);
	*to = (struct xlat_addresses){
		.src4 = bib->addr4, .dst4 = dst4, .src_port = bib->port4, .dst_port = p->dst_port
	};
	return VERDICT_OK;
}

/* ---- IPv4 to IPv6 ---- */

static enum verdict store_syn(struct translator *t, const struct packet *p)
{
	struct syn_key key = { p->src4, p->dst4, p->src_port, p->dst_port };

	TRACE(t->trace, "TCP SYN from IPv4 that nobody inside waits for: kept, no answer yet");
	if (t->rehearsal)
		return VERDICT_SYN_STORED;
	if (!syn_store_add(t->syns, &key, p->data, p->len,
	                   t->now_us + t->config->tcp_syn_timeout_us))
		return VERDICT_SYN_LIMIT;
	return VERDICT_SYN_STORED;
}

static bool is_pure_syn(const struct packet *p)
{
	return p->proto == IPPROTO_TCP && !p->is_fragment &&
	       (p->tcp_flags & (TCP_FLAG_SYN | TCP_FLAG_ACK | TCP_FLAG_RST)) == TCP_FLAG_SYN;
}

/* No binding, or filtering refuses the packet. */
static enum verdict refuse46(struct translator *t, const struct packet *p, enum verdict verdict)
{
	if (!is_pure_syn(p))
		return verdict;
	return t->config->drop_externally_initiated_tcp ? VERDICT_EXTERNAL_TCP : store_syn(t, p);
}

static enum verdict query46(struct translator *t, enum l4_proto proto, const struct packet *p,
                            uint32_t bib, int pool6, uint32_t session)
{
	enum verdict verdict;

	if (session) {
		if (t->config->inbound_refresh)
			session_set_expiry(t->sessions, session, t->now_us + idle_us(t, proto));
		TRACE(t->trace, "session: found");
		return VERDICT_OK;
	}
	verdict = check_limits(t, &bib_at(t->bib, bib)->addr6);
	if (verdict == VERDICT_OK)
		(void)create_session(t, bib, p->src4, remote_port(proto, p->src_port),
		                     TCP_STATE_NONE, idle_us(t, proto), pool6);
	return verdict;
}

static enum verdict tcp46(struct translator *t, const struct packet *p, uint32_t bib, int pool6,
                          uint32_t session)
{
	enum tcp_event event = tcp_event_v4(p->tcp_flags);
	enum verdict verdict;

	if (session) {
		step_tcp(t, session, event);
		return VERDICT_OK;
	}
	if (event != TCP_EVENT_V4_SYN)
		return VERDICT_OK;
	if (t->config->drop_externally_initiated_tcp)
		return VERDICT_EXTERNAL_TCP;
	verdict = check_limits(t, &bib_at(t->bib, bib)->addr6);
	if (verdict == VERDICT_OK)
		(void)create_session(t, bib, p->src4, p->src_port, TCP_STATE_V4_INIT,
		                     t->config->tcp_init_timeout_us, pool6);
	return verdict;
}

/* Address-dependent filtering lets in only whom the binding has a session with. */
static bool is_filtered(const struct translator *t, uint32_t bib, uint32_t src4)
{
	struct tally_key key = peer_key(bib, src4);

	return t->peers && tally_get(t->peers, &key) == 0;
}

/* The prefix that stands for the remote host: the session's, else the one its address belongs to.
 */
static enum verdict choose_pool6(const struct translator *t, uint32_t session, uint32_t src4,
                                 int *pool6)
{
	if (session) {
		*pool6 = session_at(t->sessions, session)->pool6;
		return VERDICT_OK;
	}
	*pool6 = pool6_find4(t->config->pool6, t->config->pool6_count, src4);
	return *pool6 < 0 ? VERDICT_NO_MAPPING_SOURCE : admit_remote4(t, *pool6, src4);
}

enum verdict flow46(struct translator *t, const struct packet *p, struct xlat_addresses *to)
{
	enum l4_proto proto = l4_of(p->proto);
	uint32_t index = bib_find4(t->bib, proto, p->dst4, p->dst_port), session;
	const struct bib_entry *bib;
	enum verdict verdict;
	int pool6;

	session = index ? find_session(t, index, p->src4, remote_port(proto, p->src_port)) : 0;
	index = index ? bib_find4(t->bib, proto, p->dst4, p->dst_port) : 0;
	if (!index)
		return refuse46(t, p, VERDICT_NO_BINDING);
	trace_binding(t, "found", index);
	if (!session && is_filtered(t, index, p->src4))
		return refuse46(t, p, VERDICT_FILTERED);
	remember_session(t, session);
	verdict = choose_pool6(t, session, p->src4, &pool6);
	if (verdict != VERDICT_OK)
		return verdict;
	verdict = proto == L4_TCP ? tcp46(t, p, index, pool6, session)
	                          : query46(t, proto, p, index, pool6, session);
	if (verdict != VERDICT_OK)
		return verdict;
	bib = bib_at(t->bib, index);
	*to = (struct xlat_addresses){ .src6 = core_embed(t, (unsigned)pool6, p->src4),
		                       .dst6 = bib->addr6,
		                       .src_port = p->src_port,
		                       .dst_port = bib->port6 };
	if (proto == L4_ICMP)
		to->src_port = bib->port6;
	return VERDICT_OK;
}

/* ---- quotes ---- */

uint32_t flow_find4(const struct translator *t, const struct packet *quote)
{
	enum l4_proto proto = l4_of(quote->proto);
	uint32_t bib = bib_find4(t->bib, proto, quote->src4, quote->src_port);

	return bib ? session_find(t->sessions, bib, quote->dst4,
	                          remote_port(proto, quote->dst_port))
	           : 0;
}

uint32_t flow_find6(const struct translator *t, const struct packet *quote, uint32_t remote4)
{
	enum l4_proto proto = l4_of(quote->proto == IPPROTO_ICMPV6 ? IPPROTO_ICMP : quote->proto);
	uint32_t bib = bib_find6(t->bib, proto, &quote->dst6, quote->dst_port);

	return bib ? session_find(t->sessions, bib, remote4, remote_port(proto, quote->src_port))
	           : 0;
}

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

/* The binding that a session goes on with, made if need be; 0 when the new configuration has no
 * place for it. */
static uint32_t adopted_binding(struct translator *t, const struct bib_entry *entry)
{
	uint32_t by6 = bib_find6(t->bib, entry->proto, &entry->addr6, entry->port6);
	uint32_t by4 = bib_find4(t->bib, entry->proto, entry->addr4, entry->port4);

	if (by6 || by4)
		return by6 == by4 ? by6 : 0;
	if (entry->flags & BIB_STATIC)
		return 0;
	if (!pool4_claim(t->pool4, entry->proto, entry->addr4, entry->port4)) {
		if (t->config->pool4_removed == CONFIG_REMOVED_KILL)
			return 0;
		t->is_draining = true;
	}
	return bib_add(t->bib, entry->proto, &entry->addr6, entry->port6, entry->addr4,
	               entry->port4, 0);
}

static bool adopt_session(struct translator *t, const struct translator *old,
                          const struct session *session)
{
	const struct bib_entry *entry = bib_at(old->bib, session->bib);
	uint64_t left_us = session->expires_us > t->now_us ? session->expires_us - t->now_us : 0;
	int pool6 = adopted_pool6(t, old, session);
	uint32_t bib;

	if (pool6 < 0 || check_limits(t, &entry->addr6) != VERDICT_OK)
		return false;
	bib = adopted_binding(t, entry);
	if (!bib)
		return false;
	(void)create_session(t, bib, session->dst4, session->dport4, session->state, left_us,
	                     pool6);
	return true;
}

uint32_t translator_adopt(struct translator *t, const struct translator *old, uint64_t now_us)
{
	uint32_t cursor = 0, index, lost = 0;

	t->now_us = now_us;
	if (t->config->mode == CONFIG_MODE_NAT64 && old->config->mode == CONFIG_MODE_NAT64) {
		while ((index = session_next(old->sessions, &cursor, UINT32_MAX)))
			lost += !adopt_session(t, old, session_at(old->sessions, index));
		pool4_inherit_resting(t->pool4, old->pool4);
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
	enum l4_proto proto = l4_of(row->proto);
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
