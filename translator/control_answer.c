/* See control_answer.h. Each command fills its part of a Reply from the core and packs it at once,
 * so that nothing outlives the answer. */
#include "translator/control_answer.h"

#include "lib/control_reply.h"
#include "translator/control_capabilities.h"
#include "translator/control_fill.h"
#include "translator/control_list.h"
#include "translator/control_pool4.h"
#include "translator/control_trace.h"
#include "translator/explain.h"
#include "translator/feed.h"
#include "translator/packet.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One request and the room for its reply. */
struct exchange {
	struct translator *translator;
	const struct control_identity *identity;
	uint64_t now_us;
	struct control_reply to;
};

static SaNat64__Control__Protocols protocols32(const uint32_t values[L4_PROTOS])
{
	SaNat64__Control__Protocols out = SA_NAT64__CONTROL__PROTOCOLS__INIT;

	out.tcp = values[L4_TCP];
	out.udp = values[L4_UDP];
	out.icmp = values[L4_ICMP];
	return out;
}

static SaNat64__Control__Protocols protocols64(const uint64_t values[L4_PROTOS])
{
	SaNat64__Control__Protocols out = SA_NAT64__CONTROL__PROTOCOLS__INIT;

	out.tcp = values[L4_TCP];
	out.udp = values[L4_UDP];
	out.icmp = values[L4_ICMP];
	return out;
}

static SaNat64__Control__Directions directions(const uint64_t values[TRANSLATOR_DIRECTIONS])
{
	SaNat64__Control__Directions out = SA_NAT64__CONTROL__DIRECTIONS__INIT;

	out.from6 = values[TRANSLATOR_64];
	out.from4 = values[TRANSLATOR_46];
	return out;
}

static char *text_of(const char *problem)
{
	return (char *)(problem ? problem : "");
}

/* The drops that occurred, without their sentences. Returns how many; rows and pointers have
 * VERDICT_COUNT places. */
static size_t fill_drops(const struct translator_counters *counters,
                         SaNat64__Control__Verdict *rows, SaNat64__Control__Verdict **pointers)
{
	size_t count = 0;

	for (int verdict = 0; verdict < VERDICT_COUNT; verdict++) {
		uint64_t occurred = counters->verdicts[verdict];

		if (occurred == 0 || !verdict_is_drop((enum verdict)verdict))
			continue;
		control_fill_verdict((enum verdict)verdict, occurred, &rows[count]);
		rows[count].sentence = (char *)protobuf_c_empty_string;
		pointers[count] = &rows[count];
		count++;
	}
	return count;
}

static void fill_status_names(const struct exchange *x, SaNat64__Control__StatusReply *status)
{
	const struct config_instance *config = translator_config(x->translator);

	status->cluster = (char *)x->identity->cluster;
	status->node = (char *)x->identity->node;
	status->instance = (char *)config->name;
	status->mode = (char *)(config->mode == CONFIG_MODE_SIIT ? "siit" : "nat64");
	status->namespace_ = (char *)x->identity->namespace_name;
	status->pid = x->identity->pid;
	status->resident_bytes = x->identity->resident_bytes();
	status->health = (char *)(x->identity->down_reason ? "down" : "up");
	status->reason = text_of(x->identity->down_reason);
	status->fast_path = (char *)x->identity->fast_path;
	status->fast_path_reason = (char *)x->identity->fast_path_reason;
	status->state_file = (char *)x->identity->state_file;
	status->state_is_kept = x->identity->state_is_kept;
}

/* What replication does here. False: there is none. */
static bool fill_feed(const struct exchange *x, SaNat64__Control__Feed *out)
{
	struct feed_stats stats;

	if (!feed_stats(x->translator, &stats))
		return false;
	out->attached = !x->identity->feed_reason;
	if (x->identity->feed_reason)
		out->reason = (char *)x->identity->feed_reason;
	out->told = stats.told;
	out->entered = stats.entered;
	out->refused = stats.refused;
	out->conflicts = stats.conflicts;
	out->overflows = stats.overflows;
	out->queue = stats.queue;
	out->copies = stats.copies;
	return true;
}

