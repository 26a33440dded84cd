/* sa-nat64-translator: options, open, drop privileges, loop. */
#include "lib/config.h"
#include "lib/daemon_signals.h"
#include "lib/log.h"
#include "lib/log_event.h"
#include "lib/privileges.h"
#include "lib/running_config.h"
#include "lib/sync_key.h"
#include "translator/control.h"
#include "translator/fastpath.h"
#include "translator/fd_store.h"
#include "translator/feed_link.h"
#include "translator/guard.h"
#include "translator/locals.h"
#include "translator/log_writer.h"
#include "translator/loop.h"
#include "translator/options.h"
#include "translator/routes.h"
#include "translator/state.h"
#include "translator/translator.h"
#include "translator/tun.h"
#include "translator/tun_store.h"

#include <errno.h>
#include <linux/capability.h>
#include <net/if.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <stdio.h>
#include <unistd.h>

/* Everything that main() opened; released in one place. */
struct program {
	const struct options *options;
	struct config *config;
	const struct config_instance *instance;
	struct translator *translator;
	struct state *state; /* NULL in siit mode */
	struct locals *locals;
	struct control *control;
	struct fastpath *fastpath;
	char why_slow[200]; /* why there is no fast path */
	struct loop *loop;
	struct guard *guard;
	char tun[IF_NAMESIZE];  /* its name, over reloads */
	struct feed_link *feed; /* NULL without replication */
	struct log_writer *log; /* NULL without log-sessions */
	sd_event *event;
	struct daemon_signals signals;
	struct running_config *running;
	const char *node; /* name of this box */
	char host[NODE_NAME_SIZE];
	unsigned node_id;
	uint8_t pool4_key[16]; /* equal on all boxes of the cluster; keys the choice of pool4
	                          addresses */
};

/* The instance and, when the configuration has nodes, which of them this box is. -1 to go on, else
 * the exit code. */
static int choose(const struct options *options, struct program *program)
{
	const struct config *config = program->config;
	const struct config_node *node;

	program->instance = config_instance_find(config, options->instance);
	if (!program->instance) {
		log_error("there is no [instance %s] in %s", options->instance,
		          options->daemon.config);
		return EXIT_USAGE;
	}
	program->node = daemon_options_node_name(&options->daemon, program->host);
	log_event_node(program->node);
	if (config->node_count == 0)
		return -1;
	node = daemon_options_node(&options->daemon, config, program->node);
	if (!node)
		return EXIT_USAGE;
	program->node_id = node->id;
	return -1;
}

/* Ports are dealt out by node id modulo the number of nodes, so ids above the count still need
 * their own share. */
static unsigned port_shares(const struct config *config)
{
	unsigned shares = (unsigned)config->node_count;
	size_t i;

	for (i = 0; i < config->node_count; i++)
		if (config->nodes[i].id >= shares)
			shares = config->nodes[i].id + 1u;
	return shares ? shares : 1;
}

/* A hash of the cluster's name, keyed by its secret where boxes share one, so that nobody outside
 * can tell which hosts share an address. A box without a key file gets along without. */
static int derive_pool4_key(struct program *program)
{
	const struct config_cluster *cluster = &program->config->cluster;
	uint8_t key[SYNC_KEY_LEN];
	size_t key_len = 0;
	char why[300];
	int error = -ENOENT;

	if (cluster->sync_interface)
		error = sync_key_read(cluster->sync_key_file, key, why, sizeof(why));
	if (error == 0)
		key_len = sizeof(key);
	else if (error != -ENOENT) {
		log_error("%s", why);
		return error;
	}
	(void)crypto_generichash(program->pool4_key, sizeof(program->pool4_key),
	                         (const uint8_t *)cluster->name, strlen(cluster->name), key,
	                         key_len);
	sodium_memzero(key, sizeof(key));
	return 0;
}

