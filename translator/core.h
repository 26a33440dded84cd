/* Inside the translator: the one struct that its parts share, and what they call of each other.
 * Only files of the core include this.
 *
 * translator.c takes packets in, counts and answers; admit.c judges addresses; stateless.c and
 * stateful.c decide who gets which address; xlat*.c change bytes; output.c cuts and sends;
 * icmp_error.c and own.c speak for the translator itself.
 */
#ifndef SA_NAT64_CORE_H
#define SA_NAT64_CORE_H

#include "lib/probe_address.h"
#include "translator/eam.h"
#include "translator/fragment.h"
#include "translator/ident.h"
#include "translator/pool4.h"
#include "translator/rate_limit.h"
#include "lib/rfc6052.h"
#include "translator/syn_store.h"
#include "translator/tally.h"
#include "translator/translator.h"
#include "translator/transport.h"
#include "translator/xlat.h"

/* What an explained packet created and met, to be undone; a hairpin touches two sessions. */
struct rehearsal {
	uint32_t made[2], met[2];
	unsigned made_count, met_count;
	struct session met_before[2];
};

struct translator {
	const struct config_instance *config;
	struct translator_io io;
	void (*emit)(void *context, const struct virtio_net_hdr *vnet, const struct iovec *iov,
	             int count);
	void *emit_context; /* emit and its context: io's, except while explaining or tracing */
	uint32_t address4;  /* the translator's own */
	struct in6_addr address6; /* the translator's own; meaningless without has_address6 */
	bool has_address6;        /* it can send ICMPv6 errors */
	bool owns_address6;       /* address6 lies outside pool6: packets for it end here */

	struct eam_table *eam; /* siit */
	struct pool4 *pool4;   /* nat64, as all below */
	struct bib_table *bib;
	struct session_table *sessions;
	struct tally *hosts; /* sessions by IPv6 prefix; NULL without max-sessions-per-host */
	struct tally *peers; /* sessions by binding and remote address; NULL with
	                        endpoint-independent filtering */
	uint32_t *static4;   /* IPv4 addresses of static bindings, sorted */
	size_t static4_count;
	bool is_draining; /* bindings outside pool4 live on (pool4-removed = drain) */
	struct fragment_store *fragments;
	struct syn_store *syns;
	struct feed *feed; /* NULL without replication; owned */

	struct ident ident;
	struct random random;
	struct rate_limit shortages[LOG_SHORTAGES]; /* records of them in the session log */
	struct rate_limit error_limits[TRANSLATOR_DIRECTIONS][CONFIG_ICMP_CLASSES];
	struct translator_counters counters;
	uint32_t fast_held; /* sessions in the fast path */
	struct translator_restored restored;
	uint64_t started_us;

	/* The packet at hand. */
	uint64_t now_us;
	struct trace *trace;
	uint32_t
		error_rest; /* MTU or pointer of the ICMP error that the present verdict asks for */
	bool in_pieces; /* it was taken apart and its pieces were handled and counted one by one */
	bool rehearsal; /* explain: nothing may be stored for later */
	bool is_slow_probe;       /* siit: it is one that the fast path must not learn */
	struct watch *watch;      /* NULL while nobody traces */
	uint32_t session_at_hand; /* found or created for the packet, 0 = none */
	struct rehearsal rehearsed;

	uint8_t *held;    /* a piece out of the fragment store, with headroom in front */
	uint8_t *segment; /* one datagram of a UDP super-packet, with headroom in front */
	uint8_t error[2][XLAT_ERROR_MAX]; /* translated ICMP errors; two for a hairpin */
};

/* translator.c: count a packet's fate and send the ICMP error that belongs to it. */
void translator_finish(struct translator *t, const struct packet *p, enum verdict verdict);

/* watch.c, for tracing: a packet begins (len bytes, before any is changed; vnet may be NULL), its
 * fate is known and everything about it was sent, it ends. Begun packets may lie within each other;
 * the fate is the innermost's. */
void watch_begin(struct translator *t, const uint8_t *packet, size_t len,
                 const struct virtio_net_hdr *vnet);
void watch_fate(struct translator *t, enum verdict verdict);
void watch_end(struct translator *t);
void watch_write_error(struct translator *t); /* what the packet at hand sent was refused */

/* translator.c: describe the IPv4 packet that the first pass of a hairpin made, for the second
 * pass. */
