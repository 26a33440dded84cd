/* ICMP type, code and pointer between the families: the tables of RFC 7915 sections 4.2 and 5.2,
 * row by row.
 *
 * Pure look-ups. Whether a message is an error (carries a quoted packet) is said here too.
 */
#ifndef SA_NAT64_ICMP_MAP_H
#define SA_NAT64_ICMP_MAP_H

#include <stdbool.h>
#include <stdint.h>

/* What the four bytes behind the checksum hold, and so how they are translated. */
enum icmp_rest {
	ICMP_REST_UNUSED,  /* zero on output, except for an RFC 4884 length */
	ICMP_REST_ECHO,    /* identifier and sequence, kept */
	ICMP_REST_MTU,     /* translate by pmtu.h */
	ICMP_REST_POINTER, /* taken from the row */
};

struct icmp_mapping {
	uint8_t type, code;
	enum icmp_rest rest;
	uint32_t pointer;    /* for ICMP_REST_POINTER: what to write */
	bool in_extensible;  /* the incoming type has an RFC 4884 length attribute */
	bool out_extensible; /* the outgoing type has one */
};

/* Translate one message's type, code and pointer (host order, the full 32-bit field of ICMPv6, the
 * octet for ICMPv4; ignored unless the type is a parameter problem). False: the message is dropped
 * silently. */
bool icmp_map_46(uint8_t type, uint8_t code, uint32_t pointer, struct icmp_mapping *out);
bool icmp_map_64(uint8_t type, uint8_t code, uint32_t pointer, struct icmp_mapping *out);

/* Messages that quote a packet: ICMPv4 3, 4, 5, 11, 12; ICMPv6 types below 128. */
bool icmp4_is_error(uint8_t type);
bool icmp6_is_error(uint8_t type);

/* Echo request or reply. */
bool icmp4_is_echo(uint8_t type);
bool icmp6_is_echo(uint8_t type);

#endif
