/* See instances.h. */
#include "cli/instances.h"

#include "cli/denied.h"
#include "cli/list_page.h"
#include "cli/reply_text.h"
#include "lib/control_socket.h"
#include "lib/node_name.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#define NUMBERS_AGREE_FROM 16 /* fields of Request.command and Reply.body */

struct program {
	const char *label;   /* before a name in complaints */
	const char *subject; /* what hangs or ended, in sentences */
	const char *start;   /* before a name: the command that starts it */
	const char *unit;    /* before a name: that of systemd */
};

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

void instances_free(struct instances *instances)
{
	for (size_t i = 0; i < instances->count; i++)
		if (instances->list[i].fd >= 0)
			(void)close(instances->list[i].fd);
	for (size_t i = 0; i < BOX_DAEMONS; i++)
		if (instances->daemons[i].program && instances->daemons[i].fd >= 0)
			(void)close(instances->daemons[i].fd);
	free(instances->list);
	instances->list = NULL;
	instances->count = 0;
}

static void __attribute__((format(printf, 2, 3)))
set_problem(struct instance *instance, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(instance->problem, sizeof(instance->problem), format, args);
	va_end(args);
}

/* It does not run, as the socket says by error. */
static void set_absent(struct instance *instance, int error)
{
	const char *sign = error == ENOENT ? "does not exist" : "has nobody who listens any more";
	char unit[INSTANCE_UNIT_LEN];

	(void)instance_unit(instance, unit);
	if (instance->by_systemd)
		set_problem(instance,
		            "not running: %s %s; `systemctl start %s` starts it, "
		            "`journalctl -u %s` says why it ended",
		            instance->path, sign, unit, unit);
	else
		set_problem(instance, "not running: %s %s; start it with `%s%s`", instance->path,
		            sign, instance->program->start, instance->name);
}

/* Say what an error of the socket means for the instance. */
static void set_problem_of(struct instance *instance, int error)
{
	const char *subject = instance->program->subject;
	char remedy[DENIED_REMEDY_MAX];

	switch (error) {
	case ENOENT:
	case ECONNREFUSED:
		set_absent(instance, error);
		break;
	case EACCES:
		instance->denied = true;
		set_problem(instance, "permission denied on %s; %s", instance->path,
		            denied_remedy(instance->path, remedy));
		break;
	case ETIMEDOUT:
		set_problem(instance,
		            "no answer from %s within %.1f s: %s hangs or was stopped; "
		            "look at the process, restart it",
		            instance->path, (double)instance->patience_us / 1e6, subject);
		break;
	case ECONNRESET:
	case EPIPE:
		set_problem(instance,
		            "the connection to %s was closed: %s ended just now, or "
		            "too many commands ask at once; try again",
		            instance->path, subject);
		break;
	default:
		set_problem(instance, "cannot ask at %s: %s", instance->path, strerror(error));
		break;
	}
}

/* How long an answer is waited for until then: not less than usual, for where the deadline is
 * nearer others took a part of the time, or somebody else watches it (instance_begin()). */
static uint64_t patience(uint64_t deadline_us)
{
	uint64_t now_us = control_now_us();

	return deadline_us > now_us + CONTROL_TIMEOUT_US ? deadline_us - now_us
	                                                 : CONTROL_TIMEOUT_US;
}

/* Connect if need be and send the request. */
static void instance_send(struct instance *instance, SaNat64__Control__Request *request,
                          uint64_t deadline_us)
{
	uint8_t *message;
	size_t len;
	int error;

	if (instance->problem[0])
		return;
	instance->patience_us = patience(deadline_us);
	if (instance->fd < 0) {
		instance->fd = control_connect(instance->path, deadline_us);
		if (instance->fd < 0) {
			set_problem_of(instance, -instance->fd);
			instance->fd = -1;
			return;
		}
	}
	request->version = CONTROL_VERSION;
	request->id = ++instance->id;
	message = malloc(sa_nat64__control__request__get_packed_size(request));
	if (!message) {
		set_problem(instance, "out of memory");
		return;
	}
	len = sa_nat64__control__request__pack(request, message);
	error = control_send(instance->fd, message, len, deadline_us);
	free(message);
	if (error)
		set_problem_of(instance, -error);
}

/* Whether it is a whole body that answers the command: the older ones have numbers one above the
 * command's. */
static bool answers(const SaNat64__Control__Reply *reply, const SaNat64__Control__Request *request,
                    uint32_t id)
{
	int command = (int)request->command_case, body = (int)reply->body_case;

	return reply->version == CONTROL_VERSION && reply->id == id &&
	       body == (command < NUMBERS_AGREE_FROM ? command + 1 : command) &&
	       list_page_is_whole(reply);
}

