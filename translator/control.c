/* See control.h. Finds out what control_answer.h cannot know: clock, namespace, process. */
#include "translator/control.h"

#include "lib/control_server.h"
#include "lib/log.h"
#include "translator/control_answer.h"
#include "translator/feed_link.h"
#include "translator/log_writer.h"
#include "translator/trace_stream.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define TRY_EVERY_US     2000000u
#define NAMED_NAMESPACES "/run/netns" /* where iproute2 keeps names */

struct control {
	struct translator *translator;
	char path[128];
	struct control_server *server; /* NULL: there was no room for the socket yet */
	sd_event_source *tries;
	struct trace_stream *traces;
	char cluster[CONFIG_NAME_MAX], node[CONFIG_NAME_MAX];
	char namespace_name[256];
	struct running_config *running;
	const struct feed_link *feed; /* NULL without replication */
	struct log_writer *log;       /* NULL: no session log */
	const char *log_target;
	bool fast_path;
	char fast_path_reason[200];
	char down_reason[200]; /* "" while it is up */
	bool state_is_kept;
	char state_file[500];
};

/* Resident memory from /proc/self/statm; 0 when it cannot be read. */
static uint64_t resident_bytes(void)
{
	uint64_t total, resident = 0;
	FILE *file = fopen("/proc/self/statm", "re");
	char line[128];
	char *end;

	if (!file)
		return 0;
	if (fgets(line, sizeof(line), file)) {
		total = strtoull(line, &end, 10);
		if (total > 0)
			resident = strtoull(end, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
	}
	(void)fclose(file);
	return resident;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* The name under NAMED_NAMESPACES of the namespace mine. False when it has none. */
static bool namespace_lookup(const struct stat *mine, char *name, size_t size)
{
	DIR *directory = opendir(NAMED_NAMESPACES);
	struct dirent *entry;
	bool found = false;

	if (!directory)
		return false;
	while (!found && (entry = readdir(directory))) {
		struct stat st;

		if (fstatat(dirfd(directory), entry->d_name, &st, 0) < 0 || !same_file(&st, mine))
			continue;
		(void)snprintf(name, size, "%s", entry->d_name);
		found = true;
	}
	(void)closedir(directory);
	return found;
}

/* Whether /sys, which shows the box's own namespace, has our device: with few capabilities, as
 * under systemd, the namespace of the first process cannot be looked at. */
static bool box_has(const char *device)
{
	char path[64];
	unsigned index = 0;
	FILE *file;

	(void)snprintf(path, sizeof(path), "/sys/class/net/%s/ifindex", device);
	file = fopen(path, "re");
	if (!file)
		return false;
	for (int digit = fgetc(file); digit >= '0' && digit <= '9'; digit = fgetc(file))
		index = index * 10 + (unsigned)(digit - '0');
	(void)fclose(file);
	return index > 0 && index == if_nametoindex(device);
}

/* A name in any case: see StatusReply.namespace in control.proto. */
static void namespace_find(const char *device, char *name, size_t size)
{
	struct stat mine, first;

	if (stat("/proc/thread-self/ns/net", &mine) < 0)
		(void)snprintf(name, size, "unknown");
	else if (namespace_lookup(&mine, name, size))
		return;
	else if (stat("/proc/1/ns/net", &first) < 0)
		(void)snprintf(name, size, box_has(device) ? "default" : "unknown");
	else
		(void)snprintf(name, size, same_file(&mine, &first) ? "default" : "unnamed");
}

/* False: there is none. stats: what `out` points into. */
static bool look_at_log(const struct control *control, struct log_writer_stats *stats,
                        struct control_session_log *out)
{
	if (!control->log)
		return false;
	log_writer_stats(control->log, stats);
	*out = (struct control_session_log){ .written = stats->written,
		                             .lost = stats->lost,
		                             .waiting = stats->waiting,
		                             .target = control->log_target,
		                             .problem = stats->problem,
		                             .domain = stats->domain,
		                             .collector_count = stats->collector_count };
	for (size_t i = 0; i < stats->collector_count; i++) {
		const struct collector_stats *from = &stats->collectors[i];

		out->collectors[i] = (struct control_collector){ .name = from->name,
			                                         .problem = from->problem,
			                                         .written = from->written,
			                                         .lost = from->lost,
			                                         .waiting = from->waiting,
			                                         .is_up = from->is_up };
	}
	return true;
}

static size_t on_request(void *context, const uint8_t *request, size_t len, uint8_t *reply,
                         size_t size)
{
	struct control *control = context;
	struct control_identity identity = {
		.cluster = control->cluster,
		.node = control->node,
		.namespace_name = control->namespace_name,
		.pid = (uint32_t)getpid(),
		.resident_bytes = resident_bytes,
		.fast_path = control->fast_path ? "on" : "off",
		.fast_path_reason = control->fast_path_reason,
		.feed_reason = control->feed ? feed_link_why_not(control->feed) : NULL,
		.running = control->running,
		.tracers = trace_stream_tracers(control->traces),
		.down_reason = control->down_reason[0] ? control->down_reason : NULL,
		.state_is_kept = control->state_is_kept,
		.state_file = control->state_file,
	};
	struct control_session_log session_log;
	struct log_writer_stats log_stats;
	size_t written;

	if (look_at_log(control, &log_stats, &session_log))
		identity.session_log = &session_log;
	written = control_answer(control->translator, &identity, control_now_us(), request, len,
	                         reply, size);

	trace_stream_begin(control->traces, control->server);
	return written;
}

static int on_try(sd_event_source *source, uint64_t due_us, void *userdata)
{
	struct control *control = userdata;
	sd_event *event = sd_event_source_get_event(source);

	if (control_server_new(event, control->path, on_request, control, &control->server) == 0) {
		log_notice("the control socket %s is there now", control->path);
		return sd_event_source_set_enabled(source, SD_EVENT_OFF);
	}
	return sd_event_source_set_time(source, due_us + TRY_EVERY_US);
}

/* A full file system is no reason to translate nothing: the socket comes when there is room. */
static int open_socket(struct control *control, sd_event *event)
{
	int error = control_server_new(event, control->path, on_request, control, &control->server);

	if (error != -ENOSPC && error != -EDQUOT)
		return error;
	log_error("cannot make the control socket %s: %s; it translates, nobody can ask it until "
	          "there is room, which is tried every %u s",
	          control->path, strerror(-error), TRY_EVERY_US / 1000000);
	error = sd_event_add_time(event, &control->tries, CLOCK_MONOTONIC,
	                          control_now_us() + TRY_EVERY_US, 0, on_try, control);
	return error < 0 ? error : sd_event_source_set_enabled(control->tries, SD_EVENT_ON);
}

int control_start(sd_event *event, struct translator *t, const char *rundir, const char *cluster,
                  const char *node, struct control **out)
{
	char path[128];
	struct control *control;
	int error = control_socket_path(rundir, translator_config(t)->name, path, sizeof(path));

	if (error)
		return error;
	control = calloc(1, sizeof(*control));
	if (!control)
		return -ENOMEM;
	control->translator = t;
	(void)snprintf(control->cluster, sizeof(control->cluster), "%s", cluster);
	(void)snprintf(control->node, sizeof(control->node), "%s", node);
	namespace_find(translator_config(t)->tun, control->namespace_name,
	               sizeof(control->namespace_name));
	error = trace_stream_new(event, &control->traces);
	(void)snprintf(control->path, sizeof(control->path), "%s", path);
	if (error == 0)
		error = open_socket(control, event);
	if (error < 0) {
		control_stop(control);
		return error;
	}
	trace_stream_serve(control->traces, t);
	*out = control;
	return 0;
}

void control_serve(struct control *control, struct translator *t)
{
	control->translator = t;
	trace_stream_serve(control->traces, t);
}

void control_set_running(struct control *control, struct running_config *running)
{
	control->running = running;
}

void control_set_feed(struct control *control, const struct feed_link *feed)
{
	control->feed = feed;
}

void control_set_fast_path(struct control *control, struct fast_trace *trace, const char *why_off)
{
	control->fast_path = !why_off;
	(void)snprintf(control->fast_path_reason, sizeof(control->fast_path_reason), "%s",
	               why_off ? why_off : "");
	trace_stream_set_fast(control->traces, trace, why_off ? control->fast_path_reason : NULL);
}

void control_set_down(struct control *control, const char *why)
{
	(void)snprintf(control->down_reason, sizeof(control->down_reason), "%s", why ? why : "");
}

void control_set_state_file(struct control *control, bool is_kept, const char *text)
{
	control->state_is_kept = is_kept;
	(void)snprintf(control->state_file, sizeof(control->state_file), "%s", text);
}

void control_set_log(struct control *control, struct log_writer *writer, const char *target)
{
	control->log = writer;
	control->log_target = target;
}

void control_stop(struct control *control)
{
	if (!control)
		return;
	sd_event_source_disable_unref(control->tries);
	control_server_free(control->server);
	trace_stream_free(control->traces);
	free(control);
}
