/* sa-nat64-syncd: options, open, drop privileges, loop. */
#include "lib/config.h"
#include "lib/control_socket.h"
#include "lib/daemon_options.h"
#include "lib/daemon_signals.h"
#include "lib/log.h"
#include "lib/log_event.h"
#include "lib/privileges.h"
#include "lib/sync_key.h"
#include "syncd/box.h"
#include "syncd/loop.h"
#include "syncd/reload.h"

#include <errno.h>
#include <linux/capability.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#define PRIVILEGED_PORTS 1024

/* Everything that main() opened; released in one place. */
struct program {
	const struct daemon_options *options;
	struct config *config;
	const struct config_node *self;
	uint8_t key[SYNC_KEY_LEN];
	struct box *box;
	struct loop *loop;
	sd_event *event;
	struct daemon_signals signals;
	struct running_config *running;
};

static void print_help(void)
{
	printf("usage: sa-nat64-syncd [OPTION]...\n"
	       "Replicate the sessions of this box's translators to the other boxes of the cluster "
	       "and\ntheirs to here, in the foreground.\n\n"
	       "  -c, --config=FILE    configuration (default " CONFIG_PATH_DEFAULT ")\n"
	       "  -r, --run-dir=DIR    where the sockets go (default " CONFIG_RUNDIR_DEFAULT ")\n"
	       "  -n, --node=NODE      which [node] this box is (default: in " NODE_NAME_FILE
	       ",\n                       else the host name)\n"
	       "  -t, --check-config   read and check the configuration, say what is wrong, stop\n"
	       "  -h, --help           this text\n"
	       "  -V, --version        print the version\n\n"
	       "Exit status: 0 done, 1 failed at run time, 2 usage or configuration.\n"
	       "The keys of the configuration file stand in sa-nat64-translator --help.\n");
}

/* As daemon_options_parse(). */
static int parse_options(int argc, char **argv, struct daemon_options *options)
{
	int result = daemon_options_parse(argc, argv, "sa-nat64-syncd", print_help, options);

	if (result >= 0 || options->argument_count == 0)
		return result;
	fprintf(stderr,
	        "sa-nat64-syncd: unexpected argument '%s': one program serves all instances. "
	        "Try 'sa-nat64-syncd --help'.\n",
	        options->arguments[0]);
	return EXIT_USAGE;
}

/* Which box this is, and whether it replicates at all. -1 to go on, else the exit code. */
static int choose(struct program *program)
{
	const struct config_cluster *cluster = &program->config->cluster;
	char host[NODE_NAME_SIZE], why[300];

	if (!cluster->sync_interface) {
		log_error("%s has no sync-interface in [cluster]: without it there is nothing to "
		          "replicate over",
		          program->options->config);
		return EXIT_USAGE;
	}
	program->self = daemon_options_node(program->options, program->config,
	                                    daemon_options_node_name(program->options, host));
	if (!program->self)
		return EXIT_USAGE;
	if (sync_key_read(cluster->sync_key_file, program->key, why, sizeof(why)) < 0) {
		log_error("%s", why);
		return EXIT_USAGE;
	}
	return -1;
}

/* ---- reload ---- */

/* The key file may hold another key than the one that runs. */
static void check_key(const struct program *program, struct reload *reload)
{
	const char *path = reload->wanted->cluster.sync_key_file;
	uint8_t key[SYNC_KEY_LEN];
	char why[300];

	if (sync_key_read(path, key, why, sizeof(why)) < 0)
		fprintf(reload->warnings, "%s\n", why);
	else if (sodium_memcmp(key, program->key, sizeof(key)) != 0)
		fprintf(reload->restart_keys, "the key in %s\n", path);
	sodium_memzero(key, sizeof(key));
}

static void check(void *context, struct reload *reload)
{
	const struct program *program = context;

	check_key(program, reload);
	if (!reload->is_same)
		reload_check(program->box, program->config, reload);
}

static void log_instance(const struct program *program, const struct box_instance *instance)
{
	log_info("instance %s: room for the sessions of %zu nodes, %u of each", instance->name,
	         program->config->node_count, instance->sessions_max);
}

