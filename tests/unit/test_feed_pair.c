/* Two boxes under random traffic that routing moves between them at will, telling each other late:
 * once it is quiet both hold the same sessions, no public port is two hosts', and no answer ever
 * reached another host. Each seed is printed when it fails. */
#include "tests/unit/feed_side.h"
#include "tests/unit/prng.h"
#include "translator/session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SECOND GATEWAY_SECOND_US
#define SERVER 0xc6336450 /* 198.51.100.80 */
#define KEYS                                                                              \
	"pool4 = 203.0.113.1/32 1024-1535\nudp-timeout = 120s\ntcp-est-timeout = 7440s\n" \
	"tcp-trans-timeout = 240s\n"
#define SEEDS 200
#define STEPS 400
#define HOSTS 12

static struct feed_side sides[2];
static struct prng prng;

/* A host sends through one of the boxes, and the answer comes back through either. */
static void talk(void)
{
	static const uint8_t flags[] = {
		TCP_FLAG_SYN, TCP_FLAG_ACK, TCP_FLAG_ACK, TCP_FLAG_ACK, TCP_FLAG_FIN | TCP_FLAG_ACK,
		TCP_FLAG_RST
	};
	struct feed_side *out = &sides[prng_below(&prng, 2)], *back = &sides[prng_below(&prng, 2)];
	uint16_t host = (uint16_t)(1 + prng_below(&prng, HOSTS)),
		 sport = (uint16_t)(4000 + prng_below(&prng, 3));
	uint8_t proto = prng_below(&prng, 2) ? IPPROTO_TCP : IPPROTO_UDP,
		flag = flags[prng_below(&prng, 6)];
	const struct packet *p;
	struct packet sent;

	gateway_clear(&out->gateway);
	if (gateway_send6(&out->gateway, proto, host, sport, SERVER, 80, flag) !=
	            VERDICT_TRANSLATED ||
	    prng_below(&prng, 4) == 0)
		return;
	sent = *gateway_last(&out->gateway);
	gateway_clear(&back->gateway);
	if (gateway_send4(&back->gateway, proto, SERVER, 80, sent.src4, sent.src_port,
	                  flag == TCP_FLAG_SYN ? TCP_FLAG_SYN | TCP_FLAG_ACK : TCP_FLAG_ACK) !=
	    VERDICT_TRANSLATED)
		return; /* this box has not heard of it yet */
	p = gateway_last(&back->gateway);
	assert_int_equal(load_be16(p->dst6.s6_addr + 14), host);
	assert_int_equal(p->dst_port, sport);
}

static void pass(uint64_t us)
{
	gateway_pass(&sides[0].gateway, us);
	gateway_pass(&sides[1].gateway, us);
}

static size_t tell(int from)
{
	feed_side_poll(&sides[from]);
	feed_side_relay(&sides[from], &sides[!from]);
	return sides[from].sessions.count + sides[from].gone.count;
}

static void settle(void)
{
	int rounds = 0;

	pass(20 * SECOND); /* what is young matures, what is to be refreshed is found */
	while (tell(0) + tell(1))
		assert_true(++rounds < 20);
}

/* ---- what both have to agree on ---- */

static const struct session *find_same(const struct feed_side *in, const struct bib_entry *bib,
                                       const struct session *session)
{
	const struct session_table *table = translator_sessions(in->gateway.translator);
	uint32_t other = bib_find4(session_bib(table), bib->proto, bib->addr4, bib->port4);
	uint32_t index;

	if (!other)
		return NULL;
	assert_true(address6_equal(&bib_at(session_bib(table), other)->addr6, &bib->addr6));
	assert_int_equal(bib_at(session_bib(table), other)->port6, bib->port6);
	index = session_find(table, other, session->dst4, session->dport4);
	return index ? session_at(table, index) : NULL;
}

static void holds_what_the_other_has(const struct feed_side *side, const struct feed_side *other)
{
	const struct session_table *table = translator_sessions(other->gateway.translator);
	uint32_t cursor = 0, index;

	while ((index = session_next(table, &cursor, UINT32_MAX))) {
		const struct session *session = session_at(table, index), *same;

		if (!(session->sync & SESSION_TOLD))
			continue;
		same = find_same(side, bib_at(session_bib(table), session->bib), session);
		if (!same || same->version != session->version || same->owner != session->owner ||
		    same->state != session->state)
			fail_msg("port %u: version %u owner %u state %u here, %u %u %u there",
			         bib_at(session_bib(table), session->bib)->port4, session->version,
			         session->owner, session->state, same ? same->version : 0,
			         same ? same->owner : 0, same ? same->state : 0);
	}
}

static void run(uint64_t seed)
{
	print_message("seed %llu\n", (unsigned long long)seed);
	prng.state = seed;
	for (uint8_t node = 0; node < 2; node++) {
		feed_side_open(&sides[node], node, KEYS);
		feed_side_give_contact(&sides[node], true);
	}
	for (int step = 0; step < STEPS; step++) {
		talk();
		if (prng_below(&prng, 3) == 0)
			(void)tell((int)prng_below(&prng, 2));
		if (prng_below(&prng, 4) == 0)
			pass((1 + prng_below(&prng, 40)) * SECOND / 4);
	}
	settle();
	holds_what_the_other_has(&sides[0], &sides[1]);
	holds_what_the_other_has(&sides[1], &sides[0]);
	feed_side_close(&sides[0]);
	feed_side_close(&sides[1]);
}

static void two_boxes_agree_once_it_is_quiet(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++)
		run(seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_boxes_agree_once_it_is_quiet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
