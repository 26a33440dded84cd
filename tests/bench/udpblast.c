/* Small UDP packets, many of them: a sender over plain sockets, a sender of new flows, and a sink
 * that counts.
 *
 *   udpblast send  [-f FLOWS] [-l BYTES] [-t SECONDS] ADDRESS PORT
 *   udpblast flows [-c FLOWS] [-n COUNT] [-t SECONDS] [-s SEED] ADDRESS PORT
 *   udpblast sink  [-w SECONDS] PORT
 *   udpblast echo  PORT
 *
 * `send` goes round FLOWS connected sockets, after a greeting on each that has to be answered, so
 * that a gateway has seen both directions. `flows` builds IPv6 packets itself (raw socket), each
 * from another random host in 2001:db8:8000::/40 and another port, so that each is a new session to
 * a translator; with -c the same FLOWS come again and again. `sink` counts what arrives on PORT,
 * both families, from the first packet to the last, answers greetings, ends after half a second of
 * silence and prints {"packets", "seconds"}. The senders print the same for what they handed to the
 * kernel. `echo` sends everything back until it is killed.
 */
#include "tests/bench/packet6.h"

#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BATCH          64
#define FLOWS_MAX      1024
#define SILENCE_US     500000
#define SINK_BUFFER    (8 << 20)
#define PAYLOAD_MAX    1400
#define PAYLOAD_64BYTE 36 /* an IPv4 packet of 64 bytes */
#define GREETING       "hello"
#define GREETING_LEN   5
#define GREET_AGAIN_US 100000
#define GREET_LIMIT_US 5000000

struct options {
	unsigned flows, payload_len;
	uint64_t count, cycle, seed;
	double seconds;
};

