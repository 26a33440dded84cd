/* IPv6 to IPv4: RFC 7915 section 5. */
#include "translator/xlat.h"

#include "translator/checksum.h"
#include "translator/pmtu.h"
#include "translator/transport.h"

#include <string.h>

#define MIN_IPV6_MTU       1280
#define DF_LIMIT           1260 /* RFC 7915 section 5.1: DF is clear up to this total length */
#define ICMP4_ERROR_MAX    576  /* RFC 1812 section 4.3.2.3 */
#define INTERFACE_INFO_LEN 28

static uint8_t proto4(uint8_t proto)
{
	return proto == IPPROTO_ICMPV6 ? IPPROTO_ICMP : proto;
}

static uint8_t tos4(const struct config_instance *config, const struct packet *p)
{
	return config->override_tos < 0 ? p->tos : (uint8_t)config->override_tos;
}

enum verdict xlat64_fit(const struct config_instance *config, const struct xlat_job *job,
                        struct xlat_fit *fit)
{
	const struct packet *p = &job->p;
	uint32_t wire = offload_wire_l4_len(&job->offload, p),
		 room = p->has_fragment_header ? 28 : 20;

	*fit = (struct xlat_fit){ .mtu = config->mtu4 + room };
	if (fit->mtu < MIN_IPV6_MTU)
		fit->mtu = MIN_IPV6_MTU;
	if (20 + p->l4_len > 65535)
		return VERDICT_TOO_BIG;
	if (20 + wire <= config->mtu4)
		return VERDICT_OK;
	if (p->l4_offset + wire > MIN_IPV6_MTU)
		return VERDICT_TOO_BIG;
	fit->cut_at = config->mtu4;
	return VERDICT_OK;
}

static void translate_transport(struct packet *p, const struct offload *offload,
                                const struct xlat_addresses *to, uint32_t icmp_len)
{
	if (p->fragment_offset)
		return;
	if (p->proto == IPPROTO_TCP || p->proto == IPPROTO_UDP)
		transport_rewrite(p, offload, xlat_sum6(&p->src6, &p->dst6),
		                  xlat_sum4(to->src4, to->dst4), to->src_port, to->dst_port);
	else if (packet_is_echo(p))
		transport_rewrite_echo(
			p, p->icmp_type == 128 ? 8 : 0, to->src_port,
			checksum_pseudo6(&p->src6, &p->dst6, IPPROTO_ICMPV6, icmp_len), 0);
}

/* The IPv4 header of a packet or quote. A Fragment header decides identification and DF (RFC 7915
 * section 5.1.1), atomic fragments included; wire_len is the length of one packet on the wire. */
static struct xlat_header4 header_of(const struct config_instance *config, const struct packet *p,
                                     const struct xlat_addresses *to, uint32_t wire_len,
                                     uint16_t ident)
{
	return (struct xlat_header4){
		.src4 = to->src4,
		.dst4 = to->dst4,
		.tos = tos4(config, p),
		.proto = proto4(p->proto),
		.ident = p->has_fragment_header ? (uint16_t)p->fragment_id : ident,
		.dont_fragment = !p->has_fragment_header && wire_len > DF_LIMIT,
		.more = p->more,
		.fragment_offset = p->fragment_offset,
	};
}

struct xlat_packet xlat64(const struct config_instance *config, struct xlat_job *job,
                          const struct xlat_addresses *to, uint16_t ident)
{
	struct packet *p = &job->p;
	uint32_t wire = 20 + offload_wire_l4_len(&job->offload, p);
	struct xlat_header4 fields = header_of(config, p, to, wire, ident);
	struct xlat_packet out = { .version = 4,
		                   .proto = fields.proto,
		                   .fragment_id = fields.ident };

	xlat_clamp_mss(config, job);
	translate_transport(p, &job->offload, to, job->icmp_len);
	fields.ttl = (uint8_t)(p->ttl - !job->keep_ttl);
	fields.payload_len = p->l4_len;
	out.data = p->data + p->l4_offset - 20;
	out.l4_offset = 20;
	out.len = 20 + p->l4_len;
	xlat_write_header4(out.data, &fields);
	return out;
}

