/* Which sequence numbers of one sender came: duplicates, replays, gaps and when to ask for them.
 *
 * The last 4,096 numbers. A number is *seen* when its datagram came, *done* when there is nothing
 * more to wait for: it was seen, what it carried was sent again, or it was given up. A number that
 * is missing is asked for 10 ms after it was noticed, and again after 20, 40, 80 and then every
 * 160 ms, sixteen times. Source: proto/SYNC.md, section 4.
 */
#ifndef SA_NAT64_SYNCD_WINDOW_H
#define SA_NAT64_SYNCD_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#define WINDOW_SIZE     4096
#define WINDOW_GRACE_US UINT64_C(10000)
#define WINDOW_TRIES    16

struct window {
	uint64_t high;    /* the highest number that came */
	uint64_t floor;   /* all up to this one are done */
	uint64_t missing; /* numbers between them that are not done */
	uint64_t lost;    /* numbers given up, ever */
	uint64_t asked;   /* numbers asked for, each time counted */
	uint64_t seen[WINDOW_SIZE / 64], done[WINDOW_SIZE / 64];
	uint64_t noticed_us[WINDOW_SIZE];
	uint8_t tries[WINDOW_SIZE];
	uint32_t recent, recent_missing; /* for the loss; halved now and then */
};

enum window_verdict {
	WINDOW_NEW,
	WINDOW_LATE, /* comes after it was given up or sent again; take it, its contents are old */
	WINDOW_DUPLICATE,
	WINDOW_TOO_OLD,
};

struct window_range {
	uint64_t first, last;
};

/* Begin before the number first; up to `back` numbers below it are noticed as missing, but their
 * datagrams are duplicates should they come. Keeps the counters. */
void window_start(struct window *window, uint64_t first, uint64_t back, uint64_t now_us);

enum window_verdict window_check(const struct window *window, uint64_t seq);

/* The datagram of a number that was not seen came. */
void window_take(struct window *window, uint64_t seq, uint64_t now_us);

/* What these numbers carried was sent again; or it never will be. Numbers outside the window, or
 * above the highest, are ignored. */
void window_resolve(struct window *window, const struct window_range *range);
void window_give_up(struct window *window, const struct window_range *range);

/* Ranges to be asked for now, at most max; numbers asked for often enough are given up. *next_us:
 * when to call again, UINT64_MAX when nothing is missing. */
uint32_t window_ask(struct window *window, uint64_t now_us, struct window_range *ranges,
                    uint32_t max, uint64_t *next_us);

/* Of the last few hundred numbers. */
uint32_t window_loss_permille(const struct window *window);

/* For how long the oldest missing number has been missed; 0 when none is. */
uint64_t window_lag_us(const struct window *window, uint64_t now_us);

#endif
