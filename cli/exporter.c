/* sa-nat64-exporter: what `sa-nat64 metrics` prints, over HTTP at /metrics, for Prometheus.
 *
 * One thread and one event loop: HTTP is libmicrohttpd's business, whose descriptors this loop
 * watches. It needs no capability and no right but to open the control sockets. Who is allowed to
 * ask is the firewall's business; so there is a bound on everything that somebody who asks could
 * use up: connections, those of one address, memory of each, how long they are silent, how long
 * they last, and how often the programs of this box are asked (scrape.h).
 *
 * It has one listener for each address of metrics-listen. A reload ends those that are not in the
 * file any more and begins the new ones; connections to the others go on. When a new one cannot
 * begin, it goes back to what it had. Systemd is told where it listens (metrics_listen.h).
 */
#include "cli/metrics_listen.h"
#include "cli/scrape.h"
#include "lib/control_socket.h"
#include "lib/daemon_options.h"
#include "lib/daemon_signals.h"
#include "lib/listen_address.h"
#include "lib/log.h"
#include "lib/privileges.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#define PROGRAM           "sa-nat64-exporter"
#define LISTENERS_MAX     16
#define CONNECTIONS_MAX   16u /* of each listener, and */
#define FROM_ONE_ADDRESS  8u
#define CONNECTION_MEMORY 16384u
#define SILENCE_MAX_S     5u
#define LIFETIME_MAX_US   30000000
#define LOOK_INTERVAL_US  1000000
#define TURNS_MAX         64 /* of libmicrohttpd before the loop sees to others */

#define OPENMETRICS_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"
#define PROMETHEUS_TYPE  "text/plain; version=0.0.4; charset=utf-8"
#define SENTENCE_TYPE    "text/plain; charset=utf-8"

struct client {
	int fd; /* -1: free */
	uint64_t since_us;
};

struct listener {
	struct MHD_Daemon *http; /* owns the socket; NULL: the place is free */
	const char *address;     /* as in the configuration, whose it is */
	sd_event_source *ready;
	struct scrape *scrape;
	struct client clients[CONNECTIONS_MAX];
};

struct exporter {
	sd_event *event;
	struct scrape *scrape;
	const char *path;      /* of the configuration, */
	struct config *config; /* and what it goes by; owned */
	struct listener listeners[LISTENERS_MAX];
};

static void print_help(void)
{
	printf("usage: sa-nat64-exporter [OPTION]...\n"
	       "Answer Prometheus on the addresses of metrics-listen, at /metrics. Runs in the "
	       "foreground.\n\n"
	       "  -c, --config=FILE    configuration (default " CONFIG_PATH_DEFAULT ")\n"
	       "  -r, --run-dir=DIR    where the sockets are (default " CONFIG_RUNDIR_DEFAULT ")\n"
	       "  -t, --check-config   check the configuration and exit\n"
	       "  -h, --help           this text\n"
	       "  -V, --version        print the version\n\n"
	       "Exit status: 0 done, 1 failed, 2 usage or configuration.\n");
}

/* ---- answers ---- */

/* body is freed in any case. */
static enum MHD_Result reply(struct MHD_Connection *connection, unsigned status, const char *type,
                             char *body, size_t len)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(len, body,
	                                                                MHD_RESPMEM_MUST_FREE);
	enum MHD_Result result;

	if (!response) {
		free(body);
		return MHD_NO;
	}
	(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		(void)MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result reply_sentence(struct MHD_Connection *connection, unsigned status,
                                      const char *sentence)
{
	char *body = strdup(sentence);

	return body ? reply(connection, status, SENTENCE_TYPE, body, strlen(body)) : MHD_NO;
}

static enum MHD_Result reply_metrics(struct MHD_Connection *connection, struct scrape *scrape)
{
	const char *accept = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
	                                                 MHD_HTTP_HEADER_ACCEPT);
	bool is_open = accept && strstr(accept, "application/openmetrics-text");
	char *body = NULL;
	size_t len = 0;
	FILE *stream = open_memstream(&body, &len);
	bool is_answered;

	if (!stream)
		return MHD_NO;
	is_answered = scrape_print(scrape, is_open ? METRICS_OPENMETRICS : METRICS_PROMETHEUS,
	                           stream);
	if (fclose(stream) != 0) {
		free(body);
		return MHD_NO;
	}
	if (!is_answered)
		return reply(connection, MHD_HTTP_SERVICE_UNAVAILABLE, SENTENCE_TYPE, body, len);
	return reply(connection, MHD_HTTP_OK, is_open ? OPENMETRICS_TYPE : PROMETHEUS_TYPE, body,
	             len);
}

/* Called when the head of a request is there; a body is not read. */
static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **request)
{
	struct listener *listener = context;

	(void)version;
	(void)upload;
	(void)upload_size;
	(void)request;
	if (strcmp(url, "/metrics") != 0)
		return reply_sentence(connection, MHD_HTTP_NOT_FOUND,
		                      "There is nothing but /metrics here.\n");
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return reply_sentence(connection, MHD_HTTP_METHOD_NOT_ALLOWED,
		                      "/metrics can be read only.\n");
	return reply_metrics(connection, listener->scrape);
}

