#include "tests/bench/packet6.h"

#include <stddef.h>
#include <string.h>

uint64_t packet6_random(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static uint32_t sum16(const void *data, size_t len, uint32_t sum)
{
	const uint8_t *bytes = data;

	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
	return sum;
}

static uint16_t udp_checksum_be(const struct packet6 *packet)
{
	uint32_t sum = IPPROTO_UDP + sizeof(packet->udp) + sizeof(packet->payload);

	sum = sum16(&packet->ip6.ip6_src, 2 * sizeof(struct in6_addr), sum);
	sum = sum16(&packet->udp, sizeof(packet->udp) + sizeof(packet->payload), sum);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons(sum == 0xffff ? 0xffff : (uint16_t)~sum);
}

void packet6_random_flow(struct packet6 *packet, const struct in6_addr *dst, uint16_t port_be,
                         uint64_t *state)
{
	static const uint8_t prefix[] = { 0x20, 0x01, 0x0d, 0xb8, 0x80 };
	uint64_t host = packet6_random(state), port = packet6_random(state);
	uint8_t *src = packet->ip6.ip6_src.s6_addr;

	memset(packet, 0, sizeof(*packet));
	packet->ip6.ip6_flow = htonl(6u << 28);
	packet->ip6.ip6_plen = htons(sizeof(packet->udp) + sizeof(packet->payload));
	packet->ip6.ip6_nxt = IPPROTO_UDP;
	packet->ip6.ip6_hlim = 64;
	memcpy(src, prefix, sizeof(prefix));
	memcpy(src + sizeof(prefix) + 1, &host, 2);
	src[15] = 1;
	packet->ip6.ip6_dst = *dst;
	packet->udp.source = htons((uint16_t)(1024 + port % 64512));
	packet->udp.dest = port_be;
	packet->udp.len = packet->ip6.ip6_plen;
	packet->udp.check = udp_checksum_be(packet);
}
