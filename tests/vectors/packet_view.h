/* A packet as the judge of the vectors sees it: addresses, protocol, where the transport header
 * begins, whether the checksums hold. Written apart from the translator's own parser and checksums,
 * so that one error does not excuse the other.
 */
#ifndef SA_NAT64_TESTS_PACKET_VIEW_H
#define SA_NAT64_TESTS_PACKET_VIEW_H

#include "tests/vectors/hex.h"

#include <stdbool.h>

struct packet_view {
	int version; /* 4 or 6 */
	const uint8_t *src, *dst;
	size_t addr_len;
	uint8_t proto;
	size_t offset;    /* where the transport header begins */
	size_t length;    /* what the IP header says lies behind offset */
	size_t available; /* what really lies there, at most length */
	bool is_fragment; /* one of several pieces */
	size_t fragment_offset;
	bool more;
	bool has_ident;
	uint32_t ident;
};

/* View len bytes at packet. False when they are too short to be one. */
bool packet_view_parse(const uint8_t *packet, size_t len, struct packet_view *out);

/* Whether the IPv4 header checksum and that of a whole TCP, UDP or ICMP message verify. What is a
 * fragment or was cut short is not judged beyond the IPv4 header. */
bool packet_checksums_ok(const uint8_t *packet, size_t len);

/* Only the IPv4 header checksum. */
bool packet_header_checksum_ok(const uint8_t *packet, size_t len);

/* Write the checksums that verify. */
void packet_checksums_fix(uint8_t *packet, size_t len);

/* Put count fragments (or one whole packet) together: *out is the datagram with the first piece's
 * header, without Fragment header, identification and flags zero. False when they do not make up
 * exactly one datagram. The caller frees *out. */
bool packets_reassemble(const struct bytes *pieces, size_t count, struct bytes *out);

#endif
