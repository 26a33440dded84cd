/* Control sockets over real ones in a temporary directory: exchange, deadlines, limits, stale and
 * foreign files; who may ask what. */
#include "lib/control_rights.h"
#include "lib/control_server.h"
#include "proto/control.pb-c.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#define SHORT_US 50000
#define LONG_US  60000000

static char directory[64], path[108];
static sd_event *event;
static struct control_server *server;
static uint8_t big[CONTROL_MESSAGE_MAX];

/* Repeats the request; "big" asks for the longest reply, "bye" for being disconnected. */
static size_t echo(void *context, const uint8_t *request, size_t len, uint8_t *reply, size_t size)
{
	size_t *count = context;

	++*count;
	if (len == 3 && memcmp(request, "bye", 3) == 0)
		return 0;
	if (len == 3 && memcmp(request, "big", 3) == 0) {
		memset(reply, 'x', size);
		return size;
	}
	memcpy(reply, request, len);
	return len;
}

static size_t answered;

/* A stream of numbered messages; `left` of them are to be sent, each of `len` bytes. */
static struct {
	size_t sent, left, len, closed;
} source;

static size_t next_message(void *context, uint8_t *message, size_t size)
{
	assert_ptr_equal(context, &source);
	assert_true(source.len <= size);
	if (source.left == 0)
		return 0;
	source.left--;
	memset(message, 'a' + (int)(source.sent++ % 26), source.len);
	return source.len;
}

static void on_closed(void *context)
{
	assert_ptr_equal(context, &source);
	source.closed++;
}

/* As echo, and a stream behind the answer to "stream". */
static size_t begin_stream(void *context, const uint8_t *request, size_t len, uint8_t *reply,
                           size_t size)
{
	static const struct control_stream stream = { next_message, on_closed };

	if (len == 6 && memcmp(request, "stream", 6) == 0)
		control_server_stream(server, &stream, &source);
	return echo(context, request, len, reply, size);
}

static int open_directory(void **state)
{
	(void)state;
	(void)snprintf(directory, sizeof(directory), "/tmp/control-socket-XXXXXX");
	assert_non_null(mkdtemp(directory));
	assert_int_equal(control_socket_path(directory, "lower", path, sizeof(path)), 0);
	assert_true(sd_event_new(&event) >= 0);
	answered = 0;
	return 0;
}

static int close_directory(void **state)
{
	char inner[80];

	(void)state;
	control_server_free(server);
	server = NULL;
	event = sd_event_unref(event);
	(void)snprintf(inner, sizeof(inner), "%s/lower", directory);
	(void)unlink(path);
	(void)rmdir(inner);
	assert_int_equal(rmdir(directory), 0);
	return 0;
}

static void start(void)
{
	assert_int_equal(control_server_new(event, path, echo, &answered, &server), 0);
}

/* Let the server do what is due. */
static void run_due(void)
{
	while (sd_event_run(event, 0) > 0)
		;
}

static uint64_t in(uint64_t us)
{
	return control_now_us() + us;
}

static int connect_and_accept(void)
{
	int fd = control_connect(path, in(LONG_US));

	assert_true(fd >= 0);
	run_due();
	return fd;
}

static ssize_t ask(int fd, const char *request)
{
	int error = control_send(fd, request, strlen(request), in(LONG_US));

	if (error)
		return error;
	run_due();
	return control_receive(fd, big, sizeof(big), in(SHORT_US));
}

static void a_message_is_answered(void **state)
{
	struct stat st;
	int fd;

	(void)state;
	start();
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0660);
	*strrchr(path, '/') = '\0';
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0750);
	path[strlen(path)] = '/';
	fd = connect_and_accept();
	assert_int_equal(ask(fd, "hello"), 5);
	assert_memory_equal(big, "hello", 5);
	assert_int_equal(ask(fd, "again"), 5);
	assert_int_equal(ask(fd, "big"), CONTROL_MESSAGE_MAX);
	assert_int_equal(ask(fd, "bye"), -ECONNRESET);
	(void)close(fd);
	control_server_free(server);
	server = NULL;
	assert_int_equal(access(path, F_OK), -1);
}

