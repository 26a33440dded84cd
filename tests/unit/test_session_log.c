/* What the session log is told of public ports: one kind of record, each begin with its end, over
 * restarts, reloads and boxes; blocks of ports; a full ring (LOG-01, LOG-02, LOG-05, OPS-05). */
#include "tests/unit/feed_side.h"
#include "tests/unit/prng.h"
#include "tests/unit/raw_packet.h"
#include "translator/log_ring.h"
#include "translator/port_blocks.h"
#include "translator/table_memory.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SECOND   GATEWAY_SECOND_US
#define SERVER   0xc6336450 /* 198.51.100.80 */
#define PUBLIC   0xcb007101 /* 203.0.113.1 */
#define POOL     "pool4 = 203.0.113.1/32 1024-65535\nudp-timeout = 120s\n"
#define SESSIONS POOL "log-sessions = sessions\n"
#define BLOCKS   POOL "log-sessions = blocks\n"
#define SYN      TCP_FLAG_SYN

static struct gateway gateway;
static struct prng prng = { .state = 6888 };

static struct log_record next(struct gateway *of)
{
	struct log_record record = { 0 };

	assert_true(log_ring_take(of->log, &record));
	return record;
}

static void nothing_more(struct gateway *of)
{
	struct log_record record;

	assert_false(log_ring_take(of->log, &record));
}

/* Returns the public port. */
static uint16_t udp(struct gateway *from, uint16_t host, uint16_t port, uint32_t server)
{
	gateway_clear(from);
	assert_int_equal(gateway_send6(from, IPPROTO_UDP, host, port, server, 53, 0),
	                 VERDICT_TRANSLATED);
	return gateway_last(from)->src_port;
}

static void is_of(const struct log_record *record, enum log_event_kind kind, uint16_t host,
                  uint16_t host_port)
{
	assert_int_equal(record->kind, kind);
	assert_int_equal(record->pool4, PUBLIC);
	assert_int_equal(record->host6.s6_addr[0], 0x20);
	assert_int_equal(load_be16(record->host6.s6_addr + 14), host);
	assert_int_equal(record->host_port, host_port);
}

/* ---- the ring ---- */

static void a_full_ring_loses_and_counts(void **state)
{
	struct log_ring *ring = log_ring_new(16);
	struct log_record record = { 0 };

	(void)state;
	for (uint32_t i = 0; i < 20; i++) {
		record.restored = i;
		log_ring_put(ring, &record);
	}
	assert_int_equal(log_ring_waiting(ring), 16);
	assert_int_equal(log_ring_lost(ring), 4);
	for (uint32_t i = 0; i < 16; i++) {
		assert_true(log_ring_take(ring, &record));
		assert_int_equal(record.restored, i);
	}
	assert_false(log_ring_take(ring, &record));
	log_ring_put(ring, &record);
	assert_int_equal(log_ring_waiting(ring), 1);
	log_ring_free(ring);
	log_ring_free(NULL);
}

#define PASSED 200000

static void *consume(void *context)
{
	struct log_ring *ring = context;
	struct log_record record;
	uint32_t got = 0, last = 0;

	while (last < PASSED) {
		if (!log_ring_take(ring, &record))
			continue;
		assert_true(record.restored > last);
		assert_int_equal(record.at_us, record.restored);
		last = record.restored;
		got++;
	}
	return (void *)(uintptr_t)got;
}

static void another_thread_takes_in_order_what_was_put(void **state)
{
	struct log_ring *ring = log_ring_new(64);
	struct log_record record = { 0 };
	pthread_t consumer;
	void *got;

	(void)state;
	assert_int_equal(pthread_create(&consumer, NULL, consume, ring), 0);
	for (uint32_t i = 1; i <= PASSED; i++) {
		record.at_us = record.restored = i;
		while (i == PASSED && log_ring_waiting(ring) == 64)
			;
		log_ring_put(ring, &record);
	}
	assert_int_equal(pthread_join(consumer, &got), 0);
	assert_int_equal((uintptr_t)got + log_ring_lost(ring), PASSED);
	log_ring_free(ring);
}

