/* SIIT: every address is translated by itself, by the longest explicit mapping or else by RFC 6052
 * (RFC 7915, RFC 7757), with the hairpin rules of RFC 7757 section 4.2.
 */
#include "translator/core.h"

#include <string.h>

/* An IPv6 address in IPv4. *pool6: index of the prefix that gave it, -1 when an explicit mapping
 * did. */
static bool to4(const struct translator *t, const struct in6_addr *addr6, uint32_t *addr4,
                int *pool6)
{
	*pool6 = -1;
	if (eam_to4(t->eam, addr6, addr4))
		return true;
	*pool6 = pool6_find(t->config->pool6, t->config->pool6_count, addr6);
	if (*pool6 < 0)
		return false;
	*addr4 = rfc6052_extract(&t->config->pool6[*pool6].prefix, addr6);
	return true;
}

enum mapping_choice {
	MAPPING_ANY,           /* explicit mapping first */
	MAPPING_RFC6052_FIRST, /* hairpin: the prefix, if there is one */
	MAPPING_PROBE,         /* the prefix, and the address is admitted already */
};

/* An IPv4 address in IPv6; *pool6 as above. */
static bool to6(const struct translator *t, uint32_t addr4, enum mapping_choice choice,
                struct in6_addr *addr6, int *pool6)
{
	int prefix = pool6_find4(t->config->pool6, t->config->pool6_count, addr4);

	*pool6 = -1;
	if ((choice == MAPPING_ANY || prefix < 0) && eam_to6(t->eam, addr4, addr6))
		return true;
	if (prefix < 0)
		return false;
	*pool6 = prefix;
	*addr6 = core_embed(t, (unsigned)prefix, addr4);
	return true;
}

static bool has_mapping(const struct translator *t, uint32_t addr4)
{
	struct in6_addr unused;

	return eam_to6(t->eam, addr4, &unused);
}

static void trace_pair(const struct translator *t, const char *what, const struct in6_addr *addr6,
                       uint32_t addr4, int pool6)
{
	char text6[ADDRESS_STRLEN], text4[ADDRESS_STRLEN];

	if (!t->trace)
		return;
	trace_add(t->trace, "%s: %s <-> %s by %s", what, address6_format(addr6, text6),
	          address4_format(addr4, text4), pool6 < 0 ? "eam" : "pool6");
}

/* ---- IPv4 to IPv6 ---- */

/* Destination of an IPv4 packet. */
static enum verdict resolve_dst6(const struct translator *t, uint32_t dst4,
                                 enum mapping_choice choice, struct in6_addr *dst6)
{
	int pool6;

	if (!to6(t, dst4, choice, dst6, &pool6))
		return VERDICT_NO_MAPPING_DESTINATION;
	trace_pair(t, "destination", dst6, dst4, pool6);
	return pool6 < 0 || choice == MAPPING_PROBE ? VERDICT_OK : admit_remote4(t, pool6, dst4);
}

static enum verdict resolve_src6(const struct translator *t, uint32_t src4,
                                 enum mapping_choice choice, struct in6_addr *src6)
{
	int pool6;

	if (!to6(t, src4, choice, src6, &pool6))
		return VERDICT_NO_MAPPING_SOURCE;
	trace_pair(t, "source", src6, src4, pool6);
	return pool6 < 0 || choice == MAPPING_PROBE ? VERDICT_OK : admit_remote4(t, pool6, src4);
}

/* RFC 7757 section 4.2.1: the quoted destination as its sender saw it; the error's source likewise
 * if it is the same. */
