/* See box.h. */
#include "healthd/box.h"

#include "healthd/answer.h"
#include "healthd/asker.h"
#include "healthd/frr.h"
#include "healthd/instance.h"
#include "lib/control_server.h"
#include "lib/log.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>

#define LEAVE_US        1000000 /* how long a withdrawal may take at the end */
#define REMOVE_US       3000000 /* and that of an instance that a reload removed */
#define ATTEND_US       100000
#define TIMED_US        250000 /* how often the loop waits for probes to know their latency */
#define LOOK_US         3000   /* after sending; most answers are at the targets by then */
#define SYNC_SILENCE_US 2500000
#define ACCURACY_US     250
#define SLACK_US        500 /* what is due so soon is done at once */

/* A place for an instance. */
struct member {
	struct instance *instance;
	uint64_t leave_by_us; /* 0: it stays */
};

struct box {
	sd_event *event;
	struct config *config;
	struct running_config *running;
	const char *self;
	struct instance_place place;
	struct member *members;
	size_t count;
	struct control_server *control;
	struct asker *syncd; /* NULL: nothing is replicated */
	struct asker_question question;
	sd_event_source *due; /* owned */
	uint64_t started_us, next_send_us, next_look_us, next_attend_us, next_timed_us;
	uint64_t leave_by_us; /* 0: it runs */
	bool status_changed;
};

/* ---- what all are told ---- */

static void tell_status(struct box *box)
{
	char text[1000];
	size_t len = 0;

	box->status_changed = false;
	text[0] = '\0';
	for (size_t i = 0; i < box->count && len < sizeof(text); i++) {
		if (box->members[i].leave_by_us)
			continue;
		len += (size_t)snprintf(
			text + len, sizeof(text) - len, "%s%s %s", len ? ", " : "",
			instance_name(box->members[i].instance),
			health_state_name(instance_state(box->members[i].instance)));
	}
	(void)sd_notifyf(0, "STATUS=%s", text[0] ? text : "no instances");
}

static void on_change(void *context)
{
	struct box *box = context;

	box->status_changed = true;
}

/* ---- sa-nat64-syncd ---- */

static const SaNat64__Control__SyncInstance *find_sync(const SaNat64__Control__PeersReply *peers,
                                                       const char *name)
{
	for (size_t i = 0; i < peers->n_instances; i++)
		if (strcmp(peers->instances[i]->name, name) == 0)
			return peers->instances[i];
	return NULL;
}

static void on_peers(void *context, const SaNat64__Control__Reply *reply)
{
	struct box *box = context;

	for (size_t i = 0; i < box->count; i++) {
		struct instance *instance = box->members[i].instance;

		if (instance_is_synced(instance))
			instance_take_sync(instance,
			                   find_sync(reply->peers, instance_name(instance)), "");
	}
}

static void miss_syncd(struct box *box, uint64_t now_us)
{
	char why[HEALTH_REASON_MAX];
	int error = asker_error(box->syncd);

	if (asker_silent(box->syncd, now_us) < SYNC_SILENCE_US)
		return;
	(void)snprintf(why, sizeof(why),
	               "sa-nat64-syncd does not answer (%s): new sessions are not replicated; "
	               "systemctl restart sa-nat64-syncd",
	               error ? strerror(error) : "it hangs");
	for (size_t i = 0; i < box->count; i++)
		if (instance_is_synced(box->members[i].instance))
			instance_take_sync(box->members[i].instance, NULL, why);
}

/* 0 or -errno. */
static int ask_syncd(struct box *box)
{
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];

	if (!box->config->cluster.sync_interface) {
		asker_free(box->syncd);
		box->syncd = NULL;
		return 0;
	}
	if (box->syncd)
		return 0;
	box->question = (struct asker_question){
		.command = SA_NAT64__CONTROL__REQUEST__COMMAND_PEERS,
		.answered = on_peers,
		.context = box,
	};
	if (snprintf(path, sizeof(path), "%s/syncd.sock", box->place.rundir) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	return asker_new(box->event, path, &box->question, &box->syncd);
}

/* ---- leaving ---- */

