/* IPv4 identifications for packets that had none (RFC 7915 section 5.1, RFC 6864, RFC 7739).
 *
 * Counters in buckets chosen by a keyed hash of (source, destination, protocol), each sent through
 * a keyed permutation of 16 bits: no value repeats within 65,536 packets between two hosts, and
 * nobody can guess the next.
 */
#ifndef SA_NAT64_IDENT_H
#define SA_NAT64_IDENT_H

#include "translator/hash.h"

#define IDENT_BUCKETS 4096

struct ident {
	struct hash_key key;
	uint8_t round[4][256];
	uint16_t counter[IDENT_BUCKETS];
};

void ident_init(struct ident *ident, const struct hash_key *key);

/* The next identification; addresses in host order. */
uint16_t ident_next(struct ident *ident, uint32_t src4, uint32_t dst4, uint8_t proto);

#endif
