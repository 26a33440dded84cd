/* A token bucket: so many events a second, and so many at once (RFC 4443 section 2.4(f)). */
#ifndef SA_NAT64_RATE_LIMIT_H
#define SA_NAT64_RATE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

struct rate_limit {
	uint32_t rate;   /* events a second; 0 = no limit */
	uint32_t burst;  /* events at once, 1 or more */
	uint64_t credit; /* millionths of an event */
	uint64_t last_us;
};

static inline void rate_limit_init(struct rate_limit *limit, uint32_t rate, uint32_t burst,
                                   uint64_t now_us)
{
	*limit = (struct rate_limit){ rate, burst ? burst : 1, 0, now_us };
	limit->credit = limit->burst * UINT64_C(1000000);
}

/* Whether one more event may happen now; takes its token. */
static inline bool rate_limit_take(struct rate_limit *limit, uint64_t now_us)
{
	uint64_t full = limit->burst * UINT64_C(1000000), passed = now_us - limit->last_us;

	if (limit->rate == 0)
		return true;
	limit->last_us = now_us;
	if (passed > full / limit->rate)
		limit->credit = full;
	else
		limit->credit += passed * limit->rate;
	if (limit->credit > full)
		limit->credit = full;
	if (limit->credit < 1000000)
		return false;
	limit->credit -= 1000000;
	return true;
}

#endif
