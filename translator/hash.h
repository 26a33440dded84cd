/* Keyed hashing for every table whose keys a stranger chooses: SipHash-2-4 of libsodium under a key
 * made at start. */
#ifndef SA_NAT64_HASH_H
#define SA_NAT64_HASH_H

#include <sodium/crypto_shorthash.h>
#include <stddef.h>
#include <stdint.h>

struct hash_key {
	uint8_t bytes[crypto_shorthash_KEYBYTES];
};

/* 64 bits from len bytes at data. Structures hashed this way must have no padding. */
static inline uint64_t hash_bytes(const struct hash_key *key, const void *data, size_t len)
{
	uint64_t out;

	(void)crypto_shorthash((unsigned char *)&out, data, len, key->bytes);
	return out;
}

#endif
