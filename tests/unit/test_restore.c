/* Sessions in memory that outlives the translator: what its successor finds after an end at any
 * moment, in damaged memory, and under another configuration. */
#include "tests/unit/gateway.h"
#include "tests/unit/prng.h"
#include "translator/table_memory.h"

#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define SECOND_US GATEWAY_SECOND_US
#define SERVER    0xc6336450 /* 198.51.100.80 */
#define PUBLIC    0xcb007101 /* 203.0.113.1 */
#define POOL      "pool4 = 203.0.113.1/32 1024-65535\n"
#define SMALL     POOL "max-sessions = 200\nport-reuse-delay = 0s\n"
#define STATIC    "bib = udp [2001:db8:6::9]:7000 203.0.113.1:80\n"
#define SYN       TCP_FLAG_SYN
#define ACK       TCP_FLAG_ACK
#define KILLS     100

static struct gateway gateway;
static struct prng prng = { .state = 97 };
static struct translator_memory memory;
static size_t bindings_len, sessions_len;

/* Zeroed memory that a child shares. */
static void *take(size_t len)
{
	void *start = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(start, MAP_FAILED);
	return start;
}

static void open_kept(const char *keys)
{
	struct config *config;
	char text[1000];

	snprintf(text, sizeof(text), "[instance t]\npool6 = 2001:db8:64::/96\n%s", keys);
	assert_int_equal(config_parse(text, strlen(text), "restore", stderr, &config), 0);
	translator_memory_size(&config->instances[0], &bindings_len, &sessions_len);
	config_free(config);
	memory = (struct translator_memory){ .bindings = take(bindings_len),
		                             .sessions = take(sessions_len),
		                             .key = "restore" };
	gateway_open_kept(&gateway, keys, &memory);
}

static void close_kept(void)
{
	gateway_close(&gateway);
	assert_int_equal(munmap(memory.bindings, bindings_len), 0);
	assert_int_equal(munmap(memory.sessions, sessions_len), 0);
}

static struct bib_entry *binding_at(uint32_t index)
{
	return (struct bib_entry *)memory.bindings + index;
}

static struct session *session_of(uint32_t index)
{
	return (struct session *)memory.sessions + index;
}

static struct translator_restored restored(void)
{
	return translator_restored(gateway.translator);
}

static void assert_restored(uint32_t sessions, uint32_t bindings, uint32_t torn, uint32_t refused)
{
	assert_int_equal(restored().sessions, sessions);
	assert_int_equal(restored().bindings, bindings);
	assert_int_equal(restored().torn, torn);
	assert_int_equal(restored().refused, refused);
}

/* Returns the public port. */
static uint16_t open_udp(uint16_t host, uint16_t port)
{
	gateway_clear(&gateway);
	assert_int_equal(gateway_send6(&gateway, IPPROTO_UDP, host, port, SERVER, 7, 0),
	                 VERDICT_TRANSLATED);
	return gateway_last(&gateway)->src_port;
}

static enum verdict answer_udp(uint16_t port)
{
	gateway_clear(&gateway);
	return gateway_send4(&gateway, IPPROTO_UDP, SERVER, 7, PUBLIC, port, 0);
}

static uint32_t udp_sessions(void)
{
	return gateway_stats(&gateway).sessions[L4_UDP];
}

/* ---- whole ---- */

static void all_kinds_of_sessions_come_back(void **state)
{
	uint16_t udp, tcp, icmp;

	(void)state;
	open_kept(POOL STATIC);
	udp = open_udp(1, 4000);
	assert_int_equal(gateway_send6(&gateway, IPPROTO_TCP, 1, 4000, SERVER, 7, SYN),
	                 VERDICT_TRANSLATED);
	tcp = gateway_last(&gateway)->src_port;
	assert_int_equal(gateway_answer(&gateway, SYN | ACK), VERDICT_TRANSLATED);
	assert_int_equal(gateway_send6(&gateway, IPPROTO_ICMPV6, 1, 99, SERVER, 0, 0),
	                 VERDICT_TRANSLATED);
	icmp = gateway_last(&gateway)->src_port;
	assert_int_equal(gateway_send4(&gateway, IPPROTO_UDP, SERVER, 7, PUBLIC, 80, 0),
	                 VERDICT_TRANSLATED);
	gateway_restart(&gateway, POOL STATIC);
	assert_restored(4, 3, 0, 0);
	assert_int_equal(gateway_stats(&gateway).static_bindings, 1);
	assert_int_equal(gateway_stats(&gateway).pool4_used[L4_UDP], 1);
	assert_int_equal(answer_udp(udp), VERDICT_TRANSLATED);
	assert_int_equal(answer_udp(80), VERDICT_TRANSLATED);
	assert_int_equal(open_udp(1, 4000), udp);
	assert_int_equal(gateway_send4(&gateway, IPPROTO_ICMP, SERVER, 0, PUBLIC, icmp, 0),
	                 VERDICT_TRANSLATED);
	gateway_pass(&gateway, 7000 * SECOND_US); /* established: two hours and four minutes */
	assert_int_equal(gateway_send4(&gateway, IPPROTO_TCP, SERVER, 7, PUBLIC, tcp, ACK),
	                 VERDICT_TRANSLATED);
	assert_int_equal(gateway_stats(&gateway).sessions[L4_TCP], 1);
	close_kept();
}

