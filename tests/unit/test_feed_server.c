/* The feed's server over real sockets: who is let in, who is not, and a translator that does not
 * read. */
#include "lib/control_socket.h"
#include "proto/feed.pb-c.h"
#include "syncd/feed_message.h"
#include "syncd/feed_server.h"
#include "syncd/reload.h"
#include "tests/unit/two_boxes.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define WAIT_US 60000000

static struct two_boxes pair;
static struct box *box;
static struct feed_server *server;
static sd_event *event;
static char directory[64], path[100];
static uint8_t buffer[FEED_MESSAGE_MAX];

static int open_server(void **state)
{
	(void)state;
	(void)snprintf(directory, sizeof(directory), "/tmp/feed-server-XXXXXX");
	if (!mkdtemp(directory) || sd_event_new(&event) < 0)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/sync.sock", directory);
	pair.now_us = control_now_us();
	box = two_boxes_stranger(&pair, 0, "campus", two_boxes_key);
	return feed_server_new(event, box, path, &server);
}

static int close_server(void **state)
{
	(void)state;
	feed_server_free(server);
	event = sd_event_unref(event);
	box_free(box);
	return rmdir(directory);
}

static void run_due(void)
{
	do
		(void)feed_server_write(server, control_now_us());
	while (sd_event_run(event, 0) > 0);
	(void)feed_server_write(server, control_now_us());
}

static int connect_as(const char *instance, uint32_t node)
{
	SaNat64__Feed__FeedMessage message = SA_NAT64__FEED__FEED_MESSAGE__INIT;
	SaNat64__Feed__FeedHello hello = SA_NAT64__FEED__FEED_HELLO__INIT;
	int fd = control_connect(path, control_now_us() + WAIT_US);

	message.version = FEED_MESSAGE_VERSION;
	message.hello = &hello;
	hello.instance = (char *)instance;
	hello.node = node;
	assert_true(fd >= 0);
	assert_true(send(fd, buffer, sa_nat64__feed__feed_message__pack(&message, buffer),
	                 MSG_NOSIGNAL) > 0);
	return fd;
}

/* The next message of the server; NULL: it has closed the connection, or says nothing. */
static SaNat64__Feed__FeedMessage *hear(int fd)
{
	ssize_t len = recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT);

	return len > 0 ? sa_nat64__feed__feed_message__unpack(NULL, (size_t)len, buffer) : NULL;
}

static bool is_closed(int fd)
{
	uint8_t byte;

	return recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 0;
}

static void put_sessions(struct box_instance *instance, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		struct replica_session session = two_boxes_session(&pair, i, 0);

		assert_true(replica_local_session(instance->replica, &session, pair.now_us));
	}
}

static void a_translator_is_greeted_and_told_of_contact(void **state)
{
	SaNat64__Feed__FeedMessage *message;
	struct stat st;
	int fd = connect_as("lower", 0);

	(void)state;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	run_due();
	message = hear(fd);
	assert_true(message && message->hello);
	if (message && message->hello)
		assert_string_equal(message->hello->instance, "lower");
	sa_nat64__feed__feed_message__free_unpacked(message, NULL);
	message = hear(fd);
	assert_true(message && message->contact && !message->contact->all_in_contact);
	sa_nat64__feed__feed_message__free_unpacked(message, NULL);
	assert_true(box_find(box, "lower")->feed.attached);
	(void)close(fd);
	run_due();
	assert_false(box_find(box, "lower")->feed.attached);
}

static void a_translator_hears_when_it_was_told_of_all_that_was_held(void **state)
{
	SaNat64__Feed__FeedMessage *message;
	uint32_t sessions = 0;
	bool is_over = false;
	int fd;

	(void)state;
	put_sessions(box_find(box, "lower"), 1000);
	fd = connect_as("lower", 0);
	run_due();
	while ((message = hear(fd))) {
		sessions += (uint32_t)message->n_sessions;
		assert_false(is_over && message->n_sessions);
		if (message->all_told) {
			assert_false(is_over);
			assert_int_equal(sessions, 1000);
			is_over = true;
		}
		sa_nat64__feed__feed_message__free_unpacked(message, NULL);
		run_due();
	}
	assert_true(is_over);
	(void)close(fd);
	run_due();
}

