/* IPFIX messages of the session log, byte by byte: header, templates of RFC 8158, records of each
 * kind; and the queue that keeps messages until they have arrived (LOG-03, LOG-05). */
#include "tests/vectors/hex.h"
#include "translator/bib.h"
#include "translator/ipfix_queue.h"
#include "translator/packet.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define AT_US UINT64_C(1795269785123999) /* 2026-11-21 14:03:05.123 UTC and a bit */

static const struct ipfix_source source = {
	.instance = 0x0abcdef,
	.domain = 0x0abcdef1,
	.name = "gw-b/lower",
};
static struct ipfix_body body;

static struct log_record record_of(enum log_event_kind kind)
{
	struct log_record record = {
		.pool4 = 0xc6336407,
		.remote4 = 0xcb007150,
		.host_port = 4000,
		.port_min = 40064,
		.port_max = 40127,
		.remote_port = 443,
		.restored = 7,
		.limit = 100000,
		.kind = (uint8_t)kind,
		.proto = L4_UDP,
	};

	(void)inet_pton(AF_INET6, "2001:db8:7::5", &record.host6);
	(void)inet_pton(AF_INET6, "64:ff9b::203.0.113.80", &record.remote6);
	return record;
}

/* The bytes of a text in hexadecimal; blanks are for the reader. */
static struct bytes bytes_of(const char *hex)
{
	char digits[2 * IPFIX_MESSAGE_MAX + 1];
	struct bytes bytes;
	size_t len = 0;

	for (; *hex; hex++) {
		assert_true(len < sizeof(digits) - 1);
		if (*hex != ' ')
			digits[len++] = *hex;
	}
	digits[len] = '\0';
	hex_decode(digits, &bytes);
	return bytes;
}

static void body_is(const char *hex)
{
	struct bytes expected = bytes_of(hex);

	assert_int_equal(body.len, expected.len);
	assert_memory_equal(body.bytes, expected.data, expected.len);
	bytes_free(&expected);
}

/* ---- messages ---- */

static void the_header_is_that_of_rfc_7011(void **state)
{
	struct bytes expected = bytes_of("000a 0548 6a01a2d9 fffffffe 0abcdef1");
	uint8_t header[IPFIX_HEADER_LEN];

	(void)state;
	ipfix_put_header(header, 1352, 0x6a01a2d9, 0xfffffffe, 0x0abcdef1);
	assert_int_equal(expected.len, sizeof(header));
	assert_memory_equal(header, expected.data, sizeof(header));
	bytes_free(&expected);
}

/* 323 observationTimeMilliseconds and 230 natEvent; 27, 225, 4, 7, 227; 28, 226, 11, 228; 463. */
#define NAT_EVENT_FIELDS   "0143 0008 00e6 0001 "
#define BINDING_FIELDS     "001b 0010 00e1 0004 0004 0001 0007 0002 00e3 0002 "
#define DESTINATION_FIELDS "001c 0010 00e2 0004 000b 0002 00e4 0002 "
#define INSTANCE_FIELD     "01cf 0004 "

