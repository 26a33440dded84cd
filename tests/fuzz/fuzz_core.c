/* libFuzzer target over the translator's core: packets of both families, in sequence, into a fresh
 * translator.
 *
 * Input: one byte chooses the configuration, then chunks of one byte (enum op), two bytes length,
 * and so many bytes. Besides packets as they stand, chunks repair checksums, answer what the
 * translator sent last, quote it in an ICMP error, and let time pass, so that sessions come into
 * being and end. seeds_core.py makes such inputs from the vectors.
 *
 * Checked on every packet that comes out: lengths and header checksum, size against the MTU,
 * offload fields, and that a packet which came with right checksums leaves with right ones.
 */
#include "tests/vectors/packet_view.h"
#include "translator/translator.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNKS_MAX   64
#define START_US     1000000000
#define VNET_LEN     sizeof(struct virtio_net_hdr)
#define ROOM_LEN     (TRANSLATOR_HEADROOM + TRANSLATOR_PACKET_MAX)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum op {
	OP_PACKET,    /* as it stands */
	OP_FIXED,     /* all checksums made right */
	OP_HEADER,    /* the IPv4 header checksum made right */
	OP_OFFLOADED, /* struct virtio_net_hdr, then the packet; header checksum made right */
	OP_REPLY,     /* the last output sent back, changed by pairs (offset, xor) */
	OP_ERROR, /* the last output quoted in an ICMP error: type, code, rest of header, length */
	OP_TIME,  /* milliseconds, two bytes, times 4 to the power of the third */
	OP_OPS
};
#define OP_EXPLAIN         0x80 /* added: ask translator_explain() first */
#define TIME_WITHOUT_TICKS 0x80 /* added to the third byte */

#define SIIT_HEAD                                                                          \
	"[instance t]\nmode = siit\naddress4 = 192.0.2.254\naddress6 = 2001:db8:ffff::1\n" \
	"fast-path = off\n"
#define NAT64_HEAD                                                                            \
	"[instance t]\nmode = nat64\naddress4 = 192.0.2.254\naddress6 = 2001:db8:ffff::1\n"   \
	"fast-path = off\npool6 = 2001:db8:64::/96\nmax-sessions = 64\nmax-stored-syns = 4\n" \
	"max-fragments = 16\n"                                                                \
	"bib = udp [2001:db8:6::10]:40000 203.0.113.1:61000\n"                                \
	"bib = tcp [2001:db8:6::10]:40000 203.0.113.1:61000\n"                                \
	"bib = icmp [2001:db8:6::10]:6699 203.0.113.1:15437\n"                                \
	"bib = udp [2001:db8:6::20]:50000 203.0.113.1:62000\n"

/* seeds_core.py knows this order. */
static const char *const configs[] = {
	NAT64_HEAD "pool4 = 203.0.113.1/32 1-65535\n",
	NAT64_HEAD "pool4 = 203.0.113.1/32 1-65535\nfiltering = address-dependent\n"
		   "mss-clamp = auto\nmax-sessions-per-host = 8\nlowest-ipv6-mtu = 1500\n"
		   "drop-externally-initiated-tcp = no\nudp-timeout = 2m\n",
	NAT64_HEAD
	"pool4 = 203.0.113.2/32 40001-40003\nmtu4 = 576\nmtu6 = 1280\n"
	"mss-clamp = auto\noverride-tos = 16\nzeroize-traffic-class = yes\n"
	"icmp-error-rate = 1\ndenylist4 = 198.51.100.99/32\ndestinations = 128.0.0.0/1\n",
	SIIT_HEAD "pool6 = 2001:db8:64::/96\neam = 198.51.100.0/24 2001:db8:c0de::/120\n"
		  "rfc6791-pool4 = 192.0.2.253\n",
	SIIT_HEAD
	"pool6 = 2001:db8:64::/96\neam-hairpin-mode = intrinsic\n"
	"eam = 192.0.2.1/32 2001:db8:aaaa::/128\neam = 192.0.2.2/32 2001:db8:bbbb::b/128\n"
	"eam = 192.0.2.16/28 2001:db8:cccc::/124\neam = 192.0.2.128/26 2001:db8:dddd::/64\n"
	"rfc6791-pool4 = 198.51.100.1\nudp-checksum-zero = drop\n",
	SIIT_HEAD "pool6 = 2001:db8:100::/40\nmtu4 = 1400\nmtu6 = 1400\nmss-clamp = 1000\n",
	SIIT_HEAD "pool6 = 2001:db8:64::/96\npool6 = 64:ff9b::/96 for 8.0.0.0/8\nmtu4 = 68\n"
		  "mtu6 = 1280\neam-hairpin-mode = simple\neam = 192.0.2.1/32 2001:db8:aaaa::/128\n"
		  "icmp-interface-info = yes\n",
};

