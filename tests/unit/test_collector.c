/* The connection to an IPFIX collector, over real sockets on the loopback device and with a clock
 * of the test's own: what is sent first and again, what becomes of records while a collector
 * refuses, hangs up or hangs (LOG-03, LOG-05). */
#include "translator/collector.h"
#include "translator/packet.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define SECOND    UINT64_C(1000000)
#define TURN      (SECOND / 20)
#define TRIES     2000 /* turns, a millisecond each at most */
#define TEMPLATES 2
#define LOSSES    269
#define BINDINGS  257

static const struct ipfix_source source = { .instance = 1, .domain = 16, .name = "a/b" };
static struct collector *collector;
static uint64_t now_us;
static uint8_t inbox[1 << 21];
static size_t inbox_len;

/* ---- the other side ---- */

/* A socket of that type on a port of its own, which *port gets. */
static int open_peer(int type, uint16_t *port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		                       .sin_port = htons(*port),
		                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, type | SOCK_NONBLOCK, 0), on = 1;

	assert_true(fd >= 0);
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
	if (type == SOCK_STREAM)
		assert_int_equal(listen(fd, 4), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	*port = ntohs(address.sin_port);
	return fd;
}

static void open_collector(const char *transport, uint16_t port)
{
	char name[COLLECTOR_NAME_MAX];

	snprintf(name, sizeof(name), "%s127.0.0.1:%u", transport, port);
	collector = collector_new(name, &source);
	assert_non_null(collector);
	now_us = 1000 * SECOND;
}

static struct collector_stats stats(void)
{
	struct collector_stats stats;

	collector_stats(collector, &stats);
	return stats;
}

static void put(unsigned records)
{
	struct log_record record = { .kind = LOG_BINDING_BEGIN };
	struct ipfix_body body;

	ipfix_body_init(&body);
	while (records--)
		assert_true(ipfix_add_record(&body, &source, &record, 0));
	collector_put(collector, &body);
}

static void turn(void)
{
	now_us += TURN;
	collector_tend(collector, now_us, now_us, 5);
	(void)poll(NULL, 0, 1);
}

static bool is_up(void)
{
	return stats().is_up;
}

static bool is_down(void)
{
	return !stats().is_up;
}

static bool has_arrived(void)
{
	return stats().waiting == 0;
}

static bool is_stuck(void)
{
	return stats().problem && strstr(stats().problem, "takes nothing");
}

static void turn_until(bool (*condition)(void))
{
	for (int i = 0; i < TRIES && !condition(); i++)
		turn();
	assert_true(condition());
}

static int accept_one(int listener)
{
	int fd = -1;

	for (int i = 0; i < TRIES && fd < 0; i++) {
		turn();
		fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
	}
	assert_true(fd >= 0);
	return fd;
}

/* All that came since, message after message. */
static void receive(int fd)
{
	ssize_t len;

	while ((len = recv(fd, inbox + inbox_len, sizeof(inbox) - inbox_len, 0)) > 0)
		inbox_len += (size_t)len;
}

/* How many sets of that id are in the inbox; checks what messages say of themselves. */
static unsigned sets(uint16_t id)
{
	unsigned count = 0;

	for (size_t at = 0; at < inbox_len; at += load_be16(inbox + at + 2)) {
		size_t end = at + load_be16(inbox + at + 2), set = at + IPFIX_HEADER_LEN;

		assert_int_equal(load_be16(inbox + at), 10);
		assert_true(end <= inbox_len);
		for (; set < end; set += load_be16(inbox + set + 2))
			count += load_be16(inbox + set) == id;
		assert_int_equal(set, end);
	}
	return count;
}

static uint32_t first_sequence(void)
{
	return load_be32(inbox + 8);
}

/* ---- tests ---- */

static void templates_come_first_and_records_follow(void **state)
{
	uint16_t port = 0;
	int listener = open_peer(SOCK_STREAM, &port), fd;

	(void)state;
	inbox_len = 0;
	open_collector("tcp:", port);
	put(3);
	fd = accept_one(listener);
	turn_until(has_arrived);
	receive(fd);
	assert_int_equal(load_be16(inbox + IPFIX_HEADER_LEN), TEMPLATES);
	assert_int_equal(sets(TEMPLATES), 1);
	assert_int_equal(sets(BINDINGS), 1);
	assert_int_equal(sets(LOSSES), 1);
	assert_int_equal(load_be32(inbox + load_be16(inbox + 2) + 8), 1); /* losses are a record */
	assert_int_equal(stats().written, 3);
	assert_true(is_up());
	now_us += 61 * SECOND;
	turn();
	receive(fd);
	assert_int_equal(sets(TEMPLATES), 1); /* TCP needs them once */
	assert_int_equal(sets(LOSSES), 2);
	collector_free(collector);
	close(fd);
	close(listener);
}

static void a_broken_connection_begins_again_with_what_was_not_sent(void **state)
{
	uint16_t port = 0;
	int listener = open_peer(SOCK_STREAM, &port), fd;

	(void)state;
	open_collector("", port);
	fd = accept_one(listener);
	turn_until(is_up);
	close(fd);
	turn_until(is_down);
	assert_non_null(stats().problem);
	put(4);
	for (int i = 0; i < 15; i++)
		turn();
	assert_true(is_down()); /* it waits for a second */
	fd = accept_one(listener);
	turn_until(has_arrived);
	inbox_len = 0;
	receive(fd);
	assert_int_equal(first_sequence(), 0);
	assert_int_equal(sets(TEMPLATES), 1);
	assert_int_equal(sets(BINDINGS), 1);
	assert_int_equal(stats().written, 4);
	assert_null(stats().problem);
	collector_free(collector);
	close(fd);
	close(listener);
}

