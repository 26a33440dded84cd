/* See instance.h. */
#include "healthd/instance.h"

#include "healthd/asker.h"
#include "healthd/drained.h"
#include "healthd/frr.h"
#include "healthd/link.h"
#include "healthd/load.h"
#include "healthd/process.h"
#include "healthd/prober.h"
#include "lib/control_socket.h"
#include "lib/log_event.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#define SECOND     UINT64_C(1000000)
#define SILENCE_US 2500000 /* of a control socket that is asked once a second */

/* What the translator said last. */
struct translator {
	struct asker *asker;
	struct process *process;
	uint64_t answered_before; /* probes, when its process was first seen */
	bool fast_was_on;
	char fast_problem[HEALTH_REASON_MAX];
	char own_problem[HEALTH_REASON_MAX]; /* as StatusReply.reason when it is down */
};

struct replication {
	enum health_sync state;
	char name[16]; /* as SyncInstance.state */
	char problem[HEALTH_REASON_MAX];
	bool lacks_translator; /* it was not attached when it was asked last */
};

struct instance {
	const struct instance_place *place;
	struct instance_config config;
	char name[CONFIG_NAME_MAX];
	struct health health;
	struct health_facts facts;
	struct asker_question question;
	struct translator translator;
	struct replication replication;
	struct prober *prober;
	struct link_view links;
	struct link_facts link_facts;
	struct link *link;
	struct load load;
	char link_trouble[HEALTH_REASON_MAX]; /* why it cannot be watched */
	struct opener_namespace namespace;
	uint64_t awake_us;     /* the last round of probes */
	uint64_t next_look_us; /* at the namespace */
	char interface[16];    /* towards the routers, as known last */
	struct frr *frr;
	struct bfd_peer_wanted peers[BFD_PEERS_MAX];
	size_t peer_count;
	char peers_problem[HEALTH_REASON_MAX];
	bool advertised, leaves;
};

const char *instance_name(const struct instance *instance)
{
	return instance->name;
}

enum health_state instance_state(const struct instance *instance)
{
	return instance->health.state;
}

bool instance_is_synced(const struct instance *instance)
{
	return !instance->leaves && instance->config.config->cluster.sync_interface &&
	       instance->config.instance->mode == CONFIG_MODE_NAT64;
}

static const char *namespace_name(const struct instance *instance)
{
	return instance->config.network ? instance->config.network->namespace_name : NULL;
}

/* Mostly there is nothing to say. */
static void set(char *text, const char *to)
{
	text[0] = '\0';
	if (to[0])
		(void)snprintf(text, HEALTH_REASON_MAX, "%s", to);
}

/* ---- facts ---- */

static struct probe *probe_of(const struct instance *instance, enum prober_path path)
{
	return prober_probe(instance->prober, path);
}

static struct health_silence silence(const struct instance *instance, enum prober_path path,
                                     uint64_t now_us)
{
	const struct probe *probe = probe_of(instance, path);

	return (struct health_silence){ .half_us = probe_half_silent(probe, now_us),
		                        .whole_us = probe_whole_silent(probe, now_us) };
}

static void note_probes(struct instance *instance, uint64_t now_us)
{
	struct health_facts *facts = &instance->facts;

	facts->slow = silence(instance, PROBER_SLOW, now_us);
	facts->fast = silence(instance, PROBER_FAST, now_us);
	facts->probed = probe_of(instance, PROBER_SLOW)->answered >
	                instance->translator.answered_before;
	facts->is_placed = prober_is_open(instance->prober);
	facts->is_overloaded = load_is_high(&instance->load);
	set(facts->probe_problem, prober_problem(instance->prober));
}

/* Who was not asked for long enough is not yet taken for mute. */
static bool answers(const struct instance *instance, uint64_t now_us)
{
	uint64_t silent_us = asker_silent(instance->translator.asker, now_us);
	uint64_t asked_us = now_us - instance->health.born_us;

	return silent_us < SILENCE_US || (silent_us == UINT64_MAX && asked_us < SILENCE_US);
}

static void note_translator(struct instance *instance, uint64_t now_us)
{
	struct health_facts *facts = &instance->facts;
	const struct translator *translator = &instance->translator;

	facts->pid = process_pid(translator->process);
	facts->process_runs = process_runs(translator->process);
	facts->answers = answers(instance, now_us);
	set(facts->fast_problem, translator->fast_problem);
	set(facts->own_problem, translator->own_problem);
}