static struct config *parsed[COUNT(configs)];

struct fuzz {
	const struct config_instance *config;
	struct translator *translator;
	uint64_t now_us;
	unsigned emitted;
	bool checksums_right; /* the packet that goes in now is whole and right */
	bool offloaded;       /* it carries offload fields */
	uint8_t last[ROOM_LEN];
	size_t last_len;
};

static uint8_t room[ROOM_LEN];

static void require(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "fuzz_core: %s\n", what);
	abort();
}

/* Echo replies from the translator's own addresses are as long as the request; the kernel cuts
 * them. */
static bool is_own(const uint8_t *packet)
{
	static const uint8_t own4[4] = { 192, 0, 2, 254 };
	static const uint8_t own6[16] = { 0x20, 0x01, 0x0d, 0xb8, 0xff, 0xff, [15] = 1 };

	return packet[0] >> 4 == 6 ? memcmp(packet + 8, own6, 16) == 0
	                           : memcmp(packet + 12, own4, 4) == 0;
}

static void check_offload(const struct fuzz *fuzz, const struct virtio_net_hdr *vnet,
                          const uint8_t *packet, size_t len, size_t mtu)
{
	uint8_t gso = vnet->gso_type & ~VIRTIO_NET_HDR_GSO_ECN;
	bool v6 = packet[0] >> 4 == 6;

	if (vnet->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)
		require(vnet->csum_start + vnet->csum_offset + 2u <= len,
		        "partial checksum behind the packet");
	require(vnet->flags == 0 || gso != VIRTIO_NET_HDR_GSO_NONE || fuzz->offloaded,
	        "offload fields from nowhere");
	if (gso == VIRTIO_NET_HDR_GSO_NONE) {
		require(len <= mtu || is_own(packet), "longer than the MTU");
		return;
	}
	require(fuzz->offloaded, "super-packet from nowhere");
	require(gso != VIRTIO_NET_HDR_GSO_TCPV4 || !v6, "TCPV4 super-packet in IPv6");
	require(gso != VIRTIO_NET_HDR_GSO_TCPV6 || v6, "TCPV6 super-packet in IPv4");
	require(vnet->gso_size > 0, "super-packet with segments of 0 bytes");
	require(vnet->hdr_len <= len, "headers behind the super-packet");
}

static void check_output(const struct fuzz *fuzz, const struct virtio_net_hdr *vnet,
                         const uint8_t *packet, size_t len)
{
	bool v6 = len > 0 && packet[0] >> 4 == 6;
	size_t mtu = v6 ? fuzz->config->mtu6 : fuzz->config->mtu4;

	require(len >= 20 && (v6 || packet[0] >> 4 == 4), "no IP packet");
	if (v6) {
		require(len >= 40, "IPv6 packet without header");
		require(40u + (packet[4] << 8 | packet[5]) == len, "payload length is not true");
	} else {
		require((packet[0] & 15) == 5, "IPv4 options");
		require((packet[2] << 8 | packet[3]) == (int)len, "total length is not true");
		require(packet_header_checksum_ok(packet, len), "IPv4 header checksum is wrong");
	}
	check_offload(fuzz, vnet, packet, len, mtu);
	if (fuzz->checksums_right && !(vnet->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM))
		require(packet_checksums_ok(packet, len), "checksum was right and is wrong now");
}

static void fuzz_emit(void *context, const struct virtio_net_hdr *vnet, const struct iovec *iov,
                      int count)
{
	static const struct virtio_net_hdr plain;
	struct fuzz *fuzz = context;
	size_t len = 0;

	fuzz->emitted++;
	for (int i = 0; i < count; i++) {
		require(len + iov[i].iov_len <= TRANSLATOR_PACKET_MAX, "longer than any packet");
		if (iov[i].iov_len > 0)
			memcpy(fuzz->last + len, iov[i].iov_base, iov[i].iov_len);
		len += iov[i].iov_len;
	}
	fuzz->last_len = len;
	check_output(fuzz, vnet ? vnet : &plain, fuzz->last, len);
}

static bool is_local4(void *context, uint32_t addr4)
{
	(void)context;
	return addr4 == 0xc00002fe;
}