static void no_port_is_handed_out_twice(void **state)
{
	uint16_t port[64];

	(void)state;
	open_kept("pool4 = 203.0.113.1/32 2000-2127\n");
	for (uint16_t i = 0; i < 64; i++)
		port[i] = open_udp(i, 4000);
	gateway_restart(&gateway, "pool4 = 203.0.113.1/32 2000-2127\n");
	assert_restored(64, 64, 0, 0);
	for (uint16_t i = 64; i < 128; i++) {
		uint16_t other = open_udp(i, 4000);

		for (unsigned j = 0; j < 64; j++)
			assert_int_not_equal(other, port[j]);
	}
	assert_int_equal(gateway_send6(&gateway, IPPROTO_UDP, 200, 4000, SERVER, 7, 0),
	                 VERDICT_POOL4_EXHAUSTED);
	close_kept();
}

static void free_places_are_used_once_each(void **state)
{
	static const char *const limited = SMALL "max-sessions-per-host = 150\n";

	(void)state;
	open_kept(limited);
	for (uint16_t i = 0; i < 140; i++) {
		if (i == 100)
			gateway_pass(&gateway, 200 * SECOND_US);
		(void)open_udp(i % 2, 4000 + i);
	}
	gateway_pass(&gateway, 101 * SECOND_US); /* the first hundred ends */
	assert_int_equal(udp_sessions(), 40);
	gateway_restart(&gateway, limited);
	assert_restored(40, 40, 0, 0);
	for (uint16_t i = 0; i < 110; i++)
		(void)open_udp(0, 6000 + i);
	assert_int_equal(gateway_send6(&gateway, IPPROTO_UDP, 0, 9999, SERVER, 7, 0),
	                 VERDICT_HOST_LIMIT); /* all of them are of one /64 */
	gateway_restart(&gateway, SMALL);
	assert_restored(150, 150, 0, 0);
	for (uint16_t i = 0; i < 50; i++)
		(void)open_udp(0, 7000 + i);
	assert_int_equal(gateway_send6(&gateway, IPPROTO_UDP, 0, 9999, SERVER, 7, 0),
	                 VERDICT_SESSION_LIMIT);
	gateway_pass(&gateway, 302 * SECOND_US);
	assert_int_equal(udp_sessions(), 0);
	close_kept();
}

static void time_passes_while_nobody_serves(void **state)
{
	uint16_t tcp;

	(void)state;
	open_kept(POOL);
	(void)open_udp(1, 4000);
	assert_int_equal(gateway_send6(&gateway, IPPROTO_TCP, 1, 4000, SERVER, 7, SYN),
	                 VERDICT_TRANSLATED);
	tcp = gateway_last(&gateway)->src_port;
	assert_int_equal(gateway_answer(&gateway, SYN | ACK), VERDICT_TRANSLATED);
	gateway.now_us += 7500 * SECOND_US; /* beyond both lifetimes */
	gateway_restart(&gateway, POOL);
	assert_restored(2, 2, 0, 0);
	gateway_pass(&gateway, SECOND_US);
	assert_int_equal(udp_sessions(), 0);
	assert_int_equal(gateway_stats(&gateway).counters.tcp_probes, 1); /* RFC 6146 3.5.2.2 */
	gateway_pass(&gateway, 200 * SECOND_US);
	assert_int_equal(gateway_send4(&gateway, IPPROTO_TCP, SERVER, 7, PUBLIC, tcp, ACK),
	                 VERDICT_TRANSLATED);
	close_kept();
}

