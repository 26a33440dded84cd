/* NAT64: RFC 6146. Which flow a packet belongs to is decided in stateful_flow.c; here are the order
 * of the checks, fragments and ICMP errors. */
#include "translator/core.h"

#include "translator/checksum.h"

static bool is_supported(const struct packet *p)
{
	return p->proto == IPPROTO_TCP || p->proto == IPPROTO_UDP || packet_is_icmp(p);
}

/* Which IPv4 address an IPv6 destination means. */
static enum verdict resolve_dst4(const struct translator *t, const struct packet *p, int *pool6,
                                 uint32_t *dst4)
{
	enum verdict verdict;

	*pool6 = pool6_find(t->config->pool6, t->config->pool6_count, &p->dst6);
	if (*pool6 < 0)
		return VERDICT_NOT_POOL6;
	*dst4 = rfc6052_extract(&t->config->pool6[*pool6].prefix, &p->dst6);
	verdict = admit_destination4(t, *pool6, *dst4);
	return verdict == VERDICT_OK ? admit_prober(t, &p->src6, *dst4) : verdict;
}

static enum verdict flow(struct translator *t, const struct packet *p, struct xlat_addresses *to)
{
	uint32_t dst4;
	int pool6;
	enum verdict verdict;

	if (p->version == 4)
		return flow46(t, p, to);
	verdict = resolve_dst4(t, p, &pool6, &dst4);
	return verdict == VERDICT_OK ? flow64(t, p, pool6, dst4, to) : verdict;
}

/* ---- hairpinning (RFC 6146 section 3.8) ---- */

/* Whether an IPv4 address is one of ours: in pool4 or of a static binding. */
bool stateful_serves4(const struct translator *t, uint32_t dst4)
{
	return pool4_has(t->pool4, dst4) || flow_has_static4(t, dst4);
}

/* The IPv4 packet that the first pass made is for another of our own bindings: translate it back at
 * once, by the rules for any packet from IPv4. A refusal is answered to the IPv4 packet, as if it
 * had come from outside. */
static enum verdict hairpin(struct translator *t, const struct xlat_job *first, uint8_t *data,
                            uint32_t len)
{
	struct xlat_job job;
	enum verdict verdict = translator_turn(first, data, len, &job);

	TRACE(t->trace, "hairpin: the IPv4 destination is in pool4, back to IPv6");
	if (verdict == VERDICT_OK)
		verdict = stateful46(t, &job);
	if (verdict == VERDICT_TRANSLATED)
		return VERDICT_HAIRPINNED;
	translator_finish(t, &job.p, verdict);
	t->in_pieces = true;
	return verdict;
}

static enum verdict output(struct translator *t, struct xlat_job *job,
                           const struct xlat_addresses *to)
{
	struct xlat_packet packet;

	if (job->p.version == 4)
		return output46(t, job, to);
	if (!stateful_serves4(t, to->dst4))
		return output64(t, job, to);
	packet = xlat64(t->config, job, to,
	                ident_next(&t->ident, to->src4, to->dst4, job->p.proto));
	return hairpin(t, job, packet.data, packet.len);
}

/* What does not need state to be refused: before any is made. */
static enum verdict check_fit(struct translator *t, const struct xlat_job *job)
{
	struct xlat_fit fit;
	enum verdict verdict = job->p.version == 4 ? xlat46_fit(t->config, job, &fit)
	                                           : xlat64_fit(t->config, job, &fit);

	if (verdict != VERDICT_OK)
		t->error_rest = fit.mtu;
	return verdict;
}

/* ---- fragments ---- */

static union fragment_mapping mapping_of(const struct xlat_addresses *to, uint8_t version)
{
	union fragment_mapping mapping;

	if (version == 6)
		mapping.to4 = (__typeof__(mapping.to4)){ to->src4, to->dst4 };
	else
		mapping.to6 = (__typeof__(mapping.to6)){ to->src6, to->dst6 };
	return mapping;
}

