/* Bindings and sessions: RFC 6146 section 3.5, UDP (3.5.1), TCP (3.5.2) and ICMP queries (3.5.3).
 */
#include "translator/core.h"

/* Remote port as sessions keep it: ICMP sessions have none. */
static uint16_t remote_port(enum l4_proto proto, uint16_t port)
{
	return proto == L4_ICMP ? 0 : port;
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
	if (step.timer != TCP_TIMER_KEEP)
		session_set_expiry(t->sessions, index, t->now_us + flow_timer_us(t, step.timer));
	if (session->state == step.state)
		return;
	session->state = (uint8_t)step.state;
	fast_state_changed(t, index);
	feed_changed(t, index);
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
	if (!pool4_allocate(t->pool4, proto, &p->src6, p->src_port, &addr4, &port4)) {
		t->counters.ports_exhausted[proto]++;
		return VERDICT_POOL4_EXHAUSTED;
	}
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
	enum verdict verdict = flow_check_limits(t, &p->src6);

	if (verdict == VERDICT_OK)
		verdict = take_binding(t, proto, p, &bib);
	if (verdict != VERDICT_OK)
		return verdict;
	*session = flow_create(t, bib, dst4, remote_port(proto, p->dst_port), state, lifetime_us,
	                       pool6);
	session_log_begins(t, *session);
	return VERDICT_OK;
}

/* The host may change the prefix by which it reaches a remote address; replies follow. */
static void use_pool6(struct translator *t, uint32_t index, int pool6)
{
	struct session *session = session_at(t->sessions, index);

	if (session->pool6 == pool6)
		return;
	fast_remove(t, index);
	session->pool6 = (uint8_t)pool6;
	feed_changed(t, index);
}

static enum verdict query64(struct translator *t, enum l4_proto proto, const struct packet *p,
                            int pool6, uint32_t dst4, uint32_t session)
{
	enum verdict verdict;

	if (!session) {
		verdict = open_session(t, proto, p, pool6, dst4, TCP_STATE_NONE,
		                       flow_idle_us(t, proto), &session);
		if (verdict == VERDICT_OK)
			feed_born(t, session);
		return verdict;
	}
	use_pool6(t, session, pool6);
	session_set_expiry(t->sessions, session, t->now_us + flow_idle_us(t, proto));
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
		use_pool6(t, session, pool6);
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
	enum l4_proto proto = flow_l4_proto(p->proto);
	uint32_t index = bib_find6(t->bib, proto, &p->src6, p->src_port), session = 0;
	const struct bib_entry *bib;
	enum verdict verdict;

	if (index) {
		session = flow_find(t, index, dst4, remote_port(proto, p->dst_port));
		index = bib_find6(t->bib, proto, &p->src6, p->src_port);
	}
	remember_session(t, session);
	t->session_at_hand = session;
	verdict = proto == L4_TCP ? tcp64(t, p, pool6, dst4, index, session)
	                          : query64(t, proto, p, pool6, dst4, session);
	if (verdict != VERDICT_OK)
		return verdict;
	fast_seen(t, t->session_at_hand, TRANSLATOR_64);
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
			session_set_expiry(t->sessions, session,
			                   t->now_us + flow_idle_us(t, proto));
		TRACE(t->trace, "session: found");
		return VERDICT_OK;
	}
	verdict = flow_check_limits(t, &bib_at(t->bib, bib)->addr6);
	if (verdict != VERDICT_OK)
		return verdict;
	session = flow_create(t, bib, p->src4, remote_port(proto, p->src_port), TCP_STATE_NONE,
	                      flow_idle_us(t, proto), pool6);
	session_log_begins(t, session);
	feed_born(t, session);
	return VERDICT_OK;
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
	verdict = flow_check_limits(t, &bib_at(t->bib, bib)->addr6);
	if (verdict == VERDICT_OK)
		session_log_begins(t, flow_create(t, bib, p->src4, p->src_port, TCP_STATE_V4_INIT,
		                                  t->config->tcp_init_timeout_us, pool6));
	return verdict;
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
	enum l4_proto proto = flow_l4_proto(p->proto);
	uint32_t index = bib_find4(t->bib, proto, p->dst4, p->dst_port), session;
	const struct bib_entry *bib;
	enum verdict verdict;
	int pool6;

	session = index ? flow_find(t, index, p->src4, remote_port(proto, p->src_port)) : 0;
	index = index ? bib_find4(t->bib, proto, p->dst4, p->dst_port) : 0;
	if (!index)
		return refuse46(t, p, VERDICT_NO_BINDING);
	trace_binding(t, "found", index);
	if (!session && flow_is_filtered(t, index, p->src4))
		return refuse46(t, p, VERDICT_FILTERED);
	remember_session(t, session);
	t->session_at_hand = session;
	verdict = choose_pool6(t, session, p->src4, &pool6);
	if (verdict != VERDICT_OK)
		return verdict;
	verdict = proto == L4_TCP ? tcp46(t, p, index, pool6, session)
	                          : query46(t, proto, p, index, pool6, session);
	if (verdict != VERDICT_OK)
		return verdict;
	fast_seen(t, t->session_at_hand, TRANSLATOR_46);
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
	enum l4_proto proto = flow_l4_proto(quote->proto);
	uint32_t bib = bib_find4(t->bib, proto, quote->src4, quote->src_port);

	return bib ? session_find(t->sessions, bib, quote->dst4,
	                          remote_port(proto, quote->dst_port))
	           : 0;
}

uint32_t flow_find6(const struct translator *t, const struct packet *quote, uint32_t remote4)
{
	enum l4_proto proto = flow_l4_proto(quote->proto);
	uint32_t bib = bib_find6(t->bib, proto, &quote->dst6, quote->dst_port);

	return bib ? session_find(t->sessions, bib, remote4, remote_port(proto, quote->src_port))
	           : 0;
}