static enum verdict error46(struct translator *t, struct xlat_job *job, bool is_hairpin,
                            uint8_t *buf)
{
	struct xlat_addresses outer, inner;
	struct xlat_error error;
	enum mapping_choice choice;
	int pool6;
	enum verdict verdict = xlat_error_parse(&job->p, &error);

	if (verdict != VERDICT_OK)
		return verdict;
	if (t->config->eam_hairpin_mode == CONFIG_HAIRPIN_SIMPLE)
		is_hairpin = has_mapping(t, job->p.dst4) && has_mapping(t, error.quote.dst4);
	choice = is_hairpin ? MAPPING_RFC6052_FIRST : MAPPING_ANY;
	inner.src_port = error.quote.src_port;
	inner.dst_port = error.quote.dst_port;
	if (!to6(t, error.quote.src4, MAPPING_ANY, &inner.src6, &pool6) ||
	    !to6(t, error.quote.dst4, choice, &inner.dst6, &pool6))
		return VERDICT_ICMP_QUOTE_MAPPING;
	verdict = resolve_dst6(t, job->p.dst4, MAPPING_ANY, &outer.dst6);
	if (verdict == VERDICT_OK)
		verdict = resolve_src6(t, job->p.src4,
		                       job->p.src4 == error.quote.dst4 ? choice : MAPPING_ANY,
		                       &outer.src6);
	if (verdict != VERDICT_OK)
		return verdict;
	output_bytes(t, buf, xlat46_error(t->config, job, &error, &outer, &inner, buf));
	return VERDICT_TRANSLATED;
}

/* UDP without checksum (RFC 7915 section 4.5). */
static enum verdict fix_udp_checksum(const struct translator *t, struct xlat_job *job)
{
	if (job->p.fragment_offset || job->offload.partial_checksum ||
	    !transport_udp_checksum_is_zero(&job->p))
		return VERDICT_OK;
	if (job->p.is_fragment || t->config->udp_checksum_zero == CONFIG_UDP_ZERO_DROP)
		return VERDICT_UDP_CHECKSUM_ZERO;
	transport_compute_udp4(&job->p);
	return VERDICT_OK;
}

/* By which mappings a packet to IPv6 goes. */
static enum mapping_choice choose46(const struct translator *t, const struct packet *p,
                                    bool is_hairpin)
{
	if (admit_is_probe(t, p->src4, p->dst4))
		return MAPPING_PROBE;
	if (t->config->eam_hairpin_mode == CONFIG_HAIRPIN_SIMPLE)
		is_hairpin = has_mapping(t, p->src4) && has_mapping(t, p->dst4);
	return is_hairpin ? MAPPING_RFC6052_FIRST : MAPPING_ANY;
}

/* Whether the fast path may learn what becomes of packets between these two. */
static bool may_learn(struct translator *t, uint32_t src4, uint32_t dst4)
{
	t->is_slow_probe = fast_never(t, src4) || fast_never(t, dst4);
	return !t->is_slow_probe && !t->rehearsal;
}

static enum verdict translate46(struct translator *t, struct xlat_job *job, bool is_hairpin,
                                uint8_t *buf)
{
	struct packet *p = &job->p;
	struct xlat_addresses to = { .src_port = p->src_port, .dst_port = p->dst_port };
	enum mapping_choice choice;
	enum verdict verdict;

	if (packet_is_icmp(p) && p->is_fragment)
		return VERDICT_ICMP_FRAGMENT;
	if (packet_is_icmp_error(p))
		return error46(t, job, is_hairpin, buf);
	if (packet_is_icmp(p) && !packet_is_echo(p))
		return VERDICT_ICMP_TYPE;
	choice = choose46(t, p, is_hairpin);
	verdict = resolve_dst6(t, p->dst4, choice == MAPPING_PROBE ? choice : MAPPING_ANY,
	                       &to.dst6);
	if (verdict == VERDICT_OK)
		verdict = resolve_src6(t, p->src4, choice, &to.src6);
	if (verdict == VERDICT_OK)
		verdict = fix_udp_checksum(t, job);
	if (verdict != VERDICT_OK || output_split(t, job, &verdict))
		return verdict;
	if (may_learn(t, p->src4, p->dst4) && t->io.fast.learn46 && !job->is_second_pass)
		t->io.fast.learn46(t->io.fast.context, p->src4, p->dst4, &to.src6, &to.dst6);
	return output46(t, job, &to);
}

