/* Records for the session log (key log-sessions), on their way from the core to whoever writes
 * them.
 *
 * A ring of fixed size between one producer, the core, and one consumer, which may be another
 * thread (log_writer.h). Neither waits for the other: a record that finds the ring full is lost and
 * counted.
 */
#ifndef SA_NAT64_LOG_RING_H
#define SA_NAT64_LOG_RING_H

#include "lib/session_event.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct log_record {
	uint64_t at_us; /* of the core's clock */
	struct in6_addr host6;
	struct in6_addr remote6;     /* of sessions only: remote4 as the host sees it */
	uint32_t pool4, remote4;     /* host order; remote4 of sessions and LOG_FRAGMENT_LIMIT4 */
	uint16_t host_port;          /* not of blocks; ports are ICMP identifiers as well */
	uint16_t port_min, port_max; /* public; equal but for blocks */
	uint16_t remote_port;        /* of sessions only; 0 for ICMP */
	uint32_t restored;           /* LOG_START only: sessions that go on */
	uint32_t limit;              /* of LOG_..._LIMIT what is allowed, of marks where they lie */
	uint8_t kind;                /* enum log_event_kind */
	uint8_t proto;               /* enum l4_proto */
};

struct log_ring;

/* Room for at least `capacity` records. NULL when memory ends. */
struct log_ring *log_ring_new(uint32_t capacity);
void log_ring_free(struct log_ring *ring); /* NULL accepted */

/* The producer: add a record, or lose and count it. */
void log_ring_put(struct log_ring *ring, const struct log_record *record);

/* The consumer: take the oldest record out. False: there is none. */
bool log_ring_take(struct log_ring *ring, struct log_record *out);

/* Either: records that wait now, and those lost so far. */
uint32_t log_ring_waiting(const struct log_ring *ring);
uint64_t log_ring_lost(const struct log_ring *ring);
size_t log_ring_memory(const struct log_ring *ring);

#endif