/* ---- torn ---- */

/* No session is in the fast path that was not met there. */
static void forget_unproven(void)
{
	uint32_t cursor = 0;

	while (translator_forget_unproven(gateway.translator, &cursor, 1))
		;
	assert_int_equal(gateway_stats(&gateway).fast_held, 0);
}

/* Two sessions; the memory of one is changed, the other one has to stay. */
static void open_pair(uint16_t port[2])
{
	open_kept(SMALL);
	port[0] = open_udp(1, 4000);
	port[1] = open_udp(2, 4000);
}

static void close_pair(const uint16_t port[2])
{
	assert_int_equal(answer_udp(port[0]), VERDICT_NO_BINDING);
	assert_int_equal(answer_udp(port[1]), VERDICT_TRANSLATED);
	assert_int_not_equal(open_udp(1, 4000), port[1]);
	close_kept();
}

static void each_sealed_byte_of_a_binding_counts(void **state)
{
	static const size_t limit = offsetof(struct bib_entry, seal) + sizeof(uint32_t);
	uint16_t port[2];

	(void)state;
	for (size_t i = 0; i < limit; i++) {
		if (i > offsetof(struct bib_entry, flags) && i < offsetof(struct bib_entry, seal))
			continue;
		open_pair(port);
		((uint8_t *)binding_at(1))[i] ^= 0x40;
		gateway_restart(&gateway, SMALL);
		assert_restored(1, 1, 1, 1);
		close_pair(port);
	}
}

static void each_sealed_byte_of_a_session_counts(void **state)
{
	static const struct {
		size_t at, len;
	} fields[] = { { offsetof(struct session, bib), 4 },
		       { offsetof(struct session, dst4), 4 },
		       { offsetof(struct session, dport4), 2 },
		       { offsetof(struct session, seal), 4 } };
	uint16_t port[2];

	(void)state;
	for (size_t f = 0; f < sizeof(fields) / sizeof(fields[0]); f++)
		for (size_t i = 0; i < fields[f].len; i++) {
			open_pair(port);
			((uint8_t *)session_of(1))[fields[f].at + i] ^= 0x40;
			gateway_restart(&gateway, SMALL);
			assert_int_equal(restored().sessions, 1);
			assert_int_equal(restored().bindings, 1); /* nor has the binding one */
			assert_int_equal(restored().torn + restored().refused, 2);
			close_pair(port);
		}
}

static void links_are_not_believed(void **state)
{
	uint16_t port[2];

	(void)state;
	open_pair(port);
	for (uint32_t i = 0; i <= 200; i++) {
		struct bib_entry *binding = binding_at(i);
		struct session *session = session_of(i);

		binding->next6 = binding->next4 = binding->sessions = 0xdeadbeef;
		binding->session_count = 0xdeadbeef;
		session->next = session->bib_next = session->bib_prev = 0xdeadbeef;
		session->fast = 0xff;
	}
	gateway_restart(&gateway, SMALL);
	assert_restored(2, 2, 0, 0);
	forget_unproven();
	assert_int_equal(answer_udp(port[0]), VERDICT_TRANSLATED);
	assert_int_equal(answer_udp(port[1]), VERDICT_TRANSLATED);
	for (uint16_t i = 0; i < 198; i++)
		(void)open_udp(3, 4000 + i);
	close_kept();
}

static void impossible_contents_are_dropped(void **state)
{
	uint16_t port[2];

	(void)state;
	for (int what = 0; what < 3; what++) {
		open_pair(port);
		if (what == 0)
			session_of(1)->state = TCP_STATE_ESTABLISHED; /* of UDP */
		else if (what == 1)
			session_of(1)->pool6 = 1;
		else
			session_of(1)->state = 0xff;
		gateway_restart(&gateway, SMALL);
		assert_restored(1, 1, 0, 2);
		close_pair(port);
	}
}

static void no_life_is_longer_than_configured(void **state)
{
	uint16_t port[2];

	(void)state;
	open_pair(port);
	session_of(1)->expires_us = UINT64_MAX;
	gateway_restart(&gateway, SMALL);
	assert_restored(2, 2, 0, 0);
	gateway_pass(&gateway, 301 * SECOND_US);
	assert_int_equal(udp_sessions(), 0);
	close_kept();
}

