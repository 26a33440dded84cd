/* Packets are built by explain_build(), answers by turning round what came out. */
#include "tests/unit/gateway.h"

#include "tests/vectors/packet_view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define START_US UINT64_C(1000000000)

static void gateway_emit(void *context, const struct virtio_net_hdr *vnet, const struct iovec *iov,
                         int count)
{
	struct gateway *gateway = context;
	struct gateway_output *out = &gateway->out[gateway->count];
	uint32_t len = 0;

	(void)vnet;
	assert_true(gateway->count < GATEWAY_OUTPUTS_MAX);
	for (int i = 0; i < count; i++) {
		assert_true(len + iov[i].iov_len <= sizeof(out->data));
		memcpy(out->data + len, iov[i].iov_base, iov[i].iov_len);
		len += (uint32_t)iov[i].iov_len;
	}
	assert_true(packet_checksums_ok(out->data, len));
	assert_int_equal(packet_parse(out->data, len, PACKET_WHOLE, &out->p), VERDICT_OK);
	if (out->p.fragment_offset == 0)
		assert_int_equal(packet_parse_transport(&out->p, PACKET_WHOLE), VERDICT_OK);
	out->at_us = gateway->now_us;
	gateway->count++;
}

static bool gateway_is_local4(void *context, uint32_t addr4)
{
	const struct gateway *gateway = context;

	return gateway->local4 && addr4 >= gateway->local4 &&
	       (addr4 == gateway->local4 || addr4 <= gateway->local4_last);
}

static bool gateway_is_local6(void *context, const struct in6_addr *addr6)
{
	const struct gateway *gateway = context;

	return address6_equal(addr6, &gateway->local6);
}

static void gateway_note(void *context, enum verdict verdict, const struct packet *packet)
{
	struct gateway *gateway = context;

	assert_non_null(packet);
	gateway->notes++;
	gateway->note = verdict;
}

static int gateway_install(void *context, uint32_t index, const struct translator_flow *flow)
{
	struct gateway *gateway = context;

	assert_true(index > 0 && flow->pool4 > 0);
	gateway->entered++;
	return 0;
}

static void gateway_remove(void *context, const struct translator_flow *flow)
{
	struct gateway *gateway = context;

	assert_true(gateway->entered > 0 && flow->pool4 > 0);
	gateway->entered--;
}

static uint64_t gateway_last_used(void *context, uint32_t index)
{
	const struct gateway *gateway = context;

	assert_true(index > 0);
	return gateway->last_used_us;
}

static void gateway_learn64(void *context, const struct in6_addr *src6, const struct in6_addr *dst6,
                            uint32_t src4, uint32_t dst4)
{
	struct gateway *gateway = context;

	assert_true(src6 && dst6 && src4 && dst4);
	gateway->entered++;
}

static void gateway_learn46(void *context, uint32_t src4, uint32_t dst4,
                            const struct in6_addr *src6, const struct in6_addr *dst6)
{
	gateway_learn64(context, src6, dst6, src4, dst4);
}

static void gateway_forget(void *context)
{
	struct gateway *gateway = context;

	gateway->entered = 0;
}

static uint32_t gateway_held(void *context)
{
	const struct gateway *gateway = context;

	return gateway->entered;
}

static void gateway_counters(void *context, uint64_t packets[2], uint64_t bytes[2])
{
	(void)context;
	(void)packets;
	(void)bytes;
}

/* As fastpath_hooks(). */
static struct translator_fast fast_hooks(struct gateway *gateway, enum config_mode mode)
{
	struct translator_fast hooks = { .counters = gateway_counters, .context = gateway };

	if (mode == CONFIG_MODE_SIIT) {
		hooks.learn64 = gateway_learn64;
		hooks.learn46 = gateway_learn46;
		hooks.forget = gateway_forget;
		hooks.held = gateway_held;
	} else {
		hooks.install = gateway_install;
		hooks.remove = gateway_remove;
		hooks.last_used = gateway_last_used;
	}
	return hooks;
}

