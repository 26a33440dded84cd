/* The only parser of IP, TCP, UDP and ICMP headers. Every byte of a foreign packet is read through
 * it.
 *
 * packet_parse() checks and describes the IP header (extension headers and options included),
 * packet_parse_transport() the header behind it. The same code reads whole packets and the quotes
 * inside ICMP errors, which may be cut short.
 */
#ifndef SA_NAT64_PACKET_H
#define SA_NAT64_PACKET_H

#include "translator/verdict.h"

#include <netinet/in.h>

enum packet_form {
	PACKET_WHOLE, /* as it came from the device: all bytes that the header claims are there */
	PACKET_QUOTE, /* inside an ICMP error: may end anywhere behind the IP header; checksums are
	                 not looked at */
};

struct packet {
	uint8_t *data;        /* the IP header */
	uint32_t len;         /* bytes there are, padding behind the IP packet cut off */
	uint32_t claimed_len; /* bytes the IP header claims; equals len for whole packets */
	uint8_t version;      /* 4 or 6 */
	uint8_t tos;          /* TOS or traffic class, all eight bits */
	uint8_t ttl;          /* TTL or hop limit */
	uint8_t proto; /* transport protocol as it stands: 1 in IPv4 and 58 in IPv6 are ICMP */
	uint32_t src4, dst4;        /* host order; version 4 */
	struct in6_addr src6, dst6; /* version 6 */
	uint32_t l4_offset;         /* of the transport header from data */
	uint32_t l4_len;            /* bytes from there to len */
	uint32_t claimed_l4_len;    /* bytes from there to claimed_len */

	bool has_fragment_header; /* IPv6: a Fragment header is there */
	bool is_fragment;         /* a piece of a datagram: offset or more */
	bool more;
	bool dont_fragment;       /* IPv4 */
	bool source_route;        /* IPv4: an unexpired source route option */
	uint32_t fragment_offset; /* bytes */
	uint32_t fragment_id;     /* host order, 16 or 32 bits */
	uint32_t routing_pointer; /* IPv6: offset of a non-zero Segments Left octet, 0 = none */

	/* packet_parse_transport() */
	uint16_t src_port, dst_port; /* host order; ICMP echo: both the identifier */
	uint8_t tcp_flags;           /* 0 when a quote ends before them */
	uint8_t icmp_type, icmp_code;
	uint32_t transport_header_len; /* bytes; 0 while not parsed */
};

#define TCP_FLAG_FIN 0x01
#define TCP_FLAG_SYN 0x02
#define TCP_FLAG_RST 0x04
#define TCP_FLAG_ACK 0x10

/* Limits of a chain of IPv6 extension headers (SEC-23). */
#define PACKET_EXTENSIONS_MAX      8
#define PACKET_EXTENSION_BYTES_MAX 512

/* Parse the IP header of len bytes at data. VERDICT_OK, or the reason to drop it; *p is only whole
 * with VERDICT_OK. An IPv6 chain that cannot be translated (EXTENSION_AFTER_FRAGMENT) and routing
 * headers are described, the caller decides. */
enum verdict packet_parse(uint8_t *data, uint32_t len, enum packet_form form, struct packet *p);

/* Parse the transport header (TCP, UDP, ICMP; other protocols have none) of a packet or first
 * fragment. For a quote the ports (4 bytes) or the ICMP type and identifier (6 bytes) suffice. */
enum verdict packet_parse_transport(struct packet *p, enum packet_form form);

/* Both of a whole packet; a later piece has no transport header. */
enum verdict packet_parse_whole(uint8_t *data, uint32_t len, struct packet *p);

/* ICMP of the packet's own family, an ICMP error of it (RFC 792, RFC 4443), an echo. The last two
 * need the transport parsed. */
bool packet_is_icmp(const struct packet *p);
bool packet_is_icmp_error(const struct packet *p);
bool packet_is_echo(const struct packet *p);

/* The lesser of two lengths. */
static inline uint32_t min32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* Unaligned big-endian access to packet bytes. */
static inline uint16_t load_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t load_be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline void store_be16(uint8_t *p, uint16_t value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

static inline void store_be32(uint8_t *p, uint32_t value)
{
	store_be16(p, (uint16_t)(value >> 16));
	store_be16(p + 2, (uint16_t)value);
}

#endif