/* Old instances for new ones. */
static void exchange(const struct program *program, struct reload_plan *plan, struct reload *reload)
{
	size_t opened = plan->opened_count, parting = plan->parting_count;
	int changed;

	for (size_t i = 0; i < parting; i++)
		log_notice("instance %s: its copies are given up", plan->parting[i]->name);
	loop_part(program->loop, plan->parting, parting);
	changed = reload_apply(program->box, plan);
	for (size_t i = 0; i < opened; i++)
		log_instance(program, plan->opened[i]);
	(void)snprintf(reload->note, sizeof(reload->note),
	               "; instances: %zu new, %zu gone, %d with another configuration", opened,
	               parting, changed);
}

/* The loop looks at what it keeps of the configuration at the start, and that stays: what it goes
 * by needs a restart. */
static int apply(void *context, struct config *wanted, struct reload *reload)
{
	const struct program *program = context;
	struct reload_plan plan;
	int error = reload_plan_new(program->box, wanted, control_now_us(), &plan);

	config_free(wanted);
	if (error < 0)
		return error;
	error = loop_reserve(program->loop, plan.count);
	if (error == 0)
		exchange(program, &plan, reload);
	reload_plan_free(&plan);
	return error;
}

static void reload(void *context)
{
	const struct program *program = context;

	running_config_reload(program->running);
}

static int start_running(struct program *program)
{
	const struct reload_hooks hooks = { .check = check, .apply = apply, .context = program };

	return running_config_new(program->options->config, program->config, &hooks,
	                          &program->signals, &program->running);
}

/* ---- start and end ---- */

static void fill_random(void *context, void *buf, size_t len)
{
	(void)context;
	randombytes_buf(buf, len);
}

static struct box *build_box(const struct program *program)
{
	const struct box_random random = { .fill = fill_random };
	struct box *box = box_new(program->config, program->self, program->key, &random,
	                          control_now_us());

	if (!box)
		log_error("not enough memory for the copies of all sessions; lower max-sessions");
	return box;
}

static void log_box(const struct program *program)
{
	const struct config *config = program->config;
	const struct box *box = program->box;

	log_info("node %s (id %u) of cluster %s replicates %zu instance%s on %s",
	         program->self->name, program->self->id, box->cluster, box->count,
	         box->count == 1 ? "" : "s", config->cluster.sync_interface);
	for (size_t i = 0; i < box->count; i++)
		log_instance(program, box->instances[i]);
	if (box->count == 0)
		log_notice("no instance has sessions: nothing is replicated");
}

static int start(struct program *program)
{
	const struct config_cluster *cluster = &program->config->cluster;
	int error = sd_event_new(&program->event);

	log_event_node(program->self->name);

	if (error >= 0)
		error = start_running(program);
	if (error >= 0)
		error = daemon_signals_catch(program->event, &program->signals);
	if (error < 0) {
		log_error("cannot start the event loop: %s", strerror(-error));
		return error;
	}
	program->box = build_box(program);
	if (!program->box)
		return -ENOMEM;
	error = loop_new(program->event, program->box, cluster, program->options->rundir,
	                 program->running, &program->loop);
	if (error < 0)
		return error;
	/* A port that has to be bound when the interface comes. */
	return privileges_keep(cluster->sync_port < PRIVILEGED_PORTS ? CAP_NET_BIND_SERVICE
	                                                             : PRIVILEGES_NONE);
}

static void stop(struct program *program)
{
	loop_free(program->loop);
	box_free(program->box);
	(void)sd_event_unref(program->event);
	running_config_free(program->running);
	config_free(program->config);
	sodium_memzero(program->key, sizeof(program->key));
}

static int run(struct program *program)
{
	int result = choose(program);

	if (result >= 0)
		return result;
	if (start(program) < 0)
		return EXIT_FAILED;
	(void)sd_event_set_watchdog(program->event, true);
	(void)sd_notify(0, "READY=1\nSTATUS=starting");
	log_box(program);
	result = daemon_loop(program->event);
	(void)sd_notify(0, "STOPPING=1");
	return result;
}

int main(int argc, char **argv)
{
	struct daemon_options options;
	struct program program = {
		.options = &options,
		.signals = { .farewell = "", .reload = reload, .context = &program },
	};
	int result = parse_options(argc, argv, &options);

	if (result >= 0)
		return result;
	log_open("sa-nat64-syncd", LOG_LEVEL_INFO);
	if (sodium_init() < 0) {
		log_error("libsodium cannot start: the system has no random numbers");
		return EXIT_FAILED;
	}
	if (config_load(options.config, stderr, &program.config) < 0)
		return EXIT_USAGE;
	result = options.check_only ? EXIT_DONE : run(&program);
	stop(&program);
	return result;
}
