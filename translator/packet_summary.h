/* What people want to know of a packet, out of its first bytes: addresses, ports, flags, lengths.
 * Pure. For explain and trace.
 */
#ifndef SA_NAT64_PACKET_SUMMARY_H
#define SA_NAT64_PACKET_SUMMARY_H

#include "translator/packet.h"

#define PACKET_SUMMARY_HEAD 128 /* bytes that hold all headers the core writes, and most others */

struct packet_summary {
	bool ipv6;
	struct in6_addr src6, dst6;
	uint32_t src4, dst4; /* host order */
	uint8_t protocol, ttl;
	uint32_t length; /* that the IP header claims */
	bool fragment, more_fragments;
	uint32_t fragment_offset; /* bytes */
	bool has_ports;           /* TCP, UDP, or ICMP echo with the identifier in src_port */
	uint16_t src_port, dst_port;
	uint8_t tcp_flags; /* 0 when they are not at hand */
	bool has_icmp;
	uint8_t icmp_type, icmp_code;
};

/* Describe a packet by its first len bytes (not written to). False when they hold no proper IP
 * header. */
bool packet_summarize(uint8_t *head, size_t len, struct packet_summary *out);

#endif