/* The four bytes behind the checksum (RFC 7915 section 5.2). */
static uint32_t error_rest(const struct config_instance *config, const struct packet *p,
                           const struct xlat_error *error, const struct xlat_error_layout *layout)
{
	const uint8_t *icmp = p->data + p->l4_offset;

	if (error->map.rest == ICMP_REST_MTU)
		return pmtu_64(load_be32(icmp + 4), error->quote.has_fragment_header, config->mtu4,
		               config->mtu6);
	if (error->map.rest == ICMP_REST_POINTER)
		return error->map.pointer << 24;
	return layout->extension_len ? (layout->padded_len / 4) << 16 : 0;
}

static void write_quote(const struct config_instance *config, const struct packet *quote,
                        const struct xlat_addresses *inner, uint16_t ident, uint8_t *at,
                        uint32_t quote_len)
{
	struct xlat_header4 fields = header_of(config, quote, inner, 20 + quote->claimed_l4_len,
	                                       ident);
	struct packet copy = *quote;

	copy.l4_len = quote_len - 20;
	copy.data = at + 20 - quote->l4_offset;
	memcpy(at + 20, quote->data + quote->l4_offset, copy.l4_len);
	translate_transport(&copy, NULL, inner, quote->claimed_l4_len);
	fields.ttl = quote->ttl;
	fields.payload_len = quote->claimed_l4_len;
	xlat_write_header4(at, &fields);
}

/* An extension structure with one interface information object: role "incoming", the address
 * `interface` (RFC 5837 section 4). */
static void write_interface_info(const struct in6_addr *interface, uint8_t *at)
{
	uint16_t sum;

	memset(at, 0, INTERFACE_INFO_LEN);
	at[0] = 2 << 4;
	store_be16(at + 4, INTERFACE_INFO_LEN - 4);
	at[6] = 2;             /* class: interface information */
	at[7] = 0x04;          /* an IP address follows */
	store_be16(at + 8, 2); /* address family: IPv6 */
	memcpy(at + 12, interface, sizeof(*interface));
	sum = checksum_finish(checksum_add(0, at, INTERFACE_INFO_LEN));
	memcpy(at + 2, &sum, sizeof(sum));
}

uint32_t xlat64_error(const struct config_instance *config, const struct xlat_job *job,
                      const struct xlat_error *error, const struct xlat_addresses *outer,
                      const struct xlat_addresses *inner, uint16_t ident,
                      const struct in6_addr *interface, uint8_t *buf)
{
	const struct packet *p = &job->p;
	uint32_t room = (config->mtu4 < ICMP4_ERROR_MAX ? config->mtu4 : ICMP4_ERROR_MAX) - 28;
	uint8_t own_extension[INTERFACE_INFO_LEN], *icmp = buf + 20;
	struct xlat_error extended = *error;
	struct xlat_error_layout layout;
	struct xlat_header4 fields;
	uint16_t sum;

	if (interface && !error->extension) {
		write_interface_info(interface, own_extension);
		extended.extension = own_extension;
		extended.extension_len = sizeof(own_extension);
	}
	layout = xlat_error_plan(&extended, 20 + error->quote.l4_len, room, 4);
	memset(icmp, 0, 8 + layout.padded_len);
	icmp[0] = error->map.type;
	icmp[1] = error->map.code;
	store_be32(icmp + 4, error_rest(config, p, error, &layout));
	write_quote(config, &error->quote, inner, ident, icmp + 8, layout.quote_len);
	if (layout.extension_len)
		memcpy(icmp + 8 + layout.padded_len, extended.extension, layout.extension_len);
	fields = header_of(config, p, outer, 0, ident);
	fields.ttl = (uint8_t)(p->ttl - !job->keep_ttl);
	fields.payload_len = 8 + layout.padded_len + layout.extension_len;
	sum = checksum_finish(checksum_add(0, icmp, fields.payload_len));
	memcpy(icmp + 2, &sum, sizeof(sum));
	xlat_write_header4(buf, &fields);
	return 20 + fields.payload_len;
}
