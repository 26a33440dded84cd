/* The address format of RFC 6052 section 2.2: where the 32 bits go in each of the six
 * prefix lengths.
 *
 * The format is one table of byte positions; embedding and extraction are its two readings.
 */
#include "lib/rfc6052.h"

/* Byte of the IPv6 address that holds each of the four IPv4 bytes (RFC 6052 figure 1); the row is
 * the prefix length in bytes. */
/* clang-format off */
static const uint8_t byte_of[13][4] = {
	[32 / 8] = {  4,  5,  6,  7 },
	[40 / 8] = {  5,  6,  7,  9 },
	[48 / 8] = {  6,  7,  9, 10 },
	[56 / 8] = {  7,  9, 10, 11 },
	[64 / 8] = {  9, 10, 11, 12 },
	[96 / 8] = { 12, 13, 14, 15 },
};
/* clang-format on */

bool rfc6052_length_is_valid(unsigned len)
{
	return len <= 96 && len % 8 == 0 && byte_of[len / 8][0] != 0;
}

struct in6_addr rfc6052_embed(const struct prefix6 *prefix, uint32_t addr4)
{
	const uint8_t *at = byte_of[prefix->len / 8];
	struct in6_addr addr6 = prefix->addr;

	if (prefix->len == 96) /* most are; single bytes are slow to read back as an address */
		return (struct in6_addr){ .s6_addr32 = { addr6.s6_addr32[0], addr6.s6_addr32[1],
			                                 addr6.s6_addr32[2], htonl(addr4) } };
	for (int i = 0; i < 4; i++)
		addr6.s6_addr[at[i]] = addr4 >> (24 - 8 * i) & 0xff;
	return addr6;
}

uint32_t rfc6052_extract(const struct prefix6 *prefix, const struct in6_addr *addr6)
{
	const uint8_t *at = byte_of[prefix->len / 8];
	uint32_t addr4 = 0;

	for (int i = 0; i < 4; i++)
		addr4 = addr4 << 8 | addr6->s6_addr[at[i]];
	return addr4;
}

struct prefix6 rfc6052_embed_prefix(const struct prefix6 *prefix, const struct prefix4 *range)
{
	unsigned len = prefix->len + range->len;
	struct prefix6 out;

	/* The bits of a range that reach past bit 64 have the u octet in front of them. */
	if (prefix->len < 96 && len > 64)
		len += 8;
	out.addr = rfc6052_embed(prefix, range->addr);
	out.len = (uint8_t)len;
	return out;
}

bool rfc6052_is_well_known(const struct prefix6 *prefix)
{
	static const struct in6_addr well_known = { .s6_addr = { 0x00, 0x64, 0xff, 0x9b } };

	return prefix->len == 96 && address6_equal(&prefix->addr, &well_known);
}

int pool6_find(const struct config_pool6 *pool6, size_t count, const struct in6_addr *addr6)
{
	int best = -1;

	for (size_t i = 0; i < count; i++) {
		if (!prefix6_has(&pool6[i].prefix, addr6))
			continue;
		if (best < 0 || pool6[i].prefix.len > pool6[best].prefix.len)
			best = (int)i;
	}
	return best;
}

int pool6_find4(const struct config_pool6 *pool6, size_t count, uint32_t addr4)
{
	int best = -1;

	for (size_t i = 0; i < count; i++) {
		if (!prefix4_has(&pool6[i].range, addr4))
			continue;
		if (best < 0 || pool6[i].range.len > pool6[best].range.len)
			best = (int)i;
	}
	return best;
}