static void copies_are_dropped(void **state)
{
	uint16_t port[2];

	(void)state;
	open_pair(port);
	*binding_at(7) = *binding_at(1);
	*session_of(9) = *session_of(1);
	binding_at(0)->next6 = 7; /* how far the tables look */
	session_of(0)->next = 9;
	gateway_restart(&gateway, SMALL);
	/* Which of two bindings stays does not matter; the session is of the first one. */
	assert_int_equal(restored().sessions, 1);
	assert_int_equal(restored().bindings, 1);
	assert_true(restored().torn >= 1);
	assert_int_equal(answer_udp(port[1]), VERDICT_TRANSLATED);
	gateway_restart(&gateway, SMALL);
	assert_restored(1, 1, 0, 0);
	*session_of(9) = *session_of(2);
	session_of(0)->next = 9;
	gateway_restart(&gateway, SMALL);
	assert_restored(1, 1, 1, 0);
	close_pair(port);
}

static void one_without_the_other_is_dropped(void **state)
{
	uint16_t port[2];

	(void)state;
	open_pair(port);
	session_of(1)->seal = ENTRY_UNSEALED;
	gateway_restart(&gateway, SMALL);
	assert_restored(1, 1, 0, 1);
	close_pair(port);
	open_pair(port);
	binding_at(1)->seal = ENTRY_UNSEALED;
	gateway_restart(&gateway, SMALL);
	assert_restored(1, 1, 0, 1);
	close_pair(port);
}

static void a_static_binding_comes_from_the_configuration_only(void **state)
{
	(void)state;
	open_kept(SMALL STATIC);
	assert_int_equal(gateway_send4(&gateway, IPPROTO_UDP, SERVER, 7, PUBLIC, 80, 0),
	                 VERDICT_TRANSLATED);
	(void)open_udp(1, 4000);
	binding_at(1)->addr4++; /* made again */
	binding_at(2)->flags = BIB_STATIC;
	gateway_restart(&gateway, SMALL STATIC);
	assert_int_equal(restored().sessions, 1);
	assert_int_equal(restored().bindings, 0);
	assert_int_equal(gateway_stats(&gateway).static_bindings, 1);
	close_kept();
}

/* ---- garbage ---- */

/* Whatever was restored serves, expires, and leaves nothing. */
static void use_up(void)
{
	for (uint16_t i = 0; i < 30; i++)
		(void)gateway_send6(&gateway, i % 2 ? IPPROTO_UDP : IPPROTO_ICMPV6, i, 4000 + i,
		                    SERVER, 7, 0);
	gateway_clear(&gateway);
	for (int i = 0; i < 4; i++) {
		gateway_pass(&gateway, 8000 * SECOND_US);
		gateway_clear(&gateway);
	}
	for (int proto = 0; proto < L4_PROTOS; proto++) {
		assert_int_equal(gateway_stats(&gateway).sessions[proto], 0);
		assert_int_equal(gateway_stats(&gateway).bindings[proto], 0);
		assert_int_equal(gateway_stats(&gateway).pool4_used[proto], 0);
	}
}

static void garbage_is_no_session(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++) {
		open_kept(SMALL);
		prng_fill(&prng, memory.bindings, bindings_len);
		prng_fill(&prng, memory.sessions, sessions_len);
		gateway_restart(&gateway, SMALL);
		assert_int_equal(restored().sessions, 0);
		assert_int_equal(restored().bindings, 0);
		assert_true(restored().torn >= 200);
		use_up();
		close_kept();
	}
}

static void damage_hurts_nothing_but_sessions(void **state)
{
	(void)state;
	for (int round = 0; round < 60; round++) {
		open_kept(SMALL "max-sessions-per-host = 100\nfiltering = address-dependent\n");
		for (uint16_t i = 0; i < 60; i++)
			(void)gateway_send6(&gateway, i % 3 ? IPPROTO_UDP : IPPROTO_ICMPV6, i,
			                    4000 + i, SERVER + i % 2, 7, 0);
		gateway_clear(&gateway);
		for (int i = 0; i < 1 << round % 10; i++) {
			uint8_t *start = prng_below(&prng, 2) ? memory.bindings : memory.sessions;

			prng_fill(&prng, start + prng_below(&prng, 61 * sizeof(struct session)), 1);
		}
		gateway_restart(&gateway, SMALL
		                "max-sessions-per-host = 100\nfiltering = address-dependent\n");
		assert_true(restored().sessions <= 60);
		gateway.entered = 100; /* marks may be damaged, too */
		use_up();
		close_kept();
	}
}