static struct xlat_addresses addresses_of(const union fragment_mapping *mapping, uint8_t version)
{
	if (version == 6)
		return (struct xlat_addresses){ .src4 = mapping->to4.src4,
			                        .dst4 = mapping->to4.dst4 };
	return (struct xlat_addresses){ .src6 = mapping->to6.src6, .dst6 = mapping->to6.dst6 };
}

/* The first piece decides for the datagram. */
static enum verdict first_piece(struct translator *t, uint32_t datagram, struct xlat_job *job)
{
	struct xlat_addresses to;
	union fragment_mapping mapping;
	enum verdict verdict = check_fit(t, job);

	if (verdict == VERDICT_OK)
		verdict = flow(t, &job->p, &to);
	if (verdict != VERDICT_OK) {
		fragment_refuse(t->fragments, datagram, verdict);
		return verdict;
	}
	mapping = mapping_of(&to, job->p.version);
	fragment_resolve(t->fragments, datagram, &mapping);
	return output(t, job, &to);
}

static enum verdict later_piece(struct translator *t, const struct fragment_view *view,
                                struct xlat_job *job)
{
	struct xlat_addresses to = addresses_of(&view->mapping, job->p.version);

	return output(t, job, &to);
}

/* A datagram that was waited for as a whole: what its first piece needs of the others (RFC 6146
 * section 3.4). */
static void use_whole(const struct fragment_view *view, struct xlat_job *job)
{
	struct packet *p = &job->p;
	uint16_t sum;

	if (view->ecn_ce)
		p->tos |= 3; /* RFC 3168 section 5.3 */
	if (p->fragment_offset)
		return;
	job->icmp_len = view->total_len;
	if (p->version == 4 && transport_udp_checksum_is_zero(p)) {
		sum = checksum_finish(
			checksum_pseudo4(p->src4, p->dst4, IPPROTO_UDP, view->total_len) +
			checksum_fold(view->payload_sum));
		sum = sum ? sum : 0xffff;
		__builtin_memcpy(p->data + p->l4_offset + 6, &sum, sizeof(sum));
	}
}

/* Send on the pieces that waited, the first one first. whole: they waited for each other, not for
 * the first. */
static void release_pieces(struct translator *t, uint32_t datagram,
                           const struct fragment_view *whole)
{
	uint8_t *bytes = t->held;
	struct fragment_view view;
	uint32_t len;

	while ((len = fragment_take(t->fragments, datagram, bytes))) {
		struct xlat_job job = { 0 };
		enum verdict verdict = packet_parse_whole(bytes, len, &job.p);

		if (t->watch)
			watch_begin(t, bytes, len, NULL);
		t->error_rest = 0;
		if (verdict == VERDICT_OK) {
			if (whole)
				use_whole(whole, &job);
			view = fragment_look(t->fragments, datagram);
			verdict = job.p.fragment_offset ? later_piece(t, &view, &job)
			                                : first_piece(t, datagram, &job);
		}
		translator_finish(t, &job.p, verdict);
		if (t->watch)
			watch_end(t);
	}
}

/* UDP from IPv4 without checksum, and ICMP, need all bytes for their checksum. */
static bool needs_whole(const struct packet *p)
{
	return packet_is_icmp(p) || (p->version == 4 && transport_udp_checksum_is_zero(p));
}

static enum verdict hold_piece(struct translator *t, uint32_t datagram, struct xlat_job *job)
{
	enum verdict verdict = fragment_hold(t->fragments, datagram, &job->p);
	struct fragment_view view = fragment_look(t->fragments, datagram);

	if (verdict != VERDICT_FRAGMENT_STORED || !view.complete)
		return verdict;
	if (view.ecn_ce && view.ecn_not_ect) {
		fragment_refuse(t->fragments, datagram, VERDICT_FRAGMENT_ECN);
		return VERDICT_FRAGMENT_ECN;
	}
	release_pieces(t, datagram, &view);
	fragment_drop(t->fragments, datagram);
	return VERDICT_FRAGMENT_STORED;
}

static enum verdict piece(struct translator *t, struct xlat_job *job)
{
	const struct packet *p = &job->p;
	struct fragment_view view;
	uint32_t datagram;
	enum verdict verdict;

