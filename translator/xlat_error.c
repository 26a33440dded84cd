/* ICMP errors taken apart: checksum, type, quoted packet, extension structure (RFC 7915
 * sections 4.2, 4.3, 5.2, 5.3; RFC 4884). */
#include "translator/xlat.h"

#include "translator/checksum.h"

#define EXTENSION_QUOTE_MIN \
	128 /* RFC 4884 section 4.6: a quote in front of an extension is at least so long */

static bool checksum_is_right(const struct packet *p)
{
	uint64_t sum = 0;

	if (p->version == 6)
		sum = checksum_pseudo6(&p->src6, &p->dst6, IPPROTO_ICMPV6, p->l4_len);
	return checksum_fold(checksum_add(sum, p->data + p->l4_offset, p->l4_len)) == 0xffff;
}

static bool map_error(const struct packet *p, const uint8_t *icmp, struct icmp_mapping *map)
{
	if (p->version == 4)
		return icmp_map_46(p->icmp_type, p->icmp_code, icmp[4], map);
	return icmp_map_64(p->icmp_type, p->icmp_code, load_be32(icmp + 4), map);
}

/* Cut the bytes behind the ICMP header into quote and extension. False when the length attribute
 * points beyond them. A length below the minimum of RFC 4884 marks no extension. */
static bool split_extension(const struct packet *p, const uint8_t *icmp, struct xlat_error *error)
{
	uint32_t words = p->version == 4 ? icmp[5] : icmp[4];
	uint32_t len = words * (p->version == 4 ? 4 : 8), there = p->l4_len - 8;

	error->region_len = there;
	if (!error->map.in_extensible || words == 0)
		return true;
	if (len > there)
		return false;
	if (len < EXTENSION_QUOTE_MIN)
		return true;
	error->region_len = len;
	error->extension_len = there - len;
	error->extension = error->extension_len ? icmp + 8 + len : NULL;
	return true;
}

/* The quoted packet: of the same family, its IP header whole, and no ICMP error itself. */
static bool parse_quote(const struct packet *p, uint32_t len, struct packet *quote)
{
	if (packet_parse(p->data + p->l4_offset + 8, len, PACKET_QUOTE, quote) != VERDICT_OK)
		return false;
	if (quote->version != p->version)
		return false;
	if (quote->fragment_offset)
		return true;
	if (packet_parse_transport(quote, PACKET_QUOTE) != VERDICT_OK)
		return !packet_is_icmp(quote);
	return !packet_is_icmp(quote) || packet_is_echo(quote);
}

enum verdict xlat_error_parse(const struct packet *p, struct xlat_error *error)
{
	const uint8_t *icmp = p->data + p->l4_offset;

	*error = (struct xlat_error){ 0 };
	if (!checksum_is_right(p))
		return VERDICT_ICMP_CHECKSUM;
	if (!map_error(p, icmp, &error->map))
		return VERDICT_ICMP_TYPE;
	if (!split_extension(p, icmp, error))
		return VERDICT_ICMP_QUOTE;
	return parse_quote(p, error->region_len, &error->quote) ? VERDICT_OK : VERDICT_ICMP_QUOTE;
}

struct xlat_error_layout xlat_error_plan(const struct xlat_error *error, uint32_t quote_len,
                                         uint32_t room, uint32_t unit)
{
	uint32_t padding = error->region_len - error->quote.len;
	uint32_t padded = (quote_len + padding + unit - 1) / unit * unit;
	bool extended = error->extension_len && error->map.out_extensible &&
	                error->extension_len + EXTENSION_QUOTE_MIN <= room;

	if (!extended) {
		quote_len = min32(quote_len, room);
		return (struct xlat_error_layout){ quote_len, quote_len, 0 };
	}
	if (padded < EXTENSION_QUOTE_MIN)
		padded = EXTENSION_QUOTE_MIN;
	padded = min32(padded, (room - error->extension_len) / unit * unit);
	return (struct xlat_error_layout){ min32(quote_len, padded), padded, error->extension_len };
}