/* ---- ended at any moment ---- */

/* What the child has done; it opens host n's flow and closes that of host n - 100, by turns. */
struct progress {
	volatile uint32_t opened, closed;
};

static void churn(struct progress *progress)
{
	for (uint32_t i = 1;; i++) {
		gateway_clear(&gateway);
		(void)gateway_send6(&gateway, IPPROTO_UDP, (uint16_t)i, 4000, SERVER, 7, 0);
		progress->opened = i;
		gateway.now_us += 6 * SECOND_US / 5; /* two minutes are a hundred flows */
		translator_tick(gateway.translator, gateway.now_us);
		progress->closed = gateway_stats(&gateway).counters.sessions_expired[L4_UDP];
	}
}

static void kill_at_random(struct progress *progress)
{
	uint32_t enough = 50 + prng_below(&prng, 400);
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		churn(progress);
		_exit(0);
	}
	while (progress->opened < enough)
		(void)sched_yield();
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void a_kill_at_any_moment_tears_nothing(void **state)
{
	static const char *const keys = SMALL "udp-timeout = 2m\n";
	struct progress *progress = take(sizeof(*progress));

	(void)state;
	for (int i = 0; i < KILLS; i++) {
		uint32_t alive;

		*progress = (struct progress){ 0 };
		open_kept(keys);
		kill_at_random(progress);
		gateway_restart(&gateway, keys);
		alive = progress->opened - progress->closed;
		assert_int_equal(restored().torn, 0);
		assert_in_range(restored().refused, 0, 1);
		assert_in_range(restored().sessions, alive - 2, alive + 1);
		assert_int_equal(restored().bindings, restored().sessions);
		close_kept();
	}
	assert_int_equal(munmap(progress, sizeof(*progress)), 0);
}

/* ---- another configuration ---- */

static void a_smaller_pool_keeps_what_fits(void **state)
{
	uint16_t port;

	(void)state;
	open_kept(POOL);
	port = open_udp(1, 4000);
	gateway_restart(&gateway, "pool4 = 203.0.113.9/32\npool4-removed = drain\n");
	assert_restored(1, 1, 0, 0);
	assert_int_equal(answer_udp(port), VERDICT_TRANSLATED);
	gateway_restart(&gateway, "pool4 = 203.0.113.9/32\npool4-removed = kill\n");
	assert_restored(0, 0, 0, 2);
	assert_int_equal(answer_udp(port), VERDICT_NOT_POOL4);
	close_kept();
}

static void fingerprint(const char *keys, uint8_t out[16])
{
	struct config *config;
	char text[1000];

	snprintf(text, sizeof(text), "[instance t]\n%s", keys);
	assert_int_equal(config_parse(text, strlen(text), "restore", stderr, &config), 0);
	translator_memory_fingerprint(&config->instances[0], out);
	config_free(config);
}

static void the_fingerprint_is_of_what_entries_mean(void **state)
{
	static const char *const same[] = {
		"pool6 = 2001:db8:64::/96\npool4 = 203.0.113.7/32\n",
		"pool6 = 2001:db8:64::/96\n" POOL "udp-timeout = 2h\nmtu6 = 1400\n",
	};
	static const char *const other[] = {
		"pool6 = 2001:db8:65::/96\n" POOL,
		"pool6 = 2001:db8:64::/64\n" POOL,
		"pool6 = 2001:db8:64::/96\npool6 = 2001:db8:65::/96 for 10.0.0.0/8\n" POOL,
		"pool6 = 2001:db8:64::/96\n" POOL STATIC,
		"pool6 = 2001:db8:64::/96\n" POOL "max-sessions = 5\n",
	};
	uint8_t usual[16], found[16];

	(void)state;
	fingerprint("pool6 = 2001:db8:64::/96\n" POOL, usual);
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		fingerprint(same[i], found);
		assert_memory_equal(found, usual, sizeof(usual));
	}
	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
		fingerprint(other[i], found);
		assert_memory_not_equal(found, usual, sizeof(usual));
	}
}

/* ---- the fast path ---- */

