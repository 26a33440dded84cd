/* `sa-nat64 drain` and `sa-nat64 undrain`: the routers send their traffic elsewhere, and here
 * again.
 *
 * Sa-nat64-healthd takes the order at once; that FRR did what follows from it is asked for until it
 * is so or the time is over. Only then is it said that the order is done.
 */
#include "cli/commands.h"
#include "cli/health.h"
#include "lib/control_socket.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#define PAUSE_NS (50 * 1000000L) /* between two questions whether it is done */

struct order {
	bool undrain;
	bool (*is_done)(const SaNat64__Control__HealthInstance *health);
	const char
		*not_done; /* what is to be said of an instance of which it is not, "within N s" */
};

static bool is_drained(const SaNat64__Control__HealthInstance *health)
{
	return strcmp(health->state, "drained") == 0 && health_is_withdrawn(health);
}

/* It serves, and every session has been made: routers take a second to answer. */
static bool is_served(const SaNat64__Control__HealthInstance *health)
{
	for (size_t i = 0; i < health->n_bfd; i++)
		if (strcmp(health->bfd[i]->state, "silent") == 0 ||
		    strcmp(health->bfd[i]->state, "admin-down") == 0)
			return false;
	return health->serving;
}

static const struct order drain = { false, is_drained, "its routers have not all been told" };
static const struct order undrain = { true, is_served, "it does not serve" };

static const struct out_column columns[] = {
	{ "instance", 12 }, { "state", 9 },  { "serving", 7 },
	{ "done", 4 },      { "reason", 0 }, { NULL, 0 },
};

static SaNat64__Control__Reply *ask_health(const struct cli_options *options,
                                           struct instance *healthd)
{
	SaNat64__Control__Request request = SA_NAT64__CONTROL__REQUEST__INIT;
	SaNat64__Control__HealthRequest health = SA_NAT64__CONTROL__HEALTH_REQUEST__INIT;

	request.command_case = SA_NAT64__CONTROL__REQUEST__COMMAND_HEALTH;
	request.health = &health;
	if (options->instance)
		health.instance = (char *)options->instance;
	return instance_ask(healthd, &request);
}

/* Returns whether the order was taken. */
static bool give(const struct cli_options *options, const struct order *order,
                 struct instance *healthd)
{
	SaNat64__Control__Request request = SA_NAT64__CONTROL__REQUEST__INIT;
	SaNat64__Control__DrainRequest body = SA_NAT64__CONTROL__DRAIN_REQUEST__INIT;
	SaNat64__Control__Reply *reply;
	bool taken;

	request.command_case = SA_NAT64__CONTROL__REQUEST__COMMAND_DRAIN;
	request.drain = &body;
	body.undrain = order->undrain;
	if (options->instance)
		body.instance = (char *)options->instance;
	if (options->reason)
		body.reason = (char *)options->reason;
	reply = instance_ask(healthd, &request);
	taken = reply != NULL;
	sa_nat64__control__reply__free_unpacked(reply, NULL);
	return taken;
}

static bool is_done(const struct order *order, const SaNat64__Control__HealthReply *reply)
{
	for (size_t i = 0; i < reply->n_instances; i++)
		if (!order->is_done(reply->instances[i]))
			return false;
	return true;
}

/* Ask until the order is done or the time over; the last reply, NULL when there is none any more.
 */
static SaNat64__Control__Reply *wait_until_done(const struct cli_options *options,
                                                const struct order *order, struct instance *healthd)
{
	uint64_t deadline_us = control_now_us() + (uint64_t)options->wait_s * 1000000;
	SaNat64__Control__Reply *reply = ask_health(options, healthd);

	while (reply && !is_done(order, reply->health) && control_now_us() < deadline_us) {
		struct timespec pause = { .tv_nsec = PAUSE_NS };

		sa_nat64__control__reply__free_unpacked(reply, NULL);
		while (nanosleep(&pause, &pause) < 0 && errno == EINTR)
			;
		reply = ask_health(options, healthd);
	}
	return reply;
}

/* Why an instance is as it is; what FRR has against it comes first. */
static const char *reason_of(const SaNat64__Control__HealthInstance *health)
{
	return health->bfd_problem[0] ? health->bfd_problem : health->reason;
}

static void put_instances(struct out *out, const struct order *order,
                          const SaNat64__Control__HealthReply *reply)
{
	out_begin_table(out, "instances", columns);
	for (size_t i = 0; i < reply->n_instances; i++) {
		const SaNat64__Control__HealthInstance *health = reply->instances[i];

		out_begin(out, OUT_ROW, NULL);
		out_text(out, "instance", health->name);
		out_text(out, "state", health->state);
		out_flag(out, "serving", health->serving);
		out_flag(out, "done", order->is_done(health));
		out_text(out, "reason", reason_of(health));
		out_end(out);
	}
	out_end(out);
}

