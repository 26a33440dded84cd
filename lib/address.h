/* Addresses and prefixes of both families: representation, parsing, printing, comparison.
 *
 * An IPv4 address is a uint32_t in host byte order everywhere inside the programs, so that ranges
 * and masks are plain arithmetic; an IPv6 address is a struct in6_addr. Only packet bytes are in
 * network order.
 */
#ifndef SA_NAT64_ADDRESS_H
#define SA_NAT64_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct prefix4 {
	uint32_t addr; /* host order, bits behind len are zero */
	uint8_t len;   /* 0..32 */
};

struct prefix6 {
	struct in6_addr addr; /* bits behind len are zero */
	uint8_t len;          /* 0..128 */
};

/* Long enough for every address or prefix printed here, terminating NUL included. */
#define ADDRESS_STRLEN 64

/* Parse one address. IPv6 accepts the mixed notation 64:ff9b::192.0.2.1 (RFC 6052 section 2.4).
 * Returns 0, or -EINVAL with *out untouched. */
int address4_parse(const char *text, uint32_t *out);
int address6_parse(const char *text, struct in6_addr *out);

/* Parse "ADDRESS/LEN"; without "/LEN" the length is 32 or 128.
 * Returns 0, -EINVAL when the text is no prefix, -ERANGE when bits behind the length are set; *out
 * untouched then. */
int prefix4_parse(const char *text, struct prefix4 *out);
int prefix6_parse(const char *text, struct prefix6 *out);

/* Print to at (ADDRESS_STRLEN bytes at least) without a NUL; return the end. The mixed notation has
 * the last 32 bits as an IPv4 address (RFC 6052 section 2.4). */
char *address4_put(uint32_t addr, char *at);
char *address6_put(const struct in6_addr *addr, char *at);
char *address6_put_mixed(const struct in6_addr *addr, char *at);

/* Print into buf (ADDRESS_STRLEN bytes at least); return buf. */
const char *address4_format(uint32_t addr, char *buf);
const char *address6_format(const struct in6_addr *addr, char *buf);
const char *prefix4_format(const struct prefix4 *prefix, char *buf);
const char *prefix6_format(const struct prefix6 *prefix, char *buf);

/* Netmask of a prefix length, host order: 24 gives 0xffffff00, 0 gives 0. len 0..32. */
uint32_t prefix4_mask(unsigned len);

/* Whether addr lies in prefix, and whether inner lies wholly in outer (equal counts). */
bool prefix4_has(const struct prefix4 *prefix, uint32_t addr);
bool prefix6_has(const struct prefix6 *prefix, const struct in6_addr *addr);
bool prefix4_covers(const struct prefix4 *outer, const struct prefix4 *inner);
bool prefix6_covers(const struct prefix6 *outer, const struct prefix6 *inner);

/* Clear all bits of addr behind len. len 0..128. */
struct in6_addr address6_masked(const struct in6_addr *addr, unsigned len);

static inline bool address6_equal(const struct in6_addr *a, const struct in6_addr *b)
{
	return __builtin_memcmp(a, b, sizeof(*a)) == 0;
}

#endif
