/* IPv6/UDP packets of random new flows, for the programs that measure how fast sessions are made.
 */
#ifndef SA_NAT64_TESTS_BENCH_PACKET6_H
#define SA_NAT64_TESTS_BENCH_PACKET6_H

#include <netinet/in.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>
#include <stdint.h>

#define PACKET6_PAYLOAD 36 /* so that the IPv4 packet is one of 64 bytes */

struct packet6 {
	struct ip6_hdr ip6;
	struct udphdr udp;
	uint8_t payload[PACKET6_PAYLOAD];
} __attribute__((packed));

/* Next number of a small fast generator (splitmix64); *state is the seed at first. Not for secrets.
 */
uint64_t packet6_random(uint64_t *state);

/* Fill packet: from one of 65,536 random hosts, each in a /64 of its own in 2001:db8:8000::/40, and
 * a random port from 1024 up, to dst and port_be (network order), with a valid UDP checksum. */
void packet6_random_flow(struct packet6 *packet, const struct in6_addr *dst, uint16_t port_be,
                         uint64_t *state);

#endif
