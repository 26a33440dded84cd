/* A wrong wall clock for programs that run with LD_PRELOAD=wall_clock.so: ahead by as many seconds
 * as stand in the file that WALL_CLOCK names, at each look; 0 when it cannot be read. No other
 * clock and no timer is touched. (libfaketime 0.9.10 also moves the timerfds of the monotonic
 * clock, which ends every event loop as soon as a time comes out below zero.) */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static time_t ahead(void)
{
	const char *path = getenv("WALL_CLOCK");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	char digits[32];
	ssize_t len;

	if (fd < 0)
		return 0;
	len = read(fd, digits, sizeof(digits) - 1);
	(void)close(fd);
	digits[len > 0 ? len : 0] = '\0';
	return (time_t)strtoll(digits, NULL, 10);
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
	static int (*original)(clockid_t, struct timespec *);
	int result;

	if (!original)
		*(void **)&original = dlsym(RTLD_NEXT, "clock_gettime");
	result = original(clock, now);
	if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
		now->tv_sec += ahead();
	return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
	struct timespec precise;

	(void)zone;
	if (clock_gettime(CLOCK_REALTIME, &precise) < 0)
		return -1;
	now->tv_sec = precise.tv_sec;
	now->tv_usec = precise.tv_nsec / 1000;
	return 0;
}

time_t time(time_t *out)
{
	struct timespec now;

	if (clock_gettime(CLOCK_REALTIME, &now) < 0)
		return -1;
	if (out)
		*out = now.tv_sec;
	return now.tv_sec;
}
