/* Log lines of the daemons, on standard error.
 *
 * Under systemd ($JOURNAL_STREAM names standard error) each line starts with the priority that the
 * journal expects, "<3>message"; elsewhere it reads "PROGRAM: message". What a stranger can trigger
 * goes through log_limited(). One thread.
 */
#ifndef SA_NAT64_LOG_H
#define SA_NAT64_LOG_H

#include <stdbool.h>
#include <stdint.h>

/* The numbers are those of syslog and the journal. */
enum log_level {
	LOG_LEVEL_ERROR = 3,
	LOG_LEVEL_WARNING = 4,
	LOG_LEVEL_NOTICE = 5,
	LOG_LEVEL_INFO = 6,
	LOG_LEVEL_DEBUG = 7,
};

/* Name the program (the string is kept, not copied) and the least urgent level that is written.
 * Without this call lines carry no name and end at LOG_LEVEL_INFO. */
void log_open(const char *program, enum log_level least);

/* Write one line, printf style, without newline; control characters in it are replaced by '?', so
 * that foreign text cannot forge lines. Cut at 1,000 bytes. Keeps errno. */
void log_write(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Whether a line of that level would go to the journal. */
bool log_is_journal(enum log_level level);

#define log_error(...)   log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_notice(...)  log_write(LOG_LEVEL_NOTICE, __VA_ARGS__)
#define log_info(...)    log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)   log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)

/* A budget of lines for one place in the code: burst lines in every interval. Initialise burst and
 * interval_us, zero the rest. */
struct log_limit {
	uint32_t burst;
	uint64_t interval_us;
	uint64_t started_us;
	uint32_t written, suppressed;
};

/* As log_write() while the budget lasts; now_us is monotonic. The first line of the next interval
 * says how many were left out. */
void log_limited(struct log_limit *limit, uint64_t now_us, enum log_level level, const char *format,
                 ...) __attribute__((format(printf, 4, 5)));

/* The same for what is not written by log_limited(): whether a line may be written now, which is
 * counted then. */
bool log_limit_passes(struct log_limit *limit, uint64_t now_us, enum log_level level);

#endif
