/* sa-nat64-generator: what systemd shall start on this box, from the configuration.
 *
 * systemd runs it at boot and at each `systemctl daemon-reload`, before any unit, and reads what it
 * leaves in a directory: symbolic links as `systemctl enable` makes them, and drop-ins for what
 * units cannot know by themselves (another name of the namespace, or none at all). The directory is
 * empty each time. A configuration with errors starts nothing; sa-nat64.target then carries the
 * first error as its description, and the check of sa-nat64.service fails with all of them.
 *
 * Instance names consist of characters that stand for themselves in names of units.
 */
#include "lib/config.h"
#include "lib/daemon_options.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DROP_IN "50-sa-nat64.conf"

#define UNIT_NAME_MAX 128

/* Routers that are not told otherwise accept no shorter interval between BFD packets (RFC 5880
 * leaves it to them; FRR and BIRD default to it), so they may wait that long. */
#define ROUTER_INTERVAL_US 300000ULL
#define NOTICE_MARGIN_US   100000ULL

struct generator {
	const struct config *config;
	const char *node;
	int directory;
	bool has_network, has_bfd; /* some instance of this box */
	int error;                 /* the first one */
};

static void print_help(void)
{
	printf("usage: sa-nat64-generator [OPTION]... DIRECTORY [EARLY LATE]\n"
	       "Write into DIRECTORY which units of sa-nat64 systemd shall start on this box. Run by "
	       "systemd.\n\n"
	       "  -c, --config=FILE    configuration (default " CONFIG_PATH_DEFAULT ")\n"
	       "  -n, --node=NODE      which [node] this box is (default: in " NODE_NAME_FILE
	       ",\n                       else the host name)\n"
	       "  -h, --help           this text\n"
	       "  -V, --version        print the version\n\n"
	       "Exit status: 0 done, also without or with a broken configuration; 1 cannot write; "
	       "2 usage.\n");
}

/* ---- files ---- */

static void failed(struct generator *generator, const char *what, int error)
{
	if (generator->error < 0)
		return;
	generator->error = error;
	fprintf(stderr, "sa-nat64-generator: cannot write %s: %s\n", what, strerror(-error));
}

/* Make WANTING.wants/UNIT. Where the link leads tells systemd nothing. */
static void link_unit(struct generator *generator, const char *wanting, const char *unit)
{
	char path[2 * UNIT_NAME_MAX];

	(void)snprintf(path, sizeof(path), "%s.wants", wanting);
	if (mkdirat(generator->directory, path, 0755) < 0 && errno != EEXIST) {
		failed(generator, path, -errno);
		return;
	}
	(void)snprintf(path, sizeof(path), "%s.wants/%s", wanting, unit);
	if (symlinkat(unit, generator->directory, path) < 0 && errno != EEXIST)
		failed(generator, path, -errno);
}

/* Open UNIT.d/50-sa-nat64.conf; NULL when that cannot be. */
static FILE *drop_in_open(struct generator *generator, const char *unit)
{
	char path[2 * UNIT_NAME_MAX];
	FILE *file = NULL;
	int fd = -1;

	(void)snprintf(path, sizeof(path), "%s.d", unit);
	if (mkdirat(generator->directory, path, 0755) == 0 || errno == EEXIST) {
		(void)snprintf(path, sizeof(path), "%s.d/" DROP_IN, unit);
		fd = openat(generator->directory, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
		            0644);
	}
	if (fd >= 0)
		file = fdopen(fd, "w");
	if (!file) {
		failed(generator, path, -errno);
		if (fd >= 0)
			(void)close(fd);
	}
	return file;
}

static void drop_in_close(struct generator *generator, FILE *file, const char *unit)
{
	if (ferror(file) || fclose(file) != 0)
		failed(generator, unit, -EIO);
}

static void __attribute__((format(printf, 3, 4)))
drop_in(struct generator *generator, const char *unit, const char *format, ...)
{
	FILE *file = drop_in_open(generator, unit);
	va_list arguments;

	if (!file)
		return;
	va_start(arguments, format);
	(void)vfprintf(file, format, arguments);
	va_end(arguments);
	drop_in_close(generator, file, unit);
}

/* ---- units ---- */

static const char *unit_of(const char *kind, const char *instance, const char *type,
                           char name[UNIT_NAME_MAX])
{
	(void)snprintf(name, UNIT_NAME_MAX, "sa-nat64%s%s@%s.%s", *kind ? "-" : "", kind, instance,
	               type);
	return name;
}

/* FRR's daemons of an instance, in its namespace. */
static void add_bfd(struct generator *generator, const struct config_network *network,
                    const char *target)
{
	static const char *const daemons[] = { "zebra", "bfdd" };
	char unit[UNIT_NAME_MAX];

	generator->has_bfd = true;
	for (size_t i = 0; i < sizeof(daemons) / sizeof(*daemons); i++) {
		(void)unit_of(daemons[i], network->instance, "service", unit);
		link_unit(generator, target, unit);
		drop_in(generator, unit, "[Service]\nNetworkNamespacePath=/run/netns/%s\n",
		        network->namespace_name);
	}
}

/* The translator cannot run without its namespace, and stops with it. */
static void add_network(struct generator *generator, const struct config_network *network,
                        const char *target, const char *translator)
{
	char netns[UNIT_NAME_MAX];

	generator->has_network = true;
	(void)unit_of("netns", network->instance, "service", netns);
	link_unit(generator, target, netns);
	drop_in(generator, translator,
	        "[Unit]\nRequires=%s\n\n[Service]\nNetworkNamespacePath=/run/netns/%s\n", netns,
	        network->namespace_name);
	if (network->bfd_peer_count > 0)
		add_bfd(generator, network, target);
}

