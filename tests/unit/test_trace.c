/* What a trace shows of the slow path, and the requests and replies as clients send and get them.
 */
#include "tests/unit/fake_fast.h"
#include "translator/control_answer.h"
#include "translator/control_trace.h"
#include "translator/explain.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define NOW_US UINT64_C(1000000)
#define SERVER 0xc6336450 /* 198.51.100.80 */
#define POOL   0xcb007101 /* 203.0.113.1 */
#define SYN    0x02
#define ACK    0x10

static struct config *config;
static struct translator *translator;
static struct tracers *tracers;
static struct explain packet;
static size_t sent;
static bool device_refuses;
static struct fake_fast fast;

static void count_sent(void *context, const struct virtio_net_hdr *vnet, const struct iovec *iov,
                       int count)
{
	(void)context;
	(void)vnet;
	(void)iov;
	(void)count;
	sent++;
	if (device_refuses)
		translator_count_write_error(translator);
}

static void open_with(const char *keys)
{
	static const uint8_t seed[32] = "trace", pool4_key[16] = "trace";
	const struct translator_io io = { .emit = count_sent, .fast = fake_fast_hooks(&fast) };
	char text[1000];

	(void)snprintf(text, sizeof(text), "[instance t]\npool6 = 64:ff9b:1::/96\n%s", keys);
	assert_int_equal(config_parse(text, strlen(text), "test", stderr, &config), 0);
	translator = translator_new(&config->instances[0], 0, 1, seed, pool4_key, &io, 0);
	assert_non_null(translator);
	tracers = tracers_new();
	assert_non_null(tracers);
	sent = 0;
}

static void close_all(void)
{
	translator_free(translator);
	tracers_free(tracers);
	config_free(config);
}

/* Begin a trace of what the translator does. */
static struct tracer *begin(const struct trace_filter *filter, uint32_t snaplen)
{
	static const struct trace_filter all;
	struct tracer *tracer;

	assert_int_equal(tracers_add(tracers, filter ? filter : &all, snaplen, 7), 0);
	tracer = tracers_newest(tracers);
	assert_non_null(tracer);
	assert_null(tracers_newest(tracers));
	assert_int_equal(translator_watch(translator, tracers), 0);
	return tracer;
}

/* The next event, which there must be. */
static struct trace_event take(struct tracer *tracer)
{
	const struct trace_event *event;
	struct trace_event copy;

	tracers_settle(tracers, UINT64_MAX);
	event = tracer_peek(tracer, 0);
	assert_non_null(event);
	copy = *event;
	tracer_drop(tracer, 1);
	return copy;
}

static void assert_nothing(struct tracer *tracer)
{
	tracers_settle(tracers, UINT64_MAX);
	assert_null(tracer_peek(tracer, 0));
}

static struct explain_fields from6(uint8_t protocol, uint8_t flags)
{
	struct explain_fields fields = { .ipv6 = true,
		                         .protocol = protocol,
		                         .src_port = 4000,
		                         .dst_port = 53,
		                         .tcp_flags = flags };

	memcpy(&fields.src6, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\5", 16);
	memcpy(&fields.dst6, "\0\x64\xff\x9b\0\1\0\0\0\0\0\0\xc6\x33\x64\x50", 16);
	return fields;
}

static struct explain_fields from4(uint16_t port)
{
	return (struct explain_fields){ .src4 = SERVER,
		                        .dst4 = POOL,
		                        .protocol = IPPROTO_UDP,
		                        .src_port = 53,
		                        .dst_port = port };
}

static enum verdict give(const struct explain_fields *fields)
{
	const struct virtio_net_hdr vnet = { 0 };

	assert_int_equal(explain_build(fields, &packet), 0);
	return translator_input(translator, packet.packet, packet.len, &vnet, NOW_US);
}

static enum verdict give_bytes(const char *bytes, size_t len)
{
	const struct virtio_net_hdr vnet = { 0 };