static void a_hung_server_costs_the_deadline(void **state)
{
	uint64_t before = control_now_us();
	int fd;

	(void)state;
	start();
	fd = control_connect(path, in(SHORT_US));
	assert_true(fd >= 0);
	assert_int_equal(control_send(fd, "x", 1, in(SHORT_US)), 0);
	assert_int_equal(control_receive(fd, big, sizeof(big), in(SHORT_US)), -ETIMEDOUT);
	assert_true(control_now_us() - before >= SHORT_US);
	(void)close(fd);
}

static void a_full_queue_of_connections_costs_the_deadline(void **state)
{
	int fds[2 * CONTROL_CLIENTS_MAX], fd = 0;
	size_t count = 0;

	(void)state;
	start();
	while (count < sizeof(fds) / sizeof(fds[0]) && fd >= 0) {
		fd = control_connect(path, in(SHORT_US));
		if (fd >= 0)
			fds[count++] = fd;
	}
	assert_int_equal(fd, -ETIMEDOUT);
	while (count > 0)
		(void)close(fds[--count]);
}

static void one_client_too_many_displaces_the_most_silent(void **state)
{
	int fds[CONTROL_CLIENTS_MAX + 1];

	(void)state;
	start();
	for (int i = 0; i < CONTROL_CLIENTS_MAX; i++)
		fds[i] = connect_and_accept();
	assert_int_equal(ask(fds[0], "x"), 1);
	fds[CONTROL_CLIENTS_MAX] = connect_and_accept();
	assert_int_equal(ask(fds[CONTROL_CLIENTS_MAX], "x"), 1);
	assert_int_equal(ask(fds[0], "x"), 1);
	assert_true(ask(fds[1], "x") < 0);
	for (int i = 2; i < CONTROL_CLIENTS_MAX; i++)
		assert_int_equal(ask(fds[i], "x"), 1);
	for (int i = 0; i <= CONTROL_CLIENTS_MAX; i++)
		(void)close(fds[i]);
}

/* As a user who is neither root nor the one that the server runs as. */
static int connect_as_another(void)
{
	int fd;

	*strrchr(path, '/') = '\0';
	assert_int_equal(chmod(path, 0755), 0);
	path[strlen(path)] = '/';
	assert_int_equal(chmod(directory, 0755), 0);
	assert_int_equal(chmod(path, 0666), 0);
	assert_int_equal(seteuid(65534), 0);
	fd = control_connect(path, in(LONG_US));
	assert_int_equal(seteuid(0), 0);
	assert_true(fd >= 0);
	run_due();
	return fd;
}

/* A request with nothing but its command, and an id. */
static size_t pack_command(const char *name, uint8_t *message, size_t size)
{
	const ProtobufCMessageDescriptor *all = &sa_nat64__control__request__descriptor;
	const ProtobufCFieldDescriptor *field =
		protobuf_c_message_descriptor_get_field_by_name(all, name);
	SaNat64__Control__Request request = SA_NAT64__CONTROL__REQUEST__INIT;
	const ProtobufCMessageDescriptor *body;
	union {
		ProtobufCMessage base;
		uint8_t bytes[512];
	} empty;

	assert_non_null(field);
	body = field->descriptor;
	assert_true(body->sizeof_message <= sizeof(empty));
	body->message_init(&empty.base);
	request.version = CONTROL_VERSION;
	request.id = 7;
	request.command_case = (SaNat64__Control__Request__CommandCase)field->id;
	request.status = (void *)&empty; /* the members of the union are pointers all */
	assert_true(sa_nat64__control__request__get_packed_size(&request) <= size);
	return sa_nat64__control__request__pack(&request, message);
}

