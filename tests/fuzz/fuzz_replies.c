/* Any bytes as what the programs answer to the commands of sa-nat64: no crash, no end that does not
 * come, no control characters on the terminal, and JSON that can be parsed.
 *
 * The first byte chooses the command line, the second text or JSON. The rest are replies, each
 * behind the number of the request that it answers and its length in two bytes, the lower one
 * first; a request gets those that have its number in turn, the last one again and again. The
 * command runs as it is: in place of lib/control_socket.h, and of what waits, are functions from
 * here (see build.mk), with a clock that only waiting moves.
 */
#include "cli/commands.h"
#include "cli/instances_find.h"
#include "lib/control_socket.h"
#include "lib/utf8.h"
#include "tests/fuzz/control_side.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define START_US    UINT64_C(1000000000)
#define RUNDIR      "build/fuzz/run" /* from the top of the tree */
#define REPLIES_MAX 300              /* then all connections are closed: a stream has no end */
#define FDS_MAX     64
#define KINDS       256

/* seeds_replies.py reads these lines. */
static const char *const lines[] = {
	"status",
	"top --batch 2 --interval 1",
	"check",
	"health",
	"drain --wait 2",
	"undrain --wait 2",
	"stats --all",
	"metrics",
	"sessions",
	"sessions --count",
	"bib",
	"bib --count",
	"bib add tcp [2001:db8:7::81]:80 198.51.100.1:80",
	"bib remove tcp 198.51.100.1:80",
	"pool4",
	"pool4 --addresses",
	"capabilities",
	"who 198.51.100.1:4096",
	"explain --from 2001:db8::5 --to 64:ff9b::1.2.3.4 --tcp 4000:443",
	"trace",
	"peers",
	"resync",
	"config",
	"reload --dry-run",
	"reload",
};

static const char text[] = "[cluster]\nname = campus\nsync-interface = sync0\n"
			   "[node gw-a]\nid = 0\n[node gw-b]\nid = 1\n"
			   "[instance lower]\npool4 = 198.51.100.1/32 1024-65535\n"
			   "[network lower gw-a]\nattach = macvlan eth0\naddress = 192.0.2.2/27\n"
			   "gateway = 192.0.2.1\nbfd-peer = 192.0.2.1\n";

/* ---- the programs ---- */

/* What was asked last on a connection. */
struct asked {
	uint32_t id;
	uint8_t kind;
};

static struct played {
	const uint8_t *replies, *end; /* as they stand in the input */
	const uint8_t *next[KINDS];   /* from where on the next one is looked for */
	const uint8_t *last[KINDS];   /* the one before; NULL: none */
	size_t said;
	struct asked asked[FDS_MAX];
	uint64_t now_us;
} played;

/* Of the reply at that place: number, length, message. Returns the length of the message, which the
 * end may have cut. */
static size_t message_len(const uint8_t *reply)
{
	size_t len = (size_t)reply[1] | (size_t)reply[2] << 8;
	size_t left = (size_t)(played.end - reply) - 3;

	return len < left ? len : left;
}

/* NULL when none was ever there. */
static const uint8_t *next_reply(uint8_t kind)
{
	const uint8_t *at = played.next[kind] ? played.next[kind] : played.replies;

	while (played.end - at > 3) {
		const uint8_t *reply = at;

		at += 3 + message_len(reply);
		if (reply[0] != kind)
			continue;
		played.next[kind] = at;
		played.last[kind] = reply;
		return reply;
	}
	return played.last[kind];
}

/* Always readable. */
int __wrap_control_connect(const char *path, uint64_t deadline_us);
int __wrap_control_connect(const char *path, uint64_t deadline_us)
{
	static int readable = -1;
	int fd;

	(void)path;
	(void)deadline_us;
	if (readable < 0)
		readable = eventfd(1, EFD_CLOEXEC);
	fd = fcntl(readable, F_DUPFD_CLOEXEC, 0);
	if (fd < 0 || fd >= FDS_MAX) /* those before were not closed */
		abort();
	return fd;
}

int __wrap_control_send(int fd, const void *message, size_t len, uint64_t deadline_us);
int __wrap_control_send(int fd, const void *message, size_t len, uint64_t deadline_us)
{
	SaNat64__Control__Request *request = sa_nat64__control__request__unpack(NULL, len, message);

	(void)deadline_us;
	if (!request || fd < 0 || fd >= FDS_MAX)
		abort();
	played.asked[fd] = (struct asked){ request->id, (uint8_t)request->command_case };
	sa_nat64__control__request__free_unpacked(request, NULL);
	return 0;
}

/* The reply answers the request by its id, which is put behind it. */
ssize_t __wrap_control_receive(int fd, void *buffer, size_t size, uint64_t deadline_us);
ssize_t __wrap_control_receive(int fd, void *buffer, size_t size, uint64_t deadline_us)
{
	const uint8_t *reply = next_reply(played.asked[fd].kind);
	uint8_t *bytes = buffer;
	uint32_t id;
	size_t len;

	(void)deadline_us;
	if (!reply || played.said++ == REPLIES_MAX)
		return -ECONNRESET;
	len = message_len(reply);
	if (len + 6 > size)
		return -EMSGSIZE;
	memcpy(bytes, reply + 3, len);
	id = played.asked[fd].id;
	bytes[len++] = 2 << 3;
	for (; id > 0x7f; id >>= 7)
		bytes[len++] = (uint8_t)(id | 0x80);
	bytes[len++] = (uint8_t)id;
	return (ssize_t)len;
}

/* ---- time ---- */

