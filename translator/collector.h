/* One IPFIX collector (key log-ipfix): its connection, and what it was not sent yet.
 *
 * Nothing here waits: sockets do not block, and collector_tend() is to be called some twenty times
 * a second. A collector that is away, slow or hangs fills its own queue only; then records are lost
 * for it, and counted. A connection that breaks is made anew after a second, then after two, up to
 * half a minute, and begins with the templates and with what had not arrived; over UDP templates
 * are repeated every minute.
 *
 * One thread has it. Others may call collector_stats().
 */
#ifndef SA_NAT64_COLLECTOR_H
#define SA_NAT64_COLLECTOR_H

#include "translator/ipfix.h"

#define COLLECTOR_NAME_MAX 64

struct collector;

/* name: as lib/collector_address.h reads it. NULL when memory ends, or for a wrong name. */
struct collector *collector_new(const char *name, const struct ipfix_source *source);

/* Close the connection; what was given to the kernel is still sent. NULL accepted. */
void collector_free(struct collector *collector);

const char *collector_name(const struct collector *collector);

/* Take over a body of records, or lose and count them. */
void collector_put(struct collector *collector, const struct ipfix_body *body);

/* Connect, send, see what has arrived. now_us: monotonic; utc_us: wall clock. lost_before: records
 * that no collector was given, which it is told of. */
void collector_tend(struct collector *collector, uint64_t now_us, uint64_t utc_us,
                    uint64_t lost_before);

/* What became of records: sent and arrived as far as can be known, lost, waiting. */
struct collector_stats {
	char name[COLLECTOR_NAME_MAX];
	uint64_t written, lost;
	uint32_t waiting;
	bool is_up;          /* connected; over UDP: nobody refused */
	const char *problem; /* NULL: none; a constant */
};
void collector_stats(const struct collector *collector, struct collector_stats *out);

#endif
