/* The two MTU formulas of RFC 7915 with the plateaus of RFC 1191 section 7.1. */
#include "translator/pmtu.h"

#define IPV6_MIN_MTU    1280u
#define IPV4_MIN_MTU    68u
#define IPV4_MAX_MTU    65535u
#define HEADER_GROWTH   20u /* IPv6 header less IPv4 header */
#define FRAGMENT_HEADER 8u

static uint32_t min_u32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static uint32_t max_u32(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* a - b, but 0 instead of wrapping. */
static uint32_t less_u32(uint32_t a, uint32_t b)
{
	return a > b ? a - b : 0;
}

/* a + b, but the largest value instead of wrapping. */
static uint32_t plus_u32(uint32_t a, uint32_t b)
{
	return a > UINT32_MAX - b ? UINT32_MAX : a + b;
}

static uint32_t plateau_below(uint32_t len, const uint16_t *plateaus, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (plateaus[i] < len)
			return plateaus[i];
	return 0;
}

uint32_t pmtu_46(uint32_t reported, uint32_t quoted_len, uint32_t mtu4, uint32_t mtu6,
                 const uint16_t *plateaus, size_t plateau_count)
{
	uint32_t mtu = reported;

	if (mtu == 0)
		mtu = plateau_below(quoted_len, plateaus, plateau_count);
	mtu = min_u32(plus_u32(mtu, HEADER_GROWTH), plus_u32(mtu4, HEADER_GROWTH));
	return max_u32(IPV6_MIN_MTU, min_u32(mtu, mtu6));
}

uint32_t pmtu_64(uint32_t reported, bool quoted_fragment, uint32_t mtu4, uint32_t mtu6)
{
	uint32_t growth = HEADER_GROWTH + (quoted_fragment ? FRAGMENT_HEADER : 0);
	uint32_t mtu = min_u32(less_u32(reported, growth), less_u32(mtu6, growth));

	mtu = min_u32(min_u32(mtu, mtu4), IPV4_MAX_MTU);
	return max_u32(IPV4_MIN_MTU, mtu);
}
