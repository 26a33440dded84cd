/* The tables of special addresses, from the IANA registries; look-ups are short linear scans. */
#include "translator/special4.h"

#include <string.h>

#define PREFIX4(a, b, c, d, l)                                                       \
	{                                                                            \
		.addr = (uint32_t)(a) << 24 | (b) << 16 | (c) << 8 | (d), .len = (l) \
	}
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* clang-format off */
static const struct prefix4 martians4[] = {
	PREFIX4(  0, 0, 0, 0, 8), /* this network */
	PREFIX4(127, 0, 0, 0, 8), /* loopback */
	PREFIX4(224, 0, 0, 0, 4), /* multicast */
	PREFIX4(240, 0, 0, 0, 4), /* reserved, and limited broadcast */
};

/* IANA IPv4 special-purpose address registry (RFC 6890), rows with "globally reachable: false". */
static const struct prefix4 non_global4[] = {
	PREFIX4(  0,   0,   0, 0,  8), /* this network, RFC 791 */
	PREFIX4( 10,   0,   0, 0,  8), /* private use, RFC 1918 */
	PREFIX4(100,  64,   0, 0, 10), /* shared address space, RFC 6598 */
	PREFIX4(127,   0,   0, 0,  8), /* loopback, RFC 1122 */
	PREFIX4(169, 254,   0, 0, 16), /* link local, RFC 3927 */
	PREFIX4(172,  16,   0, 0, 12), /* private use, RFC 1918 */
	PREFIX4(192,   0,   0, 0, 24), /* IETF protocol assignments, RFC 6890 and 8880 */
	PREFIX4(192,   0,   2, 0, 24), /* documentation, RFC 5737 */
	PREFIX4(192, 168,   0, 0, 16), /* private use, RFC 1918 */
	PREFIX4(198,  18,   0, 0, 15), /* benchmarking, RFC 2544 */
	PREFIX4(198,  51, 100, 0, 24), /* documentation, RFC 5737 */
	PREFIX4(203,   0, 113, 0, 24), /* documentation, RFC 5737 */
	PREFIX4(240,   0,   0, 0,  4), /* reserved, RFC 1112; limited broadcast, RFC 919 */
};

/* Rows of the same registry inside 192.0.0.0/24 with "globally reachable: true". */
static const struct prefix4 global4[] = {
	PREFIX4(192, 0, 0,  9, 32), /* Port Control Protocol anycast, RFC 7723 */
	PREFIX4(192, 0, 0, 10, 32), /* TURN anycast, RFC 8155 */
};

static const struct prefix6 martians6[] = {
	{ .addr = { .s6_addr = { 0 } },               .len = 128 }, /* unspecified */
	{ .addr = { .s6_addr = { [15] = 1 } },        .len = 128 }, /* loopback */
	{ .addr = { .s6_addr = { [10] = 255, 255 } }, .len =  96 }, /* IPv4-mapped */
	{ .addr = { .s6_addr = { 0xfe, 0x80 } },      .len =  10 }, /* link local */
	{ .addr = { .s6_addr = { 0xff } },            .len =   8 }, /* multicast */
};
/* clang-format on */

bool special4_in_list(const struct prefix4 *list, size_t count, uint32_t addr4)
{
	for (size_t i = 0; i < count; i++)
		if (prefix4_has(&list[i], addr4))
			return true;
	return false;
}

bool special4_is_martian(uint32_t addr4)
{
	return special4_in_list(martians4, COUNT(martians4), addr4);
}

bool special4_is_non_global(uint32_t addr4)
{
	return special4_in_list(non_global4, COUNT(non_global4), addr4) &&
	       !special4_in_list(global4, COUNT(global4), addr4);
}

/* All martians begin with the octet 00, fe or ff, so one look decides for almost every packet. */
bool special6_is_martian(const struct in6_addr *addr6)
{
	if (addr6->s6_addr[0] > 0 && addr6->s6_addr[0] < 0xfe)
		return false;
	for (size_t i = 0; i < COUNT(martians6); i++)
		if (prefix6_has(&martians6[i], addr6))
			return true;
	return false;
}
