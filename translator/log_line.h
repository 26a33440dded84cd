/* One record of the session log as those who read it get it: fields of the journal, or a line of
 * JSON with the same names in small letters and the same values. docs/logging.md lists them. */
#ifndef SA_NAT64_LOG_LINE_H
#define SA_NAT64_LOG_LINE_H

#include "translator/log_ring.h"

#include <sys/uio.h>

#define LOG_LINE_VALUES   12
#define LOG_LINE_JSON_MAX 640 /* bytes of a line, newline included */
#define LOG_LINE_PARTS    (LOG_LINE_VALUES + 3)

struct log_line_value {
	const char *name;
	const char *text; /* NULL: a number */
	uint32_t number;
};

struct log_line {
	struct log_line_value values[LOG_LINE_VALUES];
	size_t count;
	char time[32], host6[INET6_ADDRSTRLEN], remote6[INET6_ADDRSTRLEN];
	char pool4[INET_ADDRSTRLEN], remote4[INET_ADDRSTRLEN];
	char fields[1024]; /* the text of log_line_fields() */
};

/* Take a record apart. utc_us: when it happened, in us since 1970. Strings are not copied, and must
 * last as long as the line. */
void log_line_make(const struct log_record *record, uint64_t utc_us, const char *instance,
                   const char *node, struct log_line *out);

/* Write it as JSON with a newline. Returns the length; 0 when size is below LOG_LINE_JSON_MAX. */
size_t log_line_json(const struct log_line *line, char *buf, size_t size);

/* The same as fields for sd_journal_sendv(), MESSAGE and SYSLOG_IDENTIFIER included; they point
 * into the line. Returns how many, at most LOG_LINE_PARTS. */
int log_line_fields(struct log_line *line, struct iovec parts[LOG_LINE_PARTS]);

#endif