enum verdict stateless46(struct translator *t, struct xlat_job *job)
{
	enum verdict verdict;

	if (job->p.dst4 == t->address4)
		return own_answer(t, job);
	verdict = admit_forwarding(t, &job->p);
	return verdict == VERDICT_OK ? translate46(t, job, false, t->error[0]) : verdict;
}

/* ---- IPv6 to IPv4 ---- */

static enum verdict resolve_dst4(const struct translator *t, const struct packet *p, uint32_t *dst4,
                                 int *pool6)
{
	enum verdict verdict;

	if (!to4(t, &p->dst6, dst4, pool6))
		return VERDICT_NO_MAPPING_DESTINATION;
	trace_pair(t, "destination", &p->dst6, *dst4, *pool6);
	verdict = *pool6 < 0 ? VERDICT_OK : admit_destination4(t, *pool6, *dst4);
	return verdict == VERDICT_OK ? admit_prober(t, &p->src6, *dst4) : verdict;
}

static enum verdict resolve_src4(const struct translator *t, const struct in6_addr *src6,
                                 uint32_t dst4, uint32_t *src4)
{
	int pool6;

	if (!to4(t, src6, src4, &pool6))
		return VERDICT_NO_MAPPING_SOURCE;
	trace_pair(t, "source", src6, *src4, pool6);
	return pool6 < 0 || admit_is_probe(t, *src4, dst4) ? VERDICT_OK
	                                                   : admit_remote4(t, pool6, *src4);
}

/* A random address of rfc6791-pool4, or our own (RFC 6791 section 3). */
static uint32_t router_address4(struct translator *t)
{
	const struct config_instance *config = t->config;
	uint64_t total = 0, pick;
	size_t i;

	for (i = 0; i < config->rfc6791_pool4_count; i++)
		total += UINT64_C(1) << (32 - config->rfc6791_pool4[i].len);
	if (total == 0)
		return t->address4;
	pick = random_next(&t->random) % total;
	for (i = 0; pick >= UINT64_C(1) << (32 - config->rfc6791_pool4[i].len); i++)
		pick -= UINT64_C(1) << (32 - config->rfc6791_pool4[i].len);
	return config->rfc6791_pool4[i].addr + (uint32_t)pick;
}

/* Send an IPv4 packet through the second pass of an intrinsic hairpin (RFC 7757 section 4.2.2). */
static enum verdict hairpin(struct translator *t, const struct xlat_job *first, uint8_t *data,
                            uint32_t len)
{
	struct xlat_job job;
	enum verdict verdict = translator_turn(first, data, len, &job);

	if (verdict != VERDICT_OK)
		return verdict;
	job.keep_ttl = true;
	TRACE(t->trace, "hairpin: the IPv4 destination has an explicit mapping, back to IPv6");
	verdict = translate46(t, &job, true, t->error[1]);
	return verdict == VERDICT_TRANSLATED ? VERDICT_HAIRPINNED : verdict;
}

static bool is_hairpin64(const struct translator *t, int dst_pool6, uint32_t dst4)
{
	return t->config->eam_hairpin_mode == CONFIG_HAIRPIN_INTRINSIC && dst_pool6 >= 0 &&
	       has_mapping(t, dst4) && !admit_is_target(t, dst4);
}

static enum verdict error64(struct translator *t, struct xlat_job *job)
{
	struct xlat_addresses outer, inner;
	const struct in6_addr *interface = NULL;
	struct xlat_error error;
	int dst_pool6, pool6;
	uint32_t len;
	enum verdict verdict = xlat_error_parse(&job->p, &error);

