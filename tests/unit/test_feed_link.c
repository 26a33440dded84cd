/* The translator's connection to its syncd, over a real socket: greetings, who starts when, who
 * dies when, a syncd that does not read, and one that talks nonsense. */
#include "lib/config_hash.h"
#include "lib/control_socket.h"
#include "proto/feed.pb-c.h"
#include "tests/unit/gateway.h"
#include "translator/feed.h"
#include "translator/feed_link.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#define SERVER   0xc6336450 /* 198.51.100.80 */
#define LIMIT_US UINT64_C(60000000)
#define CLUSTER  "[cluster]\nsync-interface = eth0\n[node a]\nid = 0\n[node b]\nid = 1\n"
#define INSTANCE "[instance t]\npool4 = 203.0.113.1/32\n"

static char directory[] = "/tmp/feed-link-XXXXXX";
static struct gateway gateway;
static struct config *config; /* of the cluster; the translator runs the gateway's own */
static sd_event *event;
static struct feed_link *link_;
static int listener = -1, peer = -1;
static uint8_t bytes[FEED_MESSAGE_MAX];

/* ---- the syncd ---- */

static void syncd_listen(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/sync.sock", directory);
	unlink(address.sun_path);
	listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_true(listener >= 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener, 4), 0);
}

static void syncd_hang_up(void)
{
	if (peer >= 0)
		close(peer);
	peer = -1;
}

static void syncd_die(void)
{
	syncd_hang_up();
	close(listener);
	listener = -1;
}

/* Let the translator's loop turn until the condition holds; fails after LIMIT_US. */
#define until(condition)                                             \
	do {                                                         \
		uint64_t end_us_ = control_now_us() + LIMIT_US;      \
		while (!(condition)) {                               \
			assert_true(control_now_us() < end_us_);     \
			assert_true(sd_event_run(event, 2000) >= 0); \
		}                                                    \
	} while (0)

static bool is_accepted(void)
{
	if (peer < 0)
		peer = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	return peer >= 0;
}

static SaNat64__Feed__FeedMessage *received;