static void templates_are_those_of_rfc_8158(void **state)
{
	(void)state;
	ipfix_body_init(&body);
	ipfix_add_templates(&body);
	assert_int_equal(body.records, 0);
	body_is("0002 0170 "
	        "0100 000c " NAT_EVENT_FIELDS BINDING_FIELDS DESTINATION_FIELDS INSTANCE_FIELD
	        "0101 0008 " NAT_EVENT_FIELDS BINDING_FIELDS INSTANCE_FIELD
	        "0102 0008 " NAT_EVENT_FIELDS
	        "001b 0010 00e1 0004 0004 0001 0169 0002 016a 0002 " INSTANCE_FIELD /* 361 362 */
	        "0103 0004 " NAT_EVENT_FIELDS "011b 0004 " INSTANCE_FIELD           /* 283 */
	        "0104 0005 " NAT_EVENT_FIELDS "00e1 0004 0004 0001 " INSTANCE_FIELD
	        "0105 0005 " NAT_EVENT_FIELDS "01d2 0004 01d7 0004 " INSTANCE_FIELD /* 466 471 */
	        "0106 0006 " NAT_EVENT_FIELDS "01d2 0004 01d9 0004 001b 0010 " INSTANCE_FIELD
	        "0107 0006 " NAT_EVENT_FIELDS "01d2 0004 01db 0004 001b 0010 " INSTANCE_FIELD
	        "0108 0006 " NAT_EVENT_FIELDS "01d2 0004 01db 0004 0008 0004 " INSTANCE_FIELD
	        "0109 0007 " NAT_EVENT_FIELDS
	        "01d3 0004 011b 0004 01dc 0004 0004 0001 " INSTANCE_FIELD /* 467 283 476 4 */
	        "010a 0007 " NAT_EVENT_FIELDS
	        "01d3 0004 011b 0004 01dd 0004 0004 0001 " INSTANCE_FIELD
	        "010b 0005 " NAT_EVENT_FIELDS "01d3 0004 01de 0004 " INSTANCE_FIELD
	        /* Options with scope observationDomainId: 149 323 463 300 163, and 166. */
	        "0003 0038 "
	        "010c 0005 0001 0095 0004 0143 0008 01cf 0004 012c ffff 00a3 0008 "
	        "010d 0005 0001 0095 0004 0143 0008 01cf 0004 012c ffff 00a6 0008 ");
	ipfix_add_losses(&body, &source, 1, AT_US);
	assert_int_equal(body.records, 1); /* it fits */
}

/* ---- records ---- */

#define TIME_OF_IT "000001a1fe6af623 " /* ms */
#define HOST       "20010db8000700000000000000000005 "
#define MAPPED     "c6336407 11 0fa0 9c80 " /* 198.51.100.7, UDP, 4000, 40064 */
#define SERVER     "0064ff9b0000000000000000cb007150 cb007150 01bb 01bb "

static void each_kind_has_its_record(void **state)
{
	static const struct {
		enum log_event_kind kind;
		const char *hex;
	} rows[] = {
		{ LOG_SESSION_BEGIN, "0100 0042 " TIME_OF_IT "06 " HOST MAPPED SERVER "00abcdef" },
		{ LOG_SESSION_END, "0100 0042 " TIME_OF_IT "07 " HOST MAPPED SERVER "00abcdef" },
		{ LOG_BINDING_BEGIN, "0101 002a " TIME_OF_IT "0a " HOST MAPPED "00abcdef" },
		{ LOG_BINDING_END, "0101 002a " TIME_OF_IT "0b " HOST MAPPED "00abcdef" },
		{ LOG_BLOCK_BEGIN,
		  "0102 002a " TIME_OF_IT "10 " HOST "c6336407 11 9c80 9cbf 00abcdef" },
		{ LOG_BLOCK_END,
		  "0102 002a " TIME_OF_IT "11 " HOST "c6336407 11 9c80 9cbf 00abcdef" },
		{ LOG_ADDRESSES_EXHAUSTED, "0103 0015 " TIME_OF_IT "03 00abcdef 00abcdef" },
		{ LOG_PORTS_EXHAUSTED, "0104 0016 " TIME_OF_IT "0c c6336407 11 00abcdef" },
		{ LOG_SESSION_LIMIT, "0105 0019 " TIME_OF_IT "0d 00000001 000186a0 00abcdef" },
		{ LOG_HOST_LIMIT, "0106 0029 " TIME_OF_IT "0d 00000003 000186a0 " HOST "00abcdef" },
		{ LOG_FRAGMENT_LIMIT6,
		  "0107 0029 " TIME_OF_IT "0d 00000005 000186a0 " HOST "00abcdef" },
		{ LOG_FRAGMENT_LIMIT4,
		  "0108 001d " TIME_OF_IT "0d 00000005 000186a0 cb007150 00abcdef" },
		{ LOG_POOL4_HIGH,
		  "0109 001e " TIME_OF_IT "12 00000001 00abcdef 000186a0 11 00abcdef" },
		{ LOG_POOL4_LOW,
		  "010a 001e " TIME_OF_IT "12 00000002 00abcdef 000186a0 11 00abcdef" },
		{ LOG_SESSIONS_HIGH, "010b 0019 " TIME_OF_IT "12 00000003 000186a0 00abcdef" },
		{ LOG_START, "010c 0027 0abcdef1 " TIME_OF_IT "00abcdef "
		             "0a 67772d622f6c6f776572 0000000000000007" },
	};

	(void)state;
	assert_int_equal(sizeof(rows) / sizeof(rows[0]), LOG_EVENT_KINDS);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct log_record record = record_of(rows[i].kind);

		ipfix_body_init(&body);
		assert_true(ipfix_add_record(&body, &source, &record, AT_US));
		assert_int_equal(body.records, 1);
		body_is(rows[i].hex);
	}
}

