#include "translator/core.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HELD_BYTES   (TRANSLATOR_HEADROOM + TRANSLATOR_PACKET_MAX)
#define EXPIRE_LIMIT 16384                /* steps of one translator_tick() */
#define LAST_RESORT4 UINT32_C(0xc0000008) /* 192.0.0.8: RFC 7600 section 4.8 */

/* ---- building ---- */

/* Keys for the tables, each its own, from one seed. */
static struct hash_key derive_key(const uint8_t seed[32], uint32_t number)
{
	struct hash_key first, second, key;
	uint64_t half;

	memcpy(first.bytes, seed, sizeof(first.bytes));
	memcpy(second.bytes, seed + sizeof(first.bytes), sizeof(second.bytes));
	half = hash_bytes(&first, &number, sizeof(number));
	memcpy(key.bytes, &half, sizeof(half));
	half = hash_bytes(&second, &number, sizeof(number));
	memcpy(key.bytes + sizeof(half), &half, sizeof(half));
	return key;
}

/* Addresses to send ICMP errors from when the configuration names none. */
static void choose_addresses(struct translator *t)
{
	const struct config_instance *config = t->config;

	t->address4 = LAST_RESORT4;
	if (config->has_address4)
		t->address4 = config->address4;
	else if (config->mode == CONFIG_MODE_NAT64 && config->pool4_count)
		t->address4 = config->pool4[0].prefix.addr;
	else if (config->mode == CONFIG_MODE_NAT64 && config->bib_count)
		t->address4 = config->bib[0].addr4;
	else if (config->rfc6791_pool4_count)
		t->address4 = config->rfc6791_pool4[0].addr;
	t->has_address6 = config->has_address6 || config->pool6_count;
	if (config->has_address6)
		t->address6 = config->address6;
	else if (config->pool6_count)
		t->address6 = core_embed(t, 0, t->address4);
	t->owns_address6 = config->has_address6 &&
	                   pool6_find(config->pool6, config->pool6_count, &t->address6) < 0;
}

static int build_state(struct translator *t, unsigned node_id, unsigned node_count,
                       const uint8_t seed[32], const uint8_t pool4_key[16])
{
	const struct config_instance *config = t->config;
	const struct translator_memory *memory = t->io.memory;
	struct hash_key keys[8], address_key;
	uint32_t i;
	int error;

	for (i = 0; i < 8; i++)
		keys[i] = derive_key(seed, i);
	if (memory) {
		memcpy(keys[1].bytes, memory->key, sizeof(memory->key));
		keys[4] = keys[1];
	}
	memcpy(address_key.bytes, pool4_key, sizeof(address_key.bytes));
	t->pool4 = pool4_new(config->pool4, config->pool4_count, node_id, node_count, &keys[0],
	                     &address_key, config->max_sessions);
	t->bib = bib_table_new(restore_binding_capacity(config), &keys[1],
	                       memory ? memory->bindings : NULL);
	t->fragments = fragment_store_new(config->max_fragments, config->fragment_timeout_us,
	                                  &keys[2]);
	t->syns = syn_store_new(config->max_stored_syns, &keys[3]);
	if (!t->pool4 || !t->bib || !t->fragments || !t->syns)
		return -ENOMEM;
	if (config->log_sessions == CONFIG_LOG_SESSIONS_BLOCKS &&
	    pool4_own_blocks(t->pool4, config->max_sessions, &keys[7]) < 0)
		return -ENOMEM;
	t->sessions = session_table_new(config->max_sessions, t->bib, &keys[4], t->now_us,
	                                memory ? memory->sessions : NULL);
	if (config->max_sessions_per_host)
		t->hosts = tally_new(config->max_sessions, &keys[5]);
	if (config->filtering == CONFIG_FILTERING_ADDRESS_DEPENDENT)
		t->peers = tally_new(config->max_sessions, &keys[6]);
	if (!t->sessions || (config->max_sessions_per_host && !t->hosts) ||
	    (config->filtering == CONFIG_FILTERING_ADDRESS_DEPENDENT && !t->peers))
		return -ENOMEM;
	error = flow_add_static(t);
	if (error == 0 && memory && memory->restore)
		restore_tables(t);
	return error;
}

static void init_rate_limits(struct translator *t)
{
	int direction, class;

	for (direction = 0; direction < TRANSLATOR_DIRECTIONS; direction++)
		for (class = 0; class < CONFIG_ICMP_CLASSES; class ++)
			rate_limit_init(&t->error_limits[direction][class],
			                t->config->icmp_error_rate, t->config->icmp_error_burst,
			                t->now_us);
}