uint64_t __wrap_control_now_us(void);
uint64_t __wrap_control_now_us(void)
{
	return played.now_us;
}

int __real_poll(struct pollfd *polls, nfds_t count, int timeout_ms);
int __wrap_poll(struct pollfd *polls, nfds_t count, int timeout_ms);
int __wrap_poll(struct pollfd *polls, nfds_t count, int timeout_ms)
{
	int ready = __real_poll(polls, count, 0);

	if (ready == 0 && timeout_ms < 0) /* it would wait for ever */
		abort();
	if (ready == 0)
		played.now_us += (uint64_t)timeout_ms * 1000;
	return ready;
}

int __wrap_nanosleep(const struct timespec *wanted, struct timespec *left);
int __wrap_nanosleep(const struct timespec *wanted, struct timespec *left)
{
	(void)left;
	played.now_us += (uint64_t)wanted->tv_sec * 1000000 + (uint64_t)wanted->tv_nsec / 1000;
	return 0;
}

/* ---- what is printed ---- */

struct page {
	FILE *stream;
	char *text;
	size_t len;
};

static void page_open(struct page *page)
{
	*page = (struct page){ .text = NULL };
	page->stream = open_memstream(&page->text, &page->len);
	if (!page->stream)
		abort();
}

/* Where a sentence was cut, the rest of a character may stand. */
static void check_text(const struct page *page)
{
	for (size_t i = 0; i < page->len;) {
		uint32_t point = '?';
		size_t len = utf8_next(page->text + i, page->len - i, &point);

		if (utf8_is_control(point) && point != '\n')
			abort();
		i += len > 0 ? len : 1;
	}
}

/* One value behind the other. Numbers may be larger than the library's integers. */
static void check_json(const struct page *page)
{
	const char *at = page->text, *end = page->text + page->len;

	while (end - at > 0 && strspn(at, " \n") < (size_t)(end - at)) {
		json_error_t error;
		json_t *value = json_loadb(
			at, (size_t)(end - at),
			JSON_DISABLE_EOF_CHECK | JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL, &error);

		if (!value)
			abort();
		json_decref(value);
		at += error.position;
	}
}

static void page_check(struct page *page, const struct cli_options *options)
{
	(void)fclose(page->stream);
	check_text(page);
	if (options && options->json)
		check_json(page);
	free(page->text);
}

/* ---- the commands ---- */

static int find_none(const struct cli_options *options, struct instances *out, FILE *err)
{
	(void)options;
	(void)err;
	*out = (struct instances){ .list = NULL };
	return 0;
}

static const struct command {
	unsigned command;
	int (*find)(const struct cli_options *options, struct instances *out, FILE *err);
	int (*run)(const struct cli_options *options, struct instances *instances, struct out *out);
} commands[] = {
#define X(name, word, argument, exits, find, run, help) { CLI_##name, find, run },
#include "cli/commands.def"
#undef X
};

static void run(const struct cli_options *options)
{
	const struct command *command = commands;
	struct instances instances;
	struct out *out;

	while (command->command != options->command)
		command++;
	if (command->find(options, &instances, stderr) != 0)
		abort(); /* they are all there */
	out = options->json ? out_json_new(stdout) : out_text_new(stdout, COLOUR_NEVER);
	if (!out)
		abort();
	(void)command->run(options, &instances, out);
	out_free(out);
	instances_free(&instances);
}

/* Commands write to the standard streams themselves, too, and some of them block signals. */
static void run_on_pages(const struct cli_options *options)
{
	FILE *real_out = stdout, *real_err = stderr;
	struct page out, err;
	sigset_t signals;

	page_open(&out);
	page_open(&err);
	(void)sigprocmask(SIG_SETMASK, NULL, &signals);
	stdout = out.stream;
	stderr = err.stream;
	run(options);
	stdout = real_out;
	stderr = real_err;
	(void)sigprocmask(SIG_SETMASK, &signals, NULL);
	page_check(&out, options);
	page_check(&err, NULL);
}

/* A program that listens has something of that name. */
static void make_rundir(void)
{
	static const char *const sockets[] = { RUNDIR "/lower/control.sock", RUNDIR "/syncd.sock",
		                               RUNDIR "/healthd.sock" };

	(void)mkdir(RUNDIR, 0777);
	(void)mkdir(RUNDIR "/lower", 0777);
	for (size_t i = 0; i < sizeof(sockets) / sizeof(sockets[0]); i++) {
		int fd = open(sockets[i], O_WRONLY | O_CREAT | O_CLOEXEC, 0666);

		if (fd < 0) {
			perror(sockets[i]);
			abort();
		}
		(void)close(fd);
	}
}

/* Read the command line with the usual options in it; strings in *out point to words. Not every
 * command prints JSON: false. */
static bool read_options(const char *line, const char *format, char words[300],
                         struct cli_options *out)
{
	static const char *config;
	char *argv[30], *rest = NULL;
	int argc = 0;

	if (!config) {
		config = control_side_file(text);
		make_rundir();
	}
	(void)snprintf(words, 300, "sa-nat64 -c %s -r " RUNDIR " %s %s", config, line, format);
	for (char *word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
		argv[argc++] = word;
	return options_read(argc, argv, out, stderr) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cli_options options;
	char words[300];
	const char *line;

	if (size < 2 || data[0] >= sizeof(lines) / sizeof(lines[0]) || data[1] > 1)
		return 0;
	line = lines[data[0]];
	if (!read_options(line, data[1] == 1 ? "--json" : "", words, &options))
		return 0;
	played = (struct played){ .replies = data + 2, .end = data + size, .now_us = START_US };
	run_on_pages(&options);
	return 0;
}