static void note_link(struct instance *instance)
{
	struct health_facts *facts = &instance->facts;
	const struct link_facts *link = &instance->link_facts;

	facts->carrier = link->carrier;
	facts->addressed = link->addressed;
	set(facts->link_problem, link->problem[0] ? link->problem : instance->link_trouble);
}

static void note_bfd(struct instance *instance)
{
	struct health_facts *facts = &instance->facts;
	const char *problem = instance->peers_problem;

	facts->bfd_wanted = instance->frr != NULL;
	if (!instance->frr)
		return;
	facts->bfd_split = frr_split(instance->frr);
	set(facts->bfd_problem, problem[0] ? problem : frr_problem(instance->frr));
}

static void note_sync(struct instance *instance)
{
	struct health_facts *facts = &instance->facts;
	const struct replication *replication = &instance->replication;

	facts->sync = instance_is_synced(instance) ? replication->state : HEALTH_SYNC_NONE;
	set(facts->sync_problem, replication->problem);
}

/* ---- judgement ---- */

static void log_change(const struct instance *instance)
{
	const struct health *health = &instance->health;
	const struct health_change *change =
		&health->history[(health->history_count - 1) % HEALTH_HISTORY_MAX];
	const struct log_field fields[] = {
		{ "INSTANCE", instance->name },
		{ "OLD_STATE", health_state_name(change->from) },
		{ "NEW_STATE", health_state_name(change->to) },
		{ "REASON", change->reason },
	};
	enum log_level level = change->to == HEALTH_DOWN       ? LOG_LEVEL_ERROR
	                       : change->to == HEALTH_DEGRADED ? LOG_LEVEL_WARNING
	                                                       : LOG_LEVEL_NOTICE;

	log_event(level, fields, sizeof(fields) / sizeof(fields[0]), "instance %s: %s -> %s: %s",
	          instance->name, fields[1].value, fields[2].value, change->reason);
}

static void tell_routers(struct instance *instance)
{
	bool advertised = health_serves(&instance->health) && !instance->leaves;

	if (!instance->frr || advertised == instance->advertised)
		return;
	instance->advertised = advertised;
	frr_want(instance->frr, advertised);
}

void instance_judge(struct instance *instance, uint64_t now_us)
{
	uint64_t interval_us = instance->health.config.probe_interval_us;
	bool changed;

	if (instance->leaves)
		return;
	if (now_us < instance->awake_us + 2 * interval_us)
		note_probes(instance, now_us);
	note_translator(instance, now_us);
	note_link(instance);
	note_bfd(instance);
	note_sync(instance);
	changed = health_judge(&instance->health, &instance->facts, now_us);
	tell_routers(instance);
	if (!changed)
		return;
	log_change(instance);
	instance->place->changed(instance->place->context);
}

static uint64_t silence_ends(const struct instance *instance, enum prober_path path,
                             uint64_t now_us)
{
	uint64_t timeout_us = instance->health.config.probe_timeout_us;
	uint64_t silent_us = probe_whole_silent(probe_of(instance, path), now_us);

	return silent_us < timeout_us ? now_us + timeout_us - silent_us : UINT64_MAX;
}

uint64_t instance_deadline(struct instance *instance, uint64_t now_us)
{
	uint64_t slow_us = silence_ends(instance, PROBER_SLOW, now_us);
	uint64_t fast_us = silence_ends(instance, PROBER_FAST, now_us);
	uint64_t deadline_us = health_deadline(&instance->health);

	if (instance->leaves)
		return UINT64_MAX;
	if (slow_us < deadline_us)
		deadline_us = slow_us;
	return fast_us < deadline_us ? fast_us : deadline_us;
}

/* ---- the translator ---- */

/* The fast path that is only wanted if it can be had is missed when it was there. */
static void judge_fast_path(struct instance *instance, const SaNat64__Control__StatusReply *status)
{
	struct translator *translator = &instance->translator;
	enum config_fast_path wanted = instance->config.instance->fast_path;
	bool is_on = strcmp(status->fast_path, "on") == 0;

	translator->fast_was_on = translator->fast_was_on || is_on;
	translator->fast_problem[0] = '\0';
	if (is_on || wanted == CONFIG_FAST_PATH_OFF ||
	    (wanted == CONFIG_FAST_PATH_AUTO && !translator->fast_was_on))
		return;
	(void)snprintf(translator->fast_problem, sizeof(translator->fast_problem),
	               "the fast path is off: %.120s; fast-path = off, if that is right",
	               status->fast_path_reason);
}

