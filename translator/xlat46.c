/* IPv4 to IPv6: RFC 7915 section 4. */
#include "translator/xlat.h"

#include "translator/checksum.h"
#include "translator/pmtu.h"
#include "translator/transport.h"

#include <string.h>

static uint8_t proto6(uint8_t proto)
{
	return proto == IPPROTO_ICMP ? IPPROTO_ICMPV6 : proto;
}

enum verdict xlat46_fit(const struct config_instance *config, const struct xlat_job *job,
                        struct xlat_fit *fit)
{
	const struct packet *p = &job->p;
	uint32_t fragment_header = p->is_fragment ? 8 : 0;
	uint32_t len = 40 + fragment_header + offload_wire_l4_len(&job->offload, p), limit;

	*fit = (struct xlat_fit){ 0 };
	if (p->dont_fragment) {
		fit->mtu = config->mtu6 - 20 - fragment_header;
		return len > config->mtu6 ? VERDICT_TOO_BIG : VERDICT_OK;
	}
	limit = min32(config->mtu6, config->lowest_ipv6_mtu);
	if (len > limit)
		fit->cut_at = limit;
	return VERDICT_OK;
}

/* The transport header of a packet or quote; nothing to do for later pieces and for protocols we do
 * not know. */
static void translate_transport(struct packet *p, const struct offload *offload,
                                const struct xlat_addresses *to, uint32_t icmp_len)
{
	if (p->fragment_offset)
		return;
	if (p->proto == IPPROTO_TCP || p->proto == IPPROTO_UDP)
		transport_rewrite(p, offload, xlat_sum4(p->src4, p->dst4),
		                  xlat_sum6(&to->src6, &to->dst6), to->src_port, to->dst_port);
	else if (packet_is_echo(p))
		transport_rewrite_echo(
			p, p->icmp_type == 8 ? 128 : 129, to->src_port, 0,
			checksum_pseudo6(&to->src6, &to->dst6, IPPROTO_ICMPV6, icmp_len));
}

/* Write IPv6 header and Fragment header (if the packet is a piece) in front of `end`; returns where
 * they begin. */
static uint8_t *write_headers(const struct config_instance *config, const struct packet *p,
                              const struct xlat_addresses *to, uint8_t hop_limit, uint32_t l4_len,
                              uint8_t *end)
{
	uint32_t fragment_header = p->is_fragment ? 8 : 0;
	uint8_t *header = end - 40 - fragment_header, next = proto6(p->proto);
	struct xlat_header6 fields = {
		.src6 = to->src6,
		.dst6 = to->dst6,
		.traffic_class = config->zeroize_traffic_class ? 0 : p->tos,
		.hop_limit = hop_limit,
		.next = p->is_fragment ? IPPROTO_FRAGMENT : next,
		.payload_len = fragment_header + l4_len,
	};

	xlat_write_header6(header, &fields);
	if (p->is_fragment) {
		header[40] = next;
		header[41] = 0;
		store_be16(header + 42, (uint16_t)(p->fragment_offset | (p->more ? 1 : 0)));
		store_be32(header + 44, p->fragment_id);
	}
	return header;
}

struct xlat_packet xlat46(const struct config_instance *config, struct xlat_job *job,
                          const struct xlat_addresses *to)
{
	struct packet *p = &job->p;
	uint8_t *l4 = p->data + p->l4_offset;
	struct xlat_packet out = { .version = 6,
		                   .proto = proto6(p->proto),
		                   .fragment_id = p->fragment_id };

	xlat_clamp_mss(config, job);
	translate_transport(p, &job->offload, to, job->icmp_len);
	out.data = write_headers(config, p, to, (uint8_t)(p->ttl - !job->keep_ttl), p->l4_len, l4);
	out.l4_offset = (uint32_t)(l4 - out.data);
	out.len = out.l4_offset + p->l4_len;
	return out;
}

/* The four bytes behind the checksum (RFC 7915 section 4.2). */
static uint32_t error_rest(const struct config_instance *config, const struct packet *p,
                           const struct xlat_error *error, const struct xlat_error_layout *layout)
{
	const uint8_t *icmp = p->data + p->l4_offset;

	if (error->map.rest == ICMP_REST_MTU)
		return pmtu_46(load_be16(icmp + 6), error->quote.claimed_len, config->mtu4,
		               config->mtu6, config->mtu_plateaus, config->mtu_plateaus_count);
	if (error->map.rest == ICMP_REST_POINTER)
		return error->map.pointer;
	return layout->extension_len ? (layout->padded_len / 8) << 24 : 0;
}

/* The quoted packet at `at`, at most quote_len bytes of it; its TTL is copied, not decremented. */
static void write_quote(const struct config_instance *config, const struct packet *quote,
                        const struct xlat_addresses *inner, uint8_t *at, uint32_t quote_len)
{
	uint32_t header_len = 40 + (quote->is_fragment ? 8 : 0);
	struct packet copy = *quote;

	copy.l4_len = quote_len - header_len;
	copy.data = at + header_len - quote->l4_offset;
	memcpy(at + header_len, quote->data + quote->l4_offset, copy.l4_len);
	translate_transport(&copy, NULL, inner, quote->claimed_l4_len);
	(void)write_headers(config, quote, inner, quote->ttl, quote->claimed_l4_len,
	                    at + header_len);
}

uint32_t xlat46_error(const struct config_instance *config, const struct xlat_job *job,
                      const struct xlat_error *error, const struct xlat_addresses *outer,
                      const struct xlat_addresses *inner, uint8_t *buf)
{
	const struct packet *p = &job->p, *quote = &error->quote;
	uint32_t room = min32(XLAT_ERROR_MAX, config->mtu6) - 48, icmp_len;
	uint32_t quote_len = 40 + (quote->is_fragment ? 8 : 0) + quote->l4_len;
	struct xlat_error_layout layout = xlat_error_plan(error, quote_len, room, 8);
	uint8_t *icmp = buf + 40;
	uint16_t sum;

	memset(icmp, 0, 8 + layout.padded_len);
	icmp[0] = error->map.type;
	icmp[1] = error->map.code;
	store_be32(icmp + 4, error_rest(config, p, error, &layout));
	write_quote(config, quote, inner, icmp + 8, layout.quote_len);
	if (layout.extension_len)
		memcpy(icmp + 8 + layout.padded_len, error->extension, layout.extension_len);
	icmp_len = 8 + layout.padded_len + layout.extension_len;
	sum = checksum_finish(
		checksum_add(checksum_pseudo6(&outer->src6, &outer->dst6, IPPROTO_ICMPV6, icmp_len),
	                     icmp, icmp_len));
	memcpy(icmp + 2, &sum, sizeof(sum));
	xlat_write_header6(buf, &(struct xlat_header6){
					.src6 = outer->src6,
					.dst6 = outer->dst6,
					.traffic_class = config->zeroize_traffic_class ? 0 : p->tos,
					.hop_limit = (uint8_t)(p->ttl - !job->keep_ttl),
					.next = IPPROTO_ICMPV6,
					.payload_len = icmp_len,
				});
	return 40 + icmp_len;
}