void instance_mistrust(struct instance *instance)
{
	set_problem(instance, "what answers at %s is not %s of this release", instance->path,
	            instance->program->subject);
}

bool instance_turn_page(struct instance *instance, uint32_t next_cursor, uint32_t *cursor)
{
	if (next_cursor == 0)
		return false;
	if (next_cursor <= *cursor) {
		instance_mistrust(instance);
		return false;
	}
	*cursor = next_cursor;
	return true;
}

/* So say daemons of earlier versions that they do not know a request. */
static const char unknown_before[] = "does not answer this request";

/* An error that the program answered with. */
static void set_refusal(struct instance *instance, const SaNat64__Control__Reply *reply)
{
	instance->refused = reply->invalid;
	if (strstr(reply->error, unknown_before))
		set_problem(instance, "it is older than this command and does not know the "
		                      "request; restart it, so that the installed version runs");
	else
		set_problem(instance, "%s", reply->error);
}

static SaNat64__Control__Reply *instance_receive(struct instance *instance,
                                                 const SaNat64__Control__Request *request,
                                                 uint64_t deadline_us)
{
	static uint8_t message[CONTROL_MESSAGE_MAX];
	SaNat64__Control__Reply *reply = NULL;
	ssize_t len;

	if (instance->problem[0])
		return NULL;
	len = control_receive(instance->fd, message, sizeof(message), deadline_us);
	if (len < 0) {
		set_problem_of(instance, (int)-len);
		return NULL;
	}
	reply = reply_text_read(message, (size_t)len);
	if (reply && reply->error[0]) {
		set_refusal(instance, reply);
	} else if (!reply || !answers(reply, request, instance->id)) {
		instance_mistrust(instance);
	} else {
		return reply;
	}
	sa_nat64__control__reply__free_unpacked(reply, NULL);
	return NULL;
}

static void send_all(struct instances *instances, SaNat64__Control__Request *request,
                     uint64_t deadline_us)
{
	for (size_t i = 0; i < instances->count; i++)
		instance_send(&instances->list[i], request, deadline_us);
}

static void receive_all(struct instances *instances, const SaNat64__Control__Request *request,
                        uint64_t deadline_us, SaNat64__Control__Reply **replies)
{
	for (size_t i = 0; i < instances->count; i++)
		replies[i] = instance_receive(&instances->list[i], request, deadline_us);
}

void instances_ask(struct instances *instances, SaNat64__Control__Request *request,
                   SaNat64__Control__Reply **replies)
{
	instances_ask_until(instances, request, control_now_us() + CONTROL_TIMEOUT_US, replies);
}

void instances_ask_until(struct instances *instances, SaNat64__Control__Request *request,
                         uint64_t deadline_us, SaNat64__Control__Reply **replies)
{
	send_all(instances, request, deadline_us);
	receive_all(instances, request, deadline_us, replies);
}

void instance_forget(struct instance *instance)
{
	if (instance->fd >= 0)
		(void)close(instance->fd);
	instance->fd = -1;
	if (!instance->path[0]) /* too long, and will stay so */
		return;
	instance->problem[0] = '\0';
	instance->refused = instance->denied = false;
}

void instances_forget(struct instances *instances)
{
	for (size_t i = 0; i < instances->count; i++)
		instance_forget(&instances->list[i]);
	for (size_t i = 0; i < BOX_DAEMONS; i++)
		instance_forget(&instances->daemons[i]);
}

void instances_ask_with_box(struct instances *instances, SaNat64__Control__Request *request,
                            SaNat64__Control__Reply **replies, SaNat64__Control__Reply **box)
{
	SaNat64__Control__PeersRequest peers = SA_NAT64__CONTROL__PEERS_REQUEST__INIT;
	SaNat64__Control__HealthRequest health = SA_NAT64__CONTROL__HEALTH_REQUEST__INIT;
	SaNat64__Control__Request asks[BOX_DAEMONS];
	uint64_t deadline_us = control_now_us() + CONTROL_TIMEOUT_US;

	for (size_t i = 0; i < BOX_DAEMONS; i++)
		sa_nat64__control__request__init(&asks[i]);
	asks[BOX_SYNCD].command_case = SA_NAT64__CONTROL__REQUEST__COMMAND_PEERS;
	asks[BOX_SYNCD].peers = &peers;
	asks[BOX_HEALTHD].command_case = SA_NAT64__CONTROL__REQUEST__COMMAND_HEALTH;
	asks[BOX_HEALTHD].health = &health;
	send_all(instances, request, deadline_us);
	for (size_t i = 0; i < BOX_DAEMONS; i++)
		if (instances->daemons[i].is_expected)
			instance_send(&instances->daemons[i], &asks[i], deadline_us);
	receive_all(instances, request, deadline_us, replies);
	for (size_t i = 0; i < BOX_DAEMONS; i++)
		box[i] = instances->daemons[i].is_expected
		                 ? instance_receive(&instances->daemons[i], &asks[i], deadline_us)
		                 : NULL;
}