/* The message with what it points to. */
struct session_log_message {
	SaNat64__Control__SessionLog log;
	SaNat64__Control__Collector rows[CONFIG_LOG_IPFIX_MAX], *pointers[CONFIG_LOG_IPFIX_MAX];
};

/* NULL: there is none. */
static SaNat64__Control__SessionLog *fill_session_log(const struct exchange *x,
                                                      struct session_log_message *out)
{
	const struct control_session_log *log = x->identity->session_log;

	if (!log)
		return NULL;
	sa_nat64__control__session_log__init(&out->log);
	out->log.written = log->written;
	out->log.lost = log->lost;
	out->log.waiting = log->waiting;
	out->log.target = (char *)log->target;
	out->log.problem = text_of(log->problem);
	out->log.domain = log->domain;
	out->log.n_collectors = log->collector_count;
	out->log.collectors = out->pointers;
	for (size_t i = 0; i < log->collector_count; i++) {
		const struct control_collector *from = &log->collectors[i];
		SaNat64__Control__Collector *to = out->pointers[i] = &out->rows[i];

		sa_nat64__control__collector__init(to);
		to->name = (char *)from->name;
		to->up = from->is_up;
		to->written = from->written;
		to->lost = from->lost;
		to->waiting = from->waiting;
		to->problem = text_of(from->problem);
	}
	return &out->log;
}

static size_t answer_status(const struct exchange *x)
{
	SaNat64__Control__Reply reply = SA_NAT64__CONTROL__REPLY__INIT;
	SaNat64__Control__StatusReply status = SA_NAT64__CONTROL__STATUS_REPLY__INIT;
	struct session_log_message session_log;
	SaNat64__Control__Feed feed = SA_NAT64__CONTROL__FEED__INIT;
	SaNat64__Control__Verdict rows[VERDICT_COUNT], *pointers[VERDICT_COUNT];
	struct translator_stats stats;

	translator_stats(x->translator, &stats);
	SaNat64__Control__Protocols sessions = protocols32(stats.sessions);
	SaNat64__Control__Protocols pool4_used = protocols64(stats.pool4_used);
	SaNat64__Control__Protocols pool4_ports = protocols64(stats.pool4_ports);
	SaNat64__Control__Directions packets = directions(stats.counters.packets);
	SaNat64__Control__Directions bytes = directions(stats.counters.bytes);
	SaNat64__Control__Directions fast = directions(stats.counters.fast_packets);

	fill_status_names(x, &status);
	status.uptime_us = x->now_us - stats.started_us;
	status.sessions = &sessions;
	status.sessions_max = stats.sessions_max;
	for (int proto = 0; proto < L4_PROTOS; proto++)
		status.bindings += stats.bindings[proto];
	status.static_bindings = stats.static_bindings;
	status.pool4_used = &pool4_used;
	status.pool4_ports = &pool4_ports;
	status.packets = &packets;
	status.bytes = &bytes;
	status.fast_packets = &fast;
	status.n_drops = fill_drops(&stats.counters, rows, pointers);
	status.drops = pointers;
	status.table_bytes = stats.memory_bytes;
	status.feed = fill_feed(x, &feed) ? &feed : NULL;
	status.session_log = fill_session_log(x, &session_log);
	reply.body_case = SA_NAT64__CONTROL__REPLY__BODY_STATUS;
	reply.status = &status;
	return control_reply_send(&x->to, &reply);
}

static void fill_stats_limits(const struct translator_stats *from,
                              SaNat64__Control__StatsReply *stats)
{
	stats->tcp_probes = from->counters.tcp_probes;
	stats->fast_installed = from->counters.fast_installed;
	stats->fast_refused = from->counters.fast_refused;
	stats->fast_held = from->fast_held;
	stats->fast_reattached = from->counters.fast_reattached;
	stats->hosts = from->hosts;
	stats->fragments = from->fragments;
	stats->fragments_max = from->fragments_max;
	stats->stored_syns = from->stored_syns;
	stats->stored_syns_max = from->stored_syns_max;
}