/* ---- bindings ---- */

static void a_binding_is_logged_once_and_without_destination(void **state)
{
	struct log_record begin, end;
	uint16_t port;

	(void)state;
	gateway_open(&gateway, SESSIONS);
	port = udp(&gateway, 1, 4000, SERVER);
	begin = next(&gateway);
	is_of(&begin, LOG_BINDING_BEGIN, 1, 4000);
	assert_int_equal(begin.at_us, gateway.now_us);
	assert_int_equal(begin.proto, L4_UDP);
	assert_int_equal(begin.port_min, port);
	assert_int_equal(begin.port_max, port);
	assert_int_equal(begin.remote4, 0);
	assert_int_equal(begin.remote_port, 0);
	udp(&gateway, 1, 4000, SERVER + 1);
	nothing_more(&gateway);
	gateway_pass(&gateway, 130 * SECOND);
	end = next(&gateway);
	is_of(&end, LOG_BINDING_END, 1, 4000);
	assert_int_equal(end.port_min, port);
	assert_true(end.at_us >= begin.at_us + 120 * SECOND);
	nothing_more(&gateway);
	gateway_close(&gateway);
}

static void sessions_are_logged_with_destinations_where_that_is_asked_for(void **state)
{
	struct log_record record;

	(void)state;
	gateway_open(&gateway, SESSIONS "log-destinations = yes\n");
	udp(&gateway, 1, 4000, SERVER);
	udp(&gateway, 1, 4000, SERVER + 1);
	for (uint32_t i = 0; i < 2; i++) {
		record = next(&gateway);
		is_of(&record, LOG_SESSION_BEGIN, 1, 4000);
		assert_int_equal(record.remote4, SERVER + i);
		assert_int_equal(record.remote_port, 53);
		assert_int_equal(load_be32(record.remote6.s6_addr + 12), SERVER + i);
		assert_int_equal(record.remote6.s6_addr[0], 0x20); /* pool6 */
	}
	gateway_pass(&gateway, 130 * SECOND);
	for (int i = 0; i < 2; i++)
		assert_int_equal(next(&gateway).kind, LOG_SESSION_END);
	nothing_more(&gateway);
	gateway_close(&gateway);
}

static void a_static_binding_is_in_the_configuration_not_in_the_log(void **state)
{
	(void)state;
	gateway_open(&gateway, SESSIONS "bib = udp [2001:db8:6::9]:7000 203.0.113.1:80\n");
	assert_int_equal(gateway_send4(&gateway, IPPROTO_UDP, SERVER, 53, PUBLIC, 80, 0),
	                 VERDICT_TRANSLATED);
	gateway_pass(&gateway, 130 * SECOND);
	nothing_more(&gateway);
	gateway_close(&gateway);
	gateway_open(&gateway, SESSIONS "log-destinations = yes\n"
	                                "bib = udp [2001:db8:6::9]:7000 203.0.113.1:80\n");
	assert_int_equal(gateway_send4(&gateway, IPPROTO_UDP, SERVER, 53, PUBLIC, 80, 0),
	                 VERDICT_TRANSLATED);
	assert_int_equal(next(&gateway).kind, LOG_SESSION_BEGIN);
	gateway_close(&gateway);
}