static void on_status(void *context, const SaNat64__Control__Reply *reply)
{
	struct instance *instance = context;
	struct translator *translator = &instance->translator;
	int result = process_watch(translator->process, reply->status->pid);

	if (result < 0)
		log_warning("instance %s: cannot watch process %u: %s", instance->name,
		            (unsigned)reply->status->pid, strerror(-result));
	if (result > 0)
		translator->answered_before = probe_of(instance, PROBER_SLOW)->answered;
	judge_fast_path(instance, reply->status);
	set(translator->own_problem,
	    strcmp(reply->status->health, "down") == 0 ? reply->status->reason : "");
	instance_judge(instance, control_now_us());
}

static void on_exit_of_process(void *context)
{
	struct instance *instance = context;

	log_notice("instance %s: the translator (pid %u) has ended", instance->name,
	           (unsigned)process_pid(instance->translator.process));
	if (instance->leaves)
		return;
	asker_hurry(instance->translator.asker);
	instance_judge(instance, control_now_us());
}

/* ---- FRR ---- */

static void on_frr(void *context)
{
	instance_judge(context, control_now_us());
}

static size_t want_peers(struct instance *instance, FILE *err)
{
	if (!instance->config.network)
		return 0;
	return bfd_peers_of(instance->config.network, instance->interface, instance->peers, err);
}

/* One line for the operator out of what may be several. */
static void say_left_out(struct instance *instance, char *text)
{
	char *end = strchr(text, '\n');

	if (end)
		*end = '\0';
	if (text[0] && strcmp(instance->peers_problem, text) != 0)
		log_warning("instance %s: %s", instance->name, text);
	set(instance->peers_problem, text);
}

/* 0 or -errno. */
static int make_frr(struct instance *instance)
{
	if (instance->frr)
		return 0;
	instance->advertised = false;
	return frr_new(instance->place->event, instance->name, on_frr, instance, &instance->frr);
}

static void configure_frr(struct instance *instance)
{
	const struct config_network *network = instance->config.network;
	char *text = NULL;
	size_t len = 0;
	FILE *err;

	if (!instance->frr && (!network || network->bfd_peer_count == 0))
		return;
	err = open_memstream(&text, &len);
	if (!err || make_frr(instance) < 0) {
		log_error("instance %s: not enough memory to speak to FRR", instance->name);
		if (err)
			(void)fclose(err);
		free(text);
		return;
	}
	instance->peer_count = want_peers(instance, err);
	if (fclose(err) == 0)
		say_left_out(instance, text);
	free(text);
	frr_configure(instance->frr, &instance->config.config->health, instance->peers,
	              instance->peer_count);
}

/* ---- uplink and namespace ---- */

static void on_link(void *context)
{
	struct instance *instance = context;
	const char *interface = instance->link_facts.interface;

	link_view_judge(&instance->links, instance->name, &instance->link_facts);
	if (interface[0] && strcmp(interface, instance->interface) != 0) {
		memcpy(instance->interface, interface, sizeof(instance->interface));
		configure_frr(instance);
	}
	instance_judge(instance, control_now_us());
}

/* What is not known is well. */
static void forget_links(struct instance *instance)
{
	link_free(instance->link);
	instance->link = NULL;
	instance->link_trouble[0] = '\0';
	link_view_init(&instance->links, instance->config.network);
	link_view_judge(&instance->links, instance->name, &instance->link_facts);
}

static void close_namespace(struct instance *instance, const char *why)
{
	prober_close(instance->prober, why);
	load_close(&instance->load);
	forget_links(instance);
}

static void watch_links(struct instance *instance)
{
	struct opener_namespace which;
	int fd, error;

	forget_links(instance);
	if (instance->links.wanted_count == 0)
		return;
	fd = opener_open(instance->place->opener, OPENER_ROUTE, namespace_name(instance), &which);
	error = fd < 0 ? fd
	               : link_new(instance->place->event, fd, &instance->links, on_link, instance,
	                          &instance->link);
	if (error < 0)
		(void)snprintf(instance->link_trouble, sizeof(instance->link_trouble),
		               "the uplink cannot be watched: %s", strerror(-error));
}

static void watch_load(struct instance *instance)
{
	struct opener_namespace which;

	load_open(&instance->load, opener_open(instance->place->opener, OPENER_ROUTE,
	                                       namespace_name(instance), &which));
}