static size_t answer_stats(const struct exchange *x)
{
	SaNat64__Control__Reply reply = SA_NAT64__CONTROL__REPLY__INIT;
	SaNat64__Control__StatsReply stats = SA_NAT64__CONTROL__STATS_REPLY__INIT;
	struct session_log_message session_log;
	SaNat64__Control__Verdict rows[VERDICT_COUNT], *pointers[VERDICT_COUNT];
	struct translator_stats from;

	translator_stats(x->translator, &from);
	SaNat64__Control__Directions packets = directions(from.counters.packets);
	SaNat64__Control__Directions bytes = directions(from.counters.bytes);
	SaNat64__Control__Directions fast = directions(from.counters.fast_packets);
	SaNat64__Control__Directions sent = directions(from.counters.errors_sent);
	SaNat64__Control__Directions limited = directions(from.counters.errors_limited);
	SaNat64__Control__Protocols created = protocols64(from.counters.sessions_created);
	SaNat64__Control__Protocols expired = protocols64(from.counters.sessions_expired);
	SaNat64__Control__Protocols bindings = protocols64(from.counters.bindings_created);

	fill_stats_limits(&from, &stats);
	stats.session_log = fill_session_log(x, &session_log);
	stats.uptime_us = x->now_us - from.started_us;
	stats.packets = &packets;
	stats.bytes = &bytes;
	stats.fast_packets = &fast;
	stats.errors_sent = &sent;
	stats.errors_limited = &limited;
	stats.sessions_created = &created;
	stats.sessions_expired = &expired;
	stats.bindings_created = &bindings;
	for (int verdict = 0; verdict < VERDICT_COUNT; verdict++) {
		control_fill_verdict((enum verdict)verdict, from.counters.verdicts[verdict],
		                     &rows[verdict]);
		pointers[verdict] = &rows[verdict];
	}
	stats.n_verdicts = VERDICT_COUNT;
	stats.verdicts = pointers;
	reply.body_case = SA_NAT64__CONTROL__REPLY__BODY_STATS;
	reply.stats = &stats;
	return control_reply_send(&x->to, &reply);
}

static struct control_walk walk_of(const SaNat64__Control__ListRequest *list)
{
	return (struct control_walk){
		.cursor = list->cursor,
		.limit = list->limit,
		.is_counting = list->count,
	};
}

static size_t answer_sessions(const struct exchange *x, const SaNat64__Control__ListRequest *list)
{
	SaNat64__Control__Reply reply = SA_NAT64__CONTROL__REPLY__INIT;
	struct control_sessions *page;
	struct control_filter filter;
	struct control_walk walk;
	char error[CONTROL_ERROR_LEN];
	size_t len;

	if (control_filter_read(list->filter, &filter, error) < 0)
		return control_reply_invalid(&x->to, error);
	page = malloc(sizeof(*page));
	if (!page)
		return 0;
	walk = walk_of(list);
	control_list_sessions(x->translator, x->now_us, &filter, &walk, page);
	reply.body_case = SA_NAT64__CONTROL__REPLY__BODY_SESSIONS;
	reply.sessions = &page->reply;
	len = control_reply_send(&x->to, &reply);
	free(page);
	return len;
}

static size_t answer_bib(const struct exchange *x, const SaNat64__Control__ListRequest *list)
{
	SaNat64__Control__Reply reply = SA_NAT64__CONTROL__REPLY__INIT;
	struct control_filter filter;
	struct control_walk walk;
	struct control_bib *page;
	char error[CONTROL_ERROR_LEN];
	size_t len;

	if (control_filter_read(list->filter, &filter, error) < 0)
		return control_reply_invalid(&x->to, error);
	if (filter.has_state || filter.has_remote || filter.idle_us)
		return control_reply_invalid(&x->to,
		                             "a binding has no state, remote address or age; "
		                             "ask for sessions");
	page = malloc(sizeof(*page));
	if (!page)
		return 0;
	walk = walk_of(list);
	control_list_bib(x->translator, &filter, &walk, page);
	reply.body_case = SA_NAT64__CONTROL__REPLY__BODY_BIB;
	reply.bib = &page->reply;
	len = control_reply_send(&x->to, &reply);
	free(page);
	return len;
}