	if (t->rehearsal)
		return VERDICT_FRAGMENT_STORED;
	verdict = fragment_arrive(t->fragments, p, t->now_us, &datagram);
	if (verdict != VERDICT_OK)
		return verdict;
	view = fragment_look(t->fragments, datagram);
	if (view.state == FRAGMENT_RESOLVED) {
		verdict = later_piece(t, &view, job);
	} else if (p->fragment_offset || needs_whole(p)) {
		return hold_piece(t, datagram, job);
	} else {
		verdict = first_piece(t, datagram, job);
		if (fragment_look(t->fragments, datagram).state == FRAGMENT_RESOLVED)
			release_pieces(t, datagram, NULL);
	}
	if (view.complete)
		fragment_drop(t->fragments, datagram);
	return verdict;
}

/* ---- ICMP errors ---- */

/* The prefix:: address of the router that reports; where the well-known prefix must not carry the
 * router's private address, the address of the packet's destination, as RFC 6146 section 3.6.1 has
 * it. */
static struct in6_addr reporter6(const struct translator *t, unsigned pool6, uint32_t router4,
                                 uint32_t remote4)
{
	const struct config_instance *config = t->config;
	bool is_refused = !config->allow_private_with_wkp &&
	                  rfc6052_is_well_known(&config->pool6[pool6].prefix) &&
	                  admit_remote4(t, (int)pool6, router4) == VERDICT_WKP_NON_GLOBAL;

	return core_embed(t, pool6, is_refused ? remote4 : router4);
}

static bool quote_has_flow(const struct packet *quote)
{
	return !quote->fragment_offset && is_supported(quote) && quote->l4_len >= 4;
}

static enum verdict error46(struct translator *t, struct xlat_job *job)
{
	const struct session *session;
	const struct bib_entry *bib;
	struct xlat_addresses outer, inner;
	struct xlat_error error;
	uint32_t index;
	uint8_t *buf;
	enum verdict verdict = xlat_error_parse(&job->p, &error);

	if (verdict != VERDICT_OK)
		return verdict;
	if (!quote_has_flow(&error.quote))
		return VERDICT_ICMP_QUOTE;
	index = error.quote.src4 == job->p.dst4 ? flow_find4(t, &error.quote) : 0;
	if (!index)
		return VERDICT_ICMP_QUOTE_MAPPING;
	TRACE(t->trace, "quote: belongs to a session");
	session = session_at(t->sessions, index);
	bib = bib_at(t->bib, session->bib);
	inner.src6 = outer.dst6 = bib->addr6;
	inner.dst6 = core_embed(t, session->pool6, session->dst4);
	inner.src_port = bib->port6;
	inner.dst_port = error.quote.dst_port;
	outer.src6 = reporter6(t, session->pool6, job->p.src4, session->dst4);
	buf = t->error[job->is_second_pass];
	output_bytes(t, buf, xlat46_error(t->config, job, &error, &outer, &inner, buf));
	return VERDICT_TRANSLATED;
}

static enum verdict error64(struct translator *t, struct xlat_job *job)
{
	const struct packet *quote;
	const struct bib_entry *bib;
	struct xlat_addresses outer, inner;
	struct xlat_error error;
	uint32_t remote4, index, len;
	int pool6;
	enum verdict verdict = resolve_dst4(t, &job->p, &pool6, &remote4);

	if (verdict == VERDICT_OK)
		verdict = xlat_error_parse(&job->p, &error);
	if (verdict != VERDICT_OK)
		return verdict;
	quote = &error.quote;
	if (!quote_has_flow(quote))
		return VERDICT_ICMP_QUOTE;
	index = address6_equal(&quote->src6, &job->p.dst6) ? flow_find6(t, quote, remote4) : 0;
	if (!index)
		return VERDICT_ICMP_QUOTE_MAPPING;
	TRACE(t->trace, "quote: belongs to a session");
	bib = bib_at(t->bib, session_at(t->sessions, index)->bib);
	outer.src4 = inner.dst4 = bib->addr4;
	outer.dst4 = inner.src4 = remote4;
	inner.src_port = packet_is_icmp(quote) ? bib->port4 : quote->src_port;
	inner.dst_port = bib->port4;
	len = xlat64_error(t->config, job, &error, &outer, &inner,
	                   ident_next(&t->ident, outer.src4, outer.dst4, IPPROTO_ICMP), NULL,
	                   t->error[0]);
	if (stateful_serves4(t, outer.dst4))
		return hairpin(t, job, t->error[0], len);
	output_bytes(t, t->error[0], len);
	return VERDICT_TRANSLATED;
}

