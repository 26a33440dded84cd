#include "translator/packet.h"

#include "translator/checksum.h"
#include "translator/icmp_map.h"

#include <string.h>

#define IPV4_HEADER_LEN 20
#define IPV6_HEADER_LEN 40

#define IPV4_OPTION_END  0
#define IPV4_OPTION_NOP  1
#define IPV4_OPTION_LSRR 131
#define IPV4_OPTION_SSRR 137

/* Common to both families: what RFC 791 and RFC 8200 section 4.5 demand of a piece of a datagram.
 */
static enum verdict check_fragment(const struct packet *p)
{
	if (!p->is_fragment)
		return VERDICT_OK;
	if (p->claimed_l4_len == 0 || (p->more && p->claimed_l4_len % 8 != 0))
		return VERDICT_FRAGMENT_INVALID;
	if (p->fragment_offset + p->claimed_l4_len > 65535)
		return VERDICT_FRAGMENT_INVALID;
	return VERDICT_OK;
}

/* Walk the options (RFC 791 section 3.1); a bad length ends the packet, not the walk. */
static enum verdict parse_options4(const uint8_t *options, uint32_t len, struct packet *p)
{
	uint32_t at = 0;

	while (at < len && options[at] != IPV4_OPTION_END) {
		if (options[at] == IPV4_OPTION_NOP) {
			at++;
			continue;
		}
		if (len - at < 2 || options[at + 1] < 2 || options[at + 1] > len - at)
			return VERDICT_MALFORMED4;
		if (options[at] == IPV4_OPTION_LSRR || options[at] == IPV4_OPTION_SSRR) {
			if (options[at + 1] < 3)
				return VERDICT_MALFORMED4;
			if (options[at + 2] <= options[at + 1])
				p->source_route = true;
		}
		at += options[at + 1];
	}
	return VERDICT_OK;
}

static enum verdict parse4(uint8_t *data, uint32_t len, enum packet_form form, struct packet *p)
{
	uint32_t header_len;
	uint16_t fragment;

	if (len < IPV4_HEADER_LEN)
		return VERDICT_MALFORMED4;
	header_len = (data[0] & 0x0f) * 4u;
	p->claimed_len = load_be16(data + 2);
	if (header_len < IPV4_HEADER_LEN || header_len > len || p->claimed_len < header_len)
		return VERDICT_MALFORMED4;
	if (form == PACKET_WHOLE && p->claimed_len > len)
		return VERDICT_MALFORMED4;
	if (form == PACKET_WHOLE && checksum_fold(checksum_add(0, data, header_len)) != 0xffff)
		return VERDICT_CHECKSUM4;
	fragment = load_be16(data + 6);
	p->len = p->claimed_len < len ? p->claimed_len : len;
	p->tos = data[1];
	p->ttl = data[8];
	p->proto = data[9];
	p->src4 = load_be32(data + 12);
	p->dst4 = load_be32(data + 16);
	p->l4_offset = header_len;
	p->dont_fragment = fragment & 0x4000;
	p->more = fragment & 0x2000;
	p->fragment_offset = (fragment & 0x1fffu) * 8;
	p->is_fragment = p->more || p->fragment_offset;
	p->fragment_id = load_be16(data + 4);
	return parse_options4(data + IPV4_HEADER_LEN, header_len - IPV4_HEADER_LEN, p);
}

static bool is_skipped_extension(uint8_t next)
{
	return next == IPPROTO_HOPOPTS || next == IPPROTO_DSTOPTS || next == IPPROTO_ROUTING;
}

/* One hop-by-hop, destination options or routing header at `at`. Returns its length, 0 when it is
 * cut short. */
static uint32_t extension_len(struct packet *p, uint8_t kind, uint32_t at)
{
	uint32_t len;

	if (p->len - at < 8)
		return 0;
	len = (p->data[at + 1] + 1u) * 8;
	if (len > p->len - at)
		return 0;
	if (kind == IPPROTO_ROUTING && p->data[at + 3] > 0 && !p->routing_pointer)
		p->routing_pointer = at + 3;
	return len;
}

static void parse_fragment_header(struct packet *p, uint32_t at)
{
	uint16_t fragment = load_be16(p->data + at + 2);

	p->has_fragment_header = true;
	p->fragment_offset = fragment & 0xfff8u;
	p->more = fragment & 1;
	p->is_fragment = p->more || p->fragment_offset;
	p->fragment_id = load_be32(p->data + at + 4);
}

/* Walk the chain to the transport header (RFC 8200 section 4.1; no order is demanded, RFC 7915
 * section 5.1). */
static enum verdict parse_extensions(struct packet *p, uint8_t next)
{
	uint32_t at = IPV6_HEADER_LEN, count = 0, len;

	while (is_skipped_extension(next) || next == IPPROTO_FRAGMENT) {
		if (p->has_fragment_header)
			return VERDICT_EXTENSION_AFTER_FRAGMENT;
		if (++count > PACKET_EXTENSIONS_MAX ||
		    at - IPV6_HEADER_LEN > PACKET_EXTENSION_BYTES_MAX)
			return VERDICT_EXTENSION_CHAIN;
		if (next == IPPROTO_FRAGMENT) {
			if (p->len - at < 8)
				return VERDICT_MALFORMED6;
			parse_fragment_header(p, at);
			len = 8;
		} else {
			len = extension_len(p, next, at);
			if (!len)
				return VERDICT_MALFORMED6;
		}
		next = p->data[at];
		at += len;
	}
	if (p->has_fragment_header && next == IPPROTO_AH)
		return VERDICT_EXTENSION_AFTER_FRAGMENT;
	p->proto = next;
	p->l4_offset = at;
	return VERDICT_OK;
}