static void die(const char *what)
{
	fprintf(stderr, "udpblast: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void usage(void)
{
	fputs("usage: udpblast send [-f FLOWS] [-l BYTES] [-t SECONDS] ADDRESS PORT\n"
	      "       udpblast flows [-c FLOWS] [-n COUNT] [-t SECONDS] [-s SEED] ADDRESS PORT\n"
	      "       udpblast sink [-w SECONDS] PORT\n"
	      "       udpblast echo PORT\n",
	      stderr);
	exit(2);
}

static uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static void print_result(uint64_t packets, uint64_t us)
{
	printf("{\"packets\": %llu, \"seconds\": %.6f}\n", (unsigned long long)packets,
	       (double)us / 1e6);
}

static struct addrinfo *resolve(const char *address, const char *port)
{
	struct addrinfo hints = { .ai_socktype = SOCK_DGRAM,
		                  .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };
	struct addrinfo *found;
	int err = getaddrinfo(address, port, &hints, &found);

	if (err) {
		fprintf(stderr, "udpblast: %s port %s: %s\n", address, port, gai_strerror(err));
		exit(2);
	}
	return found;
}

/* ---- sending ----------------------------------------------------- */

/* A full queue below us (ENOBUFS) is what overload looks like, and a refusal may come from the far
 * end. */
static unsigned send_batch(int fd, struct mmsghdr *messages, unsigned count)
{
	int sent = sendmmsg(fd, messages, count, 0);

	if (sent >= 0)
		return (unsigned)sent;
	if (errno != ENOBUFS && errno != EAGAIN && errno != ECONNREFUSED && errno != EINTR)
		die("sendmmsg");
	return 0;
}

static void open_flows(int *fds, unsigned count, const struct addrinfo *to)
{
	for (unsigned i = 0; i < count; i++) {
		fds[i] = socket(to->ai_family, SOCK_DGRAM, 0);
		if (fds[i] < 0)
			die("socket");
		if (connect(fds[i], to->ai_addr, to->ai_addrlen) < 0)
			die("connect");
	}
}

/* Send a greeting on every socket that has had no answer. */
static void greet_silent(const int *fds, const bool *answered, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (!answered[i])
			(void)!send(fds[i], GREETING, GREETING_LEN, MSG_DONTWAIT);
}

/* Take answers; returns how many sockets still have none, and one of them in *silent. */
static unsigned take_answers(const int *fds, bool *answered, unsigned count, int *silent)
{
	char answer[GREETING_LEN];
	unsigned missing = 0;

	for (unsigned i = 0; i < count; i++) {
		if (!answered[i] && recv(fds[i], answer, sizeof(answer), MSG_DONTWAIT) > 0)
			answered[i] = true;
		if (!answered[i]) {
			missing++;
			*silent = fds[i];
		}
	}
	return missing;
}

/* Both directions of every flow are known to the gateway afterwards. */
static void greet(const int *fds, unsigned count)
{
	bool answered[FLOWS_MAX] = { false };
	uint64_t start = now_us(), sent = 0;
	struct pollfd silent = { .events = POLLIN };

	while (take_answers(fds, answered, count, &silent.fd)) {
		uint64_t now = now_us();

		if (now - start > GREET_LIMIT_US) {
			fputs("udpblast: not every greeting was answered\n", stderr);
			exit(1);
		}
		if (now - sent > GREET_AGAIN_US) {
			greet_silent(fds, answered, count);
			sent = now;
		}
		(void)poll(&silent, 1, 10);
	}
}

static void blast(const struct options *o, const char *address, const char *port)
{
	struct addrinfo *to = resolve(address, port);
	int fds[FLOWS_MAX];
	char payload[PAYLOAD_MAX] = "";
	struct iovec iov = { payload, o->payload_len };
	struct mmsghdr messages[BATCH] = { 0 };
	uint64_t start, end, sent = 0;

	open_flows(fds, o->flows, to);
	greet(fds, o->flows);
	for (unsigned i = 0; i < BATCH; i++) {
		messages[i].msg_hdr.msg_iov = &iov;
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	start = now_us();
	end = start + (uint64_t)(o->seconds * 1e6);
	while (now_us() < end) {
		for (unsigned i = 0; i < o->flows; i++)
			sent += send_batch(fds[i], messages, BATCH / 4);
	}
	print_result(sent, now_us() - start);
	for (unsigned i = 0; i < o->flows; i++)
		close(fds[i]);
	freeaddrinfo(to);
}

/* ---- new flows --------------------------------------------------- */

static void new_flows(const struct options *o, const char *address, const char *port)
{
	struct addrinfo *to = resolve(address, port);
	struct sockaddr_in6 dst;
	struct packet6 packets[BATCH];
	struct iovec iov[BATCH];
	struct mmsghdr messages[BATCH] = { 0 };
	uint64_t state = o->seed, start, end, sent = 0, made = 0;
	uint16_t port_be;
	int fd = socket(AF_INET6, SOCK_RAW, IPPROTO_RAW);

	if (fd < 0)
		die("raw socket");
	if (to->ai_family != AF_INET6)
		usage();
	memcpy(&dst, to->ai_addr, sizeof(dst));
	port_be = dst.sin6_port;
	dst.sin6_port = 0; /* a raw socket wants none */
	for (unsigned i = 0; i < BATCH; i++) {
		iov[i] = (struct iovec){ &packets[i], sizeof(packets[i]) };
		messages[i].msg_hdr = (struct msghdr){ .msg_name = &dst,
			                               .msg_namelen = sizeof(dst) };
		messages[i].msg_hdr.msg_iov = &iov[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	start = now_us();
	end = start + (uint64_t)(o->seconds * 1e6);
	while (now_us() < end && (!o->count || sent < o->count)) {
		for (unsigned i = 0; i < BATCH; i++) {
			packet6_random_flow(&packets[i], &dst.sin6_addr, port_be, &state);
			if (++made == o->cycle) {
				state = o->seed;
				made = 0;
			}
		}
		sent += send_batch(fd, messages, BATCH);
	}
	print_result(sent, now_us() - start);
	close(fd);
	freeaddrinfo(to);
}

/* ---- counting ---------------------------------------------------- */

static int open_sink(const char *port, double wait_seconds)
{
	struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_ANY_INIT };
	struct timeval timeout = { .tv_sec = (time_t)wait_seconds };
	int fd = socket(AF_INET6, SOCK_DGRAM, 0), size = SINK_BUFFER;

	any.sin6_port = htons((uint16_t)strtoul(port, NULL, 10));
	if (fd < 0)
		die("socket");
	if (bind(fd, (struct sockaddr *)&any, sizeof(any)) < 0)
		die("bind");
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		die("SO_RCVBUFFORCE (needs root)");
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) < 0)
		die("SO_RCVTIMEO");
	return fd;
}

/* A batch of packets with their senders. */
struct arrivals {
	char buffers[BATCH][64];
	struct sockaddr_in6 from[BATCH];
	struct iovec iov[BATCH];
	struct mmsghdr messages[BATCH];
};

/* Wait for packets. Returns their count, or what recvmmsg() says. */
static int take(int fd, struct arrivals *in)
{
	for (unsigned i = 0; i < BATCH; i++) {
		in->iov[i] = (struct iovec){ in->buffers[i], sizeof(in->buffers[i]) };
		in->messages[i].msg_hdr = (struct msghdr){ .msg_name = &in->from[i],
			                                   .msg_namelen = sizeof(in->from[i]),
			                                   .msg_iov = &in->iov[i],
			                                   .msg_iovlen = 1 };
	}
	return recvmmsg(fd, in->messages, BATCH, MSG_WAITFORONE, NULL);
}

/* Answer the greetings among them; returns how many those were. */
static unsigned answer_greetings(int fd, struct arrivals *in, unsigned count)
{
	unsigned greetings = 0;

	for (unsigned i = 0; i < count; i++) {
		if (in->messages[i].msg_len != GREETING_LEN)
			continue;
		greetings++;
		(void)!sendto(fd, in->buffers[i], GREETING_LEN, MSG_DONTWAIT,
		              (struct sockaddr *)&in->from[i], sizeof(in->from[i]));
	}
	return greetings;
}

static void echo(const char *port)
{
	static struct arrivals in;
	int fd = open_sink(port, 0), got;

	while ((got = take(fd, &in)) > 0) {
		for (int i = 0; i < got; i++)
			in.iov[i].iov_len = in.messages[i].msg_len;
		(void)sendmmsg(fd, in.messages, (unsigned)got, 0);
	}
	die("recvmmsg");
}

static void sink(const struct options *o, const char *port)
{
	static struct arrivals in;
	struct timeval silence = { .tv_usec = SILENCE_US };
	uint64_t first = 0, last = 0, packets = 0;
	int fd = open_sink(port, o->seconds), got;

	while ((got = take(fd, &in)) > 0) {
		got -= (int)answer_greetings(fd, &in, (unsigned)got);
		if (got == 0)
			continue;
		last = now_us();
		if (!packets) {
			first = last;
			setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &silence, sizeof(silence));
		}
		packets += (unsigned)got;
	}
	if (got < 0 && errno != EAGAIN)
		die("recvmmsg");
	print_result(packets, last - first);
	close(fd);
	if (!packets) {
		fprintf(stderr, "udpblast: nothing arrived on port %s\n", port);
		exit(1);
	}
}

static void read_options(int argc, char **argv, struct options *o)
{
	int c;

	while ((c = getopt(argc, argv, "c:f:l:n:s:t:w:")) != -1) {
		switch (c) {
		case 'c':
			o->cycle = strtoull(optarg, NULL, 10);
			break;
		case 'f':
			o->flows = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'l':
			o->payload_len = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'n':
			o->count = strtoull(optarg, NULL, 10);
			break;
		case 's':
			o->seed = strtoull(optarg, NULL, 10);
			break;
		case 't':
		case 'w':
			o->seconds = strtod(optarg, NULL);
			break;
		default:
			usage();
		}
	}
	if (o->flows < 1 || o->flows > FLOWS_MAX || o->payload_len > PAYLOAD_MAX || o->seconds <= 0)
		usage();
}

int main(int argc, char **argv)
{
	struct options o = { .flows = 64, .payload_len = PAYLOAD_64BYTE, .seed = 1, .seconds = 3 };
	const char *mode = argc > 1 ? argv[1] : "";

	if (argc < 2)
		usage();
	optind = 2;
	read_options(argc, argv, &o);
	if (strcmp(mode, "send") == 0 && argc - optind == 2)
		blast(&o, argv[optind], argv[optind + 1]);
	else if (strcmp(mode, "flows") == 0 && argc - optind == 2)
		new_flows(&o, argv[optind], argv[optind + 1]);
	else if (strcmp(mode, "sink") == 0 && argc - optind == 1)
		sink(&o, argv[optind]);
	else if (strcmp(mode, "echo") == 0 && argc - optind == 1)
		echo(argv[optind]);
	else
		usage();
	return 0;
}
