/* Unpredictable numbers for ports and identifiers: SipHash of a counter under a key from the
 * kernel's generator, so that packets never cost a system call (SEC-16).
 */
#ifndef SA_NAT64_RANDOM_H
#define SA_NAT64_RANDOM_H

#include "translator/hash.h"

struct random {
	struct hash_key key;
	uint64_t counter;
};

static inline uint64_t random_next(struct random *random)
{
	random->counter++;
	return hash_bytes(&random->key, &random->counter, sizeof(random->counter));
}

#endif