static void a_binding_that_an_operator_adds_is_logged(void **state)
{
	struct translator_binding binding = {
		.proto = L4_UDP,
		.host = { .s6_addr = { 0x20, 1, 0xd, 0xb8, 0, 6, [15] = 9 } },
		.pool4 = PUBLIC,
		.host_port = 7000,
		.pool4_port = 2000,
	};
	char error[TRANSLATOR_ERROR_LEN];
	struct log_record record;
	uint32_t ended;

	(void)state;
	gateway_open(&gateway, BLOCKS);
	assert_int_equal(translator_bind(gateway.translator, &binding, error), 0);
	is_of((record = next(&gateway), &record), LOG_BINDING_BEGIN, 9, 7000);
	assert_int_equal(gateway_send4(&gateway, IPPROTO_UDP, SERVER, 53, PUBLIC, 2000, 0),
	                 VERDICT_TRANSLATED);
	assert_int_equal(
		translator_unbind(gateway.translator, &binding, gateway.now_us, &ended, error), 0);
	is_of((record = next(&gateway), &record), LOG_BINDING_END, 9, 7000);
	assert_int_equal(translator_bind(gateway.translator, &binding, error), 0);
	(void)next(&gateway);
	gateway_reload(&gateway, BLOCKS); /* it is not in the configuration */
	is_of((record = next(&gateway), &record), LOG_BINDING_END, 9, 7000);
	nothing_more(&gateway);
	gateway_close(&gateway);
}

static void probes_are_not_logged(void **state)
{
	uint32_t target = 0xc0000001; /* PROBE_SLOW of probe4 */

	(void)state;
	gateway_open(&gateway, BLOCKS);
	gateway.local4 = target;
	gateway.local4_last = target + 1;
	gateway.local6 = (struct in6_addr){ .s6_addr = { 0x20, 1, 0xd, 0xb8, 0, 6, [15] = 9 } };
	assert_int_equal(gateway_send6(&gateway, IPPROTO_UDP, 9, 4000, target, 7, 0),
	                 VERDICT_TRANSLATED);
	gateway_pass(&gateway, 130 * SECOND);
	assert_int_equal(gateway_stats(&gateway).sessions[L4_UDP], 0);
	nothing_more(&gateway);
	gateway_close(&gateway);
}

static void an_explanation_is_not_logged(void **state)
{
	const struct explain_fields fields = {
		.ipv6 = true,
		.src6 = { .s6_addr = { 0x20, 1, 0xd, 0xb8, 0, 6, [15] = 1 } },
		.dst6 = { .s6_addr = { 0x20, 1, 0xd, 0xb8, 0, 0x64, [12] = 198, 51, 100, 80 } },
		.protocol = IPPROTO_UDP,
		.src_port = 4000,
		.dst_port = 7,
	};
	struct explain explain;

	(void)state;
	gateway_open(&gateway, BLOCKS);
	assert_int_equal(explain_build(&fields, &explain), 0);
	assert_int_equal(translator_explain(gateway.translator, explain.packet, explain.len,
	                                    gateway.now_us, NULL, NULL),
	                 VERDICT_TRANSLATED);
	nothing_more(&gateway);
	gateway_close(&gateway);
}

/* ---- blocks ---- */

static void a_host_has_its_ports_in_blocks_of_its_own(void **state)
{
	uint16_t block = 0, ports = 0;
	struct log_record record;

	(void)state;
	gateway_open(&gateway, BLOCKS);
	for (uint16_t i = 0; i < 64; i++) {
		uint16_t port = udp(&gateway, 1, (uint16_t)(4000 + i), SERVER);

		assert_int_equal(port & 1, i & 1);
		block = i ? block : port / 64;
		assert_int_equal(port / 64, block);
	}
	record = next(&gateway);
	is_of(&record, LOG_BLOCK_BEGIN, 1, 0);
	assert_int_equal(record.port_min, block * 64);
	assert_int_equal(record.port_max, block * 64 + 63);
	nothing_more(&gateway);
	for (uint16_t host = 2; host < 200; host++) {
		uint16_t port = udp(&gateway, host, 4000, SERVER);

		record = next(&gateway);
		is_of(&record, LOG_BLOCK_BEGIN, host, 0);
		assert_int_equal(record.port_min, port / 64 * 64);
		ports += port / 64 == block;
	}
	assert_int_equal(ports, 0);
	udp(&gateway, 1, 5000, SERVER);
	assert_int_equal(next(&gateway).kind, LOG_BLOCK_BEGIN); /* its second one */
	gateway_pass(&gateway, 130 * SECOND);
	for (int i = 0; i < 200; i++)
		assert_int_equal(next(&gateway).kind, LOG_BLOCK_END);
	nothing_more(&gateway);
	gateway_close(&gateway);
}