static size_t answer_pool4(const struct exchange *x, const SaNat64__Control__Pool4Request *in)
{
	SaNat64__Control__Reply reply = SA_NAT64__CONTROL__REPLY__INIT;
	struct control_pool4 *page = malloc(sizeof(*page));
	char error[CONTROL_ERROR_LEN];
	size_t len;

	if (!page)
		return 0;
	if (control_pool4_fill(x->translator, in, page, error) < 0) {
		len = control_reply_invalid(&x->to, error);
	} else {
		reply.body_case = SA_NAT64__CONTROL__REPLY__BODY_POOL4;
		reply.pool4 = &page->reply;
		len = control_reply_send(&x->to, &reply);
	}
	free(page);
	return len;
}

static size_t answer_who(const struct exchange *x, const SaNat64__Control__WhoRequest *in)
{
	SaNat64__Control__Reply reply = SA_NAT64__CONTROL__REPLY__INIT;
	struct control_who page;
	char error[CONTROL_ERROR_LEN];

	if (control_who_fill(x->translator, in, &page, error) < 0)
		return control_reply_invalid(&x->to, error);
	page.reply.node = (char *)x->identity->node;
	reply.body_case = SA_NAT64__CONTROL__REPLY__BODY_WHO;
	reply.who = &page.reply;
	return control_reply_send(&x->to, &reply);
}

static size_t answer_capabilities(const struct exchange *x)
{
	SaNat64__Control__Reply reply = SA_NAT64__CONTROL__REPLY__INIT;
	struct control_capabilities page;

	control_capabilities_fill(x->translator, &page);
	page.reply.node = (char *)x->identity->node;
	reply.body_case = SA_NAT64__CONTROL__REPLY__BODY_CAPABILITIES;
	reply.capabilities = &page.reply;
	return control_reply_send(&x->to, &reply);
}

/* Returns NULL, or what is wrong. */
static const char *read_binding(const SaNat64__Control__BibChangeRequest *in,
                                struct translator_binding *out)
{
	int proto = 0;

	while (proto < L4_PROTOS &&
	       strcmp(in->proto, control_proto_name((enum l4_proto)proto)) != 0)
		proto++;
	if (proto == L4_PROTOS)
		return "the protocol is none of tcp, udp, icmp";
	if (in->pool4.len != 4 || in->pool4_port > 65535)
		return "the public side is an IPv4 address and a port up to 65535";
	if (!in->remove && (in->host.len != sizeof(out->host) || in->host_port > 65535))
		return "the host's side is an IPv6 address and a port up to 65535";
	*out = (struct translator_binding){
		.proto = (enum l4_proto)proto,
		.host_port = (uint16_t)in->host_port,
		.pool4 = load_be32(in->pool4.data),
		.pool4_port = (uint16_t)in->pool4_port,
	};
	if (!in->remove)
		memcpy(&out->host, in->host.data, sizeof(out->host));
	return NULL;
}

static size_t answer_bib_change(const struct exchange *x,
                                const SaNat64__Control__BibChangeRequest *in)
{
	SaNat64__Control__Reply reply = SA_NAT64__CONTROL__REPLY__INIT;
	SaNat64__Control__BibChangeReply body = SA_NAT64__CONTROL__BIB_CHANGE_REPLY__INIT;
	struct translator_binding binding;
	const char *wrong = read_binding(in, &binding);
	char error[TRANSLATOR_ERROR_LEN];
	int result;

	if (wrong)
		return control_reply_invalid(&x->to, wrong);
	if (in->remove)
		result = translator_unbind(x->translator, &binding, x->now_us, &body.sessions_ended,
		                           error);
	else
		result = translator_bind(x->translator, &binding, error);
	if (result == -EINVAL)
		return control_reply_invalid(&x->to, error);
	if (result < 0 && result != -EAGAIN)
		return control_reply_error(&x->to, error);
	body.unfinished = result == -EAGAIN;
	reply.body_case = SA_NAT64__CONTROL__REPLY__BODY_BIB_CHANGE;
	reply.bib_change = &body;
	return control_reply_send(&x->to, &reply);
}

/* Addresses of 4 or 16 bytes, both alike. */
static bool read_addresses(const SaNat64__Control__PacketFields *in, struct explain_fields *out)
{
	if (in->source.len == 16 && in->destination.len == 16) {
		out->ipv6 = true;
		memcpy(&out->src6, in->source.data, 16);
		memcpy(&out->dst6, in->destination.data, 16);
		return true;
	}
	if (in->source.len != 4 || in->destination.len != 4)
		return false;
	out->ipv6 = false;
	out->src4 = load_be32(in->source.data);
	out->dst4 = load_be32(in->destination.data);
	return true;
}

