/* Any bytes as a control message to a translator with sessions: always a well-formed reply, no
 * crash, and no change of state but by a change of bindings.
 *
 * The first byte chooses a stateful or a stateless instance; the rest is the request.
 */
#include "tests/fuzz/control_side.h"
#include "translator/control_answer.h"
#include "translator/control_trace.h"
#include "translator/explain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW_US  UINT64_C(1000000000)
#define PREFIX6 "\x20\x01\x0d\xb8\0\x64\0\0\0\0\0\0"

static const char nat64_text[] = "[instance t]\npool6 = 2001:db8:64::/96\n"
				 "pool4 = 203.0.113.1/32 1024-65535\nmax-sessions = 1000\n"
				 "bib = tcp [2001:db8:6::80]:443 203.0.113.1:443\n";
static const char siit_text[] = "[instance t]\nmode = siit\npool6 = 2001:db8:64::/96\n"
				"eam = 203.0.113.10 2001:db8:10::10\n";

static void swallow(void *context, const struct virtio_net_hdr *vnet, const struct iovec *iov,
                    int count)
{
	(void)context;
	(void)vnet;
	(void)iov;
	(void)count;
}

static struct config *configs[2]; /* live as long as their translators */

static struct translator *open_translator(const char *text, struct config **config)
{
	static const uint8_t seed[32] = "fuzz", pool4_key[16] = "fuzz";
	const struct translator_io io = { .emit = swallow };
	struct translator *translator;

	if (config_parse(text, strlen(text), "fuzz", stderr, config) < 0)
		abort();
	translator = translator_new(&(*config)->instances[0], 0, 1, seed, pool4_key, &io, NOW_US);
	if (!translator)
		abort();
	return translator;
}

/* What becomes of it differs between the two instances. */
static enum verdict open_session(struct translator *translator, uint8_t protocol)
{
	static struct explain packet;
	const struct virtio_net_hdr vnet = { 0 };
	struct explain_fields fields = {
		.ipv6 = true,
		.protocol = protocol,
		.src_port = 4000,
		.dst_port = 53,
		.tcp_flags = 2,
	};

	memcpy(&fields.src6, "\x20\x01\x0d\xb8\0\x06\0\0\0\0\0\0\0\0\0\1", 16);
	memcpy(&fields.dst6, PREFIX6 "\xc6\x33\x64\x50", 16);
	if (explain_build(&fields, &packet) < 0)
		abort();
	return translator_input(translator, packet.packet, packet.len, &vnet, NOW_US);
}

/* One session of each protocol. */
static void open_sessions(struct translator *translator)
{
	static const uint8_t protocols[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMPV6 };

	for (size_t i = 0; i < sizeof(protocols); i++)
		if (open_session(translator, protocols[i]) != VERDICT_TRANSLATED)
			abort();
}

static struct translator *translators[2];

static void open_stateful(void)
{
	translators[0] = open_translator(nat64_text, &configs[0]);
	open_sessions(translators[0]);
}

/* A binding was asked for or taken away, with its sessions: the next input meets what this one met.
 */
static void open_stateful_again(void)
{
	translator_free(translators[0]);
	config_free(configs[0]);
	open_stateful();
}

static uint64_t no_memory(void)
{
	return 0;
}

/* A packet seen through the filter of the request, and the reply about it. */
static void trace_one_packet(struct translator *translator, struct tracers *tracers,
                             struct tracer *tracer)
{
	static uint8_t message[65536];
	uint64_t told = 0;
	size_t len;

	if (translator_watch(translator, tracers) < 0)
		abort();
	open_session(translator, IPPROTO_UDP);
	(void)translator_watch(translator, NULL);
	tracers_settle(tracers, NOW_US);
	len = control_trace_write(tracer, NULL, &told, message, sizeof(message));
	if (len > sizeof(message))
		abort();
	if (len > 0)
		(void)control_side_check_reply(message, len);
	if (tracer_peek(tracer, 0))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct control_session_log session_log = {
		.target = "journal",
		.collectors = { { .name = "192.0.2.9:4739", .problem = "refused" } },
		.collector_count = 1,
	};
	static struct control_identity identity = { .cluster = "c",
		                                    .node = "n",
		                                    .namespace_name = "default",
		                                    .pid = 1,
		                                    .resident_bytes = no_memory,
		                                    .fast_path = "off",
		                                    .fast_path_reason = "fuzzing",
		                                    .state_file = "fuzzing",
		                                    .session_log = &session_log };
	struct tracer *tracer;
	static uint8_t reply[65536];
	struct translator_stats before, after;
	struct translator *translator;
	bool is_change;
	size_t len;

	if (!translators[0]) {
		open_stateful();
		translators[1] = open_translator(siit_text, &configs[1]);
		identity.tracers = tracers_new();
		if (!identity.tracers)
			abort();
		identity.running = control_side_running(nat64_text, configs[0]);
	}
	if (size == 0)
		return 0;
	translator = translators[data[0] & 1];
	translator_stats(translator, &before);
	len = control_answer(translator, &identity, NOW_US + 1000000, data + 1, size - 1, reply,
	                     sizeof(reply));
	if (len == 0 || len > sizeof(reply))
		abort();
	(void)control_side_check_reply(reply, len);
	is_change = control_side_check_rights(data + 1, size - 1,
	                                      SA_NAT64__CONTROL__REQUEST__COMMAND_BIB_CHANGE);
	tracer = tracers_newest(identity.tracers);
	if (tracer) {
		trace_one_packet(translator, identity.tracers, tracer);
		tracers_remove(identity.tracers, tracer);
		return 0;
	}
	if (is_change) {
		open_stateful_again();
		return 0;
	}
	translator_stats(translator, &after);
	if (memcmp(&before.counters, &after.counters, sizeof(before.counters)) != 0 ||
	    memcmp(before.sessions, after.sessions, sizeof(before.sessions)) != 0 ||
	    memcmp(before.bindings, after.bindings, sizeof(before.bindings)) != 0)
		abort();
	return 0;
}