static void tcp_and_udp_have_blocks_of_their_own(void **state)
{
	(void)state;
	gateway_open(&gateway, BLOCKS);
	udp(&gateway, 1, 4000, SERVER);
	assert_int_equal(gateway_send6(&gateway, IPPROTO_TCP, 1, 4000, SERVER, 80, SYN),
	                 VERDICT_TRANSLATED);
	assert_int_equal(next(&gateway).proto, L4_UDP);
	assert_int_equal(next(&gateway).proto, L4_TCP);
	nothing_more(&gateway);
	gateway_close(&gateway);
}

/* Two blocks, of which a static binding has one. */
static void where_no_block_is_left_each_port_is_logged(void **state)
{
	struct log_record record;
	uint16_t port;

	(void)state;
	gateway_open(&gateway, "pool4 = 203.0.113.1/32 1024-1151\nlog-sessions = blocks\n"
	                       "udp-timeout = 120s\nport-reuse-delay = 0s\n"
	                       "bib = udp [2001:db8:6::9]:7000 203.0.113.1:1030\n");
	port = udp(&gateway, 1, 4000, SERVER);
	assert_int_equal(port / 64, 1088 / 64);
	is_of((record = next(&gateway), &record), LOG_BLOCK_BEGIN, 1, 0);
	port = udp(&gateway, 2, 4000, SERVER);
	is_of((record = next(&gateway), &record), LOG_BINDING_BEGIN, 2, 4000);
	assert_int_equal(record.port_min, port);
	gateway_pass(&gateway, 60 * SECOND);
	udp(&gateway, 2, 4000, SERVER);
	gateway_pass(&gateway, 70 * SECOND);
	is_of((record = next(&gateway), &record), LOG_BLOCK_END, 1, 0);
	udp(&gateway, 2, 4001, SERVER); /* the block is free again */
	is_of((record = next(&gateway), &record), LOG_BLOCK_BEGIN, 2, 0);
	gateway_pass(&gateway, 60 * SECOND);
	is_of((record = next(&gateway), &record), LOG_BINDING_END, 2, 4000);
	nothing_more(&gateway);
	gateway_close(&gateway);
}

static void blocks_hold_as_many_sessions_as_ports_are_there(void **state)
{
	(void)state;
	gateway_open(&gateway, "pool4 = 203.0.113.1/32 1024-2047\nlog-sessions = blocks\n");
	for (uint16_t i = 0; i < 1024; i++)
		(void)udp(&gateway, (uint16_t)(1 + i % 37), (uint16_t)(4000 + i), SERVER);
	assert_int_equal(gateway_send6(&gateway, IPPROTO_UDP, 99, 4000, SERVER, 53, 0),
	                 VERDICT_POOL4_EXHAUSTED);
	gateway_close(&gateway);
}

static uint16_t block_of[65536 / 64], port_of[65536]; /* hosts, as the records say */

static void read_records(struct gateway *of)
{
	struct log_record record;

	while (log_ring_take(of->log, &record)) {
		bool is_block = record.kind == LOG_BLOCK_BEGIN || record.kind == LOG_BLOCK_END;
		bool begins = record.kind == LOG_BLOCK_BEGIN || record.kind == LOG_BINDING_BEGIN;
		uint16_t *owner = is_block ? &block_of[record.port_min / 64]
		                           : &port_of[record.port_min];
		uint16_t host = load_be16(record.host6.s6_addr + 14);

		assert_int_equal(*owner, begins ? 0 : host);
		*owner = begins ? host : 0;
	}
}

