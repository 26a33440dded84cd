/* Internet checksums (RFC 1071) and their incremental update (RFC 1624 equation 3).
 *
 * Sums are kept in memory order: 16-bit words are added as they lie in memory, so that a folded sum
 * can be stored back without swapping (RFC 1071 section 2(B)). A difference is the folded sum of
 * "new words minus old words" and is what translation adds to a checksum; payload is never summed
 * again.
 */
#ifndef SA_NAT64_CHECKSUM_H
#define SA_NAT64_CHECKSUM_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

/* Add len bytes to a running sum (start with 0). An odd last byte counts as if a zero followed, so
 * only the last call may be odd. */
uint64_t checksum_add(uint64_t sum, const void *data, size_t len);

/* Fold a running sum to 16 bits in memory order, not inverted. Zero only when everything added was
 * zero. */
static inline uint16_t checksum_fold(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

/* The checksum field for a running sum over everything it covers (field itself zero). */
static inline uint16_t checksum_finish(uint64_t sum)
{
	return (uint16_t)~checksum_fold(sum);
}

/* The difference that replacing words of sum old_sum by words of sum new_sum makes. */
static inline uint16_t checksum_difference(uint64_t old_sum, uint64_t new_sum)
{
	return checksum_fold((uint64_t)checksum_fold(new_sum) + (uint16_t)~checksum_fold(old_sum));
}

/* A complete checksum field after a difference: HC' = ~(~HC + ~m + m'). */
static inline uint16_t checksum_update(uint16_t field, uint16_t difference)
{
	return (uint16_t)~checksum_fold((uint64_t)(uint16_t)~field + difference);
}

/* A partial checksum field (the pseudo-header's sum, to be completed by the device) after a
 * difference. */
static inline uint16_t checksum_update_partial(uint16_t field, uint16_t difference)
{
	return checksum_fold((uint64_t)field + difference);
}

/* Running sums of the pseudo-headers. len: bytes of header and payload; proto: 6, 17, 58.
 * Addresses: IPv4 in host order. */
uint64_t checksum_pseudo4(uint32_t src4, uint32_t dst4, uint8_t proto, uint32_t len);
uint64_t checksum_pseudo6(const struct in6_addr *src6, const struct in6_addr *dst6, uint8_t proto,
                          uint32_t len);

#endif
