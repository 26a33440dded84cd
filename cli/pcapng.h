/* Packets written in the pcapng format, for Wireshark and its kin (draft-ietf-opsawg-pcapng): raw
 * IP packets, an interface for each instance, a comment with each packet.
 */
#ifndef SA_NAT64_PCAPNG_H
#define SA_NAT64_PCAPNG_H

#include <stdint.h>
#include <stdio.h>

enum pcapng_direction { PCAPNG_INBOUND = 1, PCAPNG_OUTBOUND = 2 };

struct pcapng_packet {
	uint32_t interface; /* in the order in which they were written, from 0 */
	uint64_t time_us;   /* since 1970 */
	uint32_t len;       /* of the packet */
	uint32_t captured;  /* bytes at bytes, at most len */
	const uint8_t *bytes;
	enum pcapng_direction direction;
	const char *comment;
};

/* Write the head of a file, which names the program. All return 0, or -1 when file has an error. */
int pcapng_write_section(FILE *file, const char *program);

/* Write an interface: before its first packet. snaplen: of all its packets. */
int pcapng_write_interface(FILE *file, const char *name, uint32_t snaplen);

int pcapng_write_packet(FILE *file, const struct pcapng_packet *packet);

#endif
