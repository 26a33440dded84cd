/* Super-packets and checksums left to the device, through the whole core (L4-10): what comes out is
 * cut into segments here as the device would, and every segment must be right and fit. */
#include "tests/vectors/packet_view.h"
#include "translator/checksum.h"
#include "translator/explain.h"
#include "translator/offload.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define OUTPUTS_MAX 128

static const char config_text[] = "[instance t]\nmode = siit\naddress4 = 192.0.2.254\n"
				  "address6 = 2001:db8:ffff::1\npool6 = 2001:db8:64::/96\n"
				  "eam = 198.51.100.0/24 2001:db8:c0de::/120\n";

struct output {
	struct virtio_net_hdr vnet;
	uint8_t *data;
	uint32_t len;
};

static struct config *config;
static struct translator *translator;
static struct output outputs[OUTPUTS_MAX];
static size_t output_count;

static void emit(void *context, const struct virtio_net_hdr *vnet, const struct iovec *iov,
                 int count)
{
	struct output *out = &outputs[output_count++];

	(void)context;
	assert_true(output_count <= OUTPUTS_MAX);
	out->vnet = *vnet;
	out->len = 0;
	out->data = malloc(TRANSLATOR_PACKET_MAX);
	assert_non_null(out->data);
	for (int i = 0; i < count; i++) {
		memcpy(out->data + out->len, iov[i].iov_base, iov[i].iov_len);
		out->len += (uint32_t)iov[i].iov_len;
	}
}

static int start(void **state)
{
	static const uint8_t seed[32] = "offload", pool4_key[16] = "offload";
	const struct translator_io io = { .emit = emit };

	(void)state;
	output_count = 0;
	if (config_parse(config_text, strlen(config_text), "offload", stderr, &config) < 0)
		return -1;
	translator = translator_new(&config->instances[0], 0, 1, seed, pool4_key, &io, 1);
	return translator ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	for (size_t i = 0; i < output_count; i++)
		free(outputs[i].data);
	translator_free(translator);
	config_free(config);
	return 0;
}

static struct explain_fields to4(uint8_t protocol, uint32_t length)
{
	struct explain_fields fields = { .ipv6 = true, .protocol = protocol, .length = length };

	fields.tcp_flags = TCP_FLAG_ACK;
	fields.src_port = 4000;
	fields.dst_port = 80;
	assert_int_equal(address6_parse("2001:db8:c0de::5", &fields.src6), 0);
	assert_int_equal(address6_parse("2001:db8:64::203.0.113.7", &fields.dst6), 0);
	return fields;
}

static struct explain_fields to6(uint8_t protocol, uint32_t length)
{
	struct explain_fields fields = { .protocol = protocol, .length = length };

	fields.tcp_flags = TCP_FLAG_ACK;
	fields.src_port = 80;
	fields.dst_port = 4000;
	assert_int_equal(address4_parse("203.0.113.7", &fields.src4), 0);
	assert_int_equal(address4_parse("198.51.100.5", &fields.dst4), 0);
	return fields;
}

enum { DF = 1 };

/* Send a packet with segments of segment bytes (0: none), its checksum left to the device. */
static enum verdict give(const struct explain_fields *fields, uint16_t segment, int flags)
{
	static struct explain explain;
	uint32_t at = fields->ipv6 ? 40 : 20;
	bool udp = fields->protocol == IPPROTO_UDP;
	struct virtio_net_hdr vnet = { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM };
	uint8_t *packet = explain.packet;
	uint16_t sum;

	assert_int_equal(explain_build(fields, &explain), 0);
	if (!fields->ipv6) {
		store_be16(packet + 6, flags & DF ? 0x4000 : 0);
		packet_checksums_fix(packet, 20);
	}
	for (uint32_t i = at + 20; i < explain.len; i++)
		packet[i] = (uint8_t)(i * 31 + i / 256);
	sum = checksum_fold(fields->ipv6
	                            ? checksum_pseudo6(&fields->src6, &fields->dst6,
	                                               fields->protocol, (uint32_t)explain.len - at)
	                            : checksum_pseudo4(fields->src4, fields->dst4, fields->protocol,
	                                               (uint32_t)explain.len - at));
	vnet.csum_start = (uint16_t)at;
	vnet.csum_offset = udp ? 6 : 16;
	memcpy(packet + at + vnet.csum_offset, &sum, 2);
	vnet.gso_size = segment;
	if (segment)
		vnet.gso_type = udp            ? VIRTIO_NET_HDR_GSO_UDP_L4
		                : fields->ipv6 ? VIRTIO_NET_HDR_GSO_TCPV6
		                               : VIRTIO_NET_HDR_GSO_TCPV4;
	vnet.hdr_len = (uint16_t)(at + (udp ? 8 : 20));
	return translator_input(translator, packet, explain.len, &vnet, 2);
}

