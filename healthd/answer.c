/* See answer.h. A reply is put together in one block of memory and packed at once. */
#include "healthd/answer.h"

#include "lib/control_reply.h"
#include "lib/utf8.h"
#include "lib/version.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ORDER_REASON_MAX 100 /* bytes; it has to fit into the reason of the state */

struct exchange {
	const struct answer_box *box;
	uint64_t now_us;
	struct control_reply to;
};

/* What one instance's part of a reply points to. */
struct part {
	SaNat64__Control__HealthInstance message, *at;
	SaNat64__Control__Probe slow, fast;
	SaNat64__Control__BfdPeer peers[BFD_PEERS_MAX], *peer_at[BFD_PEERS_MAX];
	struct answer_instance view;
	char peer_reasons[BFD_PEERS_MAX][HEALTH_REASON_MAX];
	SaNat64__Control__Transition history[HEALTH_HISTORY_MAX], *history_at[HEALTH_HISTORY_MAX];
};

/* What has never been is as old as the program. */
static uint64_t silent(uint64_t silent_us, const struct exchange *x)
{
	return silent_us == UINT64_MAX ? x->box->uptime_us : silent_us;
}

static void fill_probe(const struct exchange *x, const struct probe *probe, const char *problem,
                       SaNat64__Control__Probe *out)
{
	sa_nat64__control__probe__init(out);
	out->sent = probe->sent;
	out->answered = probe->answered;
	out->lost_6to4 = probe->lost64;
	out->lost_4to6 = probe->lost46;
	out->latency_6to4_us = probe->latency.from6_us;
	out->latency_4to6_us = probe->latency.from4_us;
	out->latency_max_us = probe_latency_max(probe, x->now_us);
	out->silent_us = silent(probe_whole_silent(probe, x->now_us), x);
	out->problem = (char *)problem;
}

static bool is_told(const struct answer_instance *view)
{
	return health_serves(view->health) && !(view->bfd_count && view->bfd_split);
}

/* A peer that is silent on purpose is well. */
static void say_peer(const struct answer_instance *view, const struct bfd_peer_state *peer,
                     char *reason)
{
	if (!is_told(view) || peer->state == BFD_UP || view->bfd_problem[0])
		reason[0] = '\0';
	else
		(void)snprintf(reason, HEALTH_REASON_MAX,
		               "the router does not answer BFD%s%s; has it a BFD session with %s?",
		               peer->diagnostic[0] ? ": " : "", peer->diagnostic, peer->local);
}

static void fill_bfd(struct part *part)
{
	const struct answer_instance *view = &part->view;

	for (size_t i = 0; i < view->bfd_count && i < BFD_PEERS_MAX; i++) {
		const struct bfd_peer_state *peer = &view->bfd[i];
		SaNat64__Control__BfdPeer *out = &part->peers[i];

		sa_nat64__control__bfd_peer__init(out);
		say_peer(view, peer, part->peer_reasons[i]);
		out->peer = (char *)peer->peer;
		out->state = (char *)bfd_state_name(peer->state);
		out->reason = part->peer_reasons[i];
		out->remote_receive_us = peer->remote_receive_us;
		out->remote_transmit_us = peer->remote_transmit_us;
		out->remote_multiplier = peer->remote_multiplier;
		out->detection_us = peer->detection_us;
		part->peer_at[part->message.n_bfd++] = out;
	}
	part->message.bfd = part->peer_at;
}

/* The newest first. */
static void fill_history(const struct exchange *x, struct part *part)
{
	const struct health *health = part->view.health;

	while (part->message.n_history < HEALTH_HISTORY_MAX &&
	       part->message.n_history < health->history_count) {
		size_t n = part->message.n_history++;
		uint64_t at = health->history_count - 1 - n;
		const struct health_change *change = &health->history[at % HEALTH_HISTORY_MAX];
		SaNat64__Control__Transition *out = &part->history[n];

		sa_nat64__control__transition__init(out);
		out->ago_us = x->now_us - change->at_us;
		out->from = (char *)health_state_name(change->from);
		out->to = (char *)health_state_name(change->to);
		out->reason = (char *)change->reason;
		part->history_at[n] = out;
	}
	part->message.history = part->history_at;
}