/* Whether the reply to such a request refuses it; if not, the server has echoed it. */
static bool is_refused(int fd, const char *name)
{
	uint8_t request[64];
	size_t len = pack_command(name, request, sizeof(request));
	SaNat64__Control__Reply *reply;
	ssize_t got;
	bool refused;

	assert_int_equal(control_send(fd, request, len, in(LONG_US)), 0);
	run_due();
	got = control_receive(fd, big, sizeof(big), in(SHORT_US));
	assert_true(got > 0);
	if ((size_t)got == len && memcmp(big, request, len) == 0)
		return false;
	reply = sa_nat64__control__reply__unpack(NULL, (size_t)got, big);
	assert_non_null(reply);
	assert_int_equal(reply->id, 7);
	refused = strstr(reply->error, "permission denied: ") &&
	          strstr(reply->error, "run as root");
	assert_true(refused);
	sa_nat64__control__reply__free_unpacked(reply, NULL);
	return refused;
}

static void others_than_root_may_only_look(void **state)
{
	static const char looks[] =
		" status stats sessions bib explain peers health config pool4 capabilities who ";
	const ProtobufCMessageDescriptor *all = &sa_nat64__control__request__descriptor;
	int root, other;
	size_t commands = 0;

	(void)state;
	if (geteuid() != 0)
		skip(); /* nobody else can be played */
	start();
	root = connect_and_accept();
	other = connect_as_another();
	for (unsigned i = 0; i < all->n_fields; i++) {
		char word[64];

		if (all->fields[i].type != PROTOBUF_C_TYPE_MESSAGE)
			continue;
		(void)snprintf(word, sizeof(word), " %s ", all->fields[i].name);
		assert_int_equal(is_refused(other, all->fields[i].name), !strstr(looks, word));
		assert_false(is_refused(root, all->fields[i].name));
		commands++;
	}
	assert_true(commands >= 15);
	assert_int_equal(ask(other, "no request"), 10); /* the answer says that it is none */
	(void)close(root);
	(void)close(other);
}

static void what_reload_would_do_is_for_all(void **state)
{
	static const struct {
		const char *action;
		bool refused;
	} rows[] = { { "check", false }, { "outcome", false }, { "apply", true }, { "", true } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		SaNat64__Control__Request request = SA_NAT64__CONTROL__REQUEST__INIT;
		SaNat64__Control__ReloadRequest reload = SA_NAT64__CONTROL__RELOAD_REQUEST__INIT;
		uint8_t message[64];
		size_t len;

		reload.action = (char *)rows[i].action;
		request.command_case = SA_NAT64__CONTROL__REQUEST__COMMAND_RELOAD;
		request.reload = &reload;
		len = sa_nat64__control__request__pack(&request, message);
		assert_int_equal(
			control_rights_refuse(CONTROL_LOOKS, message, len, big, sizeof(big)) > 0,
			rows[i].refused);
		assert_int_equal(
			control_rights_refuse(CONTROL_OWNS, message, len, big, sizeof(big)), 0);
	}
}

static void who_may_only_look_displaces_nobody_else(void **state)
{
	int fds[CONTROL_CLIENTS_MAX], other, second, last;

	(void)state;
	if (geteuid() != 0)
		skip();
	start();
	for (int i = 0; i < CONTROL_CLIENTS_MAX - 1; i++)
		fds[i] = connect_and_accept();
	other = connect_as_another();
	assert_int_equal(ask(other, "x"), 1);
	second = connect_as_another(); /* the other one goes, although all were silent longer */
	assert_true(ask(other, "x") < 0);
	assert_int_equal(ask(second, "x"), 1);
	fds[CONTROL_CLIENTS_MAX - 1] = connect_and_accept();
	assert_true(ask(second, "x") < 0);
	last = connect_as_another();
	assert_true(ask(last, "x") < 0);
	for (int i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		assert_int_equal(ask(fds[i], "x"), 1);
		(void)close(fds[i]);
	}
	(void)close(other);
	(void)close(second);
	(void)close(last);
}

