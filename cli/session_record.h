/* One record of the session log, read from a line of its JSON or from fields of the journal: the
 * opposite of translator/log_line.h. */
#ifndef SA_NAT64_SESSION_RECORD_H
#define SA_NAT64_SESSION_RECORD_H

#include "lib/config.h"
#include "lib/session_event.h"

#include <netinet/in.h>

#define SESSION_RECORD_NODE_MAX 65

struct session_record {
	int64_t time_us; /* since 1970 */
	enum log_event_kind kind;
	char instance[CONFIG_NAME_MAX], node[SESSION_RECORD_NODE_MAX], proto[8];
	struct in6_addr host6;
	uint32_t pool4, remote4;                /* host order */
	uint16_t host_port, port_min, port_max; /* port_min and port_max are equal but for blocks */
	uint16_t remote_port;
	uint32_t restored; /* of a start */
	unsigned known;    /* which values were given: a bit for each row of the table */
};

/* Note one value by the name it has in the log, in whatever case; names that are not known are
 * passed over. Begin with a zeroed record. Returns 0, or -EINVAL for a value that cannot be. */
int session_record_set(struct session_record *record, const char *name, const char *value);

/* Whether all is there that a record of its kind must have. Returns 0 or -EINVAL. */
int session_record_check(const struct session_record *record);

/* Read one line of JSON (len bytes, without its end). Returns 0, or -EINVAL for one that is not a
 * whole record, -ENOMEM. */
int session_record_read(const char *line, size_t len, struct session_record *out);

#endif