static void one_that_refuses_loses_what_finds_no_room(void **state)
{
	uint16_t port = 0;
	int listener = open_peer(SOCK_STREAM, &port), fd;
	uint64_t put_count = 0;

	(void)state;
	close(listener);
	open_collector("tcp:", port);
	for (int i = 0; i < 100; i++)
		turn();
	assert_string_equal(stats().problem, "Connection refused");
	for (; stats().lost == 0; put_count += 30)
		put(30);
	assert_true(put_count > 60000);
	assert_int_equal(stats().waiting + stats().lost, put_count);
	listener = open_peer(SOCK_STREAM, &port);
	fd = accept_one(listener);
	for (int i = 0; i < TRIES && !has_arrived(); i++) {
		inbox_len = 0;
		receive(fd);
		turn();
	}
	assert_int_equal(stats().written + stats().lost, put_count);
	collector_free(collector);
	close(fd);
	close(listener);
}

static void one_that_hangs_is_named_and_held_no_longer_than_its_queue(void **state)
{
	uint16_t port = 0;
	int listener = open_peer(SOCK_STREAM, &port), fd;

	(void)state;
	open_collector("tcp:", port);
	fd = accept_one(listener);
	turn_until(is_up);
	while (stats().lost == 0) {
		put(30);
		turn();
	}
	assert_false(has_arrived());
	turn_until(is_stuck);
	assert_true(is_up());
	for (int i = 0; i < TRIES && !has_arrived(); i++) {
		inbox_len = 0;
		receive(fd);
		turn();
	}
	assert_true(has_arrived());
	turn();
	assert_null(stats().problem);
	collector_free(collector);
	close(fd);
	close(listener);
}

static void datagrams_have_templates_every_minute(void **state)
{
	uint16_t port = 0;
	int fd = open_peer(SOCK_DGRAM, &port);

	(void)state;
	inbox_len = 0;
	open_collector("udp:", port);
	put(1);
	turn_until(has_arrived);
	assert_true(is_up());
	receive(fd);
	assert_int_equal(sets(TEMPLATES), 1);
	assert_int_equal(sets(BINDINGS), 1);
	now_us += 58 * SECOND;
	turn();
	receive(fd);
	assert_int_equal(sets(TEMPLATES), 1);
	now_us += 2 * SECOND;
	turn();
	receive(fd);
	assert_int_equal(sets(TEMPLATES), 2);
	assert_int_equal(sets(LOSSES), 2);
	collector_free(collector);
	close(fd);
}

static void a_datagram_that_was_refused_is_sent_again(void **state)
{
	uint16_t port = 0;
	int fd = open_peer(SOCK_DGRAM, &port);

	(void)state;
	close(fd);
	open_collector("udp:", port);
	put(2);
	for (int i = 0; i < 100; i++) {
		turn();
		assert_true(is_down());
	}
	assert_string_equal(stats().problem, "Connection refused");
	assert_int_equal(stats().waiting, 2);
	fd = open_peer(SOCK_DGRAM, &port);
	turn_until(has_arrived);
	inbox_len = 0;
	receive(fd);
	assert_int_equal(sets(TEMPLATES), 1);
	assert_int_equal(sets(BINDINGS), 1);
	assert_int_equal(stats().written, 2);
	assert_int_equal(stats().lost, 0);
	collector_free(collector);
	close(fd);
}

/* In a process of its own: talk to the collector's other side as fast as it goes. */
static pid_t talk(int fd)
{
	static const char words[65536];
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	(void)fcntl(fd, F_SETFL, 0);
	while (send(fd, words, sizeof(words), MSG_NOSIGNAL) > 0)
		;
	_exit(0);
}

static void one_that_talks_without_end_is_sent_to_all_the_same(void **state)
{
	uint16_t port = 0;
	int listener = open_peer(SOCK_STREAM, &port), fd;
	pid_t talker;

	(void)state;
	inbox_len = 0;
	open_collector("tcp:", port);
	fd = accept_one(listener);
	talker = talk(fd);
	assert_true(talker > 0);
	put(3);
	turn_until(has_arrived);
	assert_true(is_up());
	assert_int_equal(stats().written, 3);
	(void)kill(talker, SIGKILL);
	(void)waitpid(talker, NULL, 0);
	collector_free(collector);
	close(fd);
	close(listener);
}

static void names_that_are_none_make_no_collector(void **state)
{
	(void)state;
	assert_null(collector_new("sctp:192.0.2.1:4739", &source));
	assert_null(collector_new("udp:224.0.0.1:4739", &source));
	collector_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(templates_come_first_and_records_follow),
		cmocka_unit_test(a_broken_connection_begins_again_with_what_was_not_sent),
		cmocka_unit_test(one_that_refuses_loses_what_finds_no_room),
		cmocka_unit_test(one_that_hangs_is_named_and_held_no_longer_than_its_queue),
		cmocka_unit_test(datagrams_have_templates_every_minute),
		cmocka_unit_test(a_datagram_that_was_refused_is_sent_again),
		cmocka_unit_test(one_that_talks_without_end_is_sent_to_all_the_same),
		cmocka_unit_test(names_that_are_none_make_no_collector),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