/* Whether some box has a [network] for the instance: then the boxes without one do not serve it. */
static bool is_attached_somewhere(const struct config *config, const char *instance)
{
	for (size_t i = 0; i < config->network_count; i++)
		if (strcmp(config->networks[i].instance, instance) == 0)
			return true;
	return false;
}

static void add_instance(struct generator *generator, const char *instance)
{
	const struct config_network *network = config_network_find(generator->config, instance,
	                                                           generator->node);
	char target[UNIT_NAME_MAX], translator[UNIT_NAME_MAX];

	if (!network && is_attached_somewhere(generator->config, instance))
		return;
	(void)unit_of("", instance, "target", target);
	(void)unit_of("translator", instance, "service", translator);
	link_unit(generator, "sa-nat64.target", target);
	if (network)
		add_network(generator, network, target, translator);
	else
		drop_in(generator, translator, "[Service]\nNetworkNamespacePath=\n");
}

/* How long routers need to notice silence; all the rest goes on until then. */
static uint64_t notice_us(const struct config_health *health)
{
	uint64_t interval_us = health->bfd_interval_us;

	if (interval_us < ROUTER_INTERVAL_US)
		interval_us = ROUTER_INTERVAL_US;
	return interval_us * health->bfd_multiplier + NOTICE_MARGIN_US;
}

static void set_notice(struct generator *generator, const char *unit, uint64_t us)
{
	drop_in(generator, unit, "[Service]\nEnvironment=SA_NAT64_ROUTERS_NOTICE=%u.%01u\n",
	        (unsigned)(us / 1000000), (unsigned)(us / 100000 % 10));
}

static void add_box(struct generator *generator)
{
	const struct config *config = generator->config;
	uint64_t us = generator->has_bfd ? notice_us(&config->health) : 0;

	if (config->cluster.sync_interface && config->node_count > 0)
		link_unit(generator, "sa-nat64.target", "sa-nat64-syncd.service");
	if (config->cluster.metrics_listen_count > 0)
		link_unit(generator, "sa-nat64.target", "sa-nat64-exporter.service");
	if (!generator->has_network)
		return;
	link_unit(generator, "sa-nat64.target", "sa-nat64-healthd.service");
	set_notice(generator, "sa-nat64-healthd.service", us);
	if (generator->has_bfd)
		set_notice(generator, "sa-nat64-bfdd@.service", us);
}

static void generate(struct generator *generator)
{
	const struct config *config = generator->config;

	for (size_t i = 0; i < config->instance_count; i++)
		add_instance(generator, config->instances[i].name);
	add_box(generator);
}

/* ---- what is wrong ---- */

/* The target says it wherever it is shown: a line of text, '%' doubled for systemd. */
static void generate_broken(struct generator *generator, const char *why)
{
	FILE *file = drop_in_open(generator, "sa-nat64.target");

	if (!file)
		return;
	(void)fputs("[Unit]\nDescription=NAT64 gateway, which starts nothing: ", file);
	for (; *why && *why != '\n'; why++)
		if (*why == '%')
			(void)fputs("%%", file);
		else
			(void)fputc((unsigned char)*why < ' ' ? '?' : *why, file);
	(void)fputs(" (after the correction: systemctl reload-or-restart sa-nat64)\n", file);
	drop_in_close(generator, file, "sa-nat64.target");
}

/* Messages are those of config_load(); warnings come before the error. */
static const char *first_error(const char *messages)
{
	const char *line = messages;

	while (line && *line) {
		const char *end = strchr(line, '\n');
		const char *warning = strstr(line, ": warning: ");

		if (!warning || (end && warning > end))
			return line;
		line = end ? end + 1 : NULL;
	}
	return messages;
}

static void run(struct generator *generator, const struct daemon_options *options)
{
	char host[NODE_NAME_SIZE], why[512] = "";
	struct config *config = NULL;
	char *messages = NULL;
	size_t len = 0;
	FILE *err = open_memstream(&messages, &len);
	int error = err ? config_load(options->config, err, &config) : -ENOMEM;

	if (err)
		(void)fclose(err);
	generator->node = daemon_options_node_name(options, host);
	if (error < 0)
		(void)snprintf(why, sizeof(why), "%s",
		               messages ? first_error(messages) : strerror(-error));
	else if (config->node_count > 0 && !config_node_find(config, generator->node))
		(void)snprintf(why, sizeof(why), "this box is %s, and there is no [node %s] in %s",
		               generator->node, generator->node, options->config);
	generator->config = config;
	if (*why) {
		fprintf(stderr, "sa-nat64-generator: nothing will be started: %.*s\n",
		        (int)strcspn(why, "\n"), why);
		generate_broken(generator, why);
	} else {
		generate(generator);
	}
	config_free(config);
	free(messages);
}

int main(int argc, char **argv)
{
	struct generator generator = { .directory = -1 };
	struct daemon_options options;
	int result = daemon_options_parse(argc, argv, "sa-nat64-generator", print_help, &options);

	if (result >= 0)
		return result;
	if (options.argument_count != 1 && options.argument_count != 3) {
		fputs("Try 'sa-nat64-generator --help'.\n", stderr);
		return EXIT_USAGE;
	}
	if (access(options.config, F_OK) < 0 && errno == ENOENT)
		return EXIT_DONE; /* installed, but not yet configured */
	generator.directory = open(options.arguments[0], O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (generator.directory < 0)
		failed(&generator, options.arguments[0], -errno);
	else
		run(&generator, &options);
	return generator.error < 0 ? EXIT_FAILED : EXIT_DONE;
}