struct translator *translator_new(const struct config_instance *config, unsigned node_id,
                                  unsigned node_count, const uint8_t seed[32],
                                  const uint8_t pool4_key[16], const struct translator_io *io,
                                  uint64_t now_us)
{
	struct translator *t = calloc(1, sizeof(*t));
	struct hash_key ident_key = derive_key(seed, 100);
	int error = 0;

	if (!t)
		return NULL;
	t->config = config;
	t->io = *io;
	t->emit = io->emit;
	t->emit_context = io->context;
	t->now_us = t->started_us = now_us;
	t->random.key = derive_key(seed, 101);
	ident_init(&t->ident, &ident_key);
	choose_addresses(t);
	init_rate_limits(t);
	session_log_open(t);
	t->held = calloc(1, HELD_BYTES);
	t->segment = calloc(1, HELD_BYTES);
	if (!t->held || !t->segment)
		goto fail;
	t->held += TRANSLATOR_HEADROOM;
	t->segment += TRANSLATOR_HEADROOM;
	if (config->mode == CONFIG_MODE_SIIT) {
		t->eam = eam_table_new(config->eam, config->eam_count);
		error = t->eam ? 0 : -ENOMEM;
	} else {
		error = build_state(t, node_id, node_count, seed, pool4_key);
	}
	if (!error)
		return t;
fail:
	translator_free(t);
	errno = ENOMEM;
	return NULL;
}

struct translator_restored translator_restored(const struct translator *t)
{
	return t->restored;
}

void translator_free(struct translator *t)
{
	if (!t)
		return;
	eam_table_free(t->eam);
	session_table_free(t->sessions);
	bib_table_free(t->bib);
	pool4_free(t->pool4);
	tally_free(t->hosts);
	tally_free(t->peers);
	fragment_store_free(t->fragments);
	syn_store_free(t->syns);
	feed_free(t->feed);
	free(t->static4);
	free(t->watch);
	free(t->held ? t->held - TRANSLATOR_HEADROOM : NULL);
	free(t->segment ? t->segment - TRANSLATOR_HEADROOM : NULL);
	free(t);
}

/* ---- packets ---- */

static void trace_packet(const struct translator *t, const struct packet *p)
{
	char src[ADDRESS_STRLEN], dst[ADDRESS_STRLEN];

	if (!t->trace)
		return;
	if (p->version == 6)
		trace_add(t->trace, "packet: IPv6 %s -> %s, protocol %u, hop limit %u, %u bytes",
		          address6_format(&p->src6, src), address6_format(&p->dst6, dst), p->proto,
		          p->ttl, p->len);
	else
		trace_add(t->trace, "packet: IPv4 %s -> %s, protocol %u, TTL %u, %u bytes",
		          address4_format(p->src4, src), address4_format(p->dst4, dst), p->proto,
		          p->ttl, p->len);
	if (p->is_fragment)
		trace_add(t->trace, "packet: a fragment, offset %u, %s", p->fragment_offset,
		          p->more ? "more to come" : "the last");
	else if (p->transport_header_len)
		trace_add(t->trace, "packet: source port or identifier %u, destination %u",
		          p->src_port, p->dst_port);
}

static enum verdict receive64(struct translator *t, struct xlat_job *job)
{
	enum verdict verdict = admit64(t, &job->p);

	if (verdict != VERDICT_OK)
		return verdict;
	if (t->owns_address6 && address6_equal(&job->p.dst6, &t->address6))
		return own_answer(t, job);
	return t->config->mode == CONFIG_MODE_SIIT ? stateless64(t, job) : stateful64(t, job);
}

static enum verdict receive46(struct translator *t, struct xlat_job *job)
{
	enum verdict verdict = admit46(t, &job->p);

	if (verdict != VERDICT_OK)
		return verdict;
	return t->config->mode == CONFIG_MODE_SIIT ? stateless46(t, job) : stateful46(t, job);
}

static enum verdict receive(struct translator *t, struct xlat_job *job, uint8_t *data, size_t len,
                            const struct virtio_net_hdr *vnet)
{
	struct packet *p = &job->p;
	enum verdict verdict = packet_parse(data, (uint32_t)len, PACKET_WHOLE, p);

	if (verdict != VERDICT_OK)
		return verdict;
	if (!p->fragment_offset)
		verdict = packet_parse_transport(p, PACKET_WHOLE);
	trace_packet(t, p);
	if (verdict == VERDICT_OK)
		verdict = offload_accept(vnet, p, &job->offload);
	if (verdict != VERDICT_OK)
		return verdict;
	job->icmp_len = p->l4_len;
	return p->version == 6 ? receive64(t, job) : receive46(t, job);
}

enum verdict translator_turn(const struct xlat_job *first, uint8_t *data, uint32_t len,
                             struct xlat_job *second)
{
	enum verdict verdict;

	*second = (struct xlat_job){ .offload = first->offload, .is_second_pass = true };
	verdict = packet_parse_whole(data, len, &second->p);
	second->icmp_len = second->p.l4_len;
	return verdict;
}