enum verdict translator_turn(const struct xlat_job *first, uint8_t *data, uint32_t len,
                             struct xlat_job *second);

/* admit.c: whether an IPv4 address may stand behind pool6[index] as a remote host's address. */
enum verdict admit_remote4(const struct translator *t, int index, uint32_t addr4);

/* The same for a destination, which may also not be this gateway itself. */
enum verdict admit_destination4(const struct translator *t, int index, uint32_t addr4);

/* Probes of sa-nat64-healthd (lib/probe_address.h): whether addr4 is a target and an address of
 * this host, so that it is translated although it is local and, maybe, not global; whether a
 * stateless packet between src4 and dst4 is a probe or its answer. */
bool admit_is_target(const struct translator *t, uint32_t addr4);
bool admit_is_probe(const struct translator *t, uint32_t src4, uint32_t dst4);

/* Targets are for this host alone: VERDICT_PROBE_TARGET when a packet to dst4 is not from one of
 * its own addresses. */
enum verdict admit_prober(const struct translator *t, const struct in6_addr *src6, uint32_t dst4);

/* Common checks of a packet from IPv6 or IPv4, before addresses are translated. */
enum verdict admit64(const struct translator *t, const struct packet *p);
enum verdict admit46(const struct translator *t, const struct packet *p);

/* TTL, routing header and source route: what any router would refuse; after the packet is known to
 * be for us. */
enum verdict admit_forwarding(struct translator *t, const struct packet *p);

/* stateless.c: SIIT. stateful.c: NAT64. A piece or a whole packet, admitted. */
enum verdict stateless64(struct translator *t, struct xlat_job *job);
enum verdict stateless46(struct translator *t, struct xlat_job *job);
enum verdict stateful64(struct translator *t, struct xlat_job *job);
enum verdict stateful46(struct translator *t, struct xlat_job *job);

/* Whether an IPv4 address is in pool4 or of a static binding. */
bool stateful_serves4(const struct translator *t, uint32_t addr4);

/* stateful_flow.c: bindings and sessions (RFC 6146 section 3.5). Find or make what the packet
 * needs, and say its new addresses. */
enum verdict flow64(struct translator *t, const struct packet *p, int pool6, uint32_t dst4,
                    struct xlat_addresses *to);
enum verdict flow46(struct translator *t, const struct packet *p, struct xlat_addresses *to);

/* Session and binding of a quoted packet; 0 when there is none. */
uint32_t flow_find4(const struct translator *t, const struct packet *quote);
uint32_t flow_find6(const struct translator *t, const struct packet *quote, uint32_t remote4);

/* Whether flows to or from addr4 stay in the slow path, for probes to tell it from the fast one. */
static inline bool fast_never(const struct translator *t, uint32_t addr4)
{
	return addr4 == probe_address(t->config, PROBE_SLOW);
}

/* stateful_fast.c: the slow path saw a packet of the session (0: none); its TCP state changed; it
 * ends. */
void fast_seen(struct translator *t, uint32_t session, enum translator_direction direction);
void fast_state_changed(struct translator *t, uint32_t session);
void fast_remove(struct translator *t, uint32_t session);

/* Whether packets on the fast path keep a session alive whose time seems over; moves its end then.
 */
bool fast_prolongs(struct translator *t, uint32_t session);

/* What is left of an earlier process's notes on a restored session: that it is in the fast path is
 * believed until translator_forget_unproven(). */
void fast_restored(struct translator *t, struct session *session);

/* Why the slow path has to see the next packet of a session from this side: NULL if it has not. */
const char *fast_lacks(const struct translator *t, uint32_t session,
                       enum translator_direction direction);

/* fast_explain.c: why the fast path leaves a packet to the slow one whatever its session is, or
 * NULL. The packet is as it came from the device. */
const char *fast_declines(const struct translator *t, uint8_t *packet, size_t len);

/* Which path a packet takes. */
struct fast_choice {
	bool is_fast;
	const char *reason; /* why not, or under which condition; may be NULL; a constant */
};

/* fast_explain.c: the path of the packet at hand, of that IP version. declined: what
 * fast_declines() said of it before it was translated. */
struct fast_choice fast_explain(const struct translator *t, enum verdict verdict, uint8_t version,
                                const char *declined);

/* The same without a packet: a copy of another node's session, whose packets were seen there in
 * both directions; it is entered with the first packet. */
void fast_seen_elsewhere(struct translator *t, uint32_t session);