static void fill_instance(const struct exchange *x, size_t index, struct part *part)
{
	struct answer_instance *view = &part->view;
	SaNat64__Control__HealthInstance *out = &part->message;
	const struct health *health;

	x->box->view(x->box->context, index, view);
	health = view->health;
	sa_nat64__control__health_instance__init(out);
	out->name = (char *)view->name;
	out->state = (char *)health_state_name(health->state);
	out->reason = (char *)health->reason;
	out->since_us = x->now_us - health->since_us;
	out->serving = is_told(view);
	out->serves_in_us = health_hold_left(health, x->now_us);
	out->falls = health->falls;
	out->bfd_problem = (char *)view->bfd_problem;
	out->slow = &part->slow;
	out->fast = &part->fast;
	out->pid = view->pid;
	out->interface = (char *)view->interface;
	out->carrier = view->carrier;
	out->sync = (char *)view->sync;
	fill_probe(x, view->slow, view->probe_problem, &part->slow);
	fill_probe(x, view->fast, view->probe_problem, &part->fast);
	fill_bfd(part);
	fill_history(x, part);
}

static bool is_wanted(const struct exchange *x, const char *name, size_t index)
{
	struct answer_instance view;

	if (name[0] == '\0')
		return true;
	x->box->view(x->box->context, index, &view);
	return strcmp(name, view.name) == 0;
}

static bool is_known(const struct exchange *x, const char *name)
{
	for (size_t i = 0; i < x->box->count; i++)
		if (is_wanted(x, name, i))
			return true;
	return name[0] == '\0';
}

/* The parts of the wanted instances; *at points to them. NULL when memory ends, else the caller
 * frees both. */
static struct part *fill_parts(const struct exchange *x, const char *name,
                               SaNat64__Control__HealthInstance ***at, size_t *count)
{
	struct part *parts = calloc(x->box->count + 1, sizeof(*parts));

	*count = 0;
	*at = calloc(x->box->count + 1, sizeof(struct part *));
	if (!parts || !*at) {
		free(parts);
		free(*at);
		return NULL;
	}
	for (size_t i = 0; i < x->box->count; i++) {
		if (!is_wanted(x, name, i))
			continue;
		fill_instance(x, i, &parts[i]);
		(*at)[(*count)++] = &parts[i].message;
	}
	return parts;
}

static size_t send_or_refuse(const struct exchange *x, SaNat64__Control__Reply *reply)
{
	size_t len = control_reply_send(&x->to, reply);

	if (len == 0)
		len = control_reply_invalid(&x->to, "the answer is too long; ask for one instance");
	return len;
}

static size_t answer_health(const struct exchange *x,
                            const SaNat64__Control__HealthRequest *request)
{
	SaNat64__Control__Reply reply = SA_NAT64__CONTROL__REPLY__INIT;
	SaNat64__Control__HealthReply health = SA_NAT64__CONTROL__HEALTH_REPLY__INIT;
	struct part *parts = fill_parts(x, request->instance, &health.instances,
	                                &health.n_instances);
	size_t len;

	if (!parts)
		return control_reply_error(&x->to, "not enough memory for the answer");
	health.node = (char *)x->box->node;
	health.version = (char *)sa_nat64_version;
	health.uptime_us = x->box->uptime_us;
	reply.body_case = SA_NAT64__CONTROL__REPLY__BODY_HEALTH;
	reply.health = &health;
	len = send_or_refuse(x, &reply);
	free(health.instances);
	free(parts);
	return len;
}

/* The first error of those that happened. */
static int carry_out(const struct exchange *x, const SaNat64__Control__DrainRequest *request)
{
	enum answer_order order = request->undrain ? ANSWER_UNDRAIN : ANSWER_DRAIN;
	int first = 0, error;

	for (size_t i = 0; i < x->box->count; i++) {
		if (!is_wanted(x, request->instance, i))
			continue;
		error = x->box->order(x->box->context, i, order, request->reason);
		first = first ? first : error;
	}
	return first;
}