static void who_has_no_business_here_is_disconnected(void **state)
{
	static const uint8_t nonsense[] = { 0xff, 0xff, 0xff };
	int fds[5];

	(void)state;
	fds[0] = connect_as("nowhere", 0);
	fds[1] = connect_as("siit", 0);
	fds[2] = connect_as("lower", 1);
	fds[3] = control_connect(path, control_now_us() + WAIT_US);
	assert_true(send(fds[3], nonsense, sizeof(nonsense), MSG_NOSIGNAL) > 0);
	fds[4] = connect_as("upper", 0);
	run_due();
	assert_true(send(fds[4], nonsense, sizeof(nonsense), MSG_NOSIGNAL) > 0);
	run_due();
	for (int i = 0; i < 4; i++)
		assert_true(is_closed(fds[i]));
	while (recv(fds[4], buffer, sizeof(buffer), MSG_DONTWAIT) > 0)
		;
	assert_true(is_closed(fds[4]));
	assert_false(box_find(box, "upper")->feed.attached);
	for (int i = 0; i < 5; i++)
		(void)close(fds[i]);
}

static void a_second_process_is_refused_while_the_first_lives(void **state)
{
	int ready[2], fd, status;
	pid_t child;
	char byte;

	(void)state;
	assert_int_equal(pipe(ready), 0);
	child = fork();
	if (child == 0) {
		(void)connect_as("lower", 0);
		(void)!write(ready[1], "x", 1);
		(void)pause();
		_exit(0);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	run_due();
	assert_true(box_find(box, "lower")->feed.attached);
	fd = connect_as("lower", 0);
	run_due();
	assert_true(is_closed(fd));
	(void)close(fd);
	(void)kill(child, SIGKILL);
	(void)waitpid(child, &status, 0);
	fd = connect_as("lower", 0);
	run_due();
	assert_false(is_closed(fd));
	assert_true(box_find(box, "lower")->feed.attached);
	(void)close(fd);
	(void)close(ready[0]);
	(void)close(ready[1]);
}

static void a_new_connection_of_the_same_process_takes_the_place(void **state)
{
	int first = connect_as("lower", 0), second;

	(void)state;
	run_due();
	second = connect_as("lower", 0);
	run_due();
	while (recv(first, buffer, sizeof(buffer), MSG_DONTWAIT) > 0)
		;
	assert_true(is_closed(first));
	assert_false(is_closed(second));
	assert_true(box_find(box, "lower")->feed.attached);
	(void)close(first);
	(void)close(second);
}

static void many_strangers_lock_nobody_out(void **state)
{
	int strangers[40], fd;

	(void)state;
	for (int i = 0; i < 40; i++) {
		strangers[i] = control_connect(path, control_now_us() + WAIT_US);
		assert_true(strangers[i] >= 0);
		run_due();
	}
	fd = connect_as("lower", 0);
	run_due();
	assert_true(box_find(box, "lower")->feed.attached);
	feed_server_tick(server, control_now_us() + 60000000);
	for (int i = 0; i < 40; i++) {
		assert_true(is_closed(strangers[i]));
		(void)close(strangers[i]);
	}
	assert_false(is_closed(fd));
	(void)close(fd);
}

/* Everything is told once it reads again, and nothing was taken out of the replica before. */
static void a_translator_that_does_not_read_loses_nothing(void **state)
{
	struct box_instance *lower = box_find(box, "lower");
	struct replica_stats stats;
	SaNat64__Feed__FeedMessage *message;
	size_t sessions = 0;
	int fd = connect_as("lower", 0), size = 1;

	(void)state;
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)), 0);
	put_sessions(lower, 1000);
	run_due();
	for (int i = 0; i < 200; i++) {
		/* each attach puts all up again: more than any socket buffer takes */
		replica_attach(lower->replica, control_now_us());
		run_due();
	}
	replica_stats(lower->replica, &stats);
	assert_int_equal(stats.waiting_apply, 1000);
	do {
		while ((message = hear(fd))) {
			sessions = message->n_sessions ? sessions + message->n_sessions : sessions;
			sa_nat64__feed__feed_message__free_unpacked(message, NULL);
		}
		run_due();
		replica_stats(lower->replica, &stats);
	} while (stats.waiting_apply > 0);
	while ((message = hear(fd))) {
		sessions += message->n_sessions;
		sa_nat64__feed__feed_message__free_unpacked(message, NULL);
	}
	assert_true(sessions >= 1000);
	assert_int_equal(sessions % 500, 0);
	(void)close(fd);
}

