/* Everything is recomputed from the bytes; nothing is shared with the translator. */
#include "tests/vectors/packet_view.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

static uint16_t get16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

/* Sum of 16-bit words on top of sum, not folded; an odd last byte counts as the high one. */
static uint64_t sum_words(uint64_t sum, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i + 1 < len; i += 2)
		sum += get16(data + i);
	if (len % 2 != 0)
		sum += (uint32_t)data[len - 1] << 8;
	return sum;
}

static uint16_t sum_fold(uint64_t sum)
{
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static bool parse4(const uint8_t *packet, size_t len, struct packet_view *view)
{
	uint16_t field;

	if (len < 20)
		return false;
	field = get16(packet + 6);
	view->src = packet + 12;
	view->dst = packet + 16;
	view->addr_len = 4;
	view->proto = packet[9];
	view->offset = (packet[0] & 15u) * 4;
	view->is_fragment = (field & 0x3fff) != 0;
	view->fragment_offset = (field & 0x1fffu) * 8;
	view->more = (field & 0x2000) != 0;
	view->has_ident = true;
	view->ident = get16(packet + 4);
	view->length = get16(packet + 2);
	return view->length >= view->offset;
}

/* Step over extension headers up to and including a Fragment header of a later piece. */
static bool parse6(const uint8_t *packet, size_t len, struct packet_view *view)
{
	if (len < 40)
		return false;
	view->src = packet + 8;
	view->dst = packet + 24;
	view->addr_len = 16;
	view->proto = packet[6];
	view->offset = 40;
	view->length = 40u + get16(packet + 4);
	while (view->proto == IPPROTO_HOPOPTS || view->proto == IPPROTO_ROUTING ||
	       view->proto == IPPROTO_DSTOPTS || view->proto == IPPROTO_FRAGMENT) {
		const uint8_t *header = packet + view->offset;

		if (view->offset + 8 > len)
			return true;
		if (view->proto == IPPROTO_FRAGMENT) {
			view->fragment_offset = get16(header + 2) & 0xfff8u;
			view->more = (header[3] & 1) != 0;
			view->has_ident = true;
			view->ident = (uint32_t)get16(header + 4) << 16 | get16(header + 6);
			view->is_fragment = view->more || view->fragment_offset != 0;
			view->offset += 8;
			view->proto = header[0];
			if (view->fragment_offset != 0)
				break;
			continue;
		}
		view->offset += 8u + 8u * header[1];
		view->proto = header[0];
	}
	return view->length >= view->offset;
}

bool packet_view_parse(const uint8_t *packet, size_t len, struct packet_view *out)
{
	struct packet_view view = { 0 };
	bool whole = false;

	if (len == 0)
		return false;
	view.version = packet[0] >> 4;
	if (view.version == 4)
		whole = parse4(packet, len, &view);
	else if (view.version == 6)
		whole = parse6(packet, len, &view);
	if (!whole || view.offset > len || view.length < view.offset)
		return false;
	view.length -= view.offset;
	view.available = len - view.offset < view.length ? len - view.offset : view.length;
	*out = view;
	return true;
}

/* What the checksum covers: UDP says itself how long it is, and bytes behind that are padding. */
static size_t covered_length(const struct packet_view *view, const uint8_t *message)
{
	size_t udp_length;

	if (view->proto != IPPROTO_UDP || view->available < 8)
		return view->available;
	udp_length = get16(message + 4);
	return udp_length >= 8 && udp_length < view->available ? udp_length : view->available;
}

/* Sum over the transport message, with the pseudo-header unless it is ICMPv4. */
static uint16_t transport_sum(const struct packet_view *view, const uint8_t *message)
{
	size_t length = covered_length(view, message);
	uint64_t sum = sum_words(0, message, length);

	if (view->proto != IPPROTO_ICMP) {
		sum = sum_words(sum, view->src, view->addr_len);
		sum = sum_words(sum, view->dst, view->addr_len);
		sum += length + view->proto;
	}
	return sum_fold(sum);
}

/* Offset of the checksum in the transport header, -1 when there is none that is known here. */
static int checksum_offset(const struct packet_view *view)
{
	if (view->proto == IPPROTO_UDP)
		return 6;
	if (view->proto == IPPROTO_TCP)
		return 16;
	if (view->proto == IPPROTO_ICMP && view->version == 4)
		return 2;
	return view->proto == IPPROTO_ICMPV6 && view->version == 6 ? 2 : -1;
}

bool packet_header_checksum_ok(const uint8_t *packet, size_t len)
{
	struct packet_view view;

	if (!packet_view_parse(packet, len, &view))
		return false;
	return view.version == 6 || sum_fold(sum_words(0, packet, view.offset)) == 0xffff;
}

bool packet_checksums_ok(const uint8_t *packet, size_t len)
{
	struct packet_view view;
	int at;

	if (!packet_header_checksum_ok(packet, len) || !packet_view_parse(packet, len, &view))
		return false;
	at = checksum_offset(&view);
	if (view.is_fragment || view.available < view.length || at < 0)
		return true;
	if (view.available < (size_t)at + 2)
		return false;
	if (view.proto == IPPROTO_UDP && get16(packet + view.offset + 6) == 0)
		return view.version == 4;
	return transport_sum(&view, packet + view.offset) == 0xffff;
}

void packet_checksums_fix(uint8_t *packet, size_t len)
{
	struct packet_view view;
	uint16_t checksum;
	int at;

	if (!packet_view_parse(packet, len, &view))
		return;
	if (view.version == 4) {
		put16(packet + 10, 0);
		put16(packet + 10, 0xffffu ^ sum_fold(sum_words(0, packet, view.offset)));
	}
	at = checksum_offset(&view);
	if (view.is_fragment || at < 0 || view.available < (size_t)at + 2)
		return;
	put16(packet + view.offset + at, 0);
	checksum = (uint16_t)~transport_sum(&view, packet + view.offset);
	if (view.proto == IPPROTO_UDP && checksum == 0)
		checksum = 0xffff;
	put16(packet + view.offset + at, checksum);
}

/* The header of the datagram that piece begins, for a payload of len bytes. */
static size_t whole_header(const uint8_t *piece, const struct packet_view *view, size_t len,
                           uint8_t *out)
{
	memset(out, 0, 40);
	if (view->version == 4) {
		out[0] = 0x45;
		out[1] = piece[1];
		put16(out + 2, (uint32_t)(20 + len));
		out[8] = piece[8];
		out[9] = view->proto;
		memcpy(out + 12, view->src, 4);
		memcpy(out + 16, view->dst, 4);
		return 20;
	}
	out[0] = piece[0];
	out[1] = piece[1] & 0xf0;
	put16(out + 4, (uint32_t)len);
	out[6] = view->proto;
	out[7] = piece[7];
	memcpy(out + 8, view->src, 16);
	memcpy(out + 24, view->dst, 16);
	return 40;
}

/* The piece that begins at offset, NULL when none or several do. */
static const struct bytes *piece_at(const struct bytes *pieces, size_t count, size_t offset)
{
	const struct bytes *found = NULL;
	struct packet_view view;

	for (size_t i = 0; i < count; i++) {
		if (!packet_view_parse(pieces[i].data, pieces[i].len, &view))
			return NULL;
		if (view.fragment_offset != offset)
			continue;
		if (found)
			return NULL;
		found = &pieces[i];
	}
	return found;
}

bool packets_reassemble(const struct bytes *pieces, size_t count, struct bytes *out)
{
	uint8_t *payload = malloc(count * 65536 + 40);
	const struct bytes *first = piece_at(pieces, count, 0);
	struct packet_view view = { .more = true };
	size_t len = 0, header_len;

	if (!payload)
		abort();
	for (size_t i = 0; i < count; i++) {
		const struct bytes *piece = piece_at(pieces, count, len);

		if (!piece || !view.more || !packet_view_parse(piece->data, piece->len, &view) ||
		    (view.more && view.available % 8 != 0))
			goto fail;
		memcpy(payload + 40 + len, piece->data + view.offset, view.available);
		len += view.available;
	}
	if (!first || view.more || !packet_view_parse(first->data, first->len, &view))
		goto fail;
	header_len = whole_header(first->data, &view, len, payload);
	memmove(payload + header_len, payload + 40, len);
	*out = (struct bytes){ .data = payload, .len = header_len + len };
	packet_checksums_fix(out->data, header_len);
	return true;
fail:
	free(payload);
	return false;
}
