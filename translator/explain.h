/* `sa-nat64 explain`: one packet through the core without consequences, and a summary of what would
 * leave.
 *
 * Pure. The packet is either given as bytes or built here from addresses, protocol and ports with
 * right checksums, so that the core sees what it would see from the device.
 */
#ifndef SA_NAT64_EXPLAIN_H
#define SA_NAT64_EXPLAIN_H

#include "translator/packet_summary.h"
#include "translator/translator.h"

#define EXPLAIN_PACKETS_MAX                                                   \
	32 /* summaries kept; a 64 KB packet becomes more fragments than that \
	    */

/* A packet described by its fields; addresses of the other family are ignored. */
struct explain_fields {
	bool ipv6;
	struct in6_addr src6, dst6;
	uint32_t src4, dst4;         /* host order */
	uint8_t protocol;            /* ICMP and ICMPv6 make an echo request */
	uint16_t src_port, dst_port; /* ICMP: src_port is the identifier */
	uint8_t tcp_flags;
	uint32_t length; /* of the whole packet; 0 for the headers alone */
	uint8_t ttl;     /* 0 for 64 */
};

/* Room for one packet and everything said about it; about 80 KB, so it lives on the heap. */
struct explain {
	uint8_t headroom[TRANSLATOR_HEADROOM];
	uint8_t packet[TRANSLATOR_PACKET_MAX]; /* in; changed by explain_run() */
	size_t len;
	enum verdict verdict; /* this and what follows: out */
	struct trace trace;
	struct packet_summary packets[EXPLAIN_PACKETS_MAX];
	size_t count, left_out;
};

/* Length of the headers that fields make: the least that length may be. */
size_t explain_length_min(const struct explain_fields *fields);

/* Write the packet of fields to explain->packet and its length to explain->len. Returns 0, or
 * -ERANGE when length is less than the headers need or more than the family can say; explain is
 * untouched then. */
int explain_build(const struct explain_fields *fields, struct explain *explain);

/* Ask t what it would do with explain->packet now, and fill in the rest. */
void explain_run(struct translator *t, struct explain *explain, uint64_t now_us);

#endif