static struct translator *build_translator(struct program *program, const struct config *config,
                                           const struct config_instance *instance,
                                           const struct translator_memory *memory)
{
	struct translator_io io = loop_io(program->loop);
	uint8_t seed[32];
	struct translator *translator;
	struct translator_stats stats;

	io.memory = memory;
	if (program->log)
		io.log = log_writer_ring(program->log);
	randombytes_buf(seed, sizeof(seed));
	translator = translator_new(instance, program->node_id, port_shares(config), seed,
	                            program->pool4_key, &io, loop_now_us());
	if (!translator) {
		log_error("not enough memory for the tables; lower max-sessions (now %u)",
		          instance->max_sessions);
		return NULL;
	}
	translator_stats(translator, &stats);
	log_info("instance %s: tables for %u sessions take up to %llu MiB", instance->name,
	         instance->max_sessions, (unsigned long long)(stats.memory_bytes >> 20));
	return translator;
}

/* With fast-path = auto a kernel without it is no obstacle. */
static int open_fastpath(struct program *program, struct fd_store *store)
{
	const struct config_instance *instance = program->instance;
	int error;

	if (instance->fast_path == CONFIG_FAST_PATH_OFF) {
		fastpath_detach(instance->tun);
		(void)snprintf(program->why_slow, sizeof(program->why_slow), "fast-path = off");
		return 0;
	}
	error = fastpath_open(instance, store, &program->fastpath, program->why_slow,
	                      sizeof(program->why_slow));
	if (error == 0)
		return 0;
	fastpath_detach(instance->tun);
	if (instance->fast_path == CONFIG_FAST_PATH_ON) {
		log_error("fast-path = on, but there is none: %s", program->why_slow);
		return error;
	}
	log_notice("no fast path, every packet takes the slow one: %s", program->why_slow);
	return 0;
}

/* A start that fails leaves the store as it is, for the next one. */
static int open_device(struct program *program)
{
	struct fd_store *store = fd_store_new();
	const char *name = program->instance->tun;
	int tun = tun_store_open(store, name), error;

	if (tun < 0) {
		fd_store_free(store);
		return tun;
	}
	error = tun_configure(name);
	if (error == 0)
		error = locals_start(program->event, &program->locals);
	if (error == 0)
		error = open_fastpath(program, store);
	if (error == 0)
		program->loop = loop_new(tun, program->locals, program->fastpath);
	if (program->loop) {
		fd_store_sweep(store);
		fd_store_free(store);
		return 0;
	}
	fd_store_free(store);
	(void)close(tun);
	return error < 0 ? error : -ENOMEM;
}

/* ---- the session log ---- */

/* Before the translator is built: it may have something to say at once. */
static int ready_log(struct program *program, const struct config_instance *instance)
{
	if (instance->log_sessions == CONFIG_LOG_SESSIONS_OFF || program->log)
		return 0;
	program->log = log_writer_new(instance, program->node, program->node_id);
	return program->log ? 0 : -ENOMEM;
}

static void note_start(const struct program *program, uint32_t restored)
{
	const struct log_record record = { .at_us = loop_now_us(),
		                           .kind = LOG_START,
		                           .restored = restored };

	if (program->log)
		log_ring_put(log_writer_ring(program->log), &record);
}

static uint32_t sessions_held(const struct translator *translator)
{
	struct translator_stats stats;

	translator_stats(translator, &stats);
	return stats.sessions[L4_TCP] + stats.sessions[L4_UDP] + stats.sessions[L4_ICMP];
}

static void show_log(const struct program *program)
{
	static const char *const words[] = {
		[CONFIG_LOG_NOWHERE] = "none", [CONFIG_LOG_JOURNAL] = "journal"
	};
	const struct config_instance *instance = program->instance;
	const char *file = instance->log_file;

	control_set_log(program->control, program->log,
	                file ? file : words[config_log_target(instance)]);
}

/* After a reload, successful or not. */
static void settle_log(struct program *program, struct log_writer *before)
{
	bool is_on = program->instance->log_sessions != CONFIG_LOG_SESSIONS_OFF;
	struct log_writer *ends = is_on ? NULL : program->log;

	if (!is_on)
		program->log = NULL;
	show_log(program);
	log_writer_free(ends);
	if (!program->log)
		return;
	log_writer_set_targets(program->log, program->instance);
	if (program->log == before)
		return;
	note_start(program, sessions_held(program->translator));
	if (log_writer_start(program->log, program->event) < 0)
		log_error("cannot start to write the session log: nothing is logged");
}

/* ---- reload ---- */

/* Of [cluster], these the translator goes by. */
static const char *const cluster_keys[] = { "name", "sync-interface", "sync-key-file",
	                                    "sync-min-age", NULL };