/* ---- whole packets ---- */

static enum verdict check_transport(const struct translator *t, const struct xlat_job *job)
{
	const struct packet *p = &job->p;

	if (!is_supported(p))
		return VERDICT_UNSUPPORTED_PROTOCOL;
	if (p->fragment_offset)
		return VERDICT_OK;
	if (packet_is_icmp_error(p))
		return VERDICT_ICMP_FRAGMENT; /* whole errors have gone another way */
	if (packet_is_icmp(p) && !packet_is_echo(p))
		return VERDICT_ICMP_TYPE;
	if (p->version == 6 && packet_is_echo(p) && t->config->drop_icmpv6_info)
		return VERDICT_ICMP_INFO;
	if (job->offload.partial_checksum || !transport_udp_checksum_is_zero(p))
		return VERDICT_OK;
	if (p->version == 6 || t->config->udp_checksum_zero == CONFIG_UDP_ZERO_DROP)
		return VERDICT_UDP_CHECKSUM_ZERO;
	return VERDICT_OK;
}

static enum verdict whole(struct translator *t, struct xlat_job *job)
{
	struct xlat_addresses to;
	enum verdict verdict = check_fit(t, job);

	if (verdict == VERDICT_OK)
		verdict = flow(t, &job->p, &to);
	if (verdict != VERDICT_OK)
		return verdict;
	if (job->p.version == 4 && !job->offload.partial_checksum &&
	    transport_udp_checksum_is_zero(&job->p))
		transport_compute_udp4(&job->p);
	return output(t, job, &to);
}

static enum verdict piece_or_whole(struct translator *t, struct xlat_job *job)
{
	enum verdict verdict = check_transport(t, job);

	if (verdict != VERDICT_OK || output_split(t, job, &verdict))
		return verdict;
	return job->p.is_fragment ? piece(t, job) : whole(t, job);
}

enum verdict stateful64(struct translator *t, struct xlat_job *job)
{
	const struct packet *p = &job->p;
	char text[ADDRESS_STRLEN];
	uint32_t dst4;
	int pool6;
	enum verdict verdict = resolve_dst4(t, p, &pool6, &dst4);

	if (pool6 >= 0)
		TRACE(t->trace, "destination: %s by pool6", address4_format(dst4, text));
	if (verdict == VERDICT_OK)
		verdict = admit_forwarding(t, p);
	if (verdict != VERDICT_OK)
		return verdict;
	return packet_is_icmp_error(p) && !p->is_fragment ? error64(t, job)
	                                                  : piece_or_whole(t, job);
}

/* A pool address that is the translator's own as well answers ping where no binding claims the
 * packet. */
static bool is_own_ping(const struct translator *t, const struct packet *p, enum verdict verdict)
{
	return verdict == VERDICT_NO_BINDING && p->dst4 == t->address4 && packet_is_icmp(p) &&
	       !p->is_fragment;
}

enum verdict stateful46(struct translator *t, struct xlat_job *job)
{
	const struct packet *p = &job->p;
	enum verdict verdict;

	if (!t->is_draining && !stateful_serves4(t, p->dst4))
		return p->dst4 == t->address4 ? own_answer(t, job) : VERDICT_NOT_POOL4;
	verdict = admit_forwarding(t, p);
	if (verdict != VERDICT_OK)
		return verdict;
	if (packet_is_icmp_error(p) && !p->is_fragment)
		return error46(t, job);
	verdict = piece_or_whole(t, job);
	return is_own_ping(t, p, verdict) ? own_answer(t, job) : verdict;
}