static void losses_have_theirs(void **state)
{
	(void)state;
	ipfix_body_init(&body);
	ipfix_add_losses(&body, &source, 258, AT_US);
	body_is("010d 0027 0abcdef1 " TIME_OF_IT
	        "00abcdef 0a 67772d622f6c6f776572 0000000000000102");
}

static void protocols_have_their_ipv4_numbers(void **state)
{
	static const uint8_t numbers[L4_PROTOS] = { [L4_TCP] = 6, [L4_UDP] = 17, [L4_ICMP] = 1 };
	struct log_record record = record_of(LOG_BINDING_BEGIN);

	(void)state;
	for (uint8_t proto = 0; proto < L4_PROTOS; proto++) {
		ipfix_body_init(&body);
		record.proto = proto;
		assert_true(ipfix_add_record(&body, &source, &record, AT_US));
		assert_int_equal(body.bytes[4 + 8 + 1 + 16 + 4], numbers[proto]);
	}
}

static void records_of_a_kind_share_a_set(void **state)
{
	struct log_record begin = record_of(LOG_BLOCK_BEGIN), end = record_of(LOG_BLOCK_END);
	struct log_record other = record_of(LOG_BINDING_BEGIN);

	(void)state;
	ipfix_body_init(&body);
	assert_true(ipfix_add_record(&body, &source, &begin, AT_US));
	assert_true(ipfix_add_record(&body, &source, &end, AT_US));
	assert_int_equal(body.len, 4 + 2 * 38);
	assert_int_equal(load_be16(body.bytes + 2), body.len);
	assert_true(ipfix_add_record(&body, &source, &other, AT_US));
	assert_int_equal(body.len, 4 + 2 * 38 + 4 + 38);
	assert_int_equal(load_be16(body.bytes + 2), 4 + 2 * 38);
	assert_int_equal(load_be16(body.bytes + 4 + 2 * 38), 257);
	assert_int_equal(body.records, 3);
}

static void what_does_not_fit_changes_nothing(void **state)
{
	struct log_record record = record_of(LOG_SESSION_BEGIN);
	struct ipfix_body full;

	(void)state;
	ipfix_body_init(&body);
	while (ipfix_add_record(&body, &source, &record, AT_US))
		full = body;
	assert_int_equal(full.records, (IPFIX_BODY_MAX - 4) / 62);
	assert_int_equal(body.len, full.len);
	assert_int_equal(body.records, full.records);
	assert_memory_equal(body.bytes, full.bytes, full.len);
	assert_true(IPFIX_BODY_MAX - full.len < 62);
}

static void an_instance_has_one_number_and_each_box_its_domain(void **state)
{
	struct ipfix_source a = ipfix_source("lower", "gw-a", 0);
	struct ipfix_source b = ipfix_source("lower", "gw-b", 15);
	struct ipfix_source other = ipfix_source("upper", "gw-a", 0);

	(void)state;
	assert_int_equal(a.instance, b.instance);
	assert_int_not_equal(a.instance, other.instance);
	assert_true(a.instance > 0 && a.instance < 1u << 28);
	assert_int_equal(a.domain, a.instance * 16);
	assert_int_equal(b.domain, a.instance * 16 + 15);
	assert_string_equal(b.name, "gw-b/lower");
}

