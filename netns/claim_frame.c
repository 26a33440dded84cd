#include "netns/claim_frame.h"

#include <arpa/inet.h>
#include <string.h>

#define TYPE_ARP  0x0806
#define TYPE_IPV6 0x86dd

#define NEIGHBOUR_SOLICITATION  135
#define NEIGHBOUR_ADVERTISEMENT 136

/* Offsets in a frame. */
enum {
	AT_TYPE = 12,
	AT_PAYLOAD = 14,
	ARP_SENDER_MAC = AT_PAYLOAD + 8,
	ARP_SENDER = AT_PAYLOAD + 14,
	ARP_TARGET = AT_PAYLOAD + 24,
	ARP_END = AT_PAYLOAD + 28,
	IPV6_NEXT = AT_PAYLOAD + 6,
	IPV6_HOPS = AT_PAYLOAD + 7,
	IPV6_SOURCE = AT_PAYLOAD + 8,
	IPV6_DESTINATION = AT_PAYLOAD + 24,
	AT_ICMP = AT_PAYLOAD + 40,
	ICMP_TARGET = AT_ICMP + 8,
	ICMP_END = AT_ICMP + 24,
};

static void put16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static unsigned get16(const uint8_t *at)
{
	return (unsigned)at[0] << 8 | at[1];
}

static size_t question4(const struct net_address *address, const uint8_t mac[6], uint8_t *frame)
{
	/* Ethernet, IPv4, 6 and 4 bytes, a request */
	static const uint8_t head[] = { 0, 1, 8, 0, 6, 4, 0, 1 };

	memset(frame, 0xff, 6);
	memcpy(frame + 6, mac, 6);
	put16(frame + AT_TYPE, TYPE_ARP);
	memcpy(frame + AT_PAYLOAD, head, sizeof(head));
	memcpy(frame + ARP_SENDER_MAC, mac, 6);
	memcpy(frame + ARP_TARGET, address->bytes, 4);
	return 60; /* what Ethernet wants */
}

static unsigned checksum(const uint8_t *frame)
{
	uint32_t sum = (ICMP_END - AT_ICMP) + IPPROTO_ICMPV6;

	for (int at = IPV6_SOURCE; at < ICMP_END; at += 2)
		sum += get16(frame + at);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum & 0xffff;
}

static size_t question6(const struct net_address *address, const uint8_t mac[6], uint8_t *frame)
{
	static const uint8_t solicited[13] = { 0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff };

	memcpy(frame + 6, mac, 6);
	put16(frame + AT_TYPE, TYPE_IPV6);
	frame[AT_PAYLOAD] = 0x60;
	put16(frame + AT_PAYLOAD + 4, ICMP_END - AT_ICMP);
	frame[IPV6_NEXT] = IPPROTO_ICMPV6;
	frame[IPV6_HOPS] = 255;
	memcpy(frame + IPV6_DESTINATION, solicited, sizeof(solicited));
	memcpy(frame + IPV6_DESTINATION + 13, address->bytes + 13, 3);
	frame[0] = frame[1] = 0x33;
	memcpy(frame + 2, frame + IPV6_DESTINATION + 12, 4);
	frame[AT_ICMP] = NEIGHBOUR_SOLICITATION;
	memcpy(frame + ICMP_TARGET, address->bytes, 16);
	put16(frame + AT_ICMP + 2, checksum(frame));
	return ICMP_END;
}

size_t claim_question(const struct net_address *address, const uint8_t mac[6],
                      uint8_t frame[CLAIM_FRAME_MAX])
{
	memset(frame, 0, CLAIM_FRAME_MAX);
	return address->family == AF_INET ? question4(address, mac, frame)
	                                  : question6(address, mac, frame);
}

bool claim_is_answer(const uint8_t *frame, size_t len, const struct net_address *address,
                     uint8_t mac[6])
{
	bool match;

	if (address->family == AF_INET)
		match = len >= ARP_END && get16(frame + AT_TYPE) == TYPE_ARP &&
		        memcmp(frame + ARP_SENDER, address->bytes, 4) == 0;
	else
		match = len >= ICMP_END && get16(frame + AT_TYPE) == TYPE_IPV6 &&
		        frame[IPV6_NEXT] == IPPROTO_ICMPV6 && frame[IPV6_HOPS] == 255 &&
		        frame[AT_ICMP] == NEIGHBOUR_ADVERTISEMENT &&
		        memcmp(frame + ICMP_TARGET, address->bytes, 16) == 0;
	if (match)
		memcpy(mac, frame + 6, 6);
	return match;
}