/* The translator, not its log. */
static void end(struct gateway *gateway)
{
	translator_free(gateway->translator);
	config_free(gateway->config);
}

static const uint8_t usual_seed[32] = "gateway";

/* Build a translator for the keys in *config and *translator. */
static void build(struct gateway *gateway, const char *keys, const uint8_t seed[32],
                  struct config **config, struct translator **translator)
{
	static const uint8_t pool4_key[16] = "gateway";
	struct translator_io io = { .emit = gateway_emit,
		                    .is_local4 = gateway_is_local4,
		                    .is_local6 = gateway_is_local6,
		                    .note = gateway_note,
		                    .context = gateway,
		                    .memory = gateway->memory };
	char text[2000];

	snprintf(text, sizeof(text), "[instance t]\n%s", keys);
	assert_int_equal(config_parse(text, strlen(text), "gateway", stderr, config), 0);
	if (!gateway->log && (*config)->instances[0].log_sessions != CONFIG_LOG_SESSIONS_OFF)
		assert_non_null(gateway->log = log_ring_new(GATEWAY_LOG_RECORDS));
	io.log = gateway->log;
	if (gateway->has_fast)
		io.fast = fast_hooks(gateway, (*config)->instances[0].mode);
	*translator = translator_new(&(*config)->instances[0], gateway->node_id,
	                             gateway->node_count, seed, pool4_key, &io, gateway->now_us);
	assert_non_null(*translator);
}

static void build_usual(struct gateway *gateway, const char *keys, struct config **config,
                        struct translator **translator)
{
	char all[1900];

	snprintf(all, sizeof(all),
	         "address4 = 192.0.2.254\naddress6 = 2001:db8:ffff::1\n"
	         "pool6 = 2001:db8:64::/96\n%s",
	         keys);
	build(gateway, all, usual_seed, config, translator);
}

void gateway_open_node(struct gateway *gateway, const char *keys, unsigned node_id,
                       unsigned node_count, bool has_fast)
{
	memset(gateway, 0, sizeof(*gateway));
	gateway->now_us = START_US;
	gateway->node_id = node_id;
	gateway->node_count = node_count;
	gateway->has_fast = has_fast;
	build_usual(gateway, keys, &gateway->config, &gateway->translator);
}

void gateway_open(struct gateway *gateway, const char *keys)
{
	gateway_open_node(gateway, keys, 0, 1, false);
}

void gateway_open_fast(struct gateway *gateway, const char *keys)
{
	gateway_open_node(gateway, keys, 0, 1, true);
}

void gateway_open_kept(struct gateway *gateway, const char *keys, struct translator_memory *memory)
{
	memset(gateway, 0, sizeof(*gateway));
	gateway->now_us = START_US;
	gateway->node_count = 1;
	gateway->has_fast = true;
	gateway->memory = memory;
	build_usual(gateway, keys, &gateway->config, &gateway->translator);
}

void gateway_restart(struct gateway *gateway, const char *keys)
{
	end(gateway);
	gateway->memory->restore = true;
	build_usual(gateway, keys, &gateway->config, &gateway->translator);
}

void gateway_open_bare(struct gateway *gateway, const char *keys, const uint8_t seed[32])
{
	memset(gateway, 0, sizeof(*gateway));
	gateway->now_us = START_US;
	gateway->node_count = 1;
	build(gateway, keys, seed, &gateway->config, &gateway->translator);
}

uint32_t gateway_reload(struct gateway *gateway, const char *keys)
{
	struct translator *translator;
	struct config *config;
	uint32_t lost;

	build_usual(gateway, keys, &config, &translator);
	lost = translator_adopt(translator, gateway->translator, gateway->now_us);
	end(gateway);
	gateway->config = config;
	gateway->translator = translator;
	return lost;
}

void gateway_close(struct gateway *gateway)
{
	end(gateway);
	log_ring_free(gateway->log);
	gateway->log = NULL;
}