/* ---- connections ---- */

static void client_change(void *context, struct MHD_Connection *connection, void **socket_context,
                          enum MHD_ConnectionNotificationCode what)
{
	struct listener *listener = context;
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct client *client = *socket_context;

	if (what == MHD_CONNECTION_NOTIFY_CLOSED && client)
		client->fd = -1;
	for (size_t i = 0; info && what == MHD_CONNECTION_NOTIFY_STARTED && i < CONNECTIONS_MAX;
	     i++) {
		client = &listener->clients[i];
		if (client->fd >= 0)
			continue;
		*client = (struct client){ .fd = info->connect_fd, .since_us = control_now_us() };
		*socket_context = client;
		return;
	}
}

/* One that lasts too long sees its end, however busy it is with sending a byte now and then. */
static void end_old_clients(struct listener *listener)
{
	uint64_t now_us = control_now_us();

	for (size_t i = 0; i < CONNECTIONS_MAX; i++)
		if (listener->clients[i].fd >= 0 &&
		    now_us - listener->clients[i].since_us > LIFETIME_MAX_US)
			(void)shutdown(listener->clients[i].fd, SHUT_RDWR);
}

static void serve(struct listener *listener)
{
	MHD_UNSIGNED_LONG_LONG wait_ms;

	for (int i = 0; i < TURNS_MAX; i++) {
		(void)MHD_run(listener->http);
		if (MHD_get_timeout(listener->http, &wait_ms) != MHD_YES || wait_ms > 0)
			return;
	}
}

static int on_ready(sd_event_source *source, int fd, uint32_t events, void *context)
{
	(void)source;
	(void)fd;
	(void)events;
	serve(context);
	return 0;
}

