#include "translator/transport.h"

#include "translator/checksum.h"

#include <string.h>

#define TCP_OPTION_END 0
#define TCP_OPTION_NOP 1
#define TCP_OPTION_MSS 2

static uint16_t load_raw16(const uint8_t *p)
{
	uint16_t value;

	memcpy(&value, p, sizeof(value));
	return value;
}

static void store_raw16(uint8_t *p, uint16_t value)
{
	memcpy(p, &value, sizeof(value));
}

/* The checksum field of TCP or UDP, NULL when the bytes end before it. */
static uint8_t *checksum_field(struct packet *p)
{
	uint32_t offset = p->proto == IPPROTO_TCP ? 16 : 6;

	return p->l4_len >= offset + 2 ? p->data + p->l4_offset + offset : NULL;
}

void transport_rewrite(struct packet *p, const struct offload *offload, uint64_t old_addresses,
                       uint64_t new_addresses, uint16_t src_port, uint16_t dst_port)
{
	uint8_t *l4 = p->data + p->l4_offset, *field = checksum_field(p);
	uint16_t addresses = checksum_difference(old_addresses, new_addresses), ports, sum;
	uint64_t old_ports, new_ports;

	if (p->l4_len < 4)
		return;
	old_ports = checksum_add(0, l4, 4);
	store_be16(l4, src_port);
	store_be16(l4 + 2, dst_port);
	new_ports = checksum_add(0, l4, 4);
	if (!field)
		return;
	sum = load_raw16(field);
	if (offload && offload->partial_checksum) {
		store_raw16(field, checksum_update_partial(sum, addresses));
		return;
	}
	if (p->proto == IPPROTO_UDP && sum == 0)
		return;
	ports = checksum_difference(old_ports, new_ports);
	sum = checksum_update(sum, checksum_fold((uint64_t)addresses + ports));
	if (p->proto == IPPROTO_UDP && sum == 0)
		sum = 0xffff;
	store_raw16(field, sum);
}

static bool is_all_zero(const uint8_t *bytes, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		if (bytes[i])
			return false;
	return true;
}

void transport_rewrite_echo(struct packet *p, uint8_t type, uint16_t identifier,
                            uint64_t old_pseudo, uint64_t new_pseudo)
{
	uint8_t *l4 = p->data + p->l4_offset;
	uint64_t old_sum = checksum_add(checksum_add(old_pseudo, l4, 2), l4 + 4, 2), new_sum;
	uint16_t sum;

	l4[0] = type;
	store_be16(l4 + 4, identifier);
	new_sum = checksum_add(checksum_add(new_pseudo, l4, 2), l4 + 4, 2);
	sum = checksum_update(load_raw16(l4 + 2), checksum_difference(old_sum, new_sum));
	store_raw16(l4 + 2, sum);
	/* An update cannot tell the two zeros of one's complement apart. The sum over an ICMPv4
	 * echo reply may be the rarer one, that of nothing but zeros. */
	if (sum == 0 && is_all_zero(l4, p->l4_len))
		store_raw16(l4 + 2, 0xffff);
}

void transport_compute_udp4(struct packet *p)
{
	uint8_t *l4 = p->data + p->l4_offset;
	uint16_t len = load_be16(l4 + 4), sum;

	sum = checksum_finish(
		checksum_add(checksum_pseudo4(p->src4, p->dst4, IPPROTO_UDP, len), l4, len));
	store_raw16(l4 + 6, sum ? sum : 0xffff);
}

bool transport_udp_checksum_is_zero(const struct packet *p)
{
	const uint8_t *l4 = p->data + p->l4_offset;

	return p->proto == IPPROTO_UDP && p->l4_len >= 8 && l4[6] == 0 && l4[7] == 0;
}

/* Offset of the MSS value from the TCP header, 0 when there is no well-formed option. */
static uint32_t find_mss(const uint8_t *l4, uint32_t header_len)
{
	uint32_t at = 20;

	while (at < header_len && l4[at] != TCP_OPTION_END) {
		if (l4[at] == TCP_OPTION_NOP) {
			at++;
			continue;
		}
		if (header_len - at < 2 || l4[at + 1] < 2 || l4[at + 1] > header_len - at)
			return 0;
		if (l4[at] == TCP_OPTION_MSS)
			return l4[at + 1] == 4 ? at + 2 : 0;
		at += l4[at + 1];
	}
	return 0;
}

void transport_clamp_mss(struct packet *p, const struct offload *offload, uint16_t mss)
{
	uint8_t *l4 = p->data + p->l4_offset, old_pair[4] = { 0 }, new_pair[4] = { 0 };
	uint32_t header_len = p->transport_header_len, at, start, span;
	uint16_t difference;

	if (!(p->tcp_flags & TCP_FLAG_SYN) || header_len > p->l4_len)
		return;
	at = find_mss(l4, header_len);
	if (!at || load_be16(l4 + at) <= mss)
		return;
	start = at & ~UINT32_C(1); /* a value at an odd offset spans two checksum words */
	span = at == start ? 2 : 4;
	memcpy(old_pair, l4 + start, span);
	store_be16(l4 + at, mss);
	memcpy(new_pair, l4 + start, span);
	if (offload->partial_checksum)
		return;
	difference = checksum_difference(checksum_add(0, old_pair, 4),
	                                 checksum_add(0, new_pair, 4));
	store_raw16(l4 + 16, checksum_update(load_raw16(l4 + 16), difference));
}