SaNat64__Control__Reply *instance_ask(struct instance *instance, SaNat64__Control__Request *request)
{
	struct instances one = { .list = instance, .count = 1 };
	SaNat64__Control__Reply *reply;

	instances_ask(&one, request, &reply);
	return reply;
}

void instance_begin(struct instance *instance, SaNat64__Control__Request *request)
{
	instance_send(instance, request, 0);
}

void instance_give_up(struct instance *instance)
{
	set_problem_of(instance, ETIMEDOUT);
}

SaNat64__Control__Reply *instance_hear(struct instance *instance,
                                       const SaNat64__Control__Request *request)
{
	return instance_receive(instance, request, 0);
}

void instances_knock(struct instances *instances)
{
	SaNat64__Control__Request request = SA_NAT64__CONTROL__REQUEST__INIT;
	SaNat64__Control__StatusRequest status = SA_NAT64__CONTROL__STATUS_REQUEST__INIT;
	uint64_t deadline_us = control_now_us() + CONTROL_TIMEOUT_US;

	request.command_case = SA_NAT64__CONTROL__REQUEST__COMMAND_STATUS;
	request.status = &status;
	send_all(instances, &request, deadline_us);
	for (size_t i = 0; i < instances->count; i++)
		sa_nat64__control__reply__free_unpacked(
			instance_receive(&instances->list[i], &request, deadline_us), NULL);
}

/* The worse of a status so far and that of one more. */
static int worse(int status, const struct instance *instance)
{
	return !instance->problem[0] || status == 2 ? status : instance->refused ? 2 : 1;
}

int instances_status(const struct instances *instances)
{
	int status = 0;

	for (size_t i = 0; i < BOX_DAEMONS; i++)
		if (instances->daemons[i].is_expected)
			status = worse(status, &instances->daemons[i]);
	for (size_t i = 0; i < instances->count; i++)
		status = worse(status, &instances->list[i]);
	return status;
}

bool instance_complaint(const struct instance *instance, char text[INSTANCE_COMPLAINT_MAX])
{
	if (!instance->problem[0])
		return false;
	(void)snprintf(text, INSTANCE_COMPLAINT_MAX, "%s%s: %s", instance->program->label,
	               instance->name, instance->problem);
	return true;
}

const char *instance_title(const struct instance *instance, char buf[INSTANCE_TITLE_LEN])
{
	(void)snprintf(buf, INSTANCE_TITLE_LEN, "%s%s", instance->program->label, instance->name);
	return buf;
}

const char *instance_unit(const struct instance *instance, char buf[INSTANCE_UNIT_LEN])
{
	(void)snprintf(buf, INSTANCE_UNIT_LEN, "%s%s", instance->program->unit, instance->name);
	return buf;
}

static bool are_refused_alike(const struct instance *a, const struct instance *b)
{
	return a->refused && b->refused && strcmp(a->problem, b->problem) == 0;
}

bool instances_complaint(const struct instances *instances, size_t i,
                         char text[INSTANCE_COMPLAINT_MAX])
{
	const struct instance *instance = &instances->list[i];
	bool is_alone = true;

	for (size_t j = 0; j < instances->count; j++) {
		if (j == i || !are_refused_alike(instance, &instances->list[j]))
			continue;
		if (j < i)
			return false;
		is_alone = false;
	}
	if (is_alone)
		return instance_complaint(instance, text);
	(void)snprintf(text, INSTANCE_COMPLAINT_MAX, "%s", instance->problem);
	return true;
}

static void write_line(const char *text, FILE *err)
{
	(void)fflush(stdout); /* what was said before the complaint stands before it */
	(void)fprintf(err, "sa-nat64: %s\n", text);
}

void instance_complain(const struct instance *instance, FILE *err)
{
	char text[INSTANCE_COMPLAINT_MAX];

	if (instance_complaint(instance, text))
		write_line(text, err);
}

int instances_complain(const struct instances *instances, FILE *err)
{
	char text[INSTANCE_COMPLAINT_MAX];

	for (size_t i = 0; i < instances->count; i++)
		if (instances_complaint(instances, i, text))
			write_line(text, err);
	return instances_status(instances);
}