	if (verdict != VERDICT_OK)
		return verdict;
	inner.src_port = error.quote.src_port;
	inner.dst_port = error.quote.dst_port;
	if (!to4(t, &error.quote.src6, &inner.src4, &pool6) ||
	    !to4(t, &error.quote.dst6, &inner.dst4, &pool6))
		return VERDICT_ICMP_QUOTE_MAPPING;
	verdict = resolve_dst4(t, &job->p, &outer.dst4, &dst_pool6);
	if (verdict != VERDICT_OK)
		return verdict;
	verdict = resolve_src4(t, &job->p.src6, outer.dst4, &outer.src4);
	if (verdict == VERDICT_NO_MAPPING_SOURCE) {
		outer.src4 = router_address4(t);
		interface = t->config->icmp_interface_info ? &job->p.src6 : NULL;
		verdict = VERDICT_OK;
	}
	if (verdict != VERDICT_OK)
		return verdict;
	len = xlat64_error(t->config, job, &error, &outer, &inner,
	                   ident_next(&t->ident, outer.src4, outer.dst4, IPPROTO_ICMP), interface,
	                   t->error[0]);
	if (is_hairpin64(t, dst_pool6, outer.dst4))
		return hairpin(t, job, t->error[0], len);
	output_bytes(t, t->error[0], len);
	return VERDICT_TRANSLATED;
}

/* ICMP and UDP that must not be translated at all. */
static enum verdict check_transport64(const struct translator *t, const struct xlat_job *job)
{
	const struct packet *p = &job->p;

	if (packet_is_icmp(p) && p->is_fragment)
		return VERDICT_ICMP_FRAGMENT;
	if (packet_is_icmp(p) && !packet_is_icmp_error(p) && !packet_is_echo(p))
		return VERDICT_ICMP_TYPE;
	if (packet_is_echo(p) && t->config->drop_icmpv6_info)
		return VERDICT_ICMP_INFO;
	if (!p->fragment_offset && !job->offload.partial_checksum &&
	    transport_udp_checksum_is_zero(p))
		return VERDICT_UDP_CHECKSUM_ZERO;
	return VERDICT_OK;
}

/* Translate and, instead of sending, go on with the second pass. */
static enum verdict translate_hairpin(struct translator *t, struct xlat_job *job,
                                      const struct xlat_addresses *to)
{
	uint32_t len = job->p.l4_offset + offload_wire_l4_len(&job->offload, &job->p);
	struct xlat_packet packet;

	if (len > t->config->mtu6) {
		t->error_rest = t->config->mtu6;
		return VERDICT_TOO_BIG;
	}
	packet = xlat64(t->config, job, to,
	                ident_next(&t->ident, to->src4, to->dst4, job->p.proto));
	return hairpin(t, job, packet.data, packet.len);
}

enum verdict stateless64(struct translator *t, struct xlat_job *job)
{
	const struct packet *p = &job->p;
	struct xlat_addresses to = { .src_port = p->src_port, .dst_port = p->dst_port };
	int dst_pool6;
	enum verdict verdict = admit_forwarding(t, p);

	if (verdict == VERDICT_OK)
		verdict = check_transport64(t, job);
	if (verdict != VERDICT_OK)
		return verdict;
	if (packet_is_icmp_error(p))
		return error64(t, job);
	verdict = resolve_dst4(t, p, &to.dst4, &dst_pool6);
	if (verdict == VERDICT_OK)
		verdict = resolve_src4(t, &p->src6, to.dst4, &to.src4);
	if (verdict != VERDICT_OK || output_split(t, job, &verdict))
		return verdict;
	if (is_hairpin64(t, dst_pool6, to.dst4))
		return translate_hairpin(t, job, &to);
	if (may_learn(t, to.src4, to.dst4) && t->io.fast.learn64)
		t->io.fast.learn64(t->io.fast.context, &p->src6, &p->dst6, to.src4, to.dst4);
	return output64(t, job, &to);
}