static void a_rescan_is_asked_for(void **state)
{
	SaNat64__Feed__FeedMessage *message;
	bool asked = false;
	int fd = connect_as("lower", 0);

	(void)state;
	run_due();
	feed_server_rescan(server, box_find(box, "lower"));
	run_due();
	while ((message = hear(fd))) {
		asked |= message->scan_request;
		sa_nat64__feed__feed_message__free_unpacked(message, NULL);
	}
	assert_true(asked);
	(void)close(fd);
}

/* The box goes by another file; its translators are treated as the program does. */
static void reload_to(const char *instances)
{
	struct config *wanted = two_boxes_config("campus", instances);
	struct reload_plan plan;

	assert_int_equal(reload_plan_new(box, wanted, control_now_us(), &plan), 0);
	config_free(wanted);
	assert_int_equal(feed_server_reserve(server, plan.count), 0);
	for (size_t i = 0; i < plan.parting_count; i++)
		feed_server_part(server, plan.parting[i]);
	(void)reload_apply(box, &plan);
	reload_plan_free(&plan);
}

static void a_translator_is_let_in_when_its_instance_comes_and_let_go_with_it(void **state)
{
	static const char other[] = TWO_BOXES_LOWER
		"[instance other]\ntun = other\npool4 = 198.51.100.32/28\nmax-sessions = 500\n";
	int lower = connect_as("lower", 0), upper = connect_as("upper", 0),
	    early = connect_as("other", 0), late;

	(void)state;
	run_due();
	assert_true(is_closed(early));
	reload_to(other);
	run_due();
	while (recv(upper, buffer, sizeof(buffer), MSG_DONTWAIT) > 0)
		;
	assert_true(is_closed(upper));
	assert_false(is_closed(lower));
	assert_true(box_find(box, "lower")->feed.attached);
	late = connect_as("other", 0);
	run_due();
	assert_true(box_find(box, "other")->feed.attached);
	(void)close(late);
	run_due();
	assert_false(box_find(box, "other")->feed.attached);
	(void)close(lower);
	(void)close(upper);
	(void)close(early);
}

/* More instances than there were places at the start, with strangers beside them. */
static void there_is_room_for_many_instances_that_come(void **state)
{
	char text[900] = "";
	size_t len = 0;
	int fds[7], strangers[8];

	(void)state;
	for (int i = 0; i < 7; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
		                        "[instance i%d]\ntun = i%d\npool4 = 198.51.100.%d\n"
		                        "pool6 = 2001:db8:%d::/96\nmax-sessions = 9\n",
		                        i, i, i, i);
	fds[0] = connect_as("lower", 0);
	run_due();
	reload_to(text);
	(void)close(fds[0]);
	for (int i = 0; i < 7; i++)
		fds[i] = connect_as((char[]){ 'i', (char)('0' + i), '\0' }, 0);
	run_due();
	for (int i = 0; i < 8; i++) {
		strangers[i] = control_connect(path, control_now_us() + WAIT_US);
		assert_true(strangers[i] >= 0);
		run_due();
	}
	for (int i = 0; i < 7; i++) {
		assert_true(box->instances[i]->feed.attached);
		(void)close(fds[i]);
	}
	for (int i = 0; i < 8; i++) {
		assert_false(is_closed(strangers[i]));
		(void)close(strangers[i]);
	}
}

static void a_second_server_is_refused(void **state)
{
	struct feed_server *other;

	(void)state;
	assert_int_equal(feed_server_new(event, box, path, &other), -EADDRINUSE);
}

int main(void)
{
#define ROW(test) cmocka_unit_test_setup_teardown(test, open_server, close_server)
	const struct CMUnitTest tests[] = {
		ROW(a_translator_is_greeted_and_told_of_contact),
		ROW(a_translator_hears_when_it_was_told_of_all_that_was_held),
		ROW(who_has_no_business_here_is_disconnected),
		ROW(a_second_process_is_refused_while_the_first_lives),
		ROW(a_new_connection_of_the_same_process_takes_the_place),
		ROW(many_strangers_lock_nobody_out),
		ROW(a_translator_that_does_not_read_loses_nothing),
		ROW(a_rescan_is_asked_for),
		ROW(a_translator_is_let_in_when_its_instance_comes_and_let_go_with_it),
		ROW(there_is_room_for_many_instances_that_come),
		ROW(a_second_server_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