/* Silence ends connections only when libmicrohttpd looks. */
static int on_look(sd_event_source *source, uint64_t us, void *context)
{
	struct exporter *exporter = context;

	for (size_t i = 0; i < LISTENERS_MAX; i++) {
		if (!exporter->listeners[i].http)
			continue;
		end_old_clients(&exporter->listeners[i]);
		serve(&exporter->listeners[i]);
	}
	(void)sd_event_source_set_time(source, us + LOOK_INTERVAL_US);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

/* ---- listeners ---- */

static void listener_stop(struct listener *listener)
{
	if (!listener->http)
		return;
	listener->ready = sd_event_source_disable_unref(listener->ready);
	MHD_stop_daemon(listener->http);
	listener->http = NULL;
}

/* fd is closed in any case, at the latest with the listener. */
static int listener_start(struct exporter *exporter, struct listener *listener, int fd)
{
	const union MHD_DaemonInfo *info;

	listener->scrape = exporter->scrape;
	for (size_t i = 0; i < CONNECTIONS_MAX; i++)
		listener->clients[i].fd = -1;
	listener->http = MHD_start_daemon(
		MHD_USE_EPOLL, 0, NULL, NULL, answer, listener, MHD_OPTION_LISTEN_SOCKET, fd,
		MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
		FROM_ONE_ADDRESS, MHD_OPTION_CONNECTION_TIMEOUT, SILENCE_MAX_S,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
		MHD_OPTION_NOTIFY_CONNECTION, client_change, listener, MHD_OPTION_END);
	if (!listener->http) {
		(void)close(fd);
		return -ENOMEM;
	}
	info = MHD_get_daemon_info(listener->http, MHD_DAEMON_INFO_EPOLL_FD);
	return info ? sd_event_add_io(exporter->event, &listener->ready, info->epoll_fd, EPOLLIN,
	                              on_ready, listener)
	            : -EINVAL;
}

static int listen_at(struct exporter *exporter, struct listener *listener, const char *text)
{
	struct sockaddr_storage address;
	int fd = listen_address_parse(text, &address);

	if (fd == 0)
		fd = listen_address_open(&address, CONNECTIONS_MAX);
	if (fd < 0) {
		log_error("cannot listen at metrics-listen = %s: %s%s", text, strerror(-fd),
		          fd == -EADDRINUSE ? "; another program has this port, choose another one"
		          : fd == -EACCES   ? "; choose a port from 1024 on"
		                            : "");
		return fd;
	}
	listener->address = text;
	fd = listener_start(exporter, listener, fd);
	if (fd < 0)
		log_error("cannot serve metrics-listen = %s: %s", text, strerror(-fd));
	return fd < 0 ? fd : 0;
}

/* Returns a free one for an address of NULL. */
static struct listener *find_listener(struct exporter *exporter, const char *address)
{
	for (size_t i = 0; i < LISTENERS_MAX; i++) {
		struct listener *listener = &exporter->listeners[i];

		if (address ? listener->http && strcmp(listener->address, address) == 0
		            : !listener->http)
			return listener;
	}
	return NULL;
}

/* End the listeners that are not in the list. Those that are have their address from it afterwards.
 */
static void stop_others(struct exporter *exporter, const struct config_cluster *cluster)
{
	for (size_t i = 0; i < LISTENERS_MAX; i++) {
		struct listener *listener = &exporter->listeners[i];
		const char *address = NULL;

		for (size_t j = 0; listener->http && j < cluster->metrics_listen_count; j++)
			if (strcmp(cluster->metrics_listen[j], listener->address) == 0)
				address = cluster->metrics_listen[j];
		listener->address = address;
		if (!address)
			listener_stop(listener);
	}
}

/* Listen at the addresses of the list and at no others. The old ones end first: [::]:9464 is in the
 * way of [::1]:9464. */
static int listen_all(struct exporter *exporter, const struct config_cluster *cluster)
{
	char where[METRICS_LISTEN_MAX];
	int error = 0;

	if (cluster->metrics_listen_count > LISTENERS_MAX) {
		log_error("more than %d lines of metrics-listen; a wildcard such as "
		          "[::]:9464 covers all addresses",
		          LISTENERS_MAX);
		return -E2BIG;
	}
	stop_others(exporter, cluster);
	for (size_t i = 0; i < cluster->metrics_listen_count && error == 0; i++)
		if (!find_listener(exporter, cluster->metrics_listen[i]))
			error = listen_at(exporter, find_listener(exporter, NULL),
			                  cluster->metrics_listen[i]);
	if (error == 0)
		(void)sd_notifyf(0, "STATUS=%s", metrics_listen_describe(cluster, where));
	return error;
}

/* ---- start, and reload ---- */

static int read_config(const char *path, struct config **out)
{
	int error = config_load(path, stderr, out);

	if (error == 0 && (*out)->cluster.metrics_listen_count == 0) {
		log_error("%s has no metrics-listen in [cluster]: add one, such as "
		          "metrics-listen = [::1]:9464",
		          path);
		config_free(*out);
		error = -EINVAL;
	}
	return error;
}

/* Everything else that there is to read again is read when somebody asks. */
static void reload(void *context)
{
	struct exporter *exporter = context;
	struct config *config = NULL, *before = exporter->config;
	char where[METRICS_LISTEN_MAX];
	int error = read_config(exporter->path, &config);

	if (error == 0) {
		exporter->config = config;
		error = listen_all(exporter, &config->cluster);
		if (error < 0) {
			(void)listen_all(exporter, &before->cluster);
			exporter->config = before;
			before = config;
		}
		config_free(before);
	}
	if (error < 0)
		(void)sd_notifyf(0, "STATUS=%s; what the file says was refused",
		                 metrics_listen_describe(&exporter->config->cluster, where));
	log_notice("%s", error == 0 ? "reloaded" : "not reloaded: it listens where it did before");
}

static int run_loop(struct exporter *exporter)
{
	struct daemon_signals signals = { .farewell = "", .reload = reload, .context = exporter };
	int error = daemon_signals_catch(exporter->event, &signals);

	if (error >= 0)
		error = sd_event_add_time(exporter->event, NULL, CLOCK_MONOTONIC,
		                          control_now_us() + LOOK_INTERVAL_US, 0, on_look,
		                          exporter);
	if (error >= 0)
		error = sd_event_set_watchdog(exporter->event, 1);
	if (error >= 0)
		error = privileges_keep(PRIVILEGES_NONE);
	if (error < 0) {
		log_error("cannot start: %s", strerror(-error));
		return error;
	}
	(void)sd_notify(0, "READY=1");
	return daemon_loop(exporter->event) == EXIT_DONE ? 0 : -EIO;
}

/* config is freed. */
static int run(const struct daemon_options *options, struct config *config)
{
	static struct exporter exporter;
	int error = sd_event_default(&exporter.event);

	exporter.path = options->config;
	exporter.config = config;
	exporter.scrape = scrape_new(options->config, options->rundir);
	if (error < 0 || !exporter.scrape)
		log_error("out of memory");
	else if (listen_all(&exporter, &config->cluster) == 0 && run_loop(&exporter) >= 0)
		error = 0;
	else
		error = -EIO;
	for (size_t i = 0; i < LISTENERS_MAX; i++)
		listener_stop(&exporter.listeners[i]);
	scrape_free(exporter.scrape);
	sd_event_unref(exporter.event);
	config_free(exporter.config);
	return error < 0 ? EXIT_FAILED : EXIT_DONE;
}

int main(int argc, char **argv)
{
	struct daemon_options options;
	struct config *config = NULL;
	int result = daemon_options_parse(argc, argv, PROGRAM, print_help, &options);

	if (result >= 0)
		return result;
	if (options.argument_count > 0) {
		fputs("Try 'sa-nat64-exporter --help'.\n", stderr);
		return EXIT_USAGE;
	}
	log_open(PROGRAM, LOG_LEVEL_INFO);
	if (options.check_only) {
		result = config_load(options.config, stderr, &config) < 0 ? EXIT_USAGE : EXIT_DONE;
		config_free(config);
		return result;
	}
	return read_config(options.config, &config) < 0 ? EXIT_USAGE : run(&options, config);
}