/* Which node this is, of how many, decides about the ports. */
static void check_node(const struct program *program, struct reload *reload)
{
	const struct config *wanted = reload->wanted;
	const struct config_node *node = config_node_find(wanted, program->node);
	unsigned id = node ? node->id : 0;

	if (wanted->node_count > 0 && !node)
		fprintf(reload->problems,
		        "this box is %s, and there is no [node %s] any more; name the right one "
		        "with --node\n",
		        program->node, program->node);
	else if (port_shares(wanted) != port_shares(program->config))
		fprintf(reload->restart_keys, "[node] (another number of nodes)\n");
	else if (id != program->node_id)
		fprintf(reload->restart_keys, "[node %s] id\n", program->node);
}

/* The nodes are compared by the other boxes and by sa-nat64-syncd. */
static bool has_other_nodes(const struct config *a, const struct config *b)
{
	for (size_t i = 0; i < a->node_count; i++) {
		const struct config_node *node = config_node_find(b, a->nodes[i].name);

		if (!node || node->id != a->nodes[i].id)
			return true;
	}
	return a->node_count != b->node_count;
}

/* What differs of a section is a change; of that, what needs a restart is in the way of it. */
static int check_section(const struct config_pair *pair, const char *title, struct reload *reload)
{
	char *names = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&names, &len);
	int count = out ? config_differing_keys(pair, "", " ", out) : -ENOMEM;

	if (out)
		(void)fclose(out);
	free(names);
	if (count > 0) {
		reload->changes = true;
		count = config_restart_keys(pair, title, "\n", reload->restart_keys);
	}
	return count;
}

static void check_sections(const struct program *program, const struct config_instance *wanted,
                           struct reload *reload)
{
	const struct config_pair cluster = { CONFIG_SECTION_CLUSTER, &program->config->cluster,
		                             &reload->wanted->cluster, cluster_keys };
	const struct config_pair instance = { CONFIG_SECTION_INSTANCE, program->instance, wanted,
		                              NULL };
	char title[CONFIG_NAME_MAX + 16];

	(void)snprintf(title, sizeof(title), "[instance %s] ", wanted->name);
	if (check_section(&cluster, "[cluster] ", reload) < 0 ||
	    check_section(&instance, title, reload) < 0)
		fprintf(reload->problems, "not enough memory\n");
}

/* A state file that there was no room for is made by the next reload. */
static void check(void *context, struct reload *reload)
{
	const struct program *program = context;
	const struct config_instance *wanted = config_instance_find(reload->wanted,
	                                                            program->instance->name);

	reload->changes = program->state && !state_is_kept(program->state);
	if (reload->is_same)
		return;
	if (!wanted) {
		fprintf(reload->problems, "there is no [instance %s] any more\n",
		        program->instance->name);
		return;
	}
	reload->changes |= has_other_nodes(program->config, reload->wanted);
	check_node(program, reload);
	check_sections(program, wanted, reload);
}

static void show_state(struct program *program)
{
	control_set_state_file(program->control, state_is_kept(program->state),
	                       state_text(program->state));
}

/* Put a new translator in the old one's place; sessions that still fit move over. Returns how many
 * did not. */
static uint32_t replace(struct program *program, struct config *config,
                        const struct config_instance *instance, struct translator *translator)
{
	bool drains = instance->pool4_removed == CONFIG_REMOVED_DRAIN;
	uint32_t lost = translator_adopt(translator, program->translator, loop_now_us());

	if (program->fastpath)
		fastpath_reset(program->fastpath, instance);
	loop_serve(program->loop, translator);
	control_serve(program->control, translator);
	feed_link_serve(program->feed, translator, config);
	translator_free(program->translator);
	if (program->state)
		state_commit(program->state);
	config_free(program->config);
	program->translator = translator;
	program->config = config;
	program->instance = instance;
	show_state(program);
	(void)routes_set(instance, instance->tun, drains ? ROUTES_STALE_KEEP : ROUTES_STALE_REMOVE);
	return lost;
}