/* Count a packet's fate and answer it. */
static void conclude(struct translator *t, const struct packet *p, enum verdict verdict)
{
	const struct verdict_info *info = verdict_info(verdict);
	enum translator_direction direction = p->version == 6 ? TRANSLATOR_64 : TRANSLATOR_46;

	t->counters.verdicts[verdict]++;
	if (verdict == VERDICT_TRANSLATED || verdict == VERDICT_HAIRPINNED) {
		t->counters.packets[direction]++;
		t->counters.bytes[direction] += p->len;
	}
	if (info->class != VERDICT_DROPPED)
		return;
	icmp_error_send(t, p, p->version == 6 ? &info->icmp6 : &info->icmp4, t->error_rest);
	session_log_shortage(t, verdict, p);
	if (t->io.note && !t->rehearsal && verdict_is_noted(verdict))
		t->io.note(t->io.context, verdict, p);
}

void translator_finish(struct translator *t, const struct packet *p, enum verdict verdict)
{
	conclude(t, p, verdict);
	if (__builtin_expect(t->watch != NULL, 0) && !t->rehearsal)
		watch_fate(t, verdict);
}

static enum verdict input(struct translator *t, uint8_t *packet, size_t len,
                          const struct virtio_net_hdr *vnet)
{
	struct xlat_job job = { 0 };
	enum verdict verdict;

	t->error_rest = 0;
	t->in_pieces = t->is_slow_probe = false;
	verdict = receive(t, &job, packet, len, vnet);
	if (!t->in_pieces)
		translator_finish(t, &job.p, verdict);
	return verdict;
}

enum verdict translator_input(struct translator *t, uint8_t *packet, size_t len,
                              const struct virtio_net_hdr *vnet, uint64_t now_us)
{
	enum verdict verdict;

	t->now_us = now_us;
	if (__builtin_expect(t->watch == NULL, 1))
		return input(t, packet, len, vnet);
	watch_begin(t, packet, len, vnet);
	verdict = input(t, packet, len, vnet);
	watch_end(t);
	return verdict;
}

/* ---- time ---- */

static void expire_session(void *context, uint32_t session)
{
	flow_expire(context, session);
}

/* Nobody met the SYN: tell its sender (RFC 6146 section 3.5.2.2). */
static void expire_syns(struct translator *t)
{
	struct packet p;
	uint8_t *bytes;
	uint32_t len, limit = EXPIRE_LIMIT;

	while (limit-- && (bytes = syn_store_expire(t->syns, t->now_us, &len))) {
		t->error_rest = 0;
		if (packet_parse(bytes, len, PACKET_QUOTE, &p) != VERDICT_OK)
			continue;
		if (t->watch)
			watch_begin(t, bytes, len, NULL);
		translator_finish(t, &p, VERDICT_SYN_REFUSED);
		if (t->watch)
			watch_end(t);
	}
}

void translator_tick(struct translator *t, uint64_t now_us)
{
	t->now_us = now_us;
	if (t->config->mode == CONFIG_MODE_SIIT)
		return;
	(void)session_expire(t->sessions, now_us, EXPIRE_LIMIT, expire_session, t);
	t->counters.verdicts[VERDICT_FRAGMENT_TIMEOUT] += fragment_expire(t->fragments, now_us,
	                                                                  EXPIRE_LIMIT);
	expire_syns(t);
	pool4_wake(t->pool4, now_us, EXPIRE_LIMIT);
	if (t->feed)
		feed_tick(t);
}

/* ---- looking in ---- */

/* What an explained packet may have touched, to be put back. */
struct saved_state {
	struct translator_counters counters;
	struct rate_limit limits[TRANSLATOR_DIRECTIONS][CONFIG_ICMP_CLASSES];
	struct random random;
	struct ident ident;
	void (*emit)(void *context, const struct virtio_net_hdr *vnet, const struct iovec *iov,
	             int count);
	void *emit_context;
};

static void save_state(const struct translator *t, struct saved_state *saved)
{
	saved->counters = t->counters;
	memcpy(saved->limits, t->error_limits, sizeof(saved->limits));
	saved->random = t->random;
	saved->ident = t->ident;
	saved->emit = t->emit;
	saved->emit_context = t->emit_context;
}

static void restore_state(struct translator *t, const struct saved_state *saved)
{
	const struct rehearsal *rehearsed = &t->rehearsed;
	struct session *met;
	unsigned i;

	for (i = 0; i < rehearsed->made_count; i++)
		flow_delete(t, rehearsed->made[i]);
	for (i = 0; i < rehearsed->met_count; i++) {
		met = session_at(t->sessions, rehearsed->met[i]);
		met->state = rehearsed->met_before[i].state;
		met->pool6 = rehearsed->met_before[i].pool6;
		met->expires_us = rehearsed->met_before[i].expires_us;
	}
	t->counters = saved->counters;
	memcpy(t->error_limits, saved->limits, sizeof(saved->limits));
	t->random = saved->random;
	t->ident = saved->ident;
	t->emit = saved->emit;
	t->emit_context = saved->emit_context;
}