static void open_namespace(struct instance *instance)
{
	if (prober_open(instance->prober, instance->place->opener, instance->config.instance,
	                namespace_name(instance), &instance->namespace) != 0)
		return;
	watch_load(instance);
	watch_links(instance);
}

/* A namespace that was deleted stays as long as sockets of ours are in it: leave it. */
static void look_at_namespace(struct instance *instance)
{
	const char *name = namespace_name(instance);
	struct opener_namespace now;
	char why[HEALTH_REASON_MAX];
	int error = name ? opener_find(name, &now) : 0;

	if (error == -ENOENT) {
		(void)snprintf(why, sizeof(why),
		               "there is no namespace %s; sa-nat64-netns up makes it", name);
		close_namespace(instance, why);
		return;
	}
	if (error == 0 && name &&
	    (now.inode != instance->namespace.inode || now.device != instance->namespace.device)) {
		close_namespace(instance, "");
	}
	if (!prober_is_open(instance->prober))
		open_namespace(instance);
	else if (instance->link_trouble[0])
		watch_links(instance);
}

/* ---- rounds ---- */

void instance_look(struct instance *instance, uint64_t now_us)
{
	prober_look(instance->prober, now_us);
}

/* From half the timeout on, so that two looks have been taken when it is over. */
static void look_at_load(struct instance *instance, uint64_t now_us)
{
	uint64_t silent_us = probe_whole_silent(probe_of(instance, PROBER_SLOW), now_us);

	if (silent_us < instance->health.config.probe_timeout_us / 2)
		load_forget(&instance->load);
	else
		load_look(&instance->load, instance->config.instance->tun);
}

void instance_send(struct instance *instance, enum probe_timing timing, uint64_t now_us)
{
	prober_send(instance->prober, timing, now_us);
	look_at_load(instance, now_us);
}

void instance_wake(struct instance *instance, uint64_t absent_us, uint64_t now_us)
{
	instance->awake_us = now_us;
	for (int path = 0; path < PROBER_PATHS; path++)
		probe_excuse(probe_of(instance, (enum prober_path)path), absent_us, now_us);
	if (!instance->leaves) /* else nobody is asked any more */
		asker_excuse(instance->translator.asker, absent_us, now_us);
}

void instance_attend(struct instance *instance, uint64_t now_us)
{
	if (instance->leaves)
		return;
	asker_tick(instance->translator.asker, now_us);
	if (now_us < instance->next_look_us)
		return;
	instance->next_look_us = now_us + SECOND;
	look_at_namespace(instance);
}

static void on_probe(void *context)
{
	instance_judge(context, control_now_us());
}

/* ---- sync ---- */

static enum health_sync sync_state(const struct instance *instance,
                                   const SaNat64__Control__SyncInstance *sync)
{
	if (strcmp(sync->state, "in-sync") == 0)
		return HEALTH_SYNC_WHOLE;
	if (strcmp(sync->state, "alone") != 0)
		return HEALTH_SYNC_JOINING;
	return instance->config.config->node_count > 1 ? HEALTH_SYNC_ALONE : HEALTH_SYNC_WHOLE;
}

/* A translator that is being restarted is seen as missing by chance: for an instance that serves it
 * takes two answers in a row. */
static void judge_attachment(struct instance *instance, const SaNat64__Control__SyncInstance *sync)
{
	struct replication *replication = &instance->replication;
	bool lacked = replication->lacks_translator;

	replication->lacks_translator = !sync->translator;
	if (sync->translator || (!lacked && health_serves(&instance->health)))
		return;
	replication->state = HEALTH_SYNC_JOINING;
	set(replication->problem, "the translator is not connected to sa-nat64-syncd: its sessions "
	                          "are not replicated; does it have the same run directory?");
}

void instance_take_sync(struct instance *instance, const SaNat64__Control__SyncInstance *sync,
                        const char *why)
{
	struct replication *replication = &instance->replication;

	if (!sync) {
		replication->state = HEALTH_SYNC_ABSENT;
		replication->name[0] = '\0';
		set(replication->problem,
		    why[0] ? why
		           : "sa-nat64-syncd does not replicate this instance; "
		             "systemctl restart sa-nat64-syncd");
	} else {
		replication->state = sync_state(instance, sync);
		(void)snprintf(replication->name, sizeof(replication->name), "%s", sync->state);
		(void)snprintf(replication->problem, sizeof(replication->problem), "%.190s",
		               sync->reason);
		judge_attachment(instance, sync);
	}
	instance_judge(instance, control_now_us());
}

