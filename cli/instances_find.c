#include "cli/instances_find.h"

#include "cli/denied.h"
#include "lib/control_socket.h"
#include "lib/node_name.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>

static const struct program translator = { "instance ", "the translator", "sa-nat64-translator ",
	                                   "sa-nat64-translator@" };

static const struct {
	struct program program; /* its subject is the daemon's name */
	const char *socket;
} daemons[BOX_DAEMONS] = {
	[BOX_SYNCD] = { { "", "sa-nat64-syncd", "", "" }, "syncd.sock" },
	[BOX_HEALTHD] = { { "", "sa-nat64-healthd", "", "" }, "healthd.sock" },
};

/* Whether what keeps its sockets there is started by systemd. */
static bool is_of_systemd(const char *rundir)
{
	return strcmp(rundir, CONFIG_RUNDIR_DEFAULT) == 0 && sd_booted() > 0;
}

static void set_path_problem(struct instance *instance, const char *rundir)
{
	instance->path[0] = '\0';
	(void)snprintf(instance->problem, sizeof(instance->problem),
	               "the path of its socket under %.200s is too long; "
	               "choose a shorter run directory",
	               rundir);
}

/* Append an instance. False when memory ends. */
static bool instance_add(struct instances *instances, const char *rundir, const char *name)
{
	struct instance *list = reallocarray(instances->list, instances->count + 1,
	                                     sizeof(*instances->list));
	struct instance *instance;

	if (!list)
		return false;
	instances->list = list;
	instance = &list[instances->count++];
	*instance = (struct instance){
		.program = &translator,
		.fd = -1,
		.by_systemd = is_of_systemd(rundir),
	};
	(void)snprintf(instance->name, sizeof(instance->name), "%s", name);
	if (control_socket_path(rundir, name, instance->path, sizeof(instance->path)) < 0)
		set_path_problem(instance, rundir);
	return true;
}

static void daemons_set(struct instances *instances, const char *rundir)
{
	for (size_t i = 0; i < BOX_DAEMONS; i++) {
		struct instance *instance = &instances->daemons[i];
		int len;

		*instance = (struct instance){
			.program = &daemons[i].program,
			.fd = -1,
			.by_systemd = is_of_systemd(rundir),
		};
		(void)snprintf(instance->name, sizeof(instance->name), "%s",
		               daemons[i].program.subject);
		len = snprintf(instance->path, sizeof(instance->path), "%s/%s", rundir,
		               daemons[i].socket);
		if (len < 0 || (size_t)len >= sizeof(instance->path))
			set_path_problem(instance, rundir);
	}
}

static int out_of_memory(FILE *err)
{
	(void)fprintf(err, "sa-nat64: out of memory\n");
	return 1;
}

/* Read the configuration. One that was not asked for may be missing, closed to this user, or
 * broken. Returns an exit status. */
static int read_config(const struct cli_options *options, struct config **out, FILE *err)
{
	const char *path = options->config_path ? options->config_path : CONFIG_PATH_DEFAULT;
	char *messages = NULL;
	size_t len = 0;
	FILE *stream = open_memstream(&messages, &len);
	int error;

	if (!stream)
		return out_of_memory(err);
	error = config_load(path, stream, out);
	(void)fclose(stream);
	if (error && options->config_path)
		(void)fputs(messages, err);
	else if (error == -EINVAL)
		(void)fprintf(err,
		              "sa-nat64: warning: %s has errors (see `sa-nat64 --check-config`); "
		              "asking what runs under %s\n",
		              path, options->rundir);
	free(messages);
	return error && options->config_path ? 2 : 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct instance *)a)->name, ((const struct instance *)b)->name);
}

static const char *start_one(const char *rundir)
{
	return is_of_systemd(rundir) ? "start all with `systemctl start sa-nat64.target`"
	                             : "start one with `sa-nat64-translator INSTANCE`";
}

static int complain_rundir(const char *rundir, int error, FILE *err)
{
	char remedy[DENIED_REMEDY_MAX];

	if (error == ENOENT)
		(void)fprintf(err,
		              "sa-nat64: no translator runs here: %s does not exist; %s, or "
		              "name its directory with --run-dir\n",
		              rundir, start_one(rundir));
	else if (error == EACCES)
		(void)fprintf(err, "sa-nat64: permission denied on %s; %s\n", rundir,
		              denied_remedy(rundir, remedy));
	else
		(void)fprintf(err, "sa-nat64: cannot read %s: %s\n", rundir, strerror(error));
	return 1;
}

/* Add every directory of rundir that has a control socket, in the order of names. 0, or -ENOMEM, or
 * -errno of opening it. */