void gateway_clear(struct gateway *gateway)
{
	gateway->count = 0;
}

void gateway_pass(struct gateway *gateway, uint64_t us)
{
	uint64_t end_us = gateway->now_us + us;
	uint64_t step_us = us > 60 * GATEWAY_SECOND_US ? GATEWAY_SECOND_US : 50000;

	while (gateway->now_us < end_us) {
		gateway->now_us += end_us - gateway->now_us < step_us ? end_us - gateway->now_us
		                                                      : step_us;
		translator_tick(gateway->translator, gateway->now_us);
	}
}

enum verdict gateway_input(struct gateway *gateway, const uint8_t *packet, size_t len)
{
	static uint8_t room[TRANSLATOR_HEADROOM + TRANSLATOR_PACKET_MAX];
	const struct virtio_net_hdr vnet = { 0 };

	assert_true(len <= TRANSLATOR_PACKET_MAX);
	memcpy(room + TRANSLATOR_HEADROOM, packet, len);
	return translator_input(gateway->translator, room + TRANSLATOR_HEADROOM, len, &vnet,
	                        gateway->now_us);
}

enum verdict gateway_send(struct gateway *gateway, const struct explain_fields *fields)
{
	static struct explain explain;

	assert_int_equal(explain_build(fields, &explain), 0);
	return gateway_input(gateway, explain.packet, explain.len);
}

enum verdict gateway_send6(struct gateway *gateway, uint8_t protocol, uint16_t host, uint16_t sport,
                           uint32_t server, uint16_t dport, uint8_t flags)
{
	struct explain_fields fields = {
		.ipv6 = true,
		.src6 = { .s6_addr = { 0x20, 0x01, 0x0d, 0xb8, 0, 6 } },
		.dst6 = { .s6_addr = { 0x20, 0x01, 0x0d, 0xb8, 0, 0x64 } },
		.protocol = protocol,
		.src_port = sport,
		.dst_port = dport,
		.tcp_flags = flags,
	};

	store_be16(fields.src6.s6_addr + 14, host);
	store_be32(fields.dst6.s6_addr + 12, server);
	return gateway_send(gateway, &fields);
}

enum verdict gateway_send4(struct gateway *gateway, uint8_t protocol, uint32_t server,
                           uint16_t sport, uint32_t public4, uint16_t dport, uint8_t flags)
{
	const struct explain_fields fields = {
		.src4 = server,
		.dst4 = public4,
		.protocol = protocol,
		.src_port = protocol == IPPROTO_ICMP ? dport : sport,
		.dst_port = dport,
		.tcp_flags = flags,
	};

	return gateway_send(gateway, &fields);
}

enum verdict gateway_answer(struct gateway *gateway, uint8_t flags)
{
	const struct packet *p = gateway_last(gateway);
	struct explain_fields fields = {
		.ipv6 = p->version == 6,
		.src6 = p->dst6,
		.dst6 = p->src6,
		.src4 = p->dst4,
		.dst4 = p->src4,
		.protocol = p->proto,
		.src_port = p->dst_port,
		.dst_port = p->src_port,
		.tcp_flags = flags,
	};
	static struct explain explain;
	uint8_t *type;

	assert_int_equal(explain_build(&fields, &explain), 0);
	if (packet_is_icmp(p)) {
		type = explain.packet + (p->version == 6 ? 40 : 20);
		*type = p->version == 6 ? 129 : 0;
		packet_checksums_fix(explain.packet, explain.len);
	}
	return gateway_input(gateway, explain.packet, explain.len);
}

const struct packet *gateway_last(const struct gateway *gateway)
{
	assert_true(gateway->count > 0);
	return &gateway->out[gateway->count - 1].p;
}

struct translator_stats gateway_stats(const struct gateway *gateway)
{
	struct translator_stats stats;

	translator_stats(gateway->translator, &stats);
	return stats;
}
