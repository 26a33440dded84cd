/* See pace.h. */
#include "cli/pace.h"

#include "lib/control_socket.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LATE_US 30000

/* Among those who want a processor. */
enum place { PLACE_NORMAL, PLACE_LAST };

/* The last two numbers at the begin of /proc/stat: "cpu  USER NICE SYSTEM IDLE IOWAIT".
 * Without it, nothing was idle. */
static uint64_t idle_us(void)
{
	uint64_t ticks[5] = { 0 };
	char line[256], *at = line + strlen("cpu");
	FILE *file = fopen("/proc/stat", "re");

	if (!file)
		return 0;
	if (!fgets(line, sizeof(line), file))
		at = NULL;
	(void)fclose(file);
	for (size_t i = 0; at && i < 5; i++)
		ticks[i] = strtoull(at, &at, 10);
	return (ticks[3] + ticks[4]) * 1000000 / (uint64_t)sysconf(_SC_CLK_TCK);
}

static struct pace_clocks look(void)
{
	struct timespec own;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &own);
	return (struct pace_clocks){
		.now_us = control_now_us(),
		.idle_us = idle_us(),
		.own_us = (uint64_t)own.tv_sec * 1000000 + (uint64_t)own.tv_nsec / 1000,
	};
}

/* The other program uses a third of what this one does, which has the rows to print. */
bool pace_was_busy(const struct pace_clocks *began, const struct pace_clocks *ended,
                   unsigned processors)
{
	uint64_t all_us = (ended->now_us - began->now_us) * processors;
	uint64_t idle_us = ended->idle_us - began->idle_us;
	uint64_t own_us = (ended->own_us - began->own_us) * 4 / 3;

	return idle_us + own_us < all_us / 4 * 3;
}

void pace_begin(struct pace *pace)
{
	*pace = (struct pace){ .is_busy = true, .policy = SCHED_OTHER };
}

/* Only root gets back from SCHED_IDLE; SCHED_BATCH at least keeps from interrupting others. Without
 * either the list is as quick, and costs others a little more. */
static void set_policy(struct pace *pace, enum place place)
{
	const struct sched_param none = { 0 };
	int policy = place == PLACE_NORMAL ? SCHED_OTHER
	             : geteuid() == 0      ? SCHED_IDLE
	                                   : SCHED_BATCH;

	if (pace->policy != policy && sched_setscheduler(0, policy, &none) == 0)
		pace->policy = policy;
}

static void sleep_until(uint64_t time_us)
{
	struct timespec until = { .tv_sec = (time_t)(time_us / 1000000),
		                  .tv_nsec = (long)(time_us % 1000000 * 1000) };

	(void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

/* Wait for the time at which so many rows should have come. */
static void rest(struct pace *pace)
{
	uint64_t due_us = pace->since_us + pace->rows * 1000000 / PACE_ROWS_PER_S;

	set_policy(pace, control_now_us() > due_us + LATE_US ? PLACE_NORMAL : PLACE_LAST);
	sleep_until(due_us);
}

static void end_stretch(struct pace *pace)
{
	struct pace_clocks ended = look();

	pace->is_busy = pace_was_busy(&pace->began, &ended,
	                              (unsigned)sysconf(_SC_NPROCESSORS_ONLN));
	pace->began = ended;
	if (pace->is_busy)
		return;
	set_policy(pace, PLACE_NORMAL);
	pace->since_us = ended.now_us;
	pace->rows = 0;
}

void pace_rows(struct pace *pace, size_t rows)
{
	pace->all += rows;
	if (pace->all <= PACE_SHORT)
		return;
	if (pace->began.now_us == 0) {
		pace->began = look();
		pace->since_us = pace->began.now_us;
	}
	if (pace->is_busy) {
		pace->rows += rows;
		rest(pace);
	}
	if (control_now_us() - pace->began.now_us >= PACE_STRETCH_US)
		end_stretch(pace);
}