static size_t count_routers(const SaNat64__Control__HealthReply *reply)
{
	size_t count = 0;

	for (size_t i = 0; i < reply->n_instances; i++)
		count += reply->instances[i]->n_bfd;
	return count;
}

static uint64_t longest_detection_us(const SaNat64__Control__HealthReply *reply)
{
	uint64_t longest = 0;

	for (size_t i = 0; i < reply->n_instances; i++) {
		uint64_t detection_us = health_detection_us(reply->instances[i]);

		longest = detection_us > longest ? detection_us : longest;
	}
	return longest;
}

static void put_detection(struct out *out, const SaNat64__Control__HealthReply *reply,
                          uint64_t detection_us)
{
	char text[200];

	if (count_routers(reply) == 0) {
		out_text(out, "text",
		         "No bfd-peer is configured here: nobody told the routers. Move their "
		         "routes to another box by hand.");
	} else if (detection_us == 0) {
		out_text(out, "text",
		         "The routers send their traffic elsewhere within their BFD detection "
		         "time; what comes until then is translated.");
	} else {
		(void)snprintf(text, sizeof(text),
		               "The routers send their traffic elsewhere within %" PRIu64
		               " ms, their BFD detection time; what comes until then is "
		               "translated.",
		               (detection_us + 999) / 1000);
		out_text(out, "text", text);
	}
}

/* Packets are counted with the probes among them, which go on. */
static void put_end_of_traffic(struct out *out, uint64_t probe_interval_us)
{
	char rate[60] = "", text[250];

	if (probe_interval_us > 0)
		(void)snprintf(rate, sizeof(rate), ", %" PRIu64 " a second each way",
		               2 * UINT64_C(1000000) / probe_interval_us);
	(void)snprintf(text, sizeof(text),
	               "When nothing comes any more, `packets` in `sa-nat64 status` rise by the "
	               "probes only%s; then stop, upgrade or reboot.",
	               rate);
	out_text(out, "text", text);
}

/* What whoever drained the box has to expect, and to do. */
static void put_next(struct out *out, const struct cli_options *options,
                     const struct instances *instances, const SaNat64__Control__HealthReply *reply,
                     uint64_t detection_us)
{
	char text[200];

	out_begin(out, OUT_STEPS, "next");
	put_detection(out, reply, detection_us);
	put_end_of_traffic(out, instances->probe_interval_us);
	(void)snprintf(text, sizeof(text),
	               "`sa-nat64 undrain%s%s` takes the traffic back. A reboot does, too; a "
	               "restart of sa-nat64-healthd does not.",
	               options->instance ? " " : "", options->instance ? options->instance : "");
	out_text(out, "text", text);
	out_end(out);
}

/* Returns the exit status. */
static int complain(const struct cli_options *options, const struct order *order,
                    const SaNat64__Control__HealthReply *reply)
{
	int status = 0;

	(void)fflush(stdout);
	for (size_t i = 0; i < reply->n_instances; i++) {
		const SaNat64__Control__HealthInstance *health = reply->instances[i];
		const char *reason = reason_of(health);

		if (order->is_done(health))
			continue;
		(void)fprintf(stderr, "sa-nat64: instance %s: %s within %u s: %s%s%s\n",
		              health->name, order->not_done, options->wait_s, health->state,
		              reason[0] ? ", " : "", reason);
		status = 1;
	}
	return status;
}

static int carry_out(const struct cli_options *options, struct instances *instances,
                     struct out *out, const struct order *order)
{
	struct instance *healthd = &instances->daemons[BOX_HEALTHD];
	SaNat64__Control__Reply *before = ask_health(options, healthd), *after = NULL;
	uint64_t detection_us = before ? longest_detection_us(before->health) : 0;
	int status = 1;

	if (before && give(options, order, healthd))
		after = wait_until_done(options, order, healthd);
	if (after) {
		bool done = is_done(order, after->health);

		out_begin(out, OUT_OBJECT, NULL);
		put_instances(out, order, after->health);
		if (done && !order->undrain)
			put_next(out, options, instances, after->health, detection_us);
		out_end(out);
		status = options->wait_s > 0 ? complain(options, order, after->health) : 0;
	}
	sa_nat64__control__reply__free_unpacked(before, NULL);
	sa_nat64__control__reply__free_unpacked(after, NULL);
	instance_complain(healthd, stderr);
	return healthd->refused ? 2 : status;
}

int cmd_drain(const struct cli_options *options, struct instances *instances, struct out *out)
{
	return carry_out(options, instances, out, &drain);
}

int cmd_undrain(const struct cli_options *options, struct instances *instances, struct out *out)
{
	return carry_out(options, instances, out, &undrain);
}