/* Returns NULL, or what is wrong. */
static const char *read_fields(const SaNat64__Control__PacketFields *in, struct explain_fields *out)
{
	if (!read_addresses(in, out))
		return "source and destination must both have 4 bytes (IPv4) or both 16 (IPv6)";
	if (in->protocol > 255 || in->tcp_flags > 255 || in->ttl > 255)
		return "protocol, TCP flags and TTL are numbers from 0 to 255";
	if (in->source_port > 65535 || in->destination_port > 65535)
		return "ports and identifiers are numbers from 0 to 65535";
	out->protocol = (uint8_t)in->protocol;
	out->src_port = (uint16_t)in->source_port;
	out->dst_port = (uint16_t)in->destination_port;
	out->tcp_flags = (uint8_t)in->tcp_flags;
	out->length = in->length;
	out->ttl = (uint8_t)in->ttl;
	return NULL;
}

/* Bring the packet that the request gives or describes into explain. Returns 0, or -1 with a
 * sentence in error. */
static int read_packet(const SaNat64__Control__ExplainRequest *in, struct explain *explain,
                       char *error)
{
	struct explain_fields fields = { .ipv6 = false };
	const char *why = NULL;

	if (!in->fields && in->packet.len == 0)
		why = "give a packet, or the fields of one";
	else if (in->packet.len > sizeof(explain->packet))
		why = "the packet is longer than IP packets can be";
	else if (in->fields)
		why = read_fields(in->fields, &fields);
	if (why) {
		(void)snprintf(error, CONTROL_ERROR_LEN, "%s", why);
		return -1;
	}
	if (!in->fields) {
		memcpy(explain->packet, in->packet.data, in->packet.len);
		explain->len = in->packet.len;
	} else if (explain_build(&fields, explain) < 0) {
		(void)snprintf(error, CONTROL_ERROR_LEN,
		               "length %u: this packet has a length from %zu to %u bytes",
		               (unsigned)in->fields->length, explain_length_min(&fields),
		               fields.ipv6 ? 65575U : 65535U);
		return -1;
	}
	return 0;
}

static const char *why_off(const struct exchange *x)
{
	return strcmp(x->identity->fast_path, "on") == 0 ? NULL : x->identity->fast_path_reason;
}

static size_t send_explanation(const struct exchange *x, struct explain *explain)
{
	SaNat64__Control__Reply reply = SA_NAT64__CONTROL__REPLY__INIT;
	SaNat64__Control__ExplainReply body = SA_NAT64__CONTROL__EXPLAIN_REPLY__INIT;
	SaNat64__Control__Packet packets[EXPLAIN_PACKETS_MAX], *pointers[EXPLAIN_PACKETS_MAX];
	SaNat64__Control__Verdict verdict;
	uint8_t addresses[EXPLAIN_PACKETS_MAX][CONTROL_ADDRESSES_LEN];
	char *steps[TRACE_LINES_MAX], reason[CONTROL_REASON_LEN];

	for (size_t i = 0; i < explain->trace.count; i++)
		steps[i] = explain->trace.line[i];
	for (size_t i = 0; i < explain->count; i++) {
		control_fill_packet(&explain->packets[i], addresses[i], &packets[i]);
		pointers[i] = &packets[i];
	}
	control_fill_verdict(explain->verdict, 1, &verdict);
	body.n_steps = explain->trace.count;
	body.steps = steps;
	body.verdict = &verdict;
	body.path = (char *)control_path_name(explain->trace.is_fast);
	body.path_reason = control_path_reason(why_off(x), explain->trace.path_reason, reason);
	body.n_packets = explain->count;
	body.packets = pointers;
	body.packets_left_out = (uint32_t)explain->left_out;
	reply.body_case = SA_NAT64__CONTROL__REPLY__BODY_EXPLAIN;
	reply.explain = &body;
	return control_reply_send(&x->to, &reply);
}

