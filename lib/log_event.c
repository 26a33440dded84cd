#include "lib/log_event.h"

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-journal.h>

#define LINE_MAX_LEN 1000

static char node_field[sizeof("NODE=") + LOG_NODE_MAX]; /* "" until it is known */

void log_event_node(const char *node)
{
	(void)snprintf(node_field, sizeof("NODE=") - 1 + LOG_NODE_MAX, "NODE=%s", node);
}

/* False when the journal did not take it. */
static bool send_fields(enum log_level level, const struct log_field *fields, size_t count,
                        const char *line)
{
	char texts[LOG_FIELDS_MAX][LINE_MAX_LEN], message[LINE_MAX_LEN + 8], priority[16];
	struct iovec parts[LOG_FIELDS_MAX + 4];
	size_t n = 0;

	parts[n].iov_base = message;
	parts[n++].iov_len = (size_t)snprintf(message, sizeof(message), "MESSAGE=%s", line);
	parts[n].iov_base = priority;
	parts[n++].iov_len = (size_t)snprintf(priority, sizeof(priority), "PRIORITY=%d",
	                                      (int)level);
	for (size_t i = 0; i < count && i < LOG_FIELDS_MAX; i++) {
		int len = snprintf(texts[i], sizeof(texts[i]), "%s=%s", fields[i].name,
		                   fields[i].value);

		parts[n].iov_base = texts[i];
		parts[n++].iov_len = len < (int)sizeof(texts[i]) ? (size_t)len
		                                                 : sizeof(texts[i]) - 1;
	}
	if (node_field[0])
		parts[n++] = (struct iovec){ node_field, strlen(node_field) };
	return sd_journal_sendv(parts, (int)n) >= 0;
}

void log_event(enum log_level level, const struct log_field *fields, size_t count,
               const char *format, ...)
{
	char line[LINE_MAX_LEN];
	int saved = errno;
	va_list args;

	va_start(args, format);
	(void)vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (!log_is_journal(level) || !send_fields(level, fields, count, line))
		log_write(level, "%s", line);
	errno = saved;
}