/* stateful_life.c: the table of a transport protocol number (ICMP also by its IPv6 number). */
enum l4_proto flow_l4_proto(uint8_t proto);

/* Whether one more session fits the instance and its IPv6 host: VERDICT_OK, SESSION_LIMIT or
 * HOST_LIMIT. */
enum verdict flow_check_limits(const struct translator *t, const struct in6_addr *addr6);

/* Create a session after flow_check_limits(); returns its index. dport4 is 0 for ICMP. */
uint32_t flow_create(struct translator *t, uint32_t bib, uint32_t dst4, uint16_t dport4,
                     enum tcp_state state, uint64_t lifetime_us, int pool6);

/* Count a session with its host and its peer, where there are limits or filters. */
void flow_count(struct translator *t, uint32_t bib, uint32_t dst4);

/* End a dynamic binding without sessions; its port rests as the last session's state asks. */
void flow_delete_binding(struct translator *t, uint32_t bib, enum tcp_state last_state);

/* The session if it is there and its time is not over, else 0. The binding may be gone afterwards.
 */
uint32_t flow_find(struct translator *t, uint32_t bib, uint32_t dst4, uint16_t dport4);

/* Whether address-dependent filtering refuses a remote host: the binding has no session with it. */
bool flow_is_filtered(const struct translator *t, uint32_t bib, uint32_t src4);

/* Idle time of a session by its protocol and state. */
uint64_t flow_lifetime_us(const struct translator *t, const struct session *session);

/* Lifetimes by the configuration: of TCP timers other than KEEP and DELETE, of UDP and ICMP. */
uint64_t flow_timer_us(const struct translator *t, enum tcp_timer timer);
uint64_t flow_idle_us(const struct translator *t, enum l4_proto proto);

/* End a session, and its binding if that was its last; let it expire, which may only change its
 * state. */
void flow_delete(struct translator *t, uint32_t session);
void flow_expire(struct translator *t, uint32_t session);

/* session_log.c: for the session log, a session was made for a packet here, is about to be deleted.
 * Without log-sessions each costs one branch. */
void session_log_note_begin(struct translator *t, uint32_t session);
void session_log_note_end(struct translator *t, uint32_t session);

/* session_log.c: a packet was dropped for want of something; makes a record of it, if the verdict
 * is such a one, once a second. session_log_open(): before the first. */
void session_log_note_shortage(struct translator *t, enum verdict verdict, const struct packet *p);
void session_log_open(struct translator *t);

/* session_log.c: an operator made a static binding; is about to end it. */
void session_log_bound(struct translator *t, uint32_t bib);
void session_log_unbound(struct translator *t, uint32_t bib);

/* session_log.c: a binding was made for a peer's session; one of an earlier process, or a session,
 * has no place any more; all that are left were entered. */
void session_log_copied(struct translator *t, uint32_t bib);
void session_log_refused_binding(const struct translator *t, const struct bib_entry *bib);
void session_log_refused_session(const struct translator *t, const struct session *session);
void session_log_restored(struct translator *t);

/* session_log.c: t took over a session, whose binding was marked as `logged`; has no place for one
 * of old; took over all it has a place for. */
void session_log_adopted(struct translator *t, uint32_t session, uint8_t logged);
void session_log_left_session(const struct translator *t, const struct translator *old,
                              uint32_t session);
void session_log_took_over(const struct translator *t, const struct translator *old);

static inline void session_log_begins(struct translator *t, uint32_t session)
{
	if (__builtin_expect(t->config->log_sessions != CONFIG_LOG_SESSIONS_OFF, 0))
		session_log_note_begin(t, session);
}

static inline void session_log_ends(struct translator *t, uint32_t session)
{
	if (__builtin_expect(t->config->log_sessions != CONFIG_LOG_SESSIONS_OFF, 0))
		session_log_note_end(t, session);
}

static inline void session_log_shortage(struct translator *t, enum verdict verdict,
                                        const struct packet *p)
{
	if (__builtin_expect(t->config->log_sessions != CONFIG_LOG_SESSIONS_OFF, 0))
		session_log_note_shortage(t, verdict, p);
}

/* adopt.c: a session known from elsewhere. */
struct adopted_flow {
	enum l4_proto proto;
	enum tcp_state state;
	struct in6_addr addr6;
	uint32_t addr4, dst4;
	uint16_t port6, port4, dport4;
	bool is_static; /* its binding was */
	uint8_t logged; /* as the binding's */
	uint64_t expires_us;
};