static struct translator_flow udp_flow(uint16_t host, uint16_t port, uint16_t public_port)
{
	struct translator_flow flow = { .proto = L4_UDP,
		                        .host6 = { .s6_addr = { 0x20, 1, 0x0d, 0xb8, 0, 6 } },
		                        .pool4 = PUBLIC,
		                        .remote4 = SERVER,
		                        .host_port = port,
		                        .pool4_port = public_port,
		                        .remote_port = 7 };

	flow.host6.s6_addr[15] = (uint8_t)host;
	flow.remote6 = (struct in6_addr){ .s6_addr = { 0x20, 1, 0x0d, 0xb8, 0, 0x64 } };
	store_be32(flow.remote6.s6_addr + 12, SERVER);
	return flow;
}

static void a_flow_in_the_kernel_stays_with_its_session(void **state)
{
	struct translator_flow flow, other;
	uint32_t cursor = 0;

	(void)state;
	open_kept(SMALL);
	flow = udp_flow(1, 4000, open_udp(1, 4000));
	assert_int_equal(gateway_answer(&gateway, 0), VERDICT_TRANSLATED);
	assert_int_equal(gateway.entered, 1);
	gateway_restart(&gateway, SMALL);
	assert_true(translator_has_fast(gateway.translator, 1, &flow)); /* believed until then */
	assert_int_equal(gateway_stats(&gateway).fast_held, 1);
	for (int what = 0; what < 8; what++) {
		other = flow;
		other.proto = what == 0 ? L4_TCP : L4_UDP;
		other.host6.s6_addr[15] += what == 1;
		other.remote6.s6_addr[0] += what == 2;
		other.pool4 += what == 3;
		other.remote4 += what == 4;
		other.host_port += what == 5;
		other.pool4_port += what == 6;
		other.remote_port += what == 7;
		assert_false(translator_keep_fast(gateway.translator, 1, &other));
	}
	assert_false(translator_keep_fast(gateway.translator, 0, &flow));
	assert_false(translator_keep_fast(gateway.translator, 2, &flow));
	assert_false(translator_keep_fast(gateway.translator, UINT32_MAX, &flow));
	assert_true(translator_keep_fast(gateway.translator, 1, &flow));
	assert_true(translator_has_fast(gateway.translator, 1, &flow));
	assert_int_equal(gateway_stats(&gateway).fast_held, 1);
	assert_false(translator_forget_unproven(gateway.translator, &cursor, 1000));
	assert_int_equal(gateway_stats(&gateway).fast_held, 1);
	gateway_pass(&gateway, 301 * SECOND_US);
	assert_int_equal(gateway.entered, 0);
	close_kept();
}

static void a_flow_that_the_kernel_lost_is_entered_again(void **state)
{
	(void)state;
	open_kept(SMALL);
	(void)open_udp(1, 4000);
	assert_int_equal(gateway_answer(&gateway, 0), VERDICT_TRANSLATED);
	gateway.entered = 0;
	gateway_restart(&gateway, SMALL);
	(void)open_udp(1, 4000);
	assert_int_equal(gateway.entered, 0);
	forget_unproven();
	(void)open_udp(1, 4000);
	assert_int_equal(gateway.entered, 1);
	assert_int_equal(gateway_stats(&gateway).fast_held, 1);
	close_kept();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_kinds_of_sessions_come_back),
		cmocka_unit_test(no_port_is_handed_out_twice),
		cmocka_unit_test(free_places_are_used_once_each),
		cmocka_unit_test(time_passes_while_nobody_serves),
		cmocka_unit_test(each_sealed_byte_of_a_binding_counts),
		cmocka_unit_test(each_sealed_byte_of_a_session_counts),
		cmocka_unit_test(links_are_not_believed),
		cmocka_unit_test(impossible_contents_are_dropped),
		cmocka_unit_test(no_life_is_longer_than_configured),
		cmocka_unit_test(copies_are_dropped),
		cmocka_unit_test(one_without_the_other_is_dropped),
		cmocka_unit_test(a_static_binding_comes_from_the_configuration_only),
		cmocka_unit_test(garbage_is_no_session),
		cmocka_unit_test(damage_hurts_nothing_but_sessions),
		cmocka_unit_test(a_kill_at_any_moment_tears_nothing),
		cmocka_unit_test(a_smaller_pool_keeps_what_fits),
		cmocka_unit_test(the_fingerprint_is_of_what_entries_mean),
		cmocka_unit_test(a_flow_in_the_kernel_stays_with_its_session),
		cmocka_unit_test(a_flow_that_the_kernel_lost_is_entered_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
