/* Which sessions were in which of the last datagrams sent, so that a NACK can be answered with
 * their present state. Never what was said of them. Source: proto/SYNC.md, section 4.
 */
#ifndef SA_NAT64_SYNCD_SENT_H
#define SA_NAT64_SYNCD_SENT_H

#include <stddef.h>
#include <stdint.h>

#define SENT_RECORDS   262144u
#define SENT_DATAGRAMS 65536u

struct sent;

struct sent *sent_new(void);       /* NULL when memory ends */
void sent_free(struct sent *sent); /* NULL accepted */

/* A record of the datagram that is being made. */
void sent_add(struct sent *sent, uint32_t index);

/* The datagram was made: it has this number, the next one after the last. */
void sent_close(struct sent *sent, uint64_t seq);

/* How many records the datagram carried; -1 when it is forgotten or was never sent. */
int sent_count(const struct sent *sent, uint64_t seq);
/* Its record number i, from 0 to sent_count() - 1. */
uint32_t sent_record(const struct sent *sent, uint64_t seq, int i);

size_t sent_memory(const struct sent *sent);

#endif
