#include "syncd/pace.h"

#define DEPTH_US  UINT64_C(10000) /* the bucket holds what may be sent in this time */
#define DEPTH_MIN INT64_C(8192)   /* bytes */
#define JUDGE_US  UINT64_C(1000000)
#define IDLE_US   UINT64_C(1000000) /* more is not counted */

void pace_init(struct pace *pace, uint64_t rate, uint64_t now_us)
{
	*pace = (struct pace){ .rate_max = rate < PACE_RATE_MIN ? PACE_RATE_MIN : rate,
		               .filled_us = now_us,
		               .judged_us = now_us };
	pace->rate = pace->rate_max;
	pace->tokens = DEPTH_MIN;
}

static void fill(struct pace *pace, uint64_t now_us)
{
	int64_t depth = (int64_t)(pace->rate * DEPTH_US / 1000000);
	uint64_t passed = now_us > pace->filled_us ? now_us - pace->filled_us : 0;
	uint64_t bytes = pace->rate * (passed < IDLE_US ? passed : IDLE_US) / 1000000;

	if (depth < DEPTH_MIN)
		depth = DEPTH_MIN;
	if (bytes == 0)
		return;
	pace->tokens += (int64_t)bytes;
	pace->filled_us = now_us;
	if (pace->tokens > depth)
		pace->tokens = depth;
}

bool pace_may_send(struct pace *pace, uint64_t now_us)
{
	fill(pace, now_us);
	if (pace->tokens > 0)
		return true;
	pace->exhausted = true;
	return false;
}

uint64_t pace_next_us(const struct pace *pace)
{
	if (pace->tokens > 0)
		return pace->filled_us;
	return pace->filled_us + ((uint64_t)-pace->tokens + 1) * 1000000 / pace->rate + 1;
}

void pace_spend(struct pace *pace, uint64_t bytes)
{
	pace->tokens -= (int64_t)bytes;
}

void pace_report(struct pace *pace, uint32_t loss_permille)
{
	if (loss_permille > pace->loss_permille)
		pace->loss_permille = loss_permille;
}

void pace_judge(struct pace *pace, uint64_t now_us)
{
	if (now_us < pace->judged_us + JUDGE_US)
		return;
	if (pace->loss_permille > PACE_LOSS_PERMILLE) {
		/* The loss of a link that is not filled is none of the sender's making. */
		if (pace->exhausted)
			pace->rate /= 2;
	} else {
		pace->rate += pace->rate / 20;
	}
	if (pace->rate > pace->rate_max)
		pace->rate = pace->rate_max;
	if (pace->rate < PACE_RATE_MIN)
		pace->rate = PACE_RATE_MIN;
	pace->judged_us = now_us;
	pace->loss_permille = 0;
	pace->exhausted = false;
}