static void remove_member(struct box *box, size_t index)
{
	instance_free(box->members[index].instance);
	memmove(&box->members[index], &box->members[index + 1],
	        (box->count - index - 1) * sizeof(box->members[0]));
	box->count--;
	box->status_changed = true;
}

/* FRR did not do as it was told in time. */
static void force_withdrawal(const struct box *box, struct instance *instance)
{
	log_error("instance %s could not be withdrawn as it should; all BFD peers of its bfdd are "
	          "deleted",
	          instance_name(instance));
	(void)frr_withdraw_all(instance_name(instance), box->config->health.vtysh_timeout_us);
}

/* Instances that a reload removed go when the routers know. */
static void let_go(struct box *box, uint64_t now_us)
{
	for (size_t i = box->count; i-- > 0;) {
		struct member *member = &box->members[i];

		if (member->leave_by_us == 0)
			continue;
		if (!instance_is_withdrawn(member->instance)) {
			if (now_us < member->leave_by_us)
				continue;
			force_withdrawal(box, member->instance);
		}
		log_info("instance %s is not watched any more", instance_name(member->instance));
		remove_member(box, i);
	}
}

static bool all_withdrawn(const struct box *box)
{
	for (size_t i = 0; i < box->count; i++)
		if (!instance_is_withdrawn(box->members[i].instance))
			return false;
	return true;
}

static void end_if_withdrawn(struct box *box, uint64_t now_us)
{
	if (!all_withdrawn(box)) {
		if (now_us < box->leave_by_us)
			return;
		for (size_t i = 0; i < box->count; i++)
			if (!instance_is_withdrawn(box->members[i].instance))
				force_withdrawal(box, box->members[i].instance);
	}
	(void)sd_event_exit(box->event, 0);
}

void box_leave(struct box *box)
{
	uint64_t now_us = control_now_us();

	box->leave_by_us = now_us + LEAVE_US;
	for (size_t i = 0; i < box->count; i++)
		instance_withdraw(box->members[i].instance);
	end_if_withdrawn(box, now_us);
}

/* ---- rounds ---- */

static void look_all(struct box *box, uint64_t now_us)
{
	box->next_look_us = UINT64_MAX;
	for (size_t i = 0; i < box->count; i++)
		instance_look(box->members[i].instance, now_us);
}

static void judge_all(struct box *box, uint64_t now_us)
{
	for (size_t i = 0; i < box->count; i++)
		instance_judge(box->members[i].instance, now_us);
}

/* How late a round is beyond a whole interval, it was this program that was silent. */
static void wake_all(struct box *box, uint64_t now_us)
{
	uint64_t latest_us = box->next_send_us + box->config->health.probe_interval_us;
	uint64_t absent_us = now_us > latest_us ? now_us - latest_us : 0;

	for (size_t i = 0; i < box->count; i++)
		instance_wake(box->members[i].instance, absent_us, now_us);
	if (box->syncd)
		asker_excuse(box->syncd, absent_us, now_us);
}

static uint64_t look_after(uint64_t interval_us)
{
	return interval_us / 2 < LOOK_US ? interval_us / 2 : LOOK_US;
}

static void send_all(struct box *box, uint64_t now_us)
{
	uint64_t interval_us = box->config->health.probe_interval_us;
	bool is_timed = now_us >= box->next_timed_us;

	if (is_timed)
		box->next_timed_us = now_us + TIMED_US;
	for (size_t i = 0; i < box->count; i++)
		instance_send(box->members[i].instance, is_timed ? PROBE_TIMED : PROBE_COUNTED,
		              now_us);
	box->next_look_us = now_us + look_after(interval_us);
	box->next_send_us += interval_us;
	if (box->next_send_us <= now_us)
		box->next_send_us = now_us + interval_us;
}

static void round_of_probes(struct box *box, uint64_t now_us)
{
	look_all(box, now_us);
	wake_all(box, now_us);
	judge_all(box, now_us);
	send_all(box, now_us);
}