static size_t answer_explain(const struct exchange *x, const SaNat64__Control__ExplainRequest *in)
{
	struct explain *explain = calloc(1, sizeof(*explain));
	char error[CONTROL_ERROR_LEN];
	size_t len;

	if (!explain)
		return 0;
	if (read_packet(in, explain, error) < 0) {
		len = control_reply_invalid(&x->to, error);
	} else {
		explain_run(x->translator, explain, x->now_us);
		len = send_explanation(x, explain);
	}
	free(explain);
	return len;
}

static size_t answer_trace(const struct exchange *x, const SaNat64__Control__TraceRequest *in)
{
	SaNat64__Control__Reply reply = SA_NAT64__CONTROL__REPLY__INIT;
	SaNat64__Control__TraceReply body = SA_NAT64__CONTROL__TRACE_REPLY__INIT;
	struct trace_filter filter;
	char error[CONTROL_ERROR_LEN];

	if (control_trace_read(in, &filter, error) < 0)
		return control_reply_invalid(&x->to, error);
	switch (tracers_add(x->identity->tracers, &filter, in->snaplen, x->to.id)) {
	case 0:
		break;
	case -EBUSY:
		(void)snprintf(error, sizeof(error),
		               "%d traces of this instance run already; end one of them first",
		               TRACERS_MAX);
		return control_reply_error(&x->to, error);
	default:
		return control_reply_error(&x->to, "not enough memory for a trace");
	}
	reply.body_case = SA_NAT64__CONTROL__REPLY__BODY_TRACE;
	reply.trace = &body;
	return control_reply_send(&x->to, &reply);
}

static size_t answer_command(const struct exchange *x, const SaNat64__Control__Request *request)
{
	char error[CONTROL_ERROR_LEN];

	if (request->version != CONTROL_VERSION) {
		(void)snprintf(error, sizeof(error),
		               "protocol version %u is not spoken here, only %d: "
		               "sa-nat64 and the translator come from different releases",
		               (unsigned)request->version, CONTROL_VERSION);
		return control_reply_error(&x->to, error);
	}
	switch (request->command_case) {
	case SA_NAT64__CONTROL__REQUEST__COMMAND_STATUS:
		return answer_status(x);
	case SA_NAT64__CONTROL__REQUEST__COMMAND_STATS:
		return answer_stats(x);
	case SA_NAT64__CONTROL__REQUEST__COMMAND_SESSIONS:
		return answer_sessions(x, request->sessions);
	case SA_NAT64__CONTROL__REQUEST__COMMAND_BIB:
		return answer_bib(x, request->bib);
	case SA_NAT64__CONTROL__REQUEST__COMMAND_POOL4:
		return answer_pool4(x, request->pool4);
	case SA_NAT64__CONTROL__REQUEST__COMMAND_WHO:
		return answer_who(x, request->who);
	case SA_NAT64__CONTROL__REQUEST__COMMAND_CAPABILITIES:
		return answer_capabilities(x);
	case SA_NAT64__CONTROL__REQUEST__COMMAND_BIB_CHANGE:
		return answer_bib_change(x, request->bib_change);
	case SA_NAT64__CONTROL__REQUEST__COMMAND_EXPLAIN:
		return answer_explain(x, request->explain);
	case SA_NAT64__CONTROL__REQUEST__COMMAND_TRACE:
		return answer_trace(x, request->trace);
	case SA_NAT64__CONTROL__REQUEST__COMMAND_CONFIG:
	case SA_NAT64__CONTROL__REQUEST__COMMAND_RELOAD:
		return running_config_answer(x->identity->running, request, &x->to);
	default:
		return control_reply_unknown(&x->to, "the translator");
	}
}

size_t control_answer(struct translator *t, const struct control_identity *identity,
                      uint64_t now_us, const uint8_t *request, size_t len, uint8_t *reply,
                      size_t size)
{
	struct exchange x = {
		.translator = t,
		.identity = identity,
		.now_us = now_us,
		.to = { .bytes = reply, .size = size },
	};
	SaNat64__Control__Request *message = sa_nat64__control__request__unpack(NULL, len, request);
	size_t written;

	if (!message)
		return control_reply_error(&x.to, "this is no request of the control protocol");
	x.to.id = message->id;
	written = answer_command(&x, message);
	sa_nat64__control__request__free_unpacked(message, NULL);
	return written;
}
