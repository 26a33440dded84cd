#include "syncd/window.h"

#include <string.h>

#define RECENT_MAX   256
#define STEADY_TRIES 4

static bool bit_is(const uint64_t *bits, uint64_t seq)
{
	return bits[seq % WINDOW_SIZE / 64] >> (seq % 64) & 1;
}

static void bit_set(uint64_t *bits, uint64_t seq)
{
	bits[seq % WINDOW_SIZE / 64] |= UINT64_C(1) << (seq % 64);
}

static void bit_clear(uint64_t *bits, uint64_t seq)
{
	bits[seq % WINDOW_SIZE / 64] &= ~(UINT64_C(1) << (seq % 64));
}

static void raise_floor(struct window *window)
{
	while (window->floor < window->high && bit_is(window->done, window->floor + 1))
		window->floor++;
}

static void notice(struct window *window, uint64_t seq, uint64_t now_us)
{
	bit_clear(window->seen, seq);
	bit_clear(window->done, seq);
	window->noticed_us[seq % WINDOW_SIZE] = now_us;
	window->tries[seq % WINDOW_SIZE] = 0;
	window->missing++;
}

void window_start(struct window *window, uint64_t first, uint64_t back, uint64_t now_us)
{
	uint64_t below = first - 1;

	if (back > below)
		back = below;
	if (back > WINDOW_SIZE - 1)
		back = WINDOW_SIZE - 1;
	memset(window->seen, 0xff, sizeof(window->seen));
	memset(window->done, 0xff, sizeof(window->done));
	window->high = below;
	window->floor = below - back;
	window->missing = 0;
	window->recent = window->recent_missing = 0;
	for (uint64_t seq = window->floor + 1; seq <= below; seq++) {
		notice(window, seq, now_us);
		/* What they carried is asked for; who has recorded them cannot answer. */
		bit_set(window->seen, seq);
	}
}

enum window_verdict window_check(const struct window *window, uint64_t seq)
{
	if (seq > window->high)
		return WINDOW_NEW;
	if (seq + WINDOW_SIZE <= window->high || seq == 0)
		return WINDOW_TOO_OLD;
	if (bit_is(window->seen, seq))
		return WINDOW_DUPLICATE;
	return bit_is(window->done, seq) ? WINDOW_LATE : WINDOW_NEW;
}

/* The numbers that leave the window when high becomes the highest are lost if not done. */
static void slide(struct window *window, uint64_t high)
{
	uint64_t limit = high > WINDOW_SIZE ? high - WINDOW_SIZE : 0;

	while (window->floor < limit && window->floor < window->high) {
		window->floor++;
		if (!bit_is(window->done, window->floor)) {
			window->lost++;
			window->missing--;
			bit_set(window->done, window->floor);
		}
	}
	if (window->floor < limit) {
		window->lost += limit - window->floor;
		window->floor = limit;
		window->high = limit;
	}
}

static void count_recent(struct window *window, uint64_t numbers, uint64_t missing)
{
	if (numbers > RECENT_MAX)
		return;
	window->recent += (uint32_t)numbers;
	window->recent_missing += (uint32_t)missing;
	if (window->recent > RECENT_MAX) {
		window->recent /= 2;
		window->recent_missing /= 2;
	}
}

void window_take(struct window *window, uint64_t seq, uint64_t now_us)
{
	if (seq > window->high) {
		count_recent(window, seq - window->high, seq - window->high - 1);
		slide(window, seq);
		for (uint64_t gap = window->high + 1; gap < seq; gap++)
			notice(window, gap, now_us);
		window->high = seq;
	} else {
		if (window->recent_missing)
			window->recent_missing--;
		if (!bit_is(window->done, seq))
			window->missing--;
	}
	bit_set(window->seen, seq);
	bit_set(window->done, seq);
	raise_floor(window);
}

static uint64_t finish(struct window *window, const struct window_range *range)
{
	uint64_t first = range->first > window->floor ? range->first : window->floor + 1;
	uint64_t last = range->last < window->high ? range->last : window->high;
	uint64_t count = 0;

	for (uint64_t seq = first; seq <= last; seq++) {
		if (bit_is(window->done, seq))
			continue;
		bit_set(window->done, seq);
		count++;
	}
	window->missing -= count;
	raise_floor(window);
	return count;
}

void window_resolve(struct window *window, const struct window_range *range)
{
	(void)finish(window, range);
}

void window_give_up(struct window *window, const struct window_range *range)
{
	window->lost += finish(window, range);
}

/* When it is to be asked for the next time: the waits double up to STEADY_TRIES, then stay. */
static uint64_t due_us(const struct window *window, uint64_t seq)
{
	uint64_t tries = window->tries[seq % WINDOW_SIZE];
	uint64_t doubled = tries < STEADY_TRIES ? tries : STEADY_TRIES;
	uint64_t waits = (UINT64_C(2) << doubled) - 1 + ((tries - doubled) << STEADY_TRIES);

	return window->noticed_us[seq % WINDOW_SIZE] + WINDOW_GRACE_US * waits;
}

/* The next number above seq that is not done, or high + 1. */
static uint64_t next_missing(const struct window *window, uint64_t seq)
{
	for (seq++; seq <= window->high; seq = (seq | 63) + 1) {
		uint64_t missing = ~window->done[seq % WINDOW_SIZE / 64] >> (seq % 64);

		if (missing) {
			seq += (uint64_t)__builtin_ctzll(missing);
			break;
		}
	}
	return seq <= window->high ? seq : window->high + 1;
}

/* Ask for one number, joining it to the last range when it follows. False: no room for another. */
static bool ask_one(struct window *window, uint64_t seq, struct window_range *ranges, uint32_t max,
                    uint32_t *count)
{
	if (*count && ranges[*count - 1].last + 1 == seq) {
		ranges[*count - 1].last = seq;
	} else {
		if (*count == max)
			return false;
		ranges[(*count)++] = (struct window_range){ seq, seq };
	}
	window->tries[seq % WINDOW_SIZE]++;
	window->asked++;
	return true;
}

uint32_t window_ask(struct window *window, uint64_t now_us, struct window_range *ranges,
                    uint32_t max, uint64_t *next_us)
{
	uint64_t seq, next;
	uint32_t count = 0;

	*next_us = UINT64_MAX;
	for (seq = next_missing(window, window->floor); seq <= window->high;
	     seq = next_missing(window, seq)) {
		if (due_us(window, seq) <= now_us) {
			if (window->tries[seq % WINDOW_SIZE] >= WINDOW_TRIES) {
				window_give_up(window, &(struct window_range){ seq, seq });
				continue;
			}
			if (!ask_one(window, seq, ranges, max, &count)) {
				*next_us = now_us;
				return count;
			}
		}
		next = due_us(window, seq);
		if (next < *next_us)
			*next_us = next;
	}
	return count;
}

uint32_t window_loss_permille(const struct window *window)
{
	return window->recent ? window->recent_missing * 1000 / window->recent : 0;
}

uint64_t window_lag_us(const struct window *window, uint64_t now_us)
{
	uint64_t noticed_us;

	if (!window->missing)
		return 0;
	noticed_us = window->noticed_us[next_missing(window, window->floor) % WINDOW_SIZE];
	return now_us > noticed_us ? now_us - noticed_us : 0;
}