static void a_client_that_does_not_read_is_dropped(void **state)
{
	int deaf, other, error = 0;

	(void)state;
	start();
	deaf = connect_and_accept();
	other = connect_and_accept();
	for (int i = 0; i < 100 && error == 0; i++) {
		error = control_send(deaf, "big", 3, in(SHORT_US));
		run_due();
	}
	assert_true(error == -EPIPE || error == -ECONNRESET);
	assert_int_equal(ask(other, "x"), 1);
	(void)close(deaf);
	(void)close(other);
}

static void too_long_a_message_disconnects(void **state)
{
	static uint8_t longer[CONTROL_MESSAGE_MAX + 1];
	int fd;

	(void)state;
	start();
	fd = connect_and_accept();
	assert_int_equal(control_send(fd, longer, sizeof(longer), in(SHORT_US)), -EMSGSIZE);
	assert_int_equal(send(fd, longer, sizeof(longer), 0), (ssize_t)sizeof(longer));
	run_due();
	assert_int_equal(control_receive(fd, big, sizeof(big), in(SHORT_US)), -ECONNRESET);
	assert_int_equal(answered, 0);
	(void)close(fd);
}

static void an_empty_message_disconnects(void **state)
{
	int fd;

	(void)state;
	start();
	fd = connect_and_accept();
	assert_int_equal(send(fd, "", 0, 0), 0);
	run_due();
	assert_int_equal(control_receive(fd, big, sizeof(big), in(SHORT_US)), -ECONNRESET);
	(void)close(fd);
}

static void a_reply_that_does_not_fit_is_an_error(void **state)
{
	uint8_t small[4];
	int fd;

	(void)state;
	start();
	fd = connect_and_accept();
	assert_int_equal(control_send(fd, "12345", 5, in(SHORT_US)), 0);
	run_due();
	assert_int_equal(control_receive(fd, small, sizeof(small), in(SHORT_US)), -EMSGSIZE);
	(void)close(fd);
}

/* Leave a socket file behind as a killed process does. */
static void leave_socket(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	(void)close(fd);
}

static void a_stale_socket_is_replaced_a_live_one_is_not(void **state)
{
	struct control_server *second = NULL;
	int fd;

	(void)state;
	start();
	assert_int_equal(control_server_new(event, path, echo, &answered, &second), -EADDRINUSE);
	assert_null(second);
	fd = connect_and_accept();
	assert_int_equal(ask(fd, "still"), 5);
	(void)close(fd);
	control_server_free(server);
	server = NULL;
	leave_socket();
	assert_int_equal(control_connect(path, in(SHORT_US)), -ECONNREFUSED);
	start();
	fd = connect_and_accept();
	assert_int_equal(ask(fd, "x"), 1);
	(void)close(fd);
}

static void other_files_are_not_removed(void **state)
{
	int fd;

	(void)state;
	start();
	control_server_free(server);
	server = NULL;
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	assert_true(fd >= 0);
	(void)close(fd);
	assert_int_equal(control_server_new(event, path, echo, &answered, &server), -EEXIST);
	assert_int_equal(access(path, F_OK), 0);
}

static void nobody_there_is_told_apart(void **state)
{
	(void)state;
	assert_int_equal(control_connect(path, in(SHORT_US)), -ENOENT);
}

static void long_paths_are_refused(void **state)
{
	char rundir[200], out[108] = "untouched";

	(void)state;
	memset(rundir, 'a', sizeof(rundir));
	rundir[sizeof(rundir) - 1] = '\0';
	assert_int_equal(control_socket_path(rundir, "x", out, sizeof(out)), -ENAMETOOLONG);
	assert_string_equal(out, "untouched");
	assert_int_equal(control_connect(rundir, in(SHORT_US)), -ENAMETOOLONG);
	assert_int_equal(control_server_new(event, rundir, echo, NULL, &server), -ENAMETOOLONG);
}