/* The device's work on one packet or segment: its checksum over what is there. */
static void complete(uint8_t *packet, uint32_t len, const struct virtio_net_hdr *vnet,
                     uint32_t whole_len)
{
	uint8_t *field = packet + vnet->csum_start + vnet->csum_offset;
	uint32_t whole_l4 = whole_len - vnet->csum_start, l4 = len - vnet->csum_start;
	uint16_t sum;

	/* The pseudo-header in the field names the length of the whole; a segment has its own. */
	memcpy(&sum, field, 2);
	sum = checksum_update_partial(
		sum, checksum_difference(htons((uint16_t)whole_l4), htons((uint16_t)l4)));
	memcpy(field, &sum, 2);
	sum = checksum_finish(checksum_add(0, packet + vnet->csum_start, l4));
	memcpy(field, &sum, 2);
}

/* Cut an output into what goes on the wire; each must verify and have at most mtu bytes. Returns
 * how many there are. */
static unsigned cut_and_check(const struct output *out, uint32_t mtu)
{
	static uint8_t segment[TRANSLATOR_PACKET_MAX];
	uint32_t headers = out->vnet.hdr_len, size = out->vnet.gso_size;
	bool v6 = out->data[0] >> 4 == 6;
	unsigned count = 0;

	assert_int_equal(out->vnet.flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
	if (out->vnet.gso_type == VIRTIO_NET_HDR_GSO_NONE) {
		headers = size = out->len;
	}
	for (uint32_t at = headers; at < out->len || count == 0; at += size) {
		uint32_t len = out->len - at < size ? out->len - at : size;

		memcpy(segment, out->data, headers);
		memcpy(segment + headers, out->data + at, len);
		store_be16(segment + (v6 ? 4 : 2), (uint16_t)(headers + len - (v6 ? 40 : 0)));
		if (segment[v6 ? 6 : 9] == IPPROTO_UDP)
			store_be16(segment + out->vnet.csum_start + 4,
			           (uint16_t)(headers + len - out->vnet.csum_start));
		complete(segment, headers + len, &out->vnet, out->len);
		if (!v6)
			packet_checksums_fix(segment, 20);
		assert_true(packet_checksums_ok(segment, headers + len));
		assert_true(headers + len <= mtu);
		count++;
	}
	return count;
}

static void tcp_super_packets_stay_whole(void **state)
{
	struct explain_fields up = to4(IPPROTO_TCP, 60060), down = to6(IPPROTO_TCP, 60040);

	(void)state;
	assert_int_equal(give(&up, 1440, 0), VERDICT_TRANSLATED);
	assert_int_equal(output_count, 1);
	assert_int_equal(outputs[0].vnet.gso_type, VIRTIO_NET_HDR_GSO_TCPV4);
	assert_int_equal(outputs[0].vnet.gso_size, 1440);
	assert_int_equal(outputs[0].vnet.hdr_len, 40);
	assert_int_equal(outputs[0].len, 60040);
	assert_int_equal(cut_and_check(&outputs[0], 1500), 42);

	assert_int_equal(give(&down, 1440, DF), VERDICT_TRANSLATED);
	assert_int_equal(output_count, 2);
	assert_int_equal(outputs[1].vnet.gso_type, VIRTIO_NET_HDR_GSO_TCPV6);
	assert_int_equal(outputs[1].vnet.gso_size, 1440);
	assert_int_equal(outputs[1].vnet.hdr_len, 60);
	assert_int_equal(outputs[1].vnet.csum_start, 40);
	assert_int_equal(outputs[1].len, 60060);
	assert_int_equal(cut_and_check(&outputs[1], 1500), 42);
}

static void the_wire_size_of_segments_counts(void **state)
{
	struct explain_fields up = to4(IPPROTO_TCP, 60060), down = to6(IPPROTO_TCP, 60040);

	(void)state;
	/* 1,441 + 60 bytes do not fit the far side's 1,500: the sender is told. */
	assert_int_equal(give(&down, 1441, DF), VERDICT_TOO_BIG);
	assert_int_equal(give(&up, 1461, 0), VERDICT_TOO_BIG);
	for (size_t i = 0; i < output_count; i++)
		assert_int_equal(outputs[i].vnet.gso_type, VIRTIO_NET_HDR_GSO_NONE);
}

static void segments_that_may_be_cut_become_shorter(void **state)
{
	struct explain_fields down = to6(IPPROTO_TCP, 30040);

	(void)state;
	assert_int_equal(give(&down, 1440, 0), VERDICT_TRANSLATED);
	assert_int_equal(output_count, 1);
	assert_int_equal(outputs[0].vnet.gso_type, VIRTIO_NET_HDR_GSO_TCPV6);
	assert_true(cut_and_check(&outputs[0], 1280) >= 25);
}

static void udp_super_packets(void **state)
{
	struct explain_fields up = to4(IPPROTO_UDP, 10048), down = to6(IPPROTO_UDP, 10028);

	(void)state;
	assert_int_equal(give(&up, 1000, 0), VERDICT_TRANSLATED);
	assert_int_equal(outputs[0].vnet.gso_type, VIRTIO_NET_HDR_GSO_UDP_L4);
	assert_int_equal(cut_and_check(&outputs[0], 1500), 10);
	assert_int_equal(give(&down, 1000, DF), VERDICT_TRANSLATED);
	assert_int_equal(outputs[1].vnet.gso_type, VIRTIO_NET_HDR_GSO_UDP_L4);
	assert_int_equal(cut_and_check(&outputs[1], 1500), 10);
}

/* Datagrams of 1,300 bytes without DF do not fit 1,280: each becomes two fragments that make it up
 * again. */
static void udp_datagrams_are_cut_one_by_one(void **state)
{
	struct explain_fields down = to6(IPPROTO_UDP, 28 + 13000);

	(void)state;
	(void)give(&down, 1300, 0);
	assert_int_equal(output_count, 20);
	for (size_t i = 0; i < output_count; i += 2) {
		struct bytes pieces[2] = { { outputs[i].data, outputs[i].len },
			                   { outputs[i + 1].data, outputs[i + 1].len } };
		struct bytes whole;

		assert_int_equal(outputs[i].vnet.flags, 0);
		assert_true(outputs[i].len <= 1280 && outputs[i + 1].len <= 1280);
		assert_true(packets_reassemble(pieces, 2, &whole));
		assert_int_equal(whole.len, 40 + 8 + 1300);
		assert_true(packet_checksums_ok(whole.data, whole.len));
		bytes_free(&whole);
	}
}

static void a_partial_checksum_stays_partial(void **state)
{
	struct explain_fields up = to4(IPPROTO_UDP, 500), down = to6(IPPROTO_TCP, 500);

	(void)state;
	assert_int_equal(give(&up, 0, 0), VERDICT_TRANSLATED);
	assert_int_equal(cut_and_check(&outputs[0], 1500), 1);
	assert_int_equal(give(&down, 0, 0), VERDICT_TRANSLATED);
	assert_int_equal(cut_and_check(&outputs[1], 1500), 1);
}

static void a_partial_checksum_is_completed_before_cutting(void **state)
{
	struct explain_fields down = to6(IPPROTO_UDP, 1400);
	struct bytes pieces[2], whole;

	(void)state;
	assert_int_equal(give(&down, 0, 0), VERDICT_TRANSLATED);
	assert_int_equal(output_count, 2);
	for (int i = 0; i < 2; i++)
		pieces[i] = (struct bytes){ outputs[i].data, outputs[i].len };
	assert_int_equal(outputs[0].vnet.flags, 0);
	assert_true(packets_reassemble(pieces, 2, &whole));
	assert_true(packet_checksums_ok(whole.data, whole.len));
	bytes_free(&whole);
}

static void nonsense_from_the_device_is_refused(void **state)
{
	static struct explain explain;
	struct explain_fields up = to4(IPPROTO_TCP, 5000);
	struct virtio_net_hdr vnet = { .gso_type = VIRTIO_NET_HDR_GSO_TCPV4, .gso_size = 1000 };

	(void)state;
	assert_int_equal(explain_build(&up, &explain), 0);
	assert_int_equal(translator_input(translator, explain.packet, explain.len, &vnet, 2),
	                 VERDICT_MALFORMED_TRANSPORT);
	vnet.gso_type = VIRTIO_NET_HDR_GSO_TCPV6;
	vnet.gso_size = 0;
	assert_int_equal(translator_input(translator, explain.packet, explain.len, &vnet, 2),
	                 VERDICT_MALFORMED_TRANSPORT);
	vnet = (struct virtio_net_hdr){ .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 60000 };
	assert_int_equal(translator_input(translator, explain.packet, explain.len, &vnet, 2),
	                 VERDICT_MALFORMED_TRANSPORT);
	assert_int_equal(output_count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tcp_super_packets_stay_whole),
		TEST(the_wire_size_of_segments_counts),
		TEST(segments_that_may_be_cut_become_shorter),
		TEST(udp_super_packets),
		TEST(udp_datagrams_are_cut_one_by_one),
		TEST(a_partial_checksum_stays_partial),
		TEST(a_partial_checksum_is_completed_before_cutting),
		TEST(nonsense_from_the_device_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