/* Everything at random, in a pool that is too small. */
static void records_tell_who_has_each_port(void **state)
{
	unsigned translated = 0;

	(void)state;
	gateway_open(&gateway, "pool4 = 203.0.113.1/32 1024-2047\nlog-sessions = blocks\n"
	                       "udp-timeout = 120s\nport-reuse-delay = 1s\n");
	for (int step = 0; step < 20000; step++) {
		uint16_t host = (uint16_t)(1 + prng_below(&prng, 25)), port;

		gateway_clear(&gateway);
		if (gateway_send6(&gateway, IPPROTO_UDP, host,
		                  (uint16_t)(4000 + prng_below(&prng, 60)), SERVER, 53,
		                  0) == VERDICT_TRANSLATED) {
			port = gateway_last(&gateway)->src_port;
			read_records(&gateway);
			assert_int_equal(port_of[port] ? port_of[port] : block_of[port / 64], host);
			translated++;
		}
		if (prng_below(&prng, 10) == 0)
			gateway_pass(&gateway, prng_below(&prng, 20) * SECOND);
		read_records(&gateway);
	}
	assert_true(translated > 10000);
	gateway_pass(&gateway, 200 * SECOND);
	read_records(&gateway);
	for (int port = 0; port < 65536; port++)
		assert_true(port_of[port] == 0 && block_of[port / 64] == 0);
	gateway_close(&gateway);
}

/* ---- what runs out ---- */

static void ports_that_run_out_are_logged_once_a_second(void **state)
{
	struct log_record record;

	(void)state;
	gateway_open(&gateway, "pool4 = 203.0.113.1/32 1024-1025\nlog-sessions = sessions\n"
	                       "udp-timeout = 120s\n");
	for (uint16_t i = 0; i < 50; i++)
		(void)gateway_send6(&gateway, IPPROTO_UDP, 1, (uint16_t)(4000 + i), SERVER, 53, 0);
	assert_int_equal(next(&gateway).kind, LOG_BINDING_BEGIN);
	assert_int_equal(next(&gateway).kind, LOG_BINDING_BEGIN);
	record = next(&gateway);
	assert_int_equal(record.kind, LOG_PORTS_EXHAUSTED);
	assert_int_equal(record.pool4, PUBLIC);
	assert_int_equal(record.proto, L4_UDP);
	nothing_more(&gateway);
	gateway_pass(&gateway, SECOND);
	(void)gateway_send6(&gateway, IPPROTO_TCP, 1, 4000, SERVER, 80, SYN);
	(void)gateway_send6(&gateway, IPPROTO_UDP, 1, 4100, SERVER, 53, 0);
	assert_int_equal(next(&gateway).proto, L4_TCP);
	assert_int_equal(next(&gateway).kind, LOG_PORTS_EXHAUSTED);
	nothing_more(&gateway);
	gateway_close(&gateway);
}

static void a_pool_without_addresses_is_logged_as_such(void **state)
{
	(void)state;
	gateway_open_bare(&gateway,
	                  "bib = udp [2001:db8:6::9]:7000 203.0.113.1:80\n"
	                  "log-sessions = sessions\npool6 = 2001:db8:64::/96\n",
	                  (const uint8_t[32]){ 1 });
	assert_int_equal(gateway_send6(&gateway, IPPROTO_UDP, 1, 4000, SERVER, 53, 0),
	                 VERDICT_POOL4_EXHAUSTED);
	assert_int_equal(next(&gateway).kind, LOG_ADDRESSES_EXHAUSTED);
	nothing_more(&gateway);
	gateway_close(&gateway);
}