/* ---- orders ---- */

int instance_order(struct instance *instance, enum answer_order order, const char *reason)
{
	const char *rundir = instance->place->rundir;

	instance->facts.drain = order == ANSWER_DRAIN;
	set(instance->facts.drain_reason, reason);
	instance_judge(instance, control_now_us());
	if (order == ANSWER_DRAIN)
		return drained_write(rundir, instance->name, reason);
	return drained_remove(rundir, instance->name);
}

void instance_withdraw(struct instance *instance)
{
	instance->leaves = true;
	tell_routers(instance);
	close_namespace(instance, "");
	asker_free(instance->translator.asker);
	instance->translator.asker = NULL;
}

bool instance_is_withdrawn(const struct instance *instance)
{
	return !instance->frr || frr_is_withdrawn(instance->frr);
}

/* A peer that FRR was not yet asked about is unknown, and has its name all the same. */
void instance_view(struct instance *instance, struct answer_instance *out)
{
	const struct translator *translator = &instance->translator;
	const struct link_facts *link = &instance->link_facts;

	*out = (struct answer_instance){
		.name = instance->name,
		.health = &instance->health,
		.slow = probe_of(instance, PROBER_SLOW),
		.fast = probe_of(instance, PROBER_FAST),
		.probe_problem = prober_problem(instance->prober),
		.pid = process_runs(translator->process) ? process_pid(translator->process) : 0,
		.interface = link->interface,
		.carrier = link->carrier,
		.sync = instance_is_synced(instance) ? instance->replication.name : "",
		.bfd_problem = instance->facts.bfd_problem,
		.bfd_split = instance->facts.bfd_split,
	};
	if (instance->frr)
		out->bfd_count = frr_peers(instance->frr, &out->bfd);
}

/* ---- start and end ---- */

void instance_configure(struct instance *instance, const struct instance_config *config)
{
	if (instance->config.config == config->config)
		return;
	instance->config = *config;
	health_configure(&instance->health, &config->config->health);
	close_namespace(instance, "");
	open_namespace(instance);
	configure_frr(instance);
	instance_judge(instance, control_now_us());
}

static int ask_translator(struct instance *instance)
{
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	int error = control_socket_path(instance->place->rundir, instance->name, path,
	                                sizeof(path));

	instance->question = (struct asker_question){
		.command = SA_NAT64__CONTROL__REQUEST__COMMAND_STATUS,
		.answered = on_status,
		.context = instance,
	};
	if (error == 0)
		error = asker_new(instance->place->event, path, &instance->question,
		                  &instance->translator.asker);
	if (error == 0)
		error = process_new(instance->place->event, on_exit_of_process, instance,
		                    &instance->translator.process);
	return error;
}

int instance_new(const struct instance_place *place, const struct instance_config *config,
                 struct instance **out)
{
	struct instance *instance = calloc(1, sizeof(*instance));
	int error = -ENOMEM;

	if (!instance)
		goto fail;
	instance->place = place;
	instance->load.fd = -1;
	instance->config = *config;
	(void)snprintf(instance->name, sizeof(instance->name), "%s", config->instance->name);
	(void)snprintf(instance->interface, sizeof(instance->interface), "%s", BFD_UPLINK);
	instance->facts.instance = instance->name;
	instance->replication.state = HEALTH_SYNC_ABSENT;
	instance->awake_us = control_now_us();
	health_init(&instance->health, &config->config->health, instance->awake_us);
	instance->facts.drain = drained_read(place->rundir, instance->name,
	                                     instance->facts.drain_reason, HEALTH_REASON_MAX);
	error = prober_new(place->event, on_probe, instance, &instance->prober);
	if (error == 0)
		error = ask_translator(instance);
	if (error)
		goto fail;
	forget_links(instance);
	open_namespace(instance);
	configure_frr(instance);
	*out = instance;
	return 0;
fail:
	log_error("instance %s cannot be watched: %s", config->instance->name, strerror(-error));
	instance_free(instance);
	return error;
}

void instance_free(struct instance *instance)
{
	if (!instance)
		return;
	frr_free(instance->frr);
	load_close(&instance->load);
	link_free(instance->link);
	prober_free(instance->prober);
	asker_free(instance->translator.asker);
	process_free(instance->translator.process);
	free(instance);
}