static int scan_sockets(const char *rundir, struct instances *instances)
{
	DIR *directory = opendir(rundir);
	struct dirent *entry;
	bool complete = true;

	if (!directory)
		return -errno;
	while (complete && (entry = readdir(directory))) {
		char path[108];
		struct stat st;

		if (entry->d_name[0] == '.' || strlen(entry->d_name) >= CONFIG_NAME_MAX ||
		    control_socket_path(rundir, entry->d_name, path, sizeof(path)) < 0 ||
		    (stat(path, &st) < 0 && errno != EACCES))
			continue;
		complete = instance_add(instances, rundir, entry->d_name);
	}
	(void)closedir(directory);
	if (instances->count > 0)
		qsort(instances->list, instances->count, sizeof(*instances->list), by_name);
	return complete ? 0 : -ENOMEM;
}

/* All that have a socket, which must be one at least. */
static int scan_rundir(const char *rundir, struct instances *instances, FILE *err)
{
	int error = scan_sockets(rundir, instances);

	if (error == -ENOMEM)
		return out_of_memory(err);
	if (error < 0)
		return complain_rundir(rundir, -error, err);
	if (instances->count > 0)
		return 0;
	(void)fprintf(err, "sa-nat64: no translator runs here: %s holds no control socket; %s\n",
	              rundir, start_one(rundir));
	return 1;
}

/* Whether the [network] of an instance has routers that learn by BFD. A box whose name is no node
 * was told another one by --node, which nobody says here: then all nodes count. */
static bool has_routers(const struct config *config, const char *instance)
{
	char host[NODE_NAME_SIZE];
	bool is_node;

	(void)node_name_find(host);
	is_node = config_node_find(config, host) != NULL;
	for (size_t i = 0; i < config->network_count; i++) {
		const struct config_network *network = &config->networks[i];

		if (strcmp(network->instance, instance) == 0 && network->bfd_peer_count > 0 &&
		    (!is_node || strcmp(network->node, host) == 0))
			return true;
	}
	return false;
}

static bool has_socket(const struct instance *daemon)
{
	struct stat st;

	return daemon->path[0] && stat(daemon->path, &st) == 0;
}

bool instance_has_socket(const struct instance *instance)
{
	return has_socket(instance) || (instance->path[0] && errno == EACCES);
}

/* What the configuration says of the box as a whole. Without one, a socket says that there is
 * replication, and so does one that may not be looked at. */
static void set_box(const struct cli_options *options, const struct config *config,
                    struct instances *instances)
{
	struct instance *syncd = &instances->daemons[BOX_SYNCD];

	daemons_set(instances, options->rundir);
	if (config) {
		(void)snprintf(instances->cluster, sizeof(instances->cluster), "%s",
		               config->cluster.name);
		instances->detection_us = config->health.bfd_interval_us *
		                          config->health.bfd_multiplier;
		instances->probe_interval_us = config->health.probe_interval_us;
		syncd->is_expected = config->cluster.sync_interface != NULL;
	} else {
		syncd->is_expected = instance_has_socket(syncd);
	}
}

/* To be called when the instances are known: one with routers needs sa-nat64-healthd. */
static void set_health(const struct config *config, struct instances *instances)
{
	struct instance *healthd = &instances->daemons[BOX_HEALTHD];

	healthd->is_expected = has_socket(healthd);
	for (size_t i = 0; config && i < instances->count; i++) {
		struct instance *instance = &instances->list[i];

		instance->has_routers = has_routers(config, instance->name);
		healthd->is_expected |= instance->has_routers;
	}
}

/* An instance that only other boxes attach is none of this one's. */
static bool is_here(const struct config *config, const char *instance)
{
	char host[NODE_NAME_SIZE];
	bool is_elsewhere = false;

	(void)node_name_find(host);
	if (!config_node_find(config, host) || config_network_find(config, instance, host))
		return true;
	for (size_t i = 0; i < config->network_count; i++)
		is_elsewhere |= strcmp(config->networks[i].instance, instance) == 0;
	return !is_elsewhere;
}

static bool is_listed(const struct instances *instances, const char *name)
{
	for (size_t i = 0; i < instances->count; i++)
		if (strcmp(instances->list[i].name, name) == 0)
			return true;
	return false;
}

/* Those of the file that are here. Returns an exit status. */
static int add_configured(const struct cli_options *options, const struct config *config,
                          struct instances *instances, FILE *err)
{
	for (size_t i = 0; config && i < config->instance_count; i++) {
		const char *name = config->instances[i].name;

		if (!is_here(config, name))
			continue;
		if (!instance_add(instances, options->rundir, name))
			return out_of_memory(err);
		instances->list[instances->count - 1].is_in_file = true;
	}
	return 0;
}

/* The one of -i, which the configuration may not have when it runs all the same. */
static int find_named(const struct cli_options *options, const struct config *config,
                      struct instances *instances, FILE *err)
{
	const char *name = options->instance;

