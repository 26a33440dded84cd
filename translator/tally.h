/* Bounded counters by a 16-byte key under a keyed hash: how many sessions an IPv6 host or network
 * has, how many a binding has with one IPv4 host. A key exists while its count is above zero.
 */
#ifndef SA_NAT64_TALLY_H
#define SA_NAT64_TALLY_H

#include "translator/hash.h"

struct tally_key {
	uint8_t bytes[16];
};

struct tally;

/* Counters for at most capacity keys. NULL when memory ends. */
struct tally *tally_new(uint32_t capacity, const struct hash_key *key);
void tally_free(struct tally *tally); /* NULL accepted */

uint32_t tally_get(const struct tally *tally,
                   const struct tally_key *key); /* 0 for an unknown key */

/* Count one more; the caller never counts more keys than capacity. */
void tally_inc(struct tally *tally, const struct tally_key *key);

/* Count one less; the count must be above zero. */
void tally_dec(struct tally *tally, const struct tally_key *key);

uint32_t tally_keys(const struct tally *tally); /* keys with a count */
size_t tally_memory(const struct tally *tally);

#endif