static int apply(void *context, struct config *config, struct reload *reload)
{
	struct program *program = context;
	const struct config_instance *instance = config_instance_find(config,
	                                                              program->instance->name);
	struct log_writer *log = program->log;
	const struct translator_memory *memory = program->state
	                                                 ? state_renew(program->state, instance)
	                                                 : NULL;
	struct translator *translator = NULL;

	if (ready_log(program, instance) == 0)
		translator = build_translator(program, config, instance, memory);
	if (translator)
		reload->sessions_ended = replace(program, config, instance, translator);
	settle_log(program, log);
	if (!translator) {
		if (program->state)
			state_abandon(program->state);
		config_free(config);
		return -ENOMEM;
	}
	if (program->state && !state_is_kept(program->state))
		fprintf(reload->warnings, "state file: %s\n", state_text(program->state));
	(void)snprintf(reload->note, sizeof(reload->note),
	               "; %u sessions did not fit the new configuration and ended",
	               reload->sessions_ended);
	return 0;
}

/* Whatever becomes of it: routes that somebody has removed by hand are put back, as when the device
 * comes up. */
static void reload(void *context)
{
	const struct program *program = context;

	running_config_reload(program->running);
	(void)routes_set(program->instance, program->instance->tun, ROUTES_STALE_KEEP);
}

static int start_running(struct program *program)
{
	const struct reload_hooks hooks = { .check = check, .apply = apply, .context = program };

	return running_config_new(program->options->daemon.config, program->config, &hooks,
	                          &program->signals, &program->running);
}

/* First of all, so that a second process for the instance touches nothing of the first. */
static int open_state(struct program *program)
{
	const char *rundir = program->options->daemon.rundir, *name = program->instance->name;
	int error;

	if (program->instance->mode == CONFIG_MODE_SIIT)
		return 0;
	error = state_open(rundir, name, &program->state);
	if (error == -EBUSY)
		log_error("another translator runs instance %s: it holds %s/%s", name, rundir,
		          name);
	return error;
}

static void tell_state(const struct program *program)
{
	if (state_is_kept(program->state))
		log_info("state file: %s", state_text(program->state));
	else
		log_warning("state file: %s", state_text(program->state));
}

/* The translator with what an earlier process left. */
static int start_translator(struct program *program)
{
	const struct translator_memory *memory =
		program->state ? state_start(program->state, program->instance) : NULL;
	struct translator_restored restored;

	if (ready_log(program, program->instance) == 0)
		program->translator = build_translator(program, program->config, program->instance,
		                                       memory);
	if (!program->translator)
		return -ENOMEM;
	if (!program->state)
		return 0;
	restored = translator_restored(program->translator);
	state_restored(program->state, &restored);
	tell_state(program);
	return 0;
}

static void take_over(struct program *program)
{
	uint32_t taken = 0;

	if (program->fastpath)
		taken = fastpath_take_over(program->fastpath, program->translator);
	if (taken)
		log_info("took over %u sessions that the fast path kept", taken);
	note_start(program, taken + translator_restored(program->translator).sessions);
}

static void on_told(void *context, const char *why)
{
	const struct program *program = context;

	loop_release(program->loop);
	if (why)
		log_notice("it begins without the sessions of sa-nat64-syncd: %s", why);
	else
		log_info("it begins with %u sessions, of sa-nat64-syncd",
		         sessions_held(program->translator));
}

/* A process that lost its sessions would give their hosts other ports, were it not to learn of them
 * first: packets wait in the device. */
static void await_sessions(struct program *program)
{
	if (translator_restored(program->translator).sessions)
		return;
	loop_hold(program->loop);
	feed_link_await(program->feed, on_told, program);
}

/* Replication, if boxes share this instance. The sa-nat64-syncd may come later. */
static int start_feed(struct program *program)
{
	int error;

	if (!feed_link_is_wanted(program->config, program->instance))
		return 0;
	error = feed_link_start(program->event, program->translator, program->config,
	                        (uint8_t)program->node_id, program->options->daemon.rundir,
	                        &program->feed);
	if (error < 0)
		log_error("cannot replicate sessions: %s", strerror(-error));
	else
		await_sessions(program);
	return error;
}

/* ---- what others take away ---- */

static void on_risen(void *context)
{
	const struct program *program = context;

	(void)routes_set(program->instance, program->instance->tun, ROUTES_STALE_KEEP);
}

static void on_fast_path(void *context, const char *why)
{
	struct program *program = context;

	if (!why)
		translator_count_reattached(program->translator);
	control_set_fast_path(program->control, why ? NULL : fastpath_trace(program->fastpath),
	                      why);
}