static enum verdict parse6(uint8_t *data, uint32_t len, enum packet_form form, struct packet *p)
{
	if (len < IPV6_HEADER_LEN)
		return VERDICT_MALFORMED6;
	p->claimed_len = IPV6_HEADER_LEN + load_be16(data + 4);
	if (form == PACKET_WHOLE && p->claimed_len > len)
		return VERDICT_MALFORMED6;
	p->len = p->claimed_len < len ? p->claimed_len : len;
	p->tos = (uint8_t)(data[0] << 4 | data[1] >> 4);
	p->ttl = data[7];
	memcpy(&p->src6, data + 8, sizeof(p->src6));
	memcpy(&p->dst6, data + 24, sizeof(p->dst6));
	return parse_extensions(p, data[6]);
}

enum verdict packet_parse(uint8_t *data, uint32_t len, enum packet_form form, struct packet *p)
{
	enum verdict verdict;

	memset(p, 0, sizeof(*p));
	p->data = data;
	p->version = len ? data[0] >> 4 : 0;
	if (p->version == 4)
		verdict = parse4(data, len, form, p);
	else
		verdict = p->version == 6 ? parse6(data, len, form, p) : VERDICT_MALFORMED4;
	if (verdict != VERDICT_OK)
		return verdict;
	p->l4_len = p->len - p->l4_offset;
	p->claimed_l4_len = p->claimed_len - p->l4_offset;
	return check_fragment(p);
}

static enum verdict parse_tcp(struct packet *p, const uint8_t *l4)
{
	if (p->l4_len < 20)
		return p->is_fragment ? VERDICT_FRAGMENT_TINY : VERDICT_MALFORMED_TRANSPORT;
	p->transport_header_len = (l4[12] >> 4) * 4u;
	p->tcp_flags = l4[13];
	if (p->transport_header_len < 20 || p->transport_header_len > p->claimed_l4_len)
		return p->is_fragment ? VERDICT_FRAGMENT_TINY : VERDICT_MALFORMED_TRANSPORT;
	return VERDICT_OK;
}

static enum verdict parse_udp(struct packet *p, const uint8_t *l4)
{
	if (p->l4_len < 8)
		return p->is_fragment ? VERDICT_FRAGMENT_TINY : VERDICT_MALFORMED_TRANSPORT;
	p->transport_header_len = 8;
	if (load_be16(l4 + 4) < 8 || (!p->is_fragment && load_be16(l4 + 4) > p->claimed_l4_len))
		return VERDICT_MALFORMED_TRANSPORT;
	return VERDICT_OK;
}

static enum verdict parse_icmp(struct packet *p, const uint8_t *l4, enum packet_form form)
{
	if (p->l4_len < (form == PACKET_QUOTE ? 6 : 8))
		return VERDICT_MALFORMED_TRANSPORT;
	p->transport_header_len = 8;
	p->icmp_type = l4[0];
	p->icmp_code = l4[1];
	p->src_port = p->dst_port = load_be16(l4 + 4);
	return VERDICT_OK;
}

enum verdict packet_parse_transport(struct packet *p, enum packet_form form)
{
	const uint8_t *l4 = p->data + p->l4_offset;

	if (packet_is_icmp(p))
		return parse_icmp(p, l4, form);
	if (p->proto != IPPROTO_TCP && p->proto != IPPROTO_UDP)
		return VERDICT_OK;
	if (p->l4_len < 4)
		return VERDICT_MALFORMED_TRANSPORT;
	p->src_port = load_be16(l4);
	p->dst_port = load_be16(l4 + 2);
	if (form == PACKET_QUOTE) {
		p->tcp_flags = p->proto == IPPROTO_TCP && p->l4_len >= 14 ? l4[13] : 0;
		return VERDICT_OK;
	}
	return p->proto == IPPROTO_TCP ? parse_tcp(p, l4) : parse_udp(p, l4);
}

enum verdict packet_parse_whole(uint8_t *data, uint32_t len, struct packet *p)
{
	enum verdict verdict = packet_parse(data, len, PACKET_WHOLE, p);

	if (verdict != VERDICT_OK || p->fragment_offset)
		return verdict;
	return packet_parse_transport(p, PACKET_WHOLE);
}

bool packet_is_icmp(const struct packet *p)
{
	return p->proto == (p->version == 4 ? IPPROTO_ICMP : IPPROTO_ICMPV6);
}

bool packet_is_icmp_error(const struct packet *p)
{
	if (!packet_is_icmp(p))
		return false;
	return p->version == 4 ? icmp4_is_error(p->icmp_type) : icmp6_is_error(p->icmp_type);
}

bool packet_is_echo(const struct packet *p)
{
	if (!packet_is_icmp(p))
		return false;
	return p->version == 4 ? icmp4_is_echo(p->icmp_type) : icmp6_is_echo(p->icmp_type);
}