static void swallow(void *context, const struct virtio_net_hdr *vnet, const struct iovec *iov,
                    int count)
{
	(void)context;
	(void)vnet;
	(void)iov;
	(void)count;
}

enum verdict translator_explain(struct translator *t, uint8_t *packet, size_t len, uint64_t now_us,
                                struct trace *trace, const struct translator_io *io)
{
	const struct virtio_net_hdr vnet = { 0 };
	struct saved_state saved;
	struct xlat_job job = { 0 };
	const char *declined = fast_declines(t, packet, len);
	uint8_t version = len > 0 ? packet[0] >> 4 : 0;
	enum verdict verdict;

	save_state(t, &saved);
	t->now_us = now_us;
	t->error_rest = 0;
	t->in_pieces = t->is_slow_probe = false;
	t->session_at_hand = 0;
	t->rehearsed = (struct rehearsal){ 0 };
	t->trace = trace;
	t->rehearsal = true;
	t->emit = io && io->emit ? io->emit : swallow;
	t->emit_context = io ? io->context : NULL;
	verdict = receive(t, &job, packet, len, &vnet);
	if (!t->in_pieces)
		translator_finish(t, &job.p, verdict);
	if (trace) {
		struct fast_choice choice = fast_explain(t, verdict, version, declined);

		trace->is_fast = choice.is_fast;
		trace->path_reason = choice.reason;
	}
	restore_state(t, &saved);
	t->rehearsal = false;
	t->trace = NULL;
	return verdict;
}

void translator_count_write_error(struct translator *t)
{
	t->counters.verdicts[VERDICT_DEVICE_WRITE]++;
	if (t->watch)
		watch_write_error(t);
}

void translator_count_reattached(struct translator *t)
{
	t->counters.fast_reattached++;
}

static uint64_t memory_of(const struct translator *t)
{
	uint64_t total = sizeof(*t) + 2 * HELD_BYTES;

	if (t->config->mode == CONFIG_MODE_SIIT)
		return total;
	total += session_memory(t->sessions) + bib_memory(t->bib) + pool4_memory(t->pool4) +
	         fragment_memory(t->fragments) + syn_store_memory(t->syns);
	total += t->hosts ? tally_memory(t->hosts) : 0;
	total += t->feed ? feed_memory(t->feed) : 0;
	return total + (t->peers ? tally_memory(t->peers) : 0);
}

void translator_stats(const struct translator *t, struct translator_stats *out)
{
	uint64_t packets[TRANSLATOR_DIRECTIONS] = { 0 }, bytes[TRANSLATOR_DIRECTIONS] = { 0 };
	int proto, direction;

	*out = (struct translator_stats){ .counters = t->counters,
		                          .started_us = t->started_us,
		                          .fast_held = t->io.fast.held
		                                               ? t->io.fast.held(t->io.fast.context)
		                                               : t->fast_held,
		                          .memory_bytes = memory_of(t) };
	if (t->io.fast.counters)
		t->io.fast.counters(t->io.fast.context, packets, bytes);
	for (direction = 0; direction < TRANSLATOR_DIRECTIONS; direction++) {
		out->counters.packets[direction] += packets[direction];
		out->counters.bytes[direction] += bytes[direction];
		out->counters.verdicts[VERDICT_TRANSLATED] += packets[direction];
		out->counters.fast_packets[direction] = packets[direction];
	}
	if (t->config->mode == CONFIG_MODE_SIIT)
		return;
	for (proto = 0; proto < L4_PROTOS; proto++) {
		out->sessions[proto] = session_count(t->sessions, proto);
		out->bindings[proto] = bib_count(t->bib, proto);
		out->pool4_ports[proto] = pool4_owned(t->pool4);
		out->pool4_used[proto] = pool4_used(t->pool4, proto);
	}
	out->static_bindings = bib_static_count(t->bib);
	out->sessions_max = session_capacity(t->sessions);
	out->hosts = t->hosts ? tally_keys(t->hosts) : 0;
	out->host_limit = t->config->max_sessions_per_host;
	out->stored_syns = syn_store_count(t->syns);
	out->stored_syns_max = t->config->max_stored_syns;
	out->fragments = fragment_held(t->fragments);
	out->fragments_max = t->config->max_fragments;
}

const struct config_instance *translator_config(const struct translator *t)
{
	return t->config;
}

const struct session_table *translator_sessions(const struct translator *t)
{
	return t->sessions;
}

struct in6_addr translator_session_dst6(const struct translator *t, const struct session *session)
{
	return core_embed(t, session->pool6, session->dst4);
}