/* feed.c: what happens to sessions, for replication: a UDP or ICMP session was created, contents
 * of a session changed, it is about to be deleted. Without replication each costs one branch. */
void feed_note_birth(struct translator *t, uint32_t session);
void feed_note_change(struct translator *t, uint32_t session);
void feed_note_end(struct translator *t, uint32_t session);

/* feed.c: whether this node speaks for the session; whether a configured peer is out of contact. */
bool feed_owns(const struct feed *feed, const struct session *session);
bool feed_is_alone(const struct feed *feed);

/* feed.c: make something sensible of what an earlier process, or worse, left in a session. */
void feed_restored(struct session *session);

/* feed.c: let time pass. */
void feed_tick(struct translator *t);
size_t feed_memory(const struct feed *feed);
void feed_free(struct feed *feed); /* NULL accepted */

static inline void feed_born(struct translator *t, uint32_t session)
{
	if (__builtin_expect(t->feed != NULL, 0))
		feed_note_birth(t, session);
}

static inline void feed_changed(struct translator *t, uint32_t session)
{
	if (__builtin_expect(t->feed != NULL, 0))
		feed_note_change(t, session);
}

static inline void feed_ends(struct translator *t, uint32_t session)
{
	if (__builtin_expect(t->feed != NULL, 0))
		feed_note_end(t, session);
}

/* Whether another node speaks for the session, so that its end here is nobody's business. */
static inline bool feed_is_copy(const struct translator *t, uint32_t session)
{
	return t->feed && !feed_owns(t->feed, session_at(t->sessions, session));
}

/* Whether the port of a binding is to rest long: a peer that is away may still have a session. */
static inline bool feed_rests_long(const struct translator *t, const struct bib_entry *bib)
{
	return t->feed && bib->told && feed_is_alone(t->feed);
}

/* Enter it if the configuration has a place for it: binding made or found, limits kept. Its index,
 * or 0. */
uint32_t adopt_flow(struct translator *t, const struct adopted_flow *flow, int pool6);

/* adopt.c: take the port of a dynamic binding that exists already. False when the configuration
 * does not have it and pool4-removed ends such bindings. */
bool flow_claim(struct translator *t, enum l4_proto proto, uint32_t addr4, uint16_t port4);

/* restore.c: how many bindings the table has room for. */
uint32_t restore_binding_capacity(const struct config_instance *config);

/* restore.c: enter again what io.memory holds into fresh tables. */
void restore_tables(struct translator *t);

/* adopt.c: enter the configuration's static bindings into the empty tables. 0 or -ENOMEM. */
int flow_add_static(struct translator *t);

/* Whether a static binding uses this IPv4 address. */
bool flow_has_static4(const struct translator *t, uint32_t addr4);

/* output.c: send a translated packet, cut as fit says; send a packet of our own. */
void output_packet(struct translator *t, struct xlat_job *job, const struct xlat_packet *packet,
                   const struct xlat_fit *fit);
void output_bytes(struct translator *t, const uint8_t *packet, uint32_t len);

/* Translate a packet whose addresses are settled: fit, rewrite, send. */
enum verdict output46(struct translator *t, struct xlat_job *job, const struct xlat_addresses *to);
enum verdict output64(struct translator *t, struct xlat_job *job, const struct xlat_addresses *to);

/* Whether a UDP super-packet has to be taken apart before translation because its datagrams would
 * be cut; does it then. */
bool output_split(struct translator *t, struct xlat_job *job, enum verdict *verdict);

/* icmp_error.c: tell the sender of p, unless the RFCs forbid it, the class is switched off or the
 * rate is exceeded. */
void icmp_error_send(struct translator *t, const struct packet *p,
                     const struct verdict_icmp *answer, uint32_t rest);

/* own.c: a packet for the translator's own address. */
enum verdict own_answer(struct translator *t, struct xlat_job *job);

/* own.c: the probe of RFC 6146 section 3.5.2.2 to the IPv6 end of a TCP session. */
void own_probe(struct translator *t, uint32_t session);

/* The address that stands for remote4 behind pool6[index]. */
static inline struct in6_addr core_embed(const struct translator *t, unsigned index,
                                         uint32_t remote4)
{
	return rfc6052_embed(&t->config->pool6[index].prefix, remote4);
}

#endif
