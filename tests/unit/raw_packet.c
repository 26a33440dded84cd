#include "tests/unit/raw_packet.h"

#include "lib/address.h"
#include "tests/vectors/packet_view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static bool is_ip6(const struct raw_packet *raw)
{
	return raw->bytes[0] >> 4 == 6;
}

static void set_length(struct raw_packet *raw)
{
	if (is_ip6(raw))
		store_be16(raw->bytes + 4, (uint16_t)(raw->len - 40));
	else
		store_be16(raw->bytes + 2, (uint16_t)raw->len);
}

void raw_ip4(struct raw_packet *raw, uint32_t src, uint32_t dst, uint8_t proto)
{
	memset(raw, 0, sizeof(*raw));
	raw->len = 20;
	raw->bytes[0] = 0x45;
	raw->bytes[8] = 64;
	raw->bytes[9] = proto;
	store_be16(raw->bytes + 4, 0x1234);
	store_be32(raw->bytes + 12, src);
	store_be32(raw->bytes + 16, dst);
	set_length(raw);
}

void raw_ip6(struct raw_packet *raw, const char *src, const char *dst, uint8_t next)
{
	struct in6_addr address;

	memset(raw, 0, sizeof(*raw));
	raw->len = 40;
	raw->bytes[0] = 0x60;
	raw->bytes[6] = next;
	raw->bytes[7] = 64;
	assert_int_equal(address6_parse(src, &address), 0);
	memcpy(raw->bytes + 8, &address, sizeof(address));
	assert_int_equal(address6_parse(dst, &address), 0);
	memcpy(raw->bytes + 24, &address, sizeof(address));
}

void raw_append(struct raw_packet *raw, const void *bytes, size_t len)
{
	assert_true(raw->len + len <= sizeof(raw->bytes));
	if (bytes) {
		memcpy(raw->bytes + raw->len, bytes, len);
	} else {
		for (size_t i = 0; i < len; i++)
			raw->bytes[raw->len + i] = (uint8_t)(3 + 7 * i);
	}
	raw->len += len;
	set_length(raw);
}

void raw_udp(struct raw_packet *raw, uint16_t sport, uint16_t dport, size_t payload_len)
{
	uint8_t header[8] = { 0 };

	store_be16(header, sport);
	store_be16(header + 2, dport);
	store_be16(header + 4, (uint16_t)(8 + payload_len));
	raw_append(raw, header, sizeof(header));
	raw_append(raw, NULL, payload_len);
}

void raw_tcp(struct raw_packet *raw, uint16_t sport, uint16_t dport, uint8_t flags,
             size_t payload_len)
{
	uint8_t header[20] = { [12] = 5 << 4, [13] = flags, [14] = 0xfa };

	store_be16(header, sport);
	store_be16(header + 2, dport);
	raw_append(raw, header, sizeof(header));
	raw_append(raw, NULL, payload_len);
}

void raw_icmp(struct raw_packet *raw, uint8_t type, uint8_t code, uint32_t rest)
{
	uint8_t header[8] = { type, code };

	store_be32(header + 4, rest);
	raw_append(raw, header, sizeof(header));
}

void raw_set_tos(struct raw_packet *raw, uint8_t tos)
{
	if (is_ip6(raw)) {
		raw->bytes[0] = (uint8_t)(0x60 | tos >> 4);
		raw->bytes[1] = (uint8_t)(tos << 4);
	} else {
		raw->bytes[1] = tos;
	}
}

void raw_set_ttl(struct raw_packet *raw, uint8_t ttl)
{
	raw->bytes[is_ip6(raw) ? 7 : 8] = ttl;
}

void raw_seal(struct raw_packet *raw)
{
	packet_checksums_fix(raw->bytes, raw->len);
}

void raw_piece(const struct raw_packet *whole, size_t offset, size_t len, bool more, uint16_t ident,
               struct raw_packet *piece)
{
	size_t header_len = is_ip6(whole) ? 40 : 20;
	uint8_t fragment[8] = { whole->bytes[6] };

	assert_true(header_len + offset + len <= whole->len && offset % 8 == 0);
	memset(piece, 0, sizeof(*piece));
	memcpy(piece->bytes, whole->bytes, header_len);
	piece->len = header_len;
	if (is_ip6(whole)) {
		piece->bytes[6] = IPPROTO_FRAGMENT;
		store_be16(fragment + 2, (uint16_t)(offset | (more ? 1 : 0)));
		store_be32(fragment + 4, ident);
		raw_append(piece, fragment, sizeof(fragment));
	} else {
		store_be16(piece->bytes + 4, ident);
		store_be16(piece->bytes + 6, (uint16_t)(offset / 8 | (more ? 0x2000 : 0)));
	}
	raw_append(piece, whole->bytes + header_len + offset, len);
	raw_seal(piece);
}

enum verdict raw_send(struct gateway *gateway, const struct raw_packet *raw)
{
	return gateway_input(gateway, raw->bytes, raw->len);
}