/* The next message, in `received`, freed by the next call. */
static bool is_received(void)
{
	ssize_t len = recv(peer, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (len <= 0)
		return false;
	if (received)
		sa_nat64__feed__feed_message__free_unpacked(received, NULL);
	received = sa_nat64__feed__feed_message__unpack(NULL, (size_t)len, bytes);
	assert_non_null(received);
	assert_int_equal(received->version, 1);
	return true;
}

static void syncd_say(SaNat64__Feed__FeedMessage *message)
{
	size_t len;

	message->version = 1;
	len = sa_nat64__feed__feed_message__pack(message, bytes);
	assert_int_equal(send(peer, bytes, len, MSG_NOSIGNAL), (ssize_t)len);
}

static void syncd_greet(void)
{
	SaNat64__Feed__FeedMessage message = SA_NAT64__FEED__FEED_MESSAGE__INIT;
	SaNat64__Feed__FeedHello hello = SA_NAT64__FEED__FEED_HELLO__INIT;

	message.hello = &hello;
	syncd_say(&message);
}

static void meet(void)
{
	until(is_accepted());
	until(is_received());
	assert_non_null(received->hello);
	syncd_greet();
	until(!feed_link_why_not(link_));
}

/* ---- the translator ---- */

static void establish(uint16_t sport)
{
	gateway.now_us = control_now_us();
	gateway_clear(&gateway);
	assert_int_equal(gateway_send6(&gateway, IPPROTO_TCP, 1, sport, SERVER, 80, TCP_FLAG_SYN),
	                 VERDICT_TRANSLATED);
	assert_int_equal(gateway_answer(&gateway, TCP_FLAG_SYN | TCP_FLAG_ACK), VERDICT_TRANSLATED);
}

/* The packet loop's tick: a turn of the loop every millisecond. */
static int on_tick(sd_event_source *source, uint64_t due_us, void *userdata)
{
	(void)due_us;
	(void)userdata;
	assert_true(sd_event_source_set_time_relative(source, 1000) >= 0);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static void start(void)
{
	gateway_open_node(&gateway, "pool4 = 203.0.113.1/32\n", 1, 2, false);
	assert_int_equal(
		config_parse(CLUSTER INSTANCE, strlen(CLUSTER INSTANCE), "t", stderr, &config), 0);
	assert_true(feed_link_is_wanted(config, &config->instances[0]));
	assert_int_equal(sd_event_new(&event), 0);
	assert_true(sd_event_add_time_relative(event, NULL, CLOCK_MONOTONIC, 0, 1, on_tick, NULL) >=
	            0);
	assert_int_equal(feed_link_start(event, gateway.translator, config, 1, directory, &link_),
	                 0);
}

static void stop(void)
{
	feed_link_stop(link_);
	syncd_die();
	sd_event_unref(event);
	gateway_close(&gateway);
	config_free(config);
	if (received)
		sa_nat64__feed__feed_message__free_unpacked(received, NULL);
	received = NULL;
}

static bool is_in_contact(void)
{
	struct feed_stats stats;

	return feed_stats(gateway.translator, &stats) && stats.in_contact;
}

/* ---- tests ---- */

static void both_greet_and_a_scan_follows(void **state)
{
	struct config_hash hash;

	(void)state;
	syncd_listen();
	start();
	until(is_accepted());
	until(is_received());
	assert_non_null(received->hello);
	assert_string_equal(received->hello->instance, "t");
	assert_int_equal(received->hello->node, 1);
	assert_int_equal(received->hello->sessions_max, 1000000);
	assert_int_equal(config_hash(config, translator_config(gateway.translator), &hash), 0);
	assert_true(received->hello->prefixes_hash == hash.prefixes);
	assert_true(received->hello->config_hash == hash.rest);
	assert_non_null(strstr(feed_link_why_not(link_), "does not answer"));
	syncd_greet();
	until(is_received());
	assert_true(received->scan_begin && received->scan_end);
	assert_null(feed_link_why_not(link_));
	establish(4000);
	until(is_received());
	assert_int_equal(received->n_sessions, 1);
	stop();
}

static void a_syncd_may_come_later_go_and_come_again(void **state)
{
	(void)state;
	start();
	assert_non_null(strstr(feed_link_why_not(link_), "no sa-nat64-syncd listens at /tmp/feed"));
	establish(4000);
	syncd_listen();
	meet();
	until(is_received());
	assert_true(received->scan_begin);
	assert_int_equal(received->n_sessions, 1);
	syncd_die();
	until(feed_link_why_not(link_));
	assert_non_null(strstr(feed_link_why_not(link_), "ended"));
	establish(4001);
	syncd_listen();
	meet();
	until(is_received());
	assert_true(received->scan_begin);
	assert_int_equal(received->n_sessions, 2);
	stop();
}

static void a_refusal_is_said_to_be_one(void **state)
{
	(void)state;
	syncd_listen();
	start();
	until(is_accepted());
	until(is_received());
	syncd_hang_up();
	until(strstr(feed_link_why_not(link_), "refuses instance t"));
	meet(); /* it comes again */
	stop();
}

static void nonsense_ends_the_connection(void **state)
{
	static const struct {
		const char *text;
		size_t len;
	} nonsense[] = { { "\xff\xff\xff\xff", 4 }, { "\x08\x02", 2 }, { NULL, 40000 } };
	static char zeros[40000];

	(void)state;
	syncd_listen();
	start();
	for (size_t i = 0; i < 6; i++) {
		const char *text = nonsense[i % 3].text ? nonsense[i % 3].text : zeros;

		if (i < 3) {
			until(is_accepted());
			until(is_received());
		} else {
			meet();
		}
		assert_true(send(peer, text, nonsense[i % 3].len, MSG_NOSIGNAL) > 0);
		until(recv(peer, bytes, sizeof(bytes), MSG_DONTWAIT) == 0);
		assert_non_null(feed_link_why_not(link_));
		syncd_hang_up();
	}
	stop();
}

/* A syncd that is stopped: translation goes on, and everything is told when it goes on too. */
static void a_syncd_that_does_not_read_stops_nobody(void **state)
{
	enum { CONNECTIONS = 30000 };
	static bool is_told[65536];
	size_t told = 0;

	(void)state;
	syncd_listen();
	start();
	meet();
	for (int i = 0; i < CONNECTIONS; i++) {
		gateway.now_us = control_now_us();
		gateway_clear(&gateway);
		assert_int_equal(gateway_send6(&gateway, IPPROTO_TCP, (uint16_t)(1 + i / 10000),
		                               (uint16_t)(2000 + i % 10000), SERVER, 80,
		                               TCP_FLAG_SYN),
		                 VERDICT_TRANSLATED);
		assert_int_equal(gateway_answer(&gateway, TCP_FLAG_SYN | TCP_FLAG_ACK),
		                 VERDICT_TRANSLATED);
		if (i % 256 == 0)
			assert_true(sd_event_run(event, 0) >= 0);
	}
	assert_true(feed_waiting(gateway.translator) > 0);
	while (told < CONNECTIONS) {
		until(is_received());
		for (size_t i = 0; i < received->n_sessions; i++) {
			told += !is_told[received->sessions[i]->pool4_port];
			is_told[received->sessions[i]->pool4_port] = true;
		}
	}
	assert_null(feed_link_why_not(link_));
	stop();
}

static void a_reload_connects_anew_under_its_configuration(void **state)
{
	struct config_hash hash;

	(void)state;
	syncd_listen();
	start();
	meet();
	establish(4000);
	(void)gateway_reload(&gateway, "pool4 = 203.0.113.1/32\nudp-timeout = 400s\n");
	feed_link_serve(link_, gateway.translator, config);
	syncd_hang_up();
	until(is_accepted());
	until(is_received());
	assert_non_null(received->hello);
	assert_int_equal(config_hash(config, translator_config(gateway.translator), &hash), 0);
	assert_true(received->hello->config_hash == hash.rest);
	syncd_greet();
	until(is_received());
	assert_int_equal(received->n_sessions, 1);
	stop();
}

/* ---- waiting for what the syncd holds ---- */

static unsigned told;
static char told_why[200];

static void on_told(void *context, const char *why)
{
	assert_ptr_equal(context, &told);
	told++;
	(void)snprintf(told_why, sizeof(told_why), "%s", why ? why : "");
}

static void await_syncd(void)
{
	told = 0;
	feed_link_await(link_, on_told, &told);
}

static void whoever_waits_for_sessions_hears_when_all_came(void **state)
{
	SaNat64__Feed__FeedMessage contact = SA_NAT64__FEED__FEED_MESSAGE__INIT, all = contact;
	SaNat64__Feed__Contact whole = SA_NAT64__FEED__CONTACT__INIT;

	(void)state;
	syncd_listen();
	start();
	await_syncd();
	assert_int_equal(told, 0);
	meet();
	contact.contact = &whole;
	whole.all_in_contact = whole.in_sync = true;
	syncd_say(&contact);
	until(is_in_contact());
	assert_int_equal(told, 0);
	all.all_told = true;
	syncd_say(&all);
	until(told);
	assert_string_equal(told_why, "");
	syncd_die();
	until(feed_link_why_not(link_));
	assert_int_equal(told, 1);
	stop();
}

static void nobody_waits_for_a_syncd_that_is_not_there(void **state)
{
	(void)state;
	start();
	await_syncd();
	assert_int_equal(told, 1);
	assert_non_null(strstr(told_why, "no sa-nat64-syncd listens"));
	stop();
}

static void nobody_waits_for_a_syncd_that_dies(void **state)
{
	(void)state;
	syncd_listen();
	start();
	await_syncd();
	meet();
	syncd_die();
	until(told);
	assert_non_null(strstr(told_why, "has ended"));
	assert_int_equal(told, 1);
	stop();
}

static void a_silent_syncd_is_waited_for_a_second(void **state)
{
	uint64_t begun_us = control_now_us();

	(void)state;
	syncd_listen();
	start();
	await_syncd();
	until(told);
	assert_true(control_now_us() >= begun_us + FEED_LINK_PATIENCE_US);
	assert_non_null(strstr(told_why, "has not told of all"));
	meet(); /* which may still come */
	assert_int_equal(told, 1);
	stop();
}

/* It may be of a release that never says so. */
static void one_that_speaks_of_other_things_is_not_waited_for_for_ever(void **state)
{
	uint64_t begun_us = control_now_us(), said_us = 0, pause_us = 0;
	SaNat64__Feed__FeedMessage other = SA_NAT64__FEED__FEED_MESSAGE__INIT;

	(void)state;
	syncd_listen();
	start();
	await_syncd();
	meet();
	while (!told) {
		if (control_now_us() >= said_us + FEED_LINK_PATIENCE_US / 4) {
			if (said_us && control_now_us() - said_us > pause_us)
				pause_us = control_now_us() - said_us;
			syncd_say(&other);
			said_us = control_now_us();
		}
		assert_true(control_now_us() < begun_us + LIMIT_US);
		assert_true(sd_event_run(event, 2000) >= 0);
	}
	/* Unless this process did not get to run for so long that it was silent itself. */
	assert_true(control_now_us() >= begun_us + FEED_LINK_WAIT_MAX_US ||
	            control_now_us() - said_us >= FEED_LINK_PATIENCE_US / 2 ||
	            pause_us >= FEED_LINK_PATIENCE_US / 2);
	assert_non_null(strstr(told_why, "has not told of all"));
	stop();
}

static void a_path_that_is_too_long_is_an_error(void **state)
{
	char path[200];

	(void)state;
	start();
	memset(path, 'x', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	feed_link_stop(link_);
	assert_int_equal(feed_link_start(event, gateway.translator, config, 1, path, &link_),
	                 -ENAMETOOLONG);
	link_ = NULL;
	stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_greet_and_a_scan_follows),
		cmocka_unit_test(a_syncd_may_come_later_go_and_come_again),
		cmocka_unit_test(a_refusal_is_said_to_be_one),
		cmocka_unit_test(nonsense_ends_the_connection),
		cmocka_unit_test(a_syncd_that_does_not_read_stops_nobody),
		cmocka_unit_test(a_reload_connects_anew_under_its_configuration),
		cmocka_unit_test(whoever_waits_for_sessions_hears_when_all_came),
		cmocka_unit_test(nobody_waits_for_a_syncd_that_is_not_there),
		cmocka_unit_test(nobody_waits_for_a_syncd_that_dies),
		cmocka_unit_test(a_silent_syncd_is_waited_for_a_second),
		cmocka_unit_test(one_that_speaks_of_other_things_is_not_waited_for_for_ever),
		cmocka_unit_test(a_path_that_is_too_long_is_an_error),
	};
	char path[64];
	int failed;

	if (!mkdtemp(directory))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	snprintf(path, sizeof(path), "%s/sync.sock", directory);
	unlink(path);
	rmdir(directory);
	return failed;
}