/* Explaining a packet changes nothing and sends nothing, and it foretells the verdict, unless that
 * depends on what is stored (pieces of datagrams, SYNs) or on what expires before the packet is
 * looked at. */
static enum verdict explain(struct fuzz *fuzz, const uint8_t *packet, size_t len)
{
	static uint8_t copy[ROOM_LEN];
	static struct trace trace;
	const struct translator_io io = { .is_local4 = is_local4, .context = fuzz };
	unsigned emitted = fuzz->emitted;
	enum verdict verdict;

	trace.count = 0;
	memcpy(copy + TRANSLATOR_HEADROOM, packet, len);
	verdict = translator_explain(fuzz->translator, copy + TRANSLATOR_HEADROOM, len,
	                             fuzz->now_us, &trace, &io);
	require(emitted == fuzz->emitted, "explain sent a packet");
	return verdict;
}

static bool is_whole(const uint8_t *packet, size_t len)
{
	struct packet_view view;

	return packet_view_parse(packet, len, &view) && !view.is_fragment &&
	       view.available == view.length && packet_checksums_ok(packet, len);
}

/* Give the len bytes that stand behind the headroom of room to the translator. */
static void input(struct fuzz *fuzz, size_t len, const struct virtio_net_hdr *vnet, bool ask)
{
	enum verdict foretold = VERDICT_COUNT, verdict;

	fuzz->offloaded = vnet->flags != 0 || vnet->gso_type != 0;
	fuzz->checksums_right = !fuzz->offloaded && is_whole(room + TRANSLATOR_HEADROOM, len);
	if (ask)
		foretold = explain(fuzz, room + TRANSLATOR_HEADROOM, len);
	verdict = translator_input(fuzz->translator, room + TRANSLATOR_HEADROOM, len, vnet,
	                           fuzz->now_us);
	require(verdict < VERDICT_COUNT, "unknown verdict");
	require(!ask || fuzz->offloaded || fuzz->now_us != START_US || verdict == foretold ||
	                foretold == VERDICT_FRAGMENT_STORED || foretold == VERDICT_SYN_STORED,
	        "explain foretold another verdict");
	fuzz->checksums_right = false;
	fuzz->offloaded = false;
}

static void header_checksum_fix(uint8_t *packet, size_t len)
{
	struct packet_view view;

	if (packet_view_parse(packet, len, &view))
		packet_checksums_fix(packet, view.offset);
}

static void op_packet(struct fuzz *fuzz, uint8_t op, const uint8_t *data, size_t len)
{
	struct virtio_net_hdr vnet = { 0 };
	uint8_t *packet = room + TRANSLATOR_HEADROOM;

	if ((op & 0x7f) == OP_OFFLOADED) {
		if (len < VNET_LEN)
			return;
		memcpy(&vnet, data, VNET_LEN);
		data += VNET_LEN;
		len -= VNET_LEN;
	}
	memcpy(packet, data, len);
	if ((op & 0x7f) == OP_FIXED)
		packet_checksums_fix(packet, len);
	else if ((op & 0x7f) != OP_PACKET)
		header_checksum_fix(packet, len);
	input(fuzz, len, &vnet, (op & OP_EXPLAIN) != 0);
}

static void swap(uint8_t *a, uint8_t *b, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		uint8_t byte = a[i];

		a[i] = b[i];
		b[i] = byte;
	}
}

static void op_reply(struct fuzz *fuzz, uint8_t op, const uint8_t *changes, size_t len)
{
	const struct virtio_net_hdr vnet = { 0 };
	uint8_t *packet = room + TRANSLATOR_HEADROOM;
	struct packet_view view;

	if (!packet_view_parse(fuzz->last, fuzz->last_len, &view))
		return;
	memcpy(packet, fuzz->last, fuzz->last_len);
	swap(packet + (view.src - fuzz->last), packet + (view.dst - fuzz->last), view.addr_len);
	if (view.available >= 4 && (view.proto == IPPROTO_TCP || view.proto == IPPROTO_UDP))
		swap(packet + view.offset, packet + view.offset + 2, 2);
	else if (view.available > 0 && packet[view.offset] == 8)
		packet[view.offset] = 0;
	else if (view.available > 0 && packet[view.offset] == 128)
		packet[view.offset] = 129;
	for (size_t i = 0; i + 1 < len; i += 2)
		if (changes[i] < fuzz->last_len)
			packet[changes[i]] ^= changes[i + 1];
	packet_checksums_fix(packet, fuzz->last_len);
	input(fuzz, fuzz->last_len, &vnet, (op & OP_EXPLAIN) != 0);
}

