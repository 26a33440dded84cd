/* How fast datagrams may be sent: a token bucket whose rate follows the loss that peers report.
 * Source: proto/SYNC.md, section 7.
 */
#ifndef SA_NAT64_SYNCD_PACE_H
#define SA_NAT64_SYNCD_PACE_H

#include <stdbool.h>
#include <stdint.h>

#define PACE_RATE_MIN      UINT64_C(125000) /* bytes a second: 1 Mbit/s */
#define PACE_LOSS_PERMILLE 50

struct pace {
	uint64_t rate_max, rate; /* bytes a second */
	int64_t tokens;          /* bytes; negative after what may not wait */
	uint64_t filled_us;
	uint64_t judged_us;     /* when the rate was last changed */
	uint32_t loss_permille; /* the worst since */
	bool exhausted;         /* something had to wait since */
};

void pace_init(struct pace *pace, uint64_t rate, uint64_t now_us);

/* Whether a datagram that can wait may go now; if not, pace_next_us() says when. */
bool pace_may_send(struct pace *pace, uint64_t now_us);
uint64_t pace_next_us(const struct pace *pace);

void pace_spend(struct pace *pace, uint64_t bytes);

/* A peer's report. */
void pace_report(struct pace *pace, uint32_t loss_permille);

/* Once a second: halve the rate, or let it grow. */
void pace_judge(struct pace *pace, uint64_t now_us);

#endif
