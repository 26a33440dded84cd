/* sa-nat64-healthd: options, open, drop privileges, loop. */
#include "healthd/box.h"
#include "healthd/frr.h"
#include "healthd/opener.h"
#include "lib/config.h"
#include "lib/daemon_options.h"
#include "lib/daemon_signals.h"
#include "lib/log.h"
#include "lib/log_event.h"
#include "lib/privileges.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#define FRR_RUN     "/run/frr"
#define WITHDRAW_US 1000000 /* for bfdd in each pathspace, when there is no configuration */
#define GROUPS_MAX  32

/* Everything that main() opened; released in one place. */
struct program {
	struct daemon_options options;
	const char *node;
	char host[NODE_NAME_SIZE];
	struct opener *opener;
	sd_event *event;
	struct box *box;
	struct daemon_signals signals;
	struct running_config *running;
};

static void print_help(void)
{
	printf("usage: sa-nat64-healthd [OPTION]...\n"
	       "Decide which instances of this box may serve, and tell the routers so by BFD in "
	       "FRR,\nin the foreground.\n\n"
	       "  -c, --config=FILE    configuration (default " CONFIG_PATH_DEFAULT ")\n"
	       "  -r, --run-dir=DIR    where the sockets are (default " CONFIG_RUNDIR_DEFAULT ")\n"
	       "  -n, --node=NODE      which [node] this box is (default: in " NODE_NAME_FILE
	       ",\n                       else the host name)\n"
	       "  -t, --check-config   read and check the configuration, say what is wrong, stop\n"
	       "      --withdraw       delete the BFD peers of all instances, stop: the routers "
	       "send\n                       no more traffic here\n"
	       "  -h, --help           this text\n"
	       "  -V, --version        print the version\n\n"
	       "Exit status: 0 done, 1 failed at run time, 2 usage or configuration.\n"
	       "The keys of the configuration file stand in sa-nat64-translator --help.\n");
}

/* As daemon_options_parse(). */
static int parse_options(int argc, char **argv, struct daemon_options *options)
{
	int result = daemon_options_parse_flag(argc, argv, "sa-nat64-healthd", print_help,
	                                       "withdraw", options);

	if (result >= 0 || options->argument_count == 0)
		return result;
	fprintf(stderr,
	        "sa-nat64-healthd: unexpected argument '%s': one program serves all instances. "
	        "Try 'sa-nat64-healthd --help'.\n",
	        options->arguments[0]);
	return EXIT_USAGE;
}

/* ---- --withdraw ---- */

/* Whatever runs there: nobody knows which of them are ours. */
static int withdraw_everywhere(void)
{
	DIR *directory = opendir(FRR_RUN);
	const struct dirent *entry;
	struct stat st;
	int error = 0;

	while (directory && (entry = readdir(directory))) {
		if (entry->d_name[0] == '.' ||
		    fstatat(dirfd(directory), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !S_ISDIR(st.st_mode))
			continue;
		log_notice("withdrawing %s", entry->d_name);
		if (frr_withdraw_all(entry->d_name, WITHDRAW_US) < 0)
			error = -EIO;
	}
	if (directory)
		(void)closedir(directory);
	return error;
}

static int withdraw_configured(const struct config *config)
{
	int error = 0;

	for (size_t i = 0; i < config->network_count; i++) {
		const struct config_network *network = &config->networks[i];

		if (network->bfd_peer_count > 0 &&
		    frr_withdraw_all(network->instance, config->health.vtysh_timeout_us) < 0)
			error = -EIO;
	}
	return error;
}

/* Sections of other nodes do no harm: a bfdd that does not run here is done. */
static int withdraw(const struct daemon_options *options)
{
	struct config *config;
	int error;

	if (config_load(options->config, stderr, &config) < 0) {
		error = withdraw_everywhere();
	} else {
		error = withdraw_configured(config);
		config_free(config);
	}
	return error < 0 ? EXIT_FAILED : EXIT_DONE;
}

/* ---- start ---- */

/* The groups of FRR's sockets and of its configuration, which vtysh reads. Without FRR there are
 * none; whoever may not change groups has those that the service manager gave. */
static void join_groups(void)
{
	static const char *const names[] = { "frrvty", "frr" };
	gid_t groups[GROUPS_MAX];
	int count = getgroups(GROUPS_MAX - 2, groups);

	if (count < 0)
		return;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct group *group = getgrnam(names[i]);

		if (group)
			groups[count++] = group->gr_gid;
	}
	if (setgroups((size_t)count, groups) < 0 && errno != EPERM)
		log_warning("cannot join the groups frrvty and frr: %s", strerror(errno));
}