static size_t error_header(uint8_t *packet, const struct packet_view *view, size_t l4_len)
{
	size_t offset = view->version == 4 ? 20 : 40;

	memset(packet, 0, offset);
	if (view->version == 4) {
		packet[0] = 0x45;
		packet[2] = (uint8_t)((20 + l4_len) >> 8);
		packet[3] = (uint8_t)(20 + l4_len);
		packet[8] = 64;
		packet[9] = IPPROTO_ICMP;
		memcpy(packet + 12, view->dst, 4);
		memcpy(packet + 16, view->src, 4);
		return offset;
	}
	packet[0] = 0x60;
	packet[4] = (uint8_t)(l4_len >> 8);
	packet[5] = (uint8_t)l4_len;
	packet[6] = IPPROTO_ICMPV6;
	packet[7] = 64;
	memcpy(packet + 8, view->dst, 16);
	memcpy(packet + 24, view->src, 16);
	return offset;
}

static void op_error(struct fuzz *fuzz, uint8_t op, const uint8_t *data, size_t len)
{
	const struct virtio_net_hdr vnet = { 0 };
	uint8_t *packet = room + TRANSLATOR_HEADROOM;
	size_t quote_len = fuzz->last_len < 1200 ? fuzz->last_len : 1200, offset;
	struct packet_view view;

	if (len < 7 || !packet_view_parse(fuzz->last, fuzz->last_len, &view))
		return;
	if (data[6] != 0 && (size_t)data[6] * 8 < quote_len)
		quote_len = (size_t)data[6] * 8;
	offset = error_header(packet, &view, 8 + quote_len);
	memcpy(packet + offset, data, 2);
	memset(packet + offset + 2, 0, 2);
	memcpy(packet + offset + 4, data + 2, 4);
	memcpy(packet + offset + 8, fuzz->last, quote_len);
	packet_checksums_fix(packet, offset + 8 + quote_len);
	input(fuzz, offset + 8 + quote_len, &vnet, (op & OP_EXPLAIN) != 0);
}

static void op_time(struct fuzz *fuzz, const uint8_t *data, size_t len)
{
	uint64_t jump_us;

	if (len < 3)
		return;
	jump_us = (uint64_t)(data[0] << 8 | data[1]) * 1000 << 2 * (data[2] % 4);
	for (int i = 0; i < 32; i++) {
		fuzz->now_us += jump_us / 32;
		if (!(data[2] & TIME_WITHOUT_TICKS))
			translator_tick(fuzz->translator, fuzz->now_us);
	}
}

static void chunk(struct fuzz *fuzz, uint8_t op, const uint8_t *data, size_t len)
{
	switch ((op & 0x7f) % OP_OPS) {
	case OP_REPLY:
		op_reply(fuzz, op, data, len);
		break;
	case OP_ERROR:
		op_error(fuzz, op, data, len);
		break;
	case OP_TIME:
		op_time(fuzz, data, len);
		break;
	default:
		op_packet(fuzz, (uint8_t)((op & OP_EXPLAIN) | (op & 0x7f) % OP_OPS), data, len);
	}
}

static void parse_configs(void)
{
	for (size_t i = 0; i < COUNT(configs); i++) {
		if (parsed[i])
			continue;
		if (config_parse(configs[i], strlen(configs[i]), "fuzz", stderr, &parsed[i]) < 0)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t seed[32] = "fuzz", pool4_key[16] = "fuzz";
	static struct fuzz fuzz;
	const struct translator_io io = { .emit = fuzz_emit,
		                          .is_local4 = is_local4,
		                          .context = &fuzz };
	size_t at = 1;

	if (size == 0)
		return 0;
	parse_configs();
	fuzz.config = &parsed[data[0] % COUNT(configs)]->instances[0];
	fuzz.now_us = START_US;
	fuzz.last_len = 0;
	fuzz.emitted = 0;
	fuzz.translator = translator_new(fuzz.config, 0, 1, seed, pool4_key, &io, fuzz.now_us);
	require(fuzz.translator != NULL, "no translator");
	for (int i = 0; i < CHUNKS_MAX && at + 3 <= size; i++) {
		size_t len = (size_t)data[at + 1] << 8 | data[at + 2];
		uint8_t op = data[at];

		at += 3;
		if (len > size - at)
			len = size - at;
		chunk(&fuzz, op, data + at, len);
		at += len;
	}
	translator_free(fuzz.translator);
	return 0;
}
