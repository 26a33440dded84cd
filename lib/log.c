/* See log.h. Whether standard error is the journal is found out once, at log_open(). */
#include "lib/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOG_LINE_MAX 1000

static const char *log_program;
static enum log_level log_least = LOG_LEVEL_INFO;
static bool log_to_journal;

/* $JOURNAL_STREAM holds "DEVICE:INODE" of the stream that systemd connected; a redirected stderr is
 * another. */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	struct stat st;
	char mine[64];

	if (!stream || fstat(STDERR_FILENO, &st) < 0)
		return false;
	(void)snprintf(mine, sizeof(mine), "%" PRIuMAX ":%" PRIuMAX, (uintmax_t)st.st_dev,
	               (uintmax_t)st.st_ino);
	return strcmp(stream, mine) == 0;
}

void log_open(const char *program, enum log_level least)
{
	log_program = program;
	log_least = least;
	log_to_journal = stderr_is_journal();
}

bool log_is_journal(enum log_level level)
{
	return log_to_journal && level <= log_least;
}

static void log_vwrite(enum log_level level, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));
static void log_vwrite(enum log_level level, const char *format, va_list args)
{
	int saved = errno;
	char line[LOG_LINE_MAX];

	if (level > log_least)
		return;
	if (vsnprintf(line, sizeof(line), format, args) < 0)
		return;
	for (char *c = line; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	if (log_to_journal)
		(void)fprintf(stderr, "<%d>%s\n", (int)level, line);
	else if (log_program)
		(void)fprintf(stderr, "%s: %s\n", log_program, line);
	else
		(void)fprintf(stderr, "%s\n", line);
	errno = saved;
}

void log_write(enum log_level level, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_vwrite(level, format, args);
	va_end(args);
}

bool log_limit_passes(struct log_limit *limit, uint64_t now_us, enum log_level level)
{
	if (limit->started_us == 0 || now_us - limit->started_us >= limit->interval_us) {
		if (limit->suppressed)
			log_write(level, "%" PRIu32 " messages like the next one were left out",
			          limit->suppressed);
		limit->started_us = now_us;
		limit->written = 0;
		limit->suppressed = 0;
	}
	if (limit->written >= limit->burst) {
		limit->suppressed++;
		return false;
	}
	limit->written++;
	return true;
}

void log_limited(struct log_limit *limit, uint64_t now_us, enum log_level level, const char *format,
                 ...)
{
	va_list args;

	if (!log_limit_passes(limit, now_us, level))
		return;
	va_start(args, format);
	log_vwrite(level, format, args);
	va_end(args);
}
