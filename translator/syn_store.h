/* Unsolicited TCP SYNs from IPv4, kept for a while in the hope of a simultaneous open (RFC 6146
 * section 3.5.2.2).
 *
 * A bounded ring in order of arrival with a keyed hash index. Each entry keeps as much of the
 * packet as an ICMP error quotes.
 */
#ifndef SA_NAT64_SYN_STORE_H
#define SA_NAT64_SYN_STORE_H

#include "translator/hash.h"

#include <stdbool.h>

#define SYN_STORE_QUOTE_MAX 548 /* 576 - 20 - 8 */

struct syn_key {
	uint32_t src4, dst4; /* host order, as in the SYN */
	uint16_t sport, dport;
};

struct syn_store;

/* Room for capacity SYNs (0: none is ever stored). NULL when memory ends. */
struct syn_store *syn_store_new(uint32_t capacity, const struct hash_key *key);
void syn_store_free(struct syn_store *store); /* NULL accepted */

/* Keep a SYN until deadline_us (deadlines never decrease from call to call). A retransmission of a
 * stored one changes nothing. False when the store is full. */
bool syn_store_add(struct syn_store *store, const struct syn_key *key, const uint8_t *packet,
                   uint32_t len, uint64_t deadline_us);

/* Forget a SYN that was met. False when it is not stored. */
bool syn_store_remove(struct syn_store *store, const struct syn_key *key);

/* Take out the oldest SYN whose deadline has come: its bytes (valid until the next call) and their
 * count. NULL when there is none. */
uint8_t *syn_store_expire(struct syn_store *store, uint64_t now_us, uint32_t *len);

uint32_t syn_store_count(const struct syn_store *store);
size_t syn_store_memory(const struct syn_store *store);

#endif