static void on_forwarding(void *context, const char *why)
{
	const struct program *program = context;

	control_set_down(program->control, why);
}

static int start_guard(struct program *program)
{
	const struct guard_hooks hooks = { .instance = program->instance->name,
		                           .risen = on_risen,
		                           .fast_path = on_fast_path,
		                           .forwarding = on_forwarding,
		                           .context = program };

	(void)snprintf(program->tun, sizeof(program->tun), "%s", program->instance->tun);
	return guard_start(program->event, program->tun, program->fastpath, &hooks,
	                   &program->guard);
}

/* The control socket comes when the device is ready: who waits for it may send packets. */
static int start(struct program *program, const struct options *options)
{
	int error = derive_pool4_key(program);
	if (error >= 0)
		error = start_running(program);
	if (error >= 0)
		error = sd_event_new(&program->event);
	if (error >= 0)
		error = daemon_signals_catch(program->event, &program->signals);
	if (error >= 0)
		error = open_state(program);
	if (error >= 0)
		error = open_device(program);
	if (error >= 0)
		error = start_translator(program);
	if (error < 0)
		return error;
	take_over(program);
	error = routes_set(program->instance, program->instance->tun, ROUTES_STALE_REMOVE);
	if (error >= 0)
		error = loop_start(program->loop, program->event, program->translator);
	if (error < 0)
		return error;
	error = start_feed(program);
	if (error < 0)
		return error;
	error = control_start(program->event, program->translator, options->daemon.rundir,
	                      program->config->cluster.name, program->node, &program->control);
	if (error < 0) {
		log_error("cannot open the control socket %s/%s/control.sock: %s",
		          options->daemon.rundir, program->instance->name,
		          error == -EADDRINUSE ? "another translator runs this instance"
		                               : strerror(-error));
		return error;
	}
	control_set_running(program->control, program->running);
	control_set_feed(program->control, program->feed);
	show_log(program);
	control_set_fast_path(program->control, fastpath_trace(program->fastpath),
	                      program->fastpath ? NULL : program->why_slow);
	show_state(program);
	error = start_guard(program);
	if (error < 0) {
		log_error("cannot look after device %s: %s", program->tun, strerror(-error));
		return error;
	}
	error = privileges_keep(CAP_NET_ADMIN); /* a reload changes routes */
	if (error >= 0 && program->log)
		error = log_writer_start(program->log, program->event);
	return error;
}

static void stop(struct program *program)
{
	control_stop(program->control);
	feed_link_stop(program->feed);
	guard_stop(program->guard);
	loop_free(program->loop);
	fastpath_close(program->fastpath);
	translator_free(program->translator);
	log_writer_free(program->log);
	state_close(program->state);
	locals_stop(program->locals);
	(void)sd_event_unref(program->event);
	running_config_free(program->running);
	config_free(program->config);
}

static int run(struct program *program, const struct options *options)
{
	int result = choose(options, program);

	if (result >= 0)
		return result;
	if (sodium_init() < 0) {
		log_error("libsodium cannot start: the system has no random numbers");
		return EXIT_FAILED;
	}
	if (start(program, options) < 0)
		return EXIT_FAILED;
	(void)sd_event_set_watchdog(program->event, true);
	(void)sd_notify(0, "READY=1\nSTATUS=translating");
	log_info("instance %s is up on device %s", program->instance->name, program->instance->tun);
	result = daemon_loop(program->event);
	(void)sd_notify(0, "STOPPING=1");
	return result;
}

int main(int argc, char **argv)
{
	struct options options;
	struct program program = {
		.options = &options,
		.signals = { .farewell = "; the device stays for the next start",
		             .reload = reload,
		             .context = &program },
	};
	int result = options_parse(argc, argv, &options);

	if (result >= 0)
		return result;
	log_open("sa-nat64-translator", LOG_LEVEL_INFO);
	if (config_load(options.daemon.config, stderr, &program.config) < 0)
		return EXIT_USAGE;
	if (options.daemon.check_only)
		result = !options.instance || config_instance_find(program.config, options.instance)
		                 ? EXIT_DONE
		                 : choose(&options, &program);
	else
		result = run(&program, &options);
	stop(&program);
	return result;
}