static int start_stream(void)
{
	int fd;

	memset(&source, 0, sizeof(source));
	source.len = 8;
	assert_int_equal(control_server_new(event, path, begin_stream, &answered, &server), 0);
	fd = connect_and_accept();
	assert_int_equal(ask(fd, "stream"), 6);
	return fd;
}

static void a_stream_sends_when_it_is_woken(void **state)
{
	int fd, other;

	(void)state;
	fd = start_stream();
	other = connect_and_accept();
	source.left = 3;
	run_due();
	assert_int_equal(source.sent, 0);
	control_server_wake(server);
	run_due();
	assert_int_equal(source.sent, 3);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(control_receive(fd, big, sizeof(big), in(SHORT_US)), 8);
		assert_int_equal(big[0], 'a' + i);
	}
	source.left = 1;
	run_due(); /* it had nothing to say, so it is not asked again */
	assert_int_equal(source.sent, 3);
	assert_int_equal(ask(other, "x"), 1);
	(void)close(fd);
	run_due();
	assert_int_equal(source.closed, 1);
	control_server_wake(server);
	run_due();
	assert_int_equal(source.sent, 3);
	(void)close(other);
}

static void a_stream_waits_for_a_client_that_does_not_read(void **state)
{
	size_t sent;
	int fd;

	(void)state;
	fd = start_stream();
	source.left = 1000;
	source.len = CONTROL_MESSAGE_MAX;
	control_server_wake(server);
	run_due();
	sent = source.sent;
	assert_true(sent > 0 && sent < 100);
	control_server_wake(server);
	run_due();
	assert_int_equal(source.sent, sent);
	for (size_t i = 0; i < 2 * sent; i++) {
		assert_int_equal(control_receive(fd, big, sizeof(big), in(SHORT_US)),
		                 CONTROL_MESSAGE_MAX);
		assert_int_equal(big[0], 'a' + i % 26);
		run_due();
	}
	assert_int_equal(source.closed, 0);
	(void)close(fd);
}

static void who_has_a_stream_may_not_ask(void **state)
{
	int fd;

	(void)state;
	fd = start_stream();
	assert_int_equal(ask(fd, "x"), -ECONNRESET);
	assert_int_equal(source.closed, 1);
	assert_int_equal(answered, 1);
	(void)close(fd);
}

static void the_end_of_the_server_ends_its_streams(void **state)
{
	int fd;

	(void)state;
	fd = start_stream();
	control_server_free(server);
	server = NULL;
	assert_int_equal(source.closed, 1);
	(void)close(fd);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_directory, close_directory)
	const struct CMUnitTest tests[] = {
		TEST(a_message_is_answered),
		TEST(a_hung_server_costs_the_deadline),
		TEST(a_full_queue_of_connections_costs_the_deadline),
		TEST(one_client_too_many_displaces_the_most_silent),
		TEST(others_than_root_may_only_look),
		TEST(what_reload_would_do_is_for_all),
		TEST(who_may_only_look_displaces_nobody_else),
		TEST(a_client_that_does_not_read_is_dropped),
		TEST(too_long_a_message_disconnects),
		TEST(an_empty_message_disconnects),
		TEST(a_reply_that_does_not_fit_is_an_error),
		TEST(a_stale_socket_is_replaced_a_live_one_is_not),
		TEST(other_files_are_not_removed),
		TEST(nobody_there_is_told_apart),
		TEST(long_paths_are_refused),
		TEST(a_stream_sends_when_it_is_woken),
		TEST(a_stream_waits_for_a_client_that_does_not_read),
		TEST(who_has_a_stream_may_not_ask),
		TEST(the_end_of_the_server_ends_its_streams),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
