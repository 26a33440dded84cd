/* A log line that says the same also in fields, by which the journal can be searched. */
#ifndef SA_NAT64_LOG_EVENT_H
#define SA_NAT64_LOG_EVENT_H

#include "lib/log.h"

#include <stddef.h>

#define LOG_FIELDS_MAX 8

/* name as the journal wants it: capitals, digits and '_'. */
struct log_field {
	const char *name, *value;
};

/* Say which box this is, in a field NODE of all further events; cut at LOG_NODE_MAX - 1 bytes. */
#define LOG_NODE_MAX 65
void log_event_node(const char *node);

/* As log_write(), with at most LOG_FIELDS_MAX fields beside the message when the journal listens.
 */
void log_event(enum log_level level, const struct log_field *fields, size_t count,
               const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