/* ---- the queue ---- */

static struct ipfix_queue *queue;

static bool add(unsigned records)
{
	struct log_record record = record_of(LOG_BINDING_BEGIN);

	ipfix_body_init(&body);
	while (records--)
		assert_true(ipfix_add_record(&body, &source, &record, AT_US));
	return ipfix_queue_add(queue, &body);
}

static void small_bodies_share_a_message(void **state)
{
	struct ipfix_message *message;

	(void)state;
	queue = ipfix_queue_new(16);
	assert_null(ipfix_queue_next(queue));
	assert_true(add(1) && add(2));
	message = ipfix_queue_next(queue);
	assert_int_equal(message->records, 3);
	assert_int_equal(message->len, IPFIX_HEADER_LEN + 4 + 38 + 4 + 2 * 38);
	assert_true(add(1)); /* the first is begun */
	assert_int_equal(message->records, 3);
	ipfix_queue_sent(queue, 1);
	assert_int_equal(ipfix_queue_next(queue)->records, 1);
	ipfix_queue_sent(queue, 2);
	assert_null(ipfix_queue_next(queue));
	assert_int_equal(ipfix_queue_waiting(queue), 4);
	assert_int_equal(ipfix_queue_arrived(queue, 2), 4);
	assert_int_equal(ipfix_queue_waiting(queue), 0);
	ipfix_queue_free(queue);
}

static void what_has_not_arrived_is_sent_again(void **state)
{
	(void)state;
	queue = ipfix_queue_new(16);
	for (uint64_t i = 1; i <= 3; i++) {
		assert_true(add(30));
		assert_non_null(ipfix_queue_next(queue));
		ipfix_queue_sent(queue, 1000 * i);
	}
	assert_int_equal(ipfix_queue_arrived(queue, 1999), 30);
	ipfix_queue_rewind(queue);
	assert_int_equal(ipfix_queue_waiting(queue), 60);
	assert_int_equal(ipfix_queue_arrived(queue, 5000), 0); /* of the new connection nothing */
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ipfix_queue_next(queue)->records, 30);
		ipfix_queue_sent(queue, 100);
	}
	assert_null(ipfix_queue_next(queue));
	assert_int_equal(ipfix_queue_arrived(queue, 100), 60);
	ipfix_queue_free(queue);
}

static void a_full_queue_refuses(void **state)
{
	unsigned messages = 0;

	(void)state;
	queue = ipfix_queue_new(16);
	while (add(30))
		messages++;
	assert_int_equal(messages, 16);
	assert_int_equal(ipfix_queue_waiting(queue), 16 * 30);
	assert_non_null(ipfix_queue_next(queue));
	ipfix_queue_sent(queue, 1);
	assert_false(add(30)); /* sent, but not arrived */
	assert_int_equal(ipfix_queue_arrived(queue, 1), 30);
	assert_true(add(30));
	ipfix_queue_free(queue);
	ipfix_queue_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_header_is_that_of_rfc_7011),
		cmocka_unit_test(templates_are_those_of_rfc_8158),
		cmocka_unit_test(each_kind_has_its_record),
		cmocka_unit_test(losses_have_theirs),
		cmocka_unit_test(protocols_have_their_ipv4_numbers),
		cmocka_unit_test(records_of_a_kind_share_a_set),
		cmocka_unit_test(what_does_not_fit_changes_nothing),
		cmocka_unit_test(an_instance_has_one_number_and_each_box_its_domain),
		cmocka_unit_test(small_bodies_share_a_message),
		cmocka_unit_test(what_has_not_arrived_is_sent_again),
		cmocka_unit_test(a_full_queue_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
