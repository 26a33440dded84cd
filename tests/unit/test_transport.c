/* Transport headers in place: checksums that come out as zero, the MSS clamp at every alignment and
 * in broken option lists (L4-05, MSS-01, MSS-02). */
#include "tests/unit/prng.h"
#include "translator/checksum.h"
#include "translator/transport.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct prng prng = { .state = 879 };
static const struct offload plain;

static uint64_t pseudo6(uint8_t proto, uint32_t len)
{
	struct in6_addr src6 = { .s6_addr = { 0x20, 1 } }, dst6 = { .s6_addr = { 0xfd, 2 } };

	return checksum_pseudo6(&src6, &dst6, proto, len);
}

static uint16_t raw16(const uint8_t *p)
{
	uint16_t value;

	memcpy(&value, p, sizeof(value));
	return value;
}

static void store_checksum(uint8_t *l4, uint32_t at, uint64_t sum)
{
	uint16_t field = checksum_finish(sum);

	memcpy(l4 + at, &field, sizeof(field));
}

/* An echo message of len bytes goes to IPv4 and back; it verifies on both sides. */
static void echo_round_trip(uint8_t *l4, uint32_t len, uint16_t identifier)
{
	struct packet p = { .data = l4, .l4_len = len, .version = 6, .proto = IPPROTO_ICMPV6 };

	l4[0] = 129;
	memset(l4 + 2, 0, 2);
	store_checksum(l4, 2, checksum_add(pseudo6(IPPROTO_ICMPV6, len), l4, len));
	transport_rewrite_echo(&p, 0, identifier, pseudo6(IPPROTO_ICMPV6, len), 0);
	assert_int_equal(checksum_fold(checksum_add(0, l4, len)), 0xffff);
	transport_rewrite_echo(&p, 129, identifier, 0, pseudo6(IPPROTO_ICMPV6, len));
	assert_int_equal(checksum_fold(checksum_add(pseudo6(IPPROTO_ICMPV6, len), l4, len)),
	                 0xffff);
}

static void echo_replies_verify_in_both_families(void **state)
{
	uint8_t l4[64];

	(void)state;
	for (int round = 0; round < 20000; round++) {
		prng_fill(&prng, l4, sizeof(l4));
		l4[1] = 0;
		echo_round_trip(l4, 8 + prng_below(&prng, 57), (uint16_t)prng_32(&prng));
	}
}

static void an_echo_reply_of_zeros_has_a_checksum(void **state)
{
	uint8_t l4[64] = { 0 };

	(void)state;
	for (uint32_t len = 8; len <= sizeof(l4); len++) {
		memset(l4, 0, sizeof(l4));
		echo_round_trip(l4, len, 0);
	}
}

/* Every value of two payload bytes: among them those whose checksum is 0000 in one family. */
static void udp_never_says_zero(void **state)
{
	uint8_t l4[10] = { 0x12, 0x34, 0, 53, 0, 10 };
	struct packet p = { .data = l4, .l4_len = 10, .version = 4, .proto = IPPROTO_UDP };
	uint64_t from = checksum_pseudo4(0xc0000201, 0xc6336407, IPPROTO_UDP, 10);
	uint64_t to = pseudo6(IPPROTO_UDP, 10);

	(void)state;
	for (uint32_t value = 0; value <= 0xffff; value++) {
		uint16_t sum;

		store_be16(l4 + 8, (uint16_t)value);
		memset(l4 + 6, 0, 2);
		sum = checksum_finish(checksum_add(from, l4, 10));
		sum = sum ? sum : 0xffff;
		memcpy(l4 + 6, &sum, 2);
		transport_rewrite(&p, &plain, from, to, 0x1234, 53);
		assert_int_not_equal(raw16(l4 + 6), 0);
		assert_int_equal(checksum_fold(checksum_add(to, l4, 10)), 0xffff);
	}
}

static void udp_without_checksum_stays_so(void **state)
{
	uint8_t l4[8] = { 0, 1, 0, 2, 0, 8, 0, 0 };
	struct packet p = { .data = l4, .l4_len = 8, .version = 4, .proto = IPPROTO_UDP };

	(void)state;
	transport_rewrite(&p, NULL, 1, 2, 3, 4);
	assert_int_equal(load_be16(l4), 3);
	assert_int_equal(load_be16(l4 + 2), 4);
	assert_int_equal(raw16(l4 + 6), 0);
}

/* A TCP header with these options behind; returns the packet. The checksum covers no pseudo-header.
 */
