/* Addresses that must not be translated whatever the configuration says, and those that the
 * well-known prefix must not carry.
 *
 * Martians (RFC 1812 section 5.3.7, RFC 7915 sections 4.1 and 5.1) are refused as source and
 * destination always; non-global IPv4 addresses (IANA special-purpose registry, RFC 6890) only
 * together with 64:ff9b::/96 (RFC 6052 section 3.1).
 */
#ifndef SA_NAT64_SPECIAL4_H
#define SA_NAT64_SPECIAL4_H

#include "lib/address.h"

/* 0/8, 127/8, 224/4, 240/4 with 255.255.255.255. */
bool special4_is_martian(uint32_t addr4);

/* ::, ::1, ff00::/8, fe80::/10, ::ffff:0:0/96. */
bool special6_is_martian(const struct in6_addr *addr6);

/* In the built-in list of IPv4 prefixes that are not globally reachable; 192.0.0.170 and .171
 * included. */
bool special4_is_non_global(uint32_t addr4);

/* In any of count prefixes. */
bool special4_in_list(const struct prefix4 *list, size_t count, uint32_t addr4);

#endif