	if (!instance_add(instances, options->rundir, name))
		return out_of_memory(err);
	if (!config || config->instance_count == 0 || config_instance_find(config, name) ||
	    instance_has_socket(&instances->list[0]))
		return 0;
	(void)fprintf(err, "sa-nat64: there is no instance %s; the configuration has", name);
	for (size_t i = 0; i < config->instance_count; i++)
		(void)fprintf(err, "%s %s", i > 0 ? "," : "", config->instances[i].name);
	(void)fputc('\n', err);
	return 2;
}

/* Those of the file that are here, or those that run when the file has none. */
static int find(const struct cli_options *options, const struct config *config,
                struct instances *instances, FILE *err)
{
	int status;

	if (options->instance)
		return find_named(options, config, instances, err);
	status = add_configured(options, config, instances, err);
	return status || instances->count > 0 ? status
	                                      : scan_rundir(options->rundir, instances, err);
}

/* Those that run beside them. A run directory that is not there holds none; one that is closed to
 * this user matters where the file names none, for those that it names say so themselves. */
static int add_running(const struct cli_options *options, struct instances *instances, FILE *err)
{
	struct instances running = { .list = NULL };
	int error = scan_sockets(options->rundir, &running);

	for (size_t i = 0; error == 0 && i < running.count; i++)
		if (!is_listed(instances, running.list[i].name) &&
		    !instance_add(instances, options->rundir, running.list[i].name))
			error = -ENOMEM;
	instances_free(&running);
	if (error == -ENOMEM)
		return out_of_memory(err);
	if (error == -ENOENT || (error == -EACCES && instances->count > 0))
		return 0;
	return error == 0 ? 0 : complain_rundir(options->rundir, -error, err);
}

/* Those of the file for this box, and those that run. */
static int find_all(const struct cli_options *options, const struct config *config,
                    struct instances *instances, FILE *err)
{
	int status = add_configured(options, config, instances, err);

	return status ? status : add_running(options, instances, err);
}

typedef int list_fn(const struct cli_options *options, const struct config *config,
                    struct instances *instances, FILE *err);

/* What the finders share: list() adds the instances. */
static int find_by(list_fn *list, const struct cli_options *options, struct instances *out,
                   FILE *err)
{
	struct instances instances = { .list = NULL };
	struct config *config = NULL;
	int status = read_config(options, &config, err);

	if (status)
		return status;
	set_box(options, config, &instances);
	status = list(options, config, &instances, err);
	set_health(config, &instances);
	config_free(config);
	if (status)
		instances_free(&instances);
	else
		*out = instances;
	return status;
}

int instances_find(const struct cli_options *options, struct instances *out, FILE *err)
{
	return find_by(find, options, out, err);
}

int instances_find_all(const struct cli_options *options, struct instances *out, FILE *err)
{
	return find_by(find_all, options, out, err);
}

int instances_find_syncd(const struct cli_options *options, struct instances *out, FILE *err)
{
	struct instances instances = { .list = NULL };
	struct config *config = NULL;
	bool has_config;
	int status = read_config(options, &config, err);

	if (status)
		return status;
	set_box(options, config, &instances);
	has_config = config != NULL;
	config_free(config);
	if (instances.daemons[BOX_SYNCD].is_expected) {
		*out = instances;
		return 0;
	}
	if (has_config)
		(void)fprintf(err,
		              "sa-nat64: no replication here: %s has no sync-interface in "
		              "[cluster]\n",
		              options->config_path ? options->config_path : CONFIG_PATH_DEFAULT);
	else
		(void)fprintf(err,
		              "sa-nat64: no replication here: there is no %s, and %s does not "
		              "exist\n",
		              CONFIG_PATH_DEFAULT, instances.daemons[BOX_SYNCD].path);
	return 1;
}

int instances_find_healthd(const struct cli_options *options, struct instances *out, FILE *err)
{
	struct instances instances = { .list = NULL };
	struct config *config = NULL;
	bool is_needed;
	int status = read_config(options, &config, err);

	if (status)
		return status;
	set_box(options, config, &instances);
	is_needed = !config || config->network_count > 0 ||
	            instance_has_socket(&instances.daemons[BOX_HEALTHD]);
	config_free(config);
	if (!is_needed) {
		(void)fprintf(
			err,
			"sa-nat64: no sa-nat64-healthd is needed here: %s has no [network "
			"INSTANCE NODE] section; `sa-nat64 status` says how the instances are\n",
			options->config_path ? options->config_path : CONFIG_PATH_DEFAULT);
		return 1;
	}
	*out = instances;
	out->daemons[BOX_HEALTHD].is_expected = true;
	return 0;
}