	memcpy(packet.packet, bytes, len);
	return translator_input(translator, packet.packet, len, &vnet, NOW_US);
}

/* ---- the slow path ---- */

static void a_translated_packet_shows_both_sides(void **state)
{
	struct explain_fields fields = from6(IPPROTO_UDP, 0);
	struct trace_event event;
	struct tracer *tracer;

	(void)state;
	open_with("pool4 = 203.0.113.1/32 1024-65535\n");
	tracer = begin(NULL, 256);
	assert_int_equal(give(&fields), VERDICT_TRANSLATED);
	event = take(tracer);
	assert_int_equal(event.time_us, NOW_US);
	assert_int_equal(event.verdict, VERDICT_TRANSLATED);
	assert_int_equal(event.direction, TRANSLATOR_64);
	assert_false(event.is_fast);
	assert_int_equal(event.sent, 1);
	assert_int_equal(event.in.len, 48);
	assert_int_equal(event.in.captured, 48);
	assert_true(event.in.is_known);
	assert_memory_equal(&event.in.summary.src6, &fields.src6, 16);
	assert_int_equal(event.in.summary.src_port, 4000);
	assert_int_equal(event.out.len, 28);
	assert_true(event.out.is_known);
	assert_int_equal(event.out.summary.src4, POOL);
	assert_int_equal(event.out.summary.dst4, SERVER);
	assert_int_equal(event.in.bytes[0] >> 4, 6);
	assert_int_equal(event.in.bytes[7], 64); /* as it came: one hop more than what left */
	assert_int_equal(event.out.bytes[8], 63);
	assert_int_equal(sent, 1);
	assert_nothing(tracer);
	close_all();
}

static void the_path_is_explained_as_by_explain(void **state)
{
	struct explain_fields udp = from6(IPPROTO_UDP, 0), syn = from6(IPPROTO_TCP, SYN);
	struct tracer *tracer;
	struct trace_event event;
	struct explain_fields answer;

	(void)state;
	open_with("pool4 = 203.0.113.1/32 1024-65535\n");
	tracer = begin(NULL, 0);
	(void)give(&udp);
	event = take(tracer);
	assert_string_equal(event.path_reason, "no session in both directions yet");
	answer = from4(event.out.summary.src_port);
	(void)give(&answer);
	event = take(tracer);
	assert_string_equal(event.path_reason, "its session enters the fast path with this packet");
	assert_int_equal(event.direction, TRANSLATOR_46);
	(void)give(&udp);
	assert_string_equal(take(tracer).path_reason,
	                    "it was on its way when its session entered the fast path");
	udp.ttl = 1;
	assert_int_equal(give(&udp), VERDICT_TTL_EXCEEDED);
	assert_string_equal(take(tracer).path_reason, "TTL or hop limit of 1 or less");
	(void)give(&syn);
	event = take(tracer);
	assert_string_equal(event.path_reason, "TCP SYN, FIN or RST");
	assert_int_equal(event.in.summary.tcp_flags, SYN);
	assert_int_equal(event.out.summary.tcp_flags, SYN);
	syn.src_port = 4001;
	syn.tcp_flags = ACK;
	assert_int_equal(give(&syn), VERDICT_NO_SESSION);
	assert_string_equal(take(tracer).path_reason, "no session");
	close_all();
}

static void a_drop_shows_the_answer_to_its_sender(void **state)
{
	struct explain_fields fields = from6(IPPROTO_UDP, 0);
	struct tracer *tracer;
	struct trace_event event;

	(void)state;
	open_with("pool4 = 203.0.113.1/32 1024-65535\n");
	tracer = begin(NULL, 256);
	fields.ttl = 1;
	assert_int_equal(give(&fields), VERDICT_TTL_EXCEEDED);
	event = take(tracer);
	assert_int_equal(event.verdict, VERDICT_TTL_EXCEEDED);
	assert_int_equal(event.sent, 1);
	assert_true(event.out.summary.has_icmp);
	assert_int_equal(event.out.summary.icmp_type, 3);
	assert_memory_equal(&event.out.summary.dst6, &fields.src6, 16);
	fields = from4(5);
	assert_int_equal(give(&fields), VERDICT_NO_BINDING);
	event = take(tracer);
	assert_int_equal(event.sent, 0);
	assert_int_equal(event.out.len, 0);
	assert_false(event.out.is_known);
	close_all();
}

static void a_packet_that_cannot_be_read_is_shown_by_its_length(void **state)
{
	struct trace_filter filter = { .port = 53 };
	struct tracer *all, *some;
	struct trace_event event;

	(void)state;
	open_with("pool4 = 203.0.113.1/32 1024-65535\n");
	all = begin(NULL, 256);
	some = begin(&filter, 256);
	assert_int_equal(give_bytes("\x60\0\0\0\0\xff", 6), VERDICT_MALFORMED6);
	event = take(all);
	assert_int_equal(event.verdict, VERDICT_MALFORMED6);
	assert_string_equal(event.path_reason, "malformed packet");
	assert_int_equal(event.in.len, 6);
	assert_memory_equal(event.in.bytes, "\x60\0\0\0\0\xff", 6);
	assert_false(event.in.is_known);
	assert_nothing(some);
	close_all();
}

/* A piece waits for the first one, which takes it along: two packets in, two events. */
static void each_piece_has_its_own_event(void **state)
{
	struct explain_fields fields = from6(IPPROTO_UDP, 0);
	char first[64] = { 0 }, second[64] = { 0 };
	struct tracer *tracer;
	struct trace_event event;

	(void)state;
	open_with("pool4 = 203.0.113.1/32 1024-65535\n");
	tracer = begin(NULL, 256);
	memcpy(first, "\x60\0\0\0\0\x18\x2c\x40", 8);
	memcpy(first + 8, &fields.src6, 16);
	memcpy(first + 24, &fields.dst6, 16);
	memcpy(second, first, 40);
	memcpy(first + 40, "\x11\0\0\1\0\0\0\7\x0f\xa0\0\x35\0\x18\x12\x34", 16);
	memcpy(second + 40, "\x11\0\0\x10\0\0\0\7", 8);
	second[5] = 16; /* Fragment header and eight bytes */
	assert_int_equal(give_bytes(second, 56), VERDICT_FRAGMENT_STORED);
	event = take(tracer);
	assert_int_equal(event.verdict, VERDICT_FRAGMENT_STORED);
	assert_string_equal(event.path_reason, "fragment");
	assert_int_equal(event.sent, 0);
	assert_int_equal(give_bytes(first, 64), VERDICT_TRANSLATED);
	event = take(tracer); /* the one that waited, told while the first one is under way */
	assert_int_equal(event.in.len, 56);
	assert_int_equal(event.in.summary.fragment_offset, 16);
	assert_int_equal(event.out.summary.fragment_offset, 16);
	event = take(tracer);
	assert_int_equal(event.in.len, 64);
	assert_int_equal(event.out.summary.fragment_offset, 0);
	assert_int_equal(event.sent, 1);
	assert_nothing(tracer);
	assert_int_equal(sent, 2);
	close_all();
}

static void a_stored_syn_is_shown_again_when_it_is_refused(void **state)
{
	struct explain_fields fields = from6(IPPROTO_TCP, SYN), back;
	struct tracer *tracer;
	struct trace_event event;
	uint16_t port;

	(void)state;
	open_with("pool4 = 203.0.113.1/32 1024-65535\nfiltering = address-dependent\n");
	tracer = begin(NULL, 256);
	(void)give(&fields);
	port = take(tracer).out.summary.src_port;
	back = from4(port);
	back.protocol = IPPROTO_TCP;
	back.src4 = SERVER + 1;
	back.tcp_flags = SYN;
	assert_int_equal(give(&back), VERDICT_SYN_STORED);
	assert_int_equal(take(tracer).verdict, VERDICT_SYN_STORED);
	translator_tick(translator, NOW_US + 7000000);
	event = take(tracer);
	assert_int_equal(event.verdict, VERDICT_SYN_REFUSED);
	assert_int_equal(event.in.summary.src4, SERVER + 1);
	assert_int_equal(event.sent, 1);
	close_all();
}

static void nothing_is_watched_without_tracers_or_by_explain(void **state)
{
	struct explain_fields fields = from6(IPPROTO_UDP, 0);
	struct tracer *tracer;

	(void)state;
	open_with("pool4 = 203.0.113.1/32 1024-65535\n");
	tracer = begin(NULL, 256);
	assert_int_equal(explain_build(&fields, &packet), 0);
	explain_run(translator, &packet, NOW_US);
	assert_int_equal(packet.verdict, VERDICT_TRANSLATED);
	assert_nothing(tracer);
	assert_int_equal(sent, 0);
	(void)give(&fields);
	assert_int_equal(take(tracer).sent, 1); /* explain left the watch in its place */
	assert_int_equal(translator_watch(translator, NULL), 0);
	(void)give(&fields);
	assert_int_equal(sent, 2);
	assert_nothing(tracer);
	close_all();
}

static void a_packet_the_device_refused_is_shown_so(void **state)
{
	struct explain_fields fields = from6(IPPROTO_UDP, 0);
	struct tracer *tracer;

	(void)state;
	open_with("pool4 = 203.0.113.1/32 1024-65535\n");
	tracer = begin(NULL, 256);
	translator_count_write_error(translator); /* of no packet at all */
	(void)give(&fields);
	assert_int_equal(take(tracer).verdict, VERDICT_TRANSLATED);
	device_refuses = true;
	(void)give(&fields);
	device_refuses = false;
	assert_int_equal(take(tracer).verdict, VERDICT_DEVICE_WRITE);
	close_all();
}

/* ---- requests and replies ---- */

static void assert_refused(const SaNat64__Control__TraceFilter *wanted, uint32_t snaplen,
                           const char *part)
{
	SaNat64__Control__TraceRequest request = SA_NAT64__CONTROL__TRACE_REQUEST__INIT;
	struct trace_filter filter;
	char error[200] = "";

	request.filter = (SaNat64__Control__TraceFilter *)wanted;
	request.snaplen = snaplen;
	assert_int_equal(control_trace_read(&request, &filter, error), -EINVAL);
	if (!strstr(error, part))
		fail_msg("\"%s\" without \"%s\"", error, part);
}

static void requests_that_mean_nothing_are_refused(void **state)
{
	SaNat64__Control__TraceFilter wanted = SA_NAT64__CONTROL__TRACE_FILTER__INIT;
	const SaNat64__Control__TraceFilter empty = wanted;
	SaNat64__Control__TracePrefix prefix = SA_NAT64__CONTROL__TRACE_PREFIX__INIT;
	SaNat64__Control__TracePrefix *prefixes[] = { &prefix, &prefix, &prefix };
	uint8_t bytes[16] = { 0 };

	(void)state;
	assert_refused(NULL, 2049, "snaplen 2049");
	wanted.proto = (char *)"sctp";
	assert_refused(&wanted, 0, "protocol \"sctp\"");
	wanted = empty;
	wanted.verdict = (char *)"lost";
	assert_refused(&wanted, 0, "verdict \"lost\"");
	wanted = empty;
	wanted.direction = (char *)"up";
	assert_refused(&wanted, 0, "direction \"up\"");
	wanted = empty;
	wanted.path = (char *)"long";
	assert_refused(&wanted, 0, "path \"long\"");
	wanted = empty;
	wanted.port = 65536;
	assert_refused(&wanted, 0, "port 65536");
	wanted = empty;
	wanted.addresses = prefixes;
	wanted.n_addresses = 3;
	assert_refused(&wanted, 0, "3 addresses");
	wanted.n_addresses = 1;
	assert_refused(&wanted, 0, "address of 0 bytes");
	prefix.address = (ProtobufCBinaryData){ .len = 4, .data = bytes };
	prefix.length = 33;
	assert_refused(&wanted, 0, "prefix length 33");
	prefix.address.len = 16;
	prefix.length = 129;
	assert_refused(&wanted, 0, "prefix length 129");
}

static SaNat64__Control__Reply *next_reply(struct tracer *tracer, const char *why_off,
                                           uint64_t *told)
{
	static uint8_t message[65536];
	SaNat64__Control__Reply *reply;
	size_t len = control_trace_write(tracer, why_off, told, message, sizeof(message));

	if (len == 0)
		return NULL;
	assert_true(len <= sizeof(message));
	reply = sa_nat64__control__reply__unpack(NULL, len, message);
	assert_non_null(reply);
	assert_int_equal(reply->body_case, SA_NAT64__CONTROL__REPLY__BODY_TRACE);
	return reply;
}

static void a_reply_tells_all_of_an_event(void **state)
{
	struct explain_fields fields = from6(IPPROTO_UDP, 0);
	SaNat64__Control__Reply *reply;
	const SaNat64__Control__TraceEvent *event;
	struct tracer *tracer;
	uint64_t told = 0;

	(void)state;
	open_with("pool4 = 203.0.113.1/32 1024-65535\n");
	tracer = begin(NULL, 20);
	assert_null(next_reply(tracer, NULL, &told));
	fields.ttl = 1;
	(void)give(&fields);
	tracers_settle(tracers, UINT64_MAX);
	reply = next_reply(tracer, NULL, &told);
	assert_int_equal(reply->id, 7);
	assert_int_equal(reply->trace->n_events, 1);
	event = reply->trace->events[0];
	assert_int_equal(event->time_us, NOW_US);
	assert_string_equal(event->direction, "6to4");
	assert_string_equal(event->path, "slow");
	assert_string_equal(event->path_reason, "TTL or hop limit of 1 or less");
	assert_string_equal(event->verdict->name, "ttl-exceeded");
	assert_true(event->verdict->drop && event->verdict->sentence[0]);
	assert_int_equal(event->in->source_port, 4000);
	assert_int_equal(event->in_length, 48);
	assert_int_equal(event->in_bytes.len, 20);
	assert_int_equal(event->out->icmp_type, 3);
	assert_int_equal(event->out_bytes.len, 20);
	sa_nat64__control__reply__free_unpacked(reply, NULL);
	assert_null(next_reply(tracer, NULL, &told));
	(void)give(&fields);
	reply = next_reply(tracer, "no BPF here", &told);
	assert_string_equal(reply->trace->events[0]->path_reason, "no fast path: no BPF here");
	sa_nat64__control__reply__free_unpacked(reply, NULL);
	tracers_count_lost(tracers, 3);
	reply = next_reply(tracer, NULL, &told);
	assert_int_equal(reply->trace->n_events, 0);
	assert_int_equal(reply->trace->lost, 3);
	sa_nat64__control__reply__free_unpacked(reply, NULL);
	close_all();
}

/* More events than a message holds: several messages, none lost. */
static void large_events_are_spread_over_messages(void **state)
{
	struct explain_fields fields = from6(IPPROTO_UDP, 0);
	uint64_t told = 0;
	size_t events = 0, messages = 0;
	SaNat64__Control__Reply *reply;
	struct tracer *tracer;

	(void)state;
	open_with("pool4 = 203.0.113.1/32 1024-65535\nmtu6 = 9000\nmtu4 = 9000\n");
	tracer = begin(NULL, TRACE_SNAP_MAX);
	fields.length = 3000;
	for (int i = 0; i < 100; i++)
		assert_int_equal(give(&fields), VERDICT_TRANSLATED);
	tracers_settle(tracers, UINT64_MAX);
	while ((reply = next_reply(tracer, NULL, &told))) {
		assert_true(reply->trace->n_events > 0);
		assert_int_equal(reply->trace->events[0]->in_bytes.len, TRACE_SNAP_MAX);
		events += reply->trace->n_events;
		messages++;
		sa_nat64__control__reply__free_unpacked(reply, NULL);
	}
	assert_int_equal(events, 100);
	assert_true(messages >= 6);
	assert_int_equal(told, 0);
	close_all();
}

/* A request through the door of all requests. */
static void a_fifth_trace_is_refused(void **state)
{
	SaNat64__Control__Request request = SA_NAT64__CONTROL__REQUEST__INIT;
	SaNat64__Control__TraceRequest trace = SA_NAT64__CONTROL__TRACE_REQUEST__INIT;
	struct control_identity identity = { .cluster = "", .node = "", .namespace_name = "" };
	static uint8_t bytes[1000], message[65536];
	SaNat64__Control__Reply *reply;
	size_t len;

	(void)state;
	open_with("pool4 = 203.0.113.1/32 1024-65535\n");
	identity.tracers = tracers;
	request.version = 1;
	request.id = 9;
	request.command_case = SA_NAT64__CONTROL__REQUEST__COMMAND_TRACE;
	request.trace = &trace;
	for (int i = 0; i <= TRACERS_MAX; i++) {
		len = control_answer(translator, &identity, NOW_US, bytes,
		                     sa_nat64__control__request__pack(&request, bytes), message,
		                     sizeof(message));
		reply = sa_nat64__control__reply__unpack(NULL, len, message);
		assert_non_null(reply);
		assert_int_equal(reply->id, 9);
		if (i < TRACERS_MAX) {
			assert_int_equal(reply->body_case, SA_NAT64__CONTROL__REPLY__BODY_TRACE);
			assert_int_equal(tracer_id(tracers_newest(tracers)), 9);
		} else {
			assert_non_null(strstr(reply->error, "4 traces of this instance run"));
			assert_null(tracers_newest(tracers));
		}
		sa_nat64__control__reply__free_unpacked(reply, NULL);
	}
	trace.snaplen = 9999;
	len = control_answer(translator, &identity, NOW_US, bytes,
	                     sa_nat64__control__request__pack(&request, bytes), message,
	                     sizeof(message));
	reply = sa_nat64__control__reply__unpack(NULL, len, message);
	assert_true(reply->invalid);
	sa_nat64__control__reply__free_unpacked(reply, NULL);
	close_all();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_translated_packet_shows_both_sides),
		cmocka_unit_test(the_path_is_explained_as_by_explain),
		cmocka_unit_test(a_drop_shows_the_answer_to_its_sender),
		cmocka_unit_test(a_packet_that_cannot_be_read_is_shown_by_its_length),
		cmocka_unit_test(each_piece_has_its_own_event),
		cmocka_unit_test(a_stored_syn_is_shown_again_when_it_is_refused),
		cmocka_unit_test(nothing_is_watched_without_tracers_or_by_explain),
		cmocka_unit_test(a_packet_the_device_refused_is_shown_so),
		cmocka_unit_test(requests_that_mean_nothing_are_refused),
		cmocka_unit_test(a_reply_tells_all_of_an_event),
		cmocka_unit_test(large_events_are_spread_over_messages),
		cmocka_unit_test(a_fifth_trace_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