static void attend_all(struct box *box, uint64_t now_us)
{
	box->next_attend_us = now_us + ATTEND_US;
	for (size_t i = 0; i < box->count; i++)
		instance_attend(box->members[i].instance, now_us);
	if (box->syncd) {
		asker_tick(box->syncd, now_us);
		miss_syncd(box, now_us);
	}
	let_go(box, now_us);
}

static uint64_t earlier(uint64_t a_us, uint64_t b_us)
{
	return a_us < b_us ? a_us : b_us;
}

static uint64_t next_us(struct box *box, uint64_t now_us)
{
	uint64_t next = earlier(box->next_send_us, earlier(box->next_look_us, box->next_attend_us));

	for (size_t i = 0; i < box->count; i++)
		next = earlier(next, instance_deadline(box->members[i].instance, now_us));
	return next;
}

static int on_due(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct box *box = userdata;
	uint64_t now_us = control_now_us(), soon_us = now_us + SLACK_US;

	(void)usec;
	if (soon_us >= box->next_send_us)
		round_of_probes(box, now_us);
	else if (soon_us >= box->next_look_us)
		look_all(box, now_us);
	else
		judge_all(box, now_us);
	if (soon_us >= box->next_attend_us)
		attend_all(box, now_us);
	if (box->status_changed)
		tell_status(box);
	if (box->leave_by_us)
		end_if_withdrawn(box, now_us);
	(void)sd_event_source_set_time(source, next_us(box, now_us));
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

/* ---- answers ---- */

/* Those that leave are behind those that stay, see box_reload(). */
static size_t count_staying(const struct box *box)
{
	size_t count = 0;

	while (count < box->count && box->members[count].leave_by_us == 0)
		count++;
	return count;
}

static void view(void *context, size_t index, struct answer_instance *out)
{
	const struct box *box = context;

	instance_view(box->members[index].instance, out);
}

static int order(void *context, size_t index, enum answer_order what, const char *reason)
{
	const struct box *box = context;
	struct instance *instance = box->members[index].instance;
	int error = instance_order(instance, what, reason);

	if (error < 0)
		log_error("instance %s: its order to drain cannot be kept in %s/%s/drained: %s",
		          instance_name(instance), box->place.rundir, instance_name(instance),
		          strerror(-error));
	return error;
}

static size_t on_request(void *context, const uint8_t *request, size_t len, uint8_t *reply,
                         size_t size)
{
	struct box *box = context;
	uint64_t now_us = control_now_us();
	const struct answer_box answer = {
		.node = box->self,
		.uptime_us = now_us - box->started_us,
		.count = count_staying(box),
		.running = box->running,
		.view = view,
		.order = order,
		.context = box,
	};

	return healthd_answer(&answer, request, len, reply, size, now_us);
}

/* ---- the configuration ---- */

static struct instance_config config_of(const struct box *box, const struct config *config,
                                        const struct config_instance *instance)
{
	return (struct instance_config){
		.config = config,
		.instance = instance,
		.network = config_network_find(config, instance->name, box->self),
	};
}

static struct instance *find(const struct box *box, const char *name)
{
	for (size_t i = 0; i < box->count; i++)
		if (box->members[i].leave_by_us == 0 &&
		    strcmp(instance_name(box->members[i].instance), name) == 0)
			return box->members[i].instance;
	return NULL;
}

/* The members of a configuration: those that are there, and new ones; NULL when memory ends. */
static struct member *gather(const struct box *box, const struct config *config)
{
	struct member *members = calloc(config->instance_count + box->count + 1, sizeof(*members));

	for (size_t i = 0; members && i < config->instance_count; i++) {
		struct instance_config wanted = config_of(box, config, &config->instances[i]);

		members[i].instance = find(box, config->instances[i].name);
		if (!members[i].instance &&
		    instance_new(&box->place, &wanted, &members[i].instance) < 0)
			goto fail;
	}
	return members;
fail:
	for (size_t i = 0; i < config->instance_count; i++)
		if (members[i].instance && !find(box, config->instances[i].name))
			instance_free(members[i].instance);
	free(members);
	return NULL;
}

/* Those that the configuration does not have any more go behind the others, and leave. */
static size_t add_leaving(struct box *box, const struct config *config, struct member *members,
                          size_t count)
{
	uint64_t now_us = control_now_us();

	for (size_t i = 0; i < box->count; i++) {
		struct member *member = &box->members[i];

		if (member->leave_by_us == 0) {
			if (config_instance_find(config, instance_name(member->instance)))
				continue;
			member->leave_by_us = now_us + REMOVE_US;
			instance_withdraw(member->instance);
		}
		members[count++] = *member;
	}
	return count;
}

/* An instance that leaves keeps the configuration that it has. */
static void configure_all(struct box *box, const struct config *config)
{
	for (size_t i = 0; i < config->instance_count; i++) {
		struct instance_config wanted = config_of(box, config, &config->instances[i]);

		instance_configure(box->members[i].instance, &wanted);
	}
}

int box_reload(struct box *box, struct config *config)
{
	struct config *before = box->config;
	struct member *members = gather(box, config);

	if (!members) {
		config_free(config);
		return -ENOMEM;
	}
	box->count = add_leaving(box, config, members, config->instance_count);
	free(box->members);
	box->members = members;
	box->config = config;
	configure_all(box, config);
	box->status_changed = true;
	config_free(before);
	return ask_syncd(box);
}

/* ---- start and end ---- */

static void log_start(const struct box *box)
{
	log_info("node %s watches %zu instance%s, a probe each %llu ms", box->self, box->count,
	         box->count == 1 ? "" : "s",
	         (unsigned long long)box->config->health.probe_interval_us / 1000);
	if (box->count == 0)
		log_notice("the configuration has no [instance]");
}

static int listen_at(struct box *box)
{
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	int error = -ENAMETOOLONG;

	if (snprintf(path, sizeof(path), "%s/healthd.sock", box->place.rundir) < (int)sizeof(path))
		error = control_server_new(box->event, path, on_request, box, &box->control);
	if (error == -EADDRINUSE)
		log_error("another sa-nat64-healthd runs here: it listens at %s", path);
	else if (error < 0)
		log_error("cannot listen at %s/healthd.sock: %s", box->place.rundir,
		          strerror(-error));
	return error;
}

/* A round that is due comes before everything else: when this program did not run for a while, it
 * has to excuse the probes before an answer or a reload has instances judged by their silence. */
static int add_sources(struct box *box)
{
	int error = sd_event_add_time(box->event, &box->due, CLOCK_MONOTONIC, 0, ACCURACY_US,
	                              on_due, box);

	if (error >= 0)
		error = sd_event_source_set_priority(box->due, SD_EVENT_PRIORITY_IMPORTANT);
	if (error < 0)
		log_error("cannot start the event loop: %s", strerror(-error));
	return error < 0 ? error : 0;
}

int box_new(sd_event *event, struct opener *opener, const char *rundir, const char *self,
            struct config *config, struct running_config *running, struct box **out)
{
	struct box *box = calloc(1, sizeof(*box));
	int error;

	if (!box) {
		config_free(config);
		return -ENOMEM;
	}
	box->event = event;
	box->config = config;
	box->running = running;
	box->self = self;
	box->place = (struct instance_place){ event, opener, rundir, on_change, box };
	box->started_us = box->next_send_us = control_now_us();
	box->next_look_us = UINT64_MAX;
	box->status_changed = true;
	error = listen_at(box);
	if (error == 0)
		error = add_sources(box);
	if (error == 0)
		box->members = gather(box, config);
	if (error == 0 && !box->members)
		error = -ENOMEM;
	if (error == 0) {
		box->count = config->instance_count;
		error = ask_syncd(box);
	}
	if (error) {
		box_free(box);
		return error;
	}
	log_start(box);
	*out = box;
	return 0;
}

void box_free(struct box *box)
{
	if (!box)
		return;
	for (size_t i = 0; i < box->count; i++)
		instance_free(box->members[i].instance);
	free(box->members);
	control_server_free(box->control);
	asker_free(box->syncd);
	(void)sd_event_source_disable_unref(box->due);
	config_free(box->config);
	free(box);
}