static size_t answer_drain(const struct exchange *x, const SaNat64__Control__DrainRequest *request)
{
	SaNat64__Control__Reply reply = SA_NAT64__CONTROL__REPLY__INIT;
	SaNat64__Control__DrainReply drain = SA_NAT64__CONTROL__DRAIN_REPLY__INIT;
	int error = carry_out(x, request);
	struct part *parts;
	char sentence[HEALTH_REASON_MAX];
	size_t len;

	if (error < 0) {
		(void)snprintf(
			sentence, sizeof(sentence),
			"it is %sed, but that could not be written to its run directory (%s): a "
			"restart of sa-nat64-healthd forgets it",
			request->undrain ? "undrain" : "drain", strerror(-error));
		return control_reply_error(&x->to, sentence);
	}
	parts = fill_parts(x, request->instance, &drain.instances, &drain.n_instances);
	if (!parts)
		return control_reply_error(&x->to, "not enough memory for the answer");
	reply.body_case = SA_NAT64__CONTROL__REPLY__BODY_DRAIN;
	reply.drain = &drain;
	len = send_or_refuse(x, &reply);
	free(drain.instances);
	free(parts);
	return len;
}

static size_t refuse_unknown(const struct exchange *x, const char *name)
{
	char sentence[HEALTH_REASON_MAX];

	(void)snprintf(sentence, sizeof(sentence), "it watches no instance '%.40s' on this box",
	               name);
	return control_reply_invalid(&x->to, sentence);
}

static size_t check_drain(const struct exchange *x, const SaNat64__Control__DrainRequest *request)
{
	char sentence[HEALTH_REASON_MAX];
	size_t len = strlen(request->reason);

	if (!is_known(x, request->instance))
		return refuse_unknown(x, request->instance);
	if (len > ORDER_REASON_MAX) {
		(void)snprintf(sentence, sizeof(sentence),
		               "the reason has %zu bytes; at most %d find room", len,
		               ORDER_REASON_MAX);
		return control_reply_invalid(&x->to, sentence);
	}
	if (!utf8_is_line(request->reason))
		return control_reply_invalid(
			&x->to, "the reason is not one line of UTF-8 without control characters");
	return answer_drain(x, request);
}

static size_t answer(const struct exchange *x, const SaNat64__Control__Request *request)
{
	if (request->version != CONTROL_VERSION)
		return control_reply_error(&x->to,
		                           "this version of the protocol is not understood");
	switch (request->command_case) {
	case SA_NAT64__CONTROL__REQUEST__COMMAND_HEALTH:
		return is_known(x, request->health->instance)
		               ? answer_health(x, request->health)
		               : refuse_unknown(x, request->health->instance);
	case SA_NAT64__CONTROL__REQUEST__COMMAND_DRAIN:
		return check_drain(x, request->drain);
	case SA_NAT64__CONTROL__REQUEST__COMMAND_CONFIG:
	case SA_NAT64__CONTROL__REQUEST__COMMAND_RELOAD:
		return running_config_answer(x->box->running, request, &x->to);
	default:
		return control_reply_unknown(&x->to, "sa-nat64-healthd");
	}
}

size_t healthd_answer(const struct answer_box *box, const uint8_t *request, size_t len,
                      uint8_t *reply, size_t size, uint64_t now_us)
{
	struct exchange x = { .box = box,
		              .now_us = now_us,
		              .to = { .bytes = reply, .size = size } };
	SaNat64__Control__Request *in = sa_nat64__control__request__unpack(NULL, len, request);
	size_t length;

	if (!in)
		return control_reply_error(&x.to, "the request cannot be understood");
	x.to.id = in->id;
	length = answer(&x, in);
	sa_nat64__control__request__free_unpacked(in, NULL);
	return length;
}
