/* Seals of table entries in memory that outlives the process (state.h).
 *
 * A process can be killed between any two of its stores, and its successor finds what was stored
 * until then: within one machine in the order of the program. So an entry is whole exactly when its
 * seal fits what it seals: the seal is written after everything else when the entry is made, and
 * broken before anything else when it ends. An entry with a broken seal is free.
 */
#ifndef SA_NAT64_ENTRY_SEAL_H
#define SA_NAT64_ENTRY_SEAL_H

#include <stdint.h>

#define ENTRY_UNSEALED 0

/* A seal out of hashes of what it seals; never ENTRY_UNSEALED. */
static inline uint32_t entry_seal_make(uint64_t hash, uint32_t more)
{
	uint32_t seal = (uint32_t)(hash >> 32) ^ more;

	return seal == ENTRY_UNSEALED ? 1 : seal;
}

/* Seal an entry: no store before this may come after it. */
static inline void entry_seal_set(uint32_t *seal, uint32_t value)
{
	__atomic_store_n(seal, value, __ATOMIC_RELEASE);
}

/* Break a seal: no store after this may come before it. */
static inline void entry_seal_break(uint32_t *seal)
{
	__atomic_store_n(seal, ENTRY_UNSEALED, __ATOMIC_RELAXED);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

#endif