/* From both sides. */
static void a_host_that_has_too_much_is_named(void **state)
{
	struct log_record record;

	(void)state;
	gateway_open(&gateway, SESSIONS "bib = udp [2001:db8:6::9]:7000 203.0.113.1:80\n"
	                                "max-sessions-per-host = 1\nhost-prefix-length = 128\n");
	udp(&gateway, 3, 4000, SERVER);
	(void)next(&gateway);
	assert_int_equal(gateway_send6(&gateway, IPPROTO_UDP, 3, 4001, SERVER, 53, 0),
	                 VERDICT_HOST_LIMIT);
	record = next(&gateway);
	assert_int_equal(record.kind, LOG_HOST_LIMIT);
	assert_int_equal(record.limit, 1);
	assert_int_equal(load_be16(record.host6.s6_addr + 14), 3);
	gateway_pass(&gateway, SECOND);
	for (uint32_t i = 0; i < 2; i++)
		(void)gateway_send4(&gateway, IPPROTO_UDP, SERVER + i, 53, PUBLIC, 80, 0);
	record = next(&gateway);
	assert_int_equal(record.kind, LOG_HOST_LIMIT);
	assert_int_equal(load_be16(record.host6.s6_addr + 14), 9);
	nothing_more(&gateway);
	gateway_close(&gateway);
}

static void a_full_table_is_logged_with_its_size(void **state)
{
	struct log_record record = { 0 };

	(void)state;
	gateway_open(&gateway, SESSIONS "max-sessions = 20\n");
	for (uint16_t i = 0; i < 40; i++)
		(void)gateway_send6(&gateway, IPPROTO_UDP, 1, (uint16_t)(4000 + i), SERVER, 53, 0);
	for (int i = 0; i < 21; i++)
		record = next(&gateway);
	assert_int_equal(record.kind, LOG_SESSION_LIMIT);
	assert_int_equal(record.limit, 20);
	nothing_more(&gateway);
	gateway_close(&gateway);
}

static void pieces_that_find_no_room_are_logged_with_their_source(void **state)
{
	struct raw_packet from4, from6, piece;
	struct log_record record;

	(void)state;
	gateway_open(&gateway, SESSIONS "max-fragments = 16\n");
	raw_ip4(&from4, SERVER, PUBLIC, IPPROTO_UDP);
	raw_udp(&from4, 53, 5000, 800);
	raw_seal(&from4);
	raw_ip6(&from6, "2001:db8:6::7", "2001:db8:64::198.51.100.80", IPPROTO_UDP);
	raw_udp(&from6, 4000, 53, 800);
	raw_seal(&from6);
	for (uint16_t i = 0; i < 30; i++) {
		raw_piece(&from4, 400, 400, true, i, &piece);
		(void)raw_send(&gateway, &piece);
		raw_piece(&from6, 400, 400, true, i, &piece);
		(void)raw_send(&gateway, &piece);
	}
	record = next(&gateway);
	assert_int_equal(record.kind, LOG_FRAGMENT_LIMIT4);
	assert_int_equal(record.remote4, SERVER);
	assert_int_equal(record.limit, 16);
	record = next(&gateway);
	assert_int_equal(record.kind, LOG_FRAGMENT_LIMIT6);
	assert_int_equal(load_be16(record.host6.s6_addr + 14), 7);
	nothing_more(&gateway);
	gateway_close(&gateway);
}

static void marks_are_logged_where_the_log_is_on(void **state)
{
	struct log_record record;

	(void)state;
	gateway_open(&gateway, SESSIONS);
	translator_log_mark(gateway.translator, LOG_POOL4_HIGH, L4_ICMP, 800);
	translator_log_mark(gateway.translator, LOG_EVENT_KINDS, L4_ICMP, 800);
	record = next(&gateway);
	assert_int_equal(record.kind, LOG_POOL4_HIGH);
	assert_int_equal(record.proto, L4_ICMP);
	assert_int_equal(record.limit, 800);
	nothing_more(&gateway);
	gateway_close(&gateway);
}

/* ---- restart and reload ---- */

static void open_kept(const char *keys, struct translator_memory *memory)
{
	struct config *config;
	char text[1000];
	size_t bindings, sessions;

	snprintf(text, sizeof(text), "[instance t]\npool6 = 2001:db8:64::/96\n%s", keys);
	assert_int_equal(config_parse(text, strlen(text), "log", stderr, &config), 0);
	translator_memory_size(&config->instances[0], &bindings, &sessions);
	config_free(config);
	*memory = (struct translator_memory){ .bindings = test_calloc(1, bindings),
		                              .sessions = test_calloc(1, sessions) };
	gateway_open_kept(&gateway, keys, memory);
}