static struct packet segment(uint8_t *l4, uint8_t flags, const uint8_t *options, uint32_t len)
{
	struct packet p = {
		.data = l4, .l4_len = 20 + len, .proto = IPPROTO_TCP, .tcp_flags = flags
	};

	memset(l4, 0, 20);
	memcpy(l4 + 20, options, len);
	l4[12] = (uint8_t)((5 + len / 4) << 4);
	l4[13] = flags;
	p.transport_header_len = 20 + len;
	store_checksum(l4, 16, checksum_add(0, l4, 20 + len));
	return p;
}

static void clamp(const uint8_t *options, uint32_t len, uint8_t flags, uint32_t at, uint16_t want)
{
	uint8_t l4[60], before[60];
	struct packet p = segment(l4, flags, options, len);

	memcpy(before, l4, sizeof(before));
	transport_clamp_mss(&p, &plain, 1440);
	if (want)
		assert_int_equal(load_be16(l4 + 20 + at), want);
	else
		assert_memory_equal(l4, before, 20 + len);
	assert_int_equal(checksum_fold(checksum_add(0, l4, 20 + len)), 0xffff);
}

static void the_clamp_lowers_and_never_raises(void **state)
{
	const uint8_t high[] = { 2, 4, 0x05, 0xb4 }, equal[] = { 2, 4, 0x05, 0xa0 };
	const uint8_t low[] = { 2, 4, 0x02, 0x00 };

	(void)state;
	clamp(high, 4, TCP_FLAG_SYN, 2, 1440);
	clamp(high, 4, TCP_FLAG_SYN | TCP_FLAG_ACK, 2, 1440);
	clamp(equal, 4, TCP_FLAG_SYN, 0, 0);
	clamp(low, 4, TCP_FLAG_SYN, 0, 0);
	clamp(high, 4, TCP_FLAG_ACK, 0, 0);
	clamp(high, 4, TCP_FLAG_RST, 0, 0);
}

static void the_clamp_finds_the_option_at_any_offset(void **state)
{
	(void)state;
	for (uint32_t nops = 0; nops <= 36; nops++) {
		uint8_t options[40];

		memset(options, 1, sizeof(options));
		memcpy(options + nops, (const uint8_t[]){ 2, 4, 0xff, 0xff }, 4);
		clamp(options, 40, TCP_FLAG_SYN, nops + 2, 1440);
	}
}

static void the_clamp_leaves_broken_options_alone(void **state)
{
	(void)state;
	clamp((const uint8_t[]){ 2, 3, 0x05, 0xb4 }, 4, TCP_FLAG_SYN, 0, 0);
	clamp((const uint8_t[]){ 2, 0, 0x05, 0xb4 }, 4, TCP_FLAG_SYN, 0, 0);
	clamp((const uint8_t[]){ 2, 5, 0x05, 0xb4 }, 4, TCP_FLAG_SYN, 0, 0);
	clamp((const uint8_t[]){ 1, 1, 2, 4 }, 4, TCP_FLAG_SYN, 0, 0);
	clamp((const uint8_t[]){ 1, 1, 1, 2 }, 4, TCP_FLAG_SYN, 0, 0);
	clamp((const uint8_t[]){ 8, 0, 1, 1, 2, 4, 0xff, 0xff }, 8, TCP_FLAG_SYN, 0, 0);
	clamp((const uint8_t[]){ 0, 1, 1, 1, 2, 4, 0xff, 0xff }, 8, TCP_FLAG_SYN, 0, 0);
	clamp((const uint8_t[]){ 8, 6, 1, 1, 2, 4, 1, 1 }, 8, TCP_FLAG_SYN, 0, 0);
	for (int round = 0; round < 100000; round++) {
		uint8_t l4[60], options[40];
		uint32_t len = prng_below(&prng, 11) * 4;
		struct packet p;

		prng_fill(&prng, options, sizeof(options));
		for (uint32_t i = 0; i < len; i++)
			options[i] &= (uint8_t)(prng_below(&prng, 2) ? 7 : 255);
		p = segment(l4, TCP_FLAG_SYN, options, len);
		transport_clamp_mss(&p, &plain, 536);
		assert_int_equal(checksum_fold(checksum_add(0, l4, 20 + len)), 0xffff);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(echo_replies_verify_in_both_families),
		cmocka_unit_test(an_echo_reply_of_zeros_has_a_checksum),
		cmocka_unit_test(udp_never_says_zero),
		cmocka_unit_test(udp_without_checksum_stays_so),
		cmocka_unit_test(the_clamp_lowers_and_never_raises),
		cmocka_unit_test(the_clamp_finds_the_option_at_any_offset),
		cmocka_unit_test(the_clamp_leaves_broken_options_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
