/* See pace.h. */
#include "cli/pace.h"

#include "lib/control_socket.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

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

/* The other program uses no more than this one, which has the rows to print. */
bool pace_was_busy(const struct pace_clocks *began, const struct pace_clocks *ended,
                   unsigned processors)
{
	uint64_t all_us = (ended->now_us - began->now_us) * processors;
	uint64_t idle_us = ended->idle_us - began->idle_us;
	uint64_t own_us = 2 * (ended->own_us - began->own_us);

	return idle_us + own_us < all_us / 4;
}

void pace_begin(struct pace *pace)
{
	*pace = (struct pace){ .is_busy = true };
}

static void sleep_until(uint64_t time_us)
{
	struct timespec until = { .tv_sec = (time_t)(time_us / 1000000),
		                  .tv_nsec = (long)(time_us % 1000000 * 1000) };

	(void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

void pace_rows(struct pace *pace, size_t rows)
{
	struct pace_clocks ended;

	if (pace->began.now_us == 0)
		pace->began = look();
	pace->rows += rows;
	if (pace->is_busy)
		sleep_until(pace->began.now_us + pace->rows * 1000000 / PACE_ROWS_PER_S);
	if (control_now_us() - pace->began.now_us < PACE_STRETCH_US)
		return;
	ended = look();
	pace->is_busy = pace_was_busy(&pace->began, &ended,
	                              (unsigned)sysconf(_SC_NPROCESSORS_ONLN));
	pace->began = ended;
	pace->rows = 0;
}
