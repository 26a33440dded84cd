/* sa-nat64-netns: options, which [network] section is meant, what is to be done with it. */
#include "lib/config.h"
#include "lib/daemon_options.h"
#include "lib/log.h"
#include "netns/verbs.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void print_help(void)
{
	printf("usage: sa-nat64-netns [OPTION]... up|down|show INSTANCE\n"
	       "Build, remove or look at the network namespace that an instance lives in on this\n"
	       "box, as [network INSTANCE NODE] of the configuration says.\n\n"
	       "  up      make what is missing, correct what differs, leave alone what is right\n"
	       "  down    remove all of it; a NIC that was moved comes back\n"
	       "  show    print what is there and what is missing; exit status 1 when anything "
	       "is\n\n"
	       "  -c, --config=FILE    configuration (default " CONFIG_PATH_DEFAULT ")\n"
	       "  -n, --node=NODE      which [node] this box is (default: in " NODE_NAME_FILE
	       ",\n                       else the host name)\n"
	       "  -t, --check-config   read and check the configuration, say what is wrong, stop\n"
	       "      --json           show for programs\n"
	       "  -h, --help           this text\n"
	       "  -V, --version        print the version\n\n"
	       "Exit status: 0 done, 1 failed or in conflict with what is there, 2 usage or "
	       "configuration.\n"
	       "The keys of the configuration file stand in sa-nat64-translator --help.\n");
}

enum verb { VERB_UP, VERB_DOWN, VERB_SHOW, VERB_UNKNOWN };

static enum verb verb_of(const char *word)
{
	static const char *const words[] = {
		[VERB_UP] = "up", [VERB_DOWN] = "down", [VERB_SHOW] = "show"
	};

	for (int verb = 0; verb < VERB_UNKNOWN; verb++)
		if (strcmp(word, words[verb]) == 0)
			return (enum verb)verb;
	return VERB_UNKNOWN;
}

/* As daemon_options_parse(). */
static int parse_options(int argc, char **argv, struct daemon_options *options)
{
	int result = daemon_options_parse_flag(argc, argv, "sa-nat64-netns", print_help, "json",
	                                       options);

	if (result >= 0 || options->check_only)
		return result;
	if (options->argument_count == 2 && verb_of(options->arguments[0]) != VERB_UNKNOWN)
		return -1;
	fprintf(stderr, "sa-nat64-netns: 'up', 'down' or 'show' and one INSTANCE are needed. "
	                "Try 'sa-nat64-netns --help'.\n");
	return EXIT_USAGE;
}

/* Whether any box has a namespace for the instance; their names go to nodes. */
static bool has_network(const struct config *config, const char *instance, char *nodes, size_t size)
{
	size_t len = 0;

	nodes[0] = '\0';
	for (size_t i = 0; i < config->network_count; i++) {
		if (strcmp(config->networks[i].instance, instance) != 0)
			continue;
		if (len < size)
			len += (size_t)snprintf(nodes + len, size - len, "%s%s", len ? ", " : "",
			                        config->networks[i].node);
	}
	return len > 0;
}

/* The section for this box. -1 and *network to go on, else the exit code. */
static int choose(const struct daemon_options *options, const struct config *config,
                  const struct config_network **network)
{
	const char *instance = options->arguments[1], *node;
	char host[NODE_NAME_SIZE], nodes[256];

	if (!config_instance_find(config, instance)) {
		log_error("there is no [instance %s] in %s", instance, options->config);
		return EXIT_USAGE;
	}
	if (!has_network(config, instance, nodes, sizeof(nodes))) {
		printf("nothing to do: no [network %s NODE] in %s, so it runs in the box's own "
		       "namespace\n",
		       instance, options->config);
		return EXIT_DONE;
	}
	node = daemon_options_node_name(options, host);
	if (!daemon_options_node(options, config, node))
		return EXIT_USAGE;
	*network = config_network_find(config, instance, node);
	if (*network)
		return -1;
	log_error("there is no [network %s %s] in %s: this box does not serve the instance (there "
	          "is one for %s)",
	          instance, node, options->config, nodes);
	return EXIT_USAGE;
}

/* What is there goes, whatever has become of the configuration. */
static int down(const struct daemon_options *options, const struct config *config)
{
	const char *instance = options->arguments[1];
	char host[NODE_NAME_SIZE];

	if (strchr(instance, '/') || instance[0] == '.' || strlen(instance) >= CONFIG_NAME_MAX) {
		log_error("'%s' cannot be the name of an instance", instance);
		return EXIT_USAGE;
	}
	return verb_down(instance,
	                 config ? config_network_find(config, instance,
	                                              daemon_options_node_name(options, host))
	                        : NULL);
}

static int run(const struct daemon_options *options, const struct config *config)
{
	const struct config_network *network = NULL;
	int result;

	if (geteuid() != 0) {
		log_error("namespaces are root's business; try: sudo sa-nat64-netns %s %s",
		          options->arguments[0], options->arguments[1]);
		return EXIT_FAILED;
	}
	if (verb_of(options->arguments[0]) == VERB_DOWN)
		return down(options, config);
	result = choose(options, config, &network);
	if (result >= 0)
		return result;
	if (verb_of(options->arguments[0]) == VERB_SHOW)
		return verb_show(config, network, options->flag ? SHOW_JSON : SHOW_TEXT);
	return verb_up(config, network);
}

int main(int argc, char **argv)
{
	struct daemon_options options;
	struct config *config = NULL;
	int result;

	log_open("sa-nat64-netns", LOG_LEVEL_INFO);
	(void)setvbuf(stdout, NULL, _IOLBF, 0); /* in order with the log */
	result = parse_options(argc, argv, &options);
	if (result >= 0)
		return result;
	result = config_load(options.config, stderr, &config) < 0 ? EXIT_USAGE : EXIT_DONE;
	if (options.check_only ||
	    (result != EXIT_DONE && verb_of(options.arguments[0]) != VERB_DOWN)) {
		config_free(config);
		return result;
	}
	if (result != EXIT_DONE)
		log_warning("going on without the configuration, by what is there");
	result = run(&options, config);
	config_free(config);
	return result;
}
