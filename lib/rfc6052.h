/* IPv4 addresses embedded in IPv6 addresses (RFC 6052 section 2.2 and 2.3), and the list of
 * prefixes (pool6).
 *
 * Invariants: prefix lengths are 32, 40, 48, 56, 64 or 96; the u octet (bits 64 to 71) is skipped
 * for all but 96; embedding leaves u octet and suffix zero, extraction ignores both (doubtful point
 * D1: a non-zero u octet is translated).
 */
#ifndef SA_NAT64_RFC6052_H
#define SA_NAT64_RFC6052_H

#include "lib/config.h"

/* True for the six lengths. */
bool rfc6052_length_is_valid(unsigned len);

/* Embed addr4 behind prefix. */
struct in6_addr rfc6052_embed(const struct prefix6 *prefix, uint32_t addr4);

/* The IPv4 address embedded in addr6, which must lie in prefix. */
uint32_t rfc6052_extract(const struct prefix6 *prefix, const struct in6_addr *addr6);

/* The IPv6 prefix that holds exactly the embeddings of range; used for routes. For ranges that end
 * inside the address a suffix of any value is included. */
struct prefix6 rfc6052_embed_prefix(const struct prefix6 *prefix, const struct prefix4 *range);

/* Whether prefix is 64:ff9b::/96. */
bool rfc6052_is_well_known(const struct prefix6 *prefix);

/* Index in pool6 of the longest prefix that holds addr6, or -1. */
int pool6_find(const struct config_pool6 *pool6, size_t count, const struct in6_addr *addr6);

/* Index in pool6 of the row with the longest range that holds addr4 (the first of equals), or -1.
 */
int pool6_find4(const struct config_pool6 *pool6, size_t count, uint32_t addr4);

#endif
