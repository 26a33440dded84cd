/* Random numbers for property tests: the same from every run with the same seed (splitmix64). */
#ifndef SA_NAT64_TESTS_PRNG_H
#define SA_NAT64_TESTS_PRNG_H

#include <stddef.h>
#include <stdint.h>

struct prng {
	uint64_t state; /* the seed, at first */
};

static inline uint64_t prng_64(struct prng *prng)
{
	uint64_t z = prng->state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static inline uint32_t prng_32(struct prng *prng)
{
	return (uint32_t)(prng_64(prng) >> 32);
}

/* 0 to limit - 1. */
static inline uint32_t prng_below(struct prng *prng, uint32_t limit)
{
	return (uint32_t)(((uint64_t)prng_32(prng) * limit) >> 32);
}

static inline void prng_fill(struct prng *prng, void *data, size_t len)
{
	uint8_t *bytes = data;

	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)prng_32(prng);
}

#endif
