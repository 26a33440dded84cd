/* Packets byte by byte for unit tests: payloads, options, pieces and errors that explain_build()
 * does not make.
 *
 * A packet is built whole, changed where the test wants, and sealed: sealing writes all checksums.
 * Pieces are cut from a sealed packet. Whatever does not fit fails the test that runs.
 */
#ifndef SA_NAT64_TESTS_RAW_PACKET_H
#define SA_NAT64_TESTS_RAW_PACKET_H

#include "tests/unit/gateway.h"

#define RAW_PACKET_MAX 2048

struct raw_packet {
	uint8_t bytes[RAW_PACKET_MAX];
	size_t len;
};

/* TTL 64, DF clear, identification 0x1234. Addresses in host order. */
void raw_ip4(struct raw_packet *raw, uint32_t src, uint32_t dst, uint8_t proto);

/* Hop limit 64. Addresses as text. */
void raw_ip6(struct raw_packet *raw, const char *src, const char *dst, uint8_t next);

/* Put bytes behind what is there; NULL for a pattern. The IP length follows. */
void raw_append(struct raw_packet *raw, const void *bytes, size_t len);

/* Transport headers behind the IP header and payload_len bytes of pattern behind them; an ICMP
 * message without. */
void raw_udp(struct raw_packet *raw, uint16_t sport, uint16_t dport, size_t payload_len);
void raw_tcp(struct raw_packet *raw, uint16_t sport, uint16_t dport, uint8_t flags,
             size_t payload_len);
void raw_icmp(struct raw_packet *raw, uint8_t type, uint8_t code, uint32_t rest);

/* TOS or traffic class; TTL or hop limit. */
void raw_set_tos(struct raw_packet *raw, uint8_t tos);
void raw_set_ttl(struct raw_packet *raw, uint8_t ttl);

/* Write the checksums. */
void raw_seal(struct raw_packet *raw);

/* len bytes from offset of what lies behind the IP header of whole (an IPv6 packet without
 * extension headers), as a piece of a datagram. */
void raw_piece(const struct raw_packet *whole, size_t offset, size_t len, bool more, uint16_t ident,
               struct raw_packet *piece);

enum verdict raw_send(struct gateway *gateway, const struct raw_packet *raw);

#endif
