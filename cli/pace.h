/* The pace of a long list: as fast as it goes while processors are idle, else so slow that what
 * they are busy with, above all the traffic, loses next to nothing.
 *
 * In stretches of 100 ms: at the end of each, the box's /proc/stat says whether others than this
 * command and the program that it asks used more than a quarter of all processors. While they
 * do, at most PACE_ROWS_PER_S rows a second are asked for, in small portions, and this process
 * takes the processor only when nobody else wants it, unless it falls behind: so a list comes to
 * its end in foreseeable time whatever the load. It begins so, because nothing is known yet, but
 * only behind its first PACE_SHORT rows: a short list is over before it could disturb anybody, and
 * has to be in time on a busy box, too, to say what hangs.
 */
#ifndef SA_NAT64_PACE_H
#define SA_NAT64_PACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PACE_STRETCH_US 100000

#define PACE_SHORT 2000 /* rows */

/* A million rows take 4.5 seconds. */
#define PACE_ROWS_PER_S 220000

/* What clocks said at one moment, in microseconds. */
struct pace_clocks {
	uint64_t now_us;
	uint64_t idle_us; /* of all processors together */
	uint64_t own_us;  /* used by this process */
};

struct pace {
	struct pace_clocks began; /* the stretch */
	bool is_busy;
	uint64_t since_us; /* it is busy: rows are counted from there */
	uint64_t rows;
	uint64_t all; /* rows so far */
	int policy;   /* of this process, as sched_setscheduler() has it */
};

/* Begin the list of this process, which ends with it. It costs nothing. */
void pace_begin(struct pace *pace);

/* So many rows came, and more are to follow: rest if need be. */
void pace_rows(struct pace *pace, size_t rows);

/* Whether processors had too little rest between the two moments. Pure. */
bool pace_was_busy(const struct pace_clocks *began, const struct pace_clocks *ended,
                   unsigned processors);

#endif
