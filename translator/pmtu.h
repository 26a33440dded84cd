/* MTU arithmetic between the families (RFC 7915 sections 4.2, 5.2 and 1.4). Pure, in 32 bits
 * without wrapping. All MTUs in bytes. */
#ifndef SA_NAT64_PMTU_H
#define SA_NAT64_PMTU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* MTU for the ICMPv6 packet too big made from ICMPv4 3/4: max(1280, min(mtu + 20, mtu6, mtu4 +
 * 20)); with reported 0 the largest plateau below quoted_len (total length of the quoted packet)
 * stands in (RFC 1191 section 7.1). plateaus: descending. */
uint32_t pmtu_46(uint32_t reported, uint32_t quoted_len, uint32_t mtu4, uint32_t mtu6,
                 const uint16_t *plateaus, size_t plateau_count);

/* MTU for ICMPv4 3/4 made from packet too big: min(mtu - 20, mtu4, mtu6 - 20), 28 instead of 20
 * when the quoted packet carries a Fragment header (doubtful point D3); at least 68, at most 65535.
 */
uint32_t pmtu_64(uint32_t reported, bool quoted_fragment, uint32_t mtu4, uint32_t mtu6);

#endif
