#include "translator/ident.h"

#include <string.h>

void ident_init(struct ident *ident, const struct hash_key *key)
{
	uint32_t i;

	memset(ident, 0, sizeof(*ident));
	ident->key = *key;
	for (i = 0; i < 4 * 256; i++)
		ident->round[i / 256][i % 256] = (uint8_t)hash_bytes(key, &i, sizeof(i));
}

/* A Feistel network over two bytes: a permutation whatever the round functions are. */
static uint16_t permute(const struct ident *ident, uint16_t value)
{
	uint8_t left = (uint8_t)(value >> 8), right = (uint8_t)value, swap;
	int i;

	for (i = 0; i < 4; i++) {
		swap = left ^ ident->round[i][right];
		left = right;
		right = swap;
	}
	return (uint16_t)(left << 8 | right);
}

uint16_t ident_next(struct ident *ident, uint32_t src4, uint32_t dst4, uint8_t proto)
{
	uint32_t key[3] = { src4, dst4, proto };
	uint64_t hash = hash_bytes(&ident->key, key, sizeof(key));
	uint16_t *counter = &ident->counter[hash % IDENT_BUCKETS];

	(*counter)++;
	return permute(ident, (uint16_t)(*counter + (hash >> 48)));
}