static void close_kept(struct translator_memory *memory)
{
	gateway_close(&gateway);
	test_free(memory->bindings);
	test_free(memory->sessions);
}

static void a_restart_says_nothing_twice(void **state)
{
	static const char *const keys[] = { SESSIONS "max-sessions = 100\n",
		                            BLOCKS "max-sessions = 100\n" };
	struct translator_memory memory;
	uint16_t port;

	(void)state;
	for (int i = 0; i < 2; i++) {
		open_kept(keys[i], &memory);
		port = udp(&gateway, 1, 4000, SERVER);
		(void)next(&gateway);
		gateway_restart(&gateway, keys[i]);
		assert_int_equal(udp(&gateway, 1, 4000, SERVER), port);
		nothing_more(&gateway);
		if (i == 1) /* the block is still the host's */
			assert_int_equal(udp(&gateway, 1, 4001, SERVER) / 64, port / 64);
		nothing_more(&gateway);
		gateway_pass(&gateway, 130 * SECOND);
		assert_int_equal(next(&gateway).kind, i ? LOG_BLOCK_END : LOG_BINDING_END);
		nothing_more(&gateway);
		close_kept(&memory);
	}
}

static void what_a_restart_has_no_place_for_is_logged_as_ended(void **state)
{
	struct translator_memory memory;

	(void)state;
	open_kept(SESSIONS "max-sessions = 100\n", &memory);
	udp(&gateway, 1, 4000, SERVER);
	(void)next(&gateway);
	gateway_restart(&gateway, "pool4 = 203.0.113.2/32 1024-65535\n"
	                          "log-sessions = sessions\nmax-sessions = 100\n");
	assert_int_equal(next(&gateway).kind, LOG_BINDING_END);
	nothing_more(&gateway);
	close_kept(&memory);
}

/* From each mode to each, with and without a pool that keeps the port. */
static void a_reload_ends_what_does_not_go_on(void **state)
{
	struct log_record record;

	(void)state;
	gateway_open(&gateway, SESSIONS);
	udp(&gateway, 1, 4000, SERVER);
	(void)next(&gateway);
	assert_int_equal(gateway_reload(&gateway, SESSIONS), 0);
	nothing_more(&gateway);
	assert_int_equal(gateway_reload(&gateway, BLOCKS), 0);
	nothing_more(&gateway);
	assert_int_equal(gateway_reload(&gateway, "pool4 = 203.0.113.2/32\n"
	                                          "log-sessions = blocks\n"),
	                 1);
	is_of((record = next(&gateway), &record), LOG_BINDING_END, 1, 4000);
	nothing_more(&gateway);
	gateway_close(&gateway);

	gateway_open(&gateway, BLOCKS);
	udp(&gateway, 1, 4000, SERVER);
	udp(&gateway, 1, 4001, SERVER);
	(void)next(&gateway);
	assert_int_equal(gateway_reload(&gateway, BLOCKS), 0);
	nothing_more(&gateway);
	assert_int_equal(gateway_reload(&gateway, SESSIONS), 0);
	is_of((record = next(&gateway), &record), LOG_BINDING_BEGIN, 1, 4000);
	is_of((record = next(&gateway), &record), LOG_BLOCK_END, 1, 0);
	is_of((record = next(&gateway), &record), LOG_BINDING_BEGIN, 1, 4001);
	nothing_more(&gateway);
	gateway_close(&gateway);

	gateway_open(&gateway, SESSIONS "log-destinations = yes\n");
	udp(&gateway, 1, 4000, SERVER);
	(void)next(&gateway);
	assert_int_equal(gateway_reload(&gateway, "pool4 = 203.0.113.2/32\n"
	                                          "log-sessions = sessions\n"),
	                 1);
	assert_int_equal(next(&gateway).kind, LOG_SESSION_END);
	nothing_more(&gateway);
	gateway_close(&gateway);
}