static bool is_node(const struct program *program, const struct config *config)
{
	return daemon_options_node(&program->options, config, program->node) != NULL;
}

/* ---- reload ---- */

static void check(void *context, struct reload *reload)
{
	const struct program *program = context;

	reload->changes = !reload->is_same;
	if (!config_node_find(reload->wanted, program->node))
		fprintf(reload->problems,
		        "this box is %s, and there is no [node %s] any more; name the right one "
		        "with --node\n",
		        program->node, program->node);
}

static int apply(void *context, struct config *wanted, struct reload *reload)
{
	const struct program *program = context;

	(void)reload;
	return box_reload(program->box, wanted);
}

static void reload(void *context)
{
	const struct program *program = context;

	running_config_reload(program->running);
}

static int start_running(struct program *program, const struct config *config)
{
	const struct reload_hooks hooks = { .check = check, .apply = apply, .context = program };

	return running_config_new(program->options.config, config, &hooks, &program->signals,
	                          &program->running);
}

static void leave(void *context)
{
	const struct program *program = context;

	(void)sd_notify(0, "STOPPING=1");
	box_leave(program->box);
}

static int start_loop(struct program *program)
{
	int error = sd_event_new(&program->event);

	if (error >= 0)
		error = daemon_signals_catch(program->event, &program->signals);
	if (error < 0)
		log_error("cannot start the event loop: %s", strerror(-error));
	return error < 0 ? error : 0;
}

/* config is the box's afterwards. 0 or -errno. */
static int start(struct program *program, struct config *config)
{
	int error = opener_start(&program->opener);

	if (error == 0)
		error = start_running(program, config);
	if (error == 0)
		error = start_loop(program);
	if (error == 0) {
		join_groups();
		error = privileges_keep(PRIVILEGES_NONE);
	}
	if (error) {
		config_free(config);
		return error;
	}
	return box_new(program->event, program->opener, program->options.rundir, program->node,
	               config, program->running, &program->box);
}

static void stop(struct program *program)
{
	box_free(program->box);
	(void)sd_event_unref(program->event);
	running_config_free(program->running);
	opener_free(program->opener);
}

static int run(struct program *program)
{
	struct config *config;

	if (config_load(program->options.config, stderr, &config) < 0)
		return EXIT_USAGE;
	program->node = daemon_options_node_name(&program->options, program->host);
	log_event_node(program->node);
	if (program->options.check_only || !is_node(program, config)) {
		config_free(config);
		return program->options.check_only ? EXIT_DONE : EXIT_USAGE;
	}
	if (start(program, config) < 0)
		return EXIT_FAILED;
	(void)sd_event_set_watchdog(program->event, true);
	(void)sd_notify(0, "READY=1");
	return daemon_loop(program->event);
}

int main(int argc, char **argv)
{
	struct program program = {
		.signals = { .farewell = ": withdrawing all instances",
		             .reload = reload,
		             .stop = leave,
		             .context = &program },
	};
	int result = parse_options(argc, argv, &program.options);

	if (result >= 0)
		return result;
	log_open("sa-nat64-healthd", LOG_LEVEL_INFO);
	if (program.options.flag)
		return withdraw(&program.options);
	if (sodium_init() < 0) {
		log_error("libsodium cannot start: the system has no random numbers");
		return EXIT_FAILED;
	}
	result = run(&program);
	stop(&program);
	return result;
}