/* ---- boxes ---- */

static struct feed_side a, b;

static void a_copy_is_logged_where_it_belongs(void **state)
{
	static const char *const keys[] = { SESSIONS, BLOCKS, SESSIONS "log-destinations = yes\n" };
	static const enum log_event_kind ends[] = { LOG_BINDING_END, LOG_BLOCK_END,
		                                    LOG_SESSION_END };

	(void)state;
	for (int i = 0; i < 3; i++) {
		feed_sides_open(&a, &b, keys[i]);
		udp(&a.gateway, 1, 4000, SERVER);
		(void)next(&a.gateway);
		feed_sides_pass(&a, &b, 10 * SECOND);
		feed_sides_exchange(&a, &b);
		assert_int_equal(feed_side_stats(&b).copies, 1);
		gateway_pass(&a.gateway, 130 * SECOND);
		feed_sides_exchange(&a, &b);
		gateway_pass(&b.gateway, 130 * SECOND);
		assert_int_equal(next(&a.gateway).kind, ends[i]);
		nothing_more(&a.gateway);
		nothing_more(&b.gateway);
		feed_sides_close(&a, &b);
	}
}

static void who_took_a_session_over_logs_its_end(void **state)
{
	struct log_record record;
	uint16_t port;

	(void)state;
	feed_sides_open(&a, &b, BLOCKS);
	port = udp(&a.gateway, 1, 4000, SERVER);
	(void)next(&a.gateway);
	feed_sides_pass(&a, &b, 10 * SECOND);
	feed_sides_exchange(&a, &b);
	feed_side_give_contact(&b, false); /* a is gone */
	assert_int_equal(udp(&b.gateway, 1, 4000, SERVER), port);
	nothing_more(&b.gateway); /* no twin of the begin */
	gateway_pass(&b.gateway, 400 * SECOND);
	record = next(&b.gateway);
	is_of(&record, LOG_BLOCK_END, 1, 0);
	assert_int_equal(record.port_min, port / 64 * 64);
	nothing_more(&b.gateway);
	feed_sides_close(&a, &b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_ring_loses_and_counts),
		cmocka_unit_test(another_thread_takes_in_order_what_was_put),
		cmocka_unit_test(a_binding_is_logged_once_and_without_destination),
		cmocka_unit_test(sessions_are_logged_with_destinations_where_that_is_asked_for),
		cmocka_unit_test(a_static_binding_is_in_the_configuration_not_in_the_log),
		cmocka_unit_test(a_binding_that_an_operator_adds_is_logged),
		cmocka_unit_test(probes_are_not_logged),
		cmocka_unit_test(an_explanation_is_not_logged),
		cmocka_unit_test(a_host_has_its_ports_in_blocks_of_its_own),
		cmocka_unit_test(tcp_and_udp_have_blocks_of_their_own),
		cmocka_unit_test(where_no_block_is_left_each_port_is_logged),
		cmocka_unit_test(blocks_hold_as_many_sessions_as_ports_are_there),
		cmocka_unit_test(records_tell_who_has_each_port),
		cmocka_unit_test(ports_that_run_out_are_logged_once_a_second),
		cmocka_unit_test(a_pool_without_addresses_is_logged_as_such),
		cmocka_unit_test(a_host_that_has_too_much_is_named),
		cmocka_unit_test(a_full_table_is_logged_with_its_size),
		cmocka_unit_test(pieces_that_find_no_room_are_logged_with_their_source),
		cmocka_unit_test(marks_are_logged_where_the_log_is_on),
		cmocka_unit_test(a_restart_says_nothing_twice),
		cmocka_unit_test(what_a_restart_has_no_place_for_is_logged_as_ended),
		cmocka_unit_test(a_reload_ends_what_does_not_go_on),
		cmocka_unit_test(a_copy_is_logged_where_it_belongs),
		cmocka_unit_test(who_took_a_session_over_logs_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
