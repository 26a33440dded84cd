/* `sa-nat64 frr-config`: the configuration of bfdd for those who keep FRR by hand, from the
 * configuration file alone. */
#include "cli/commands.h"
#include "lib/bfd_peers.h"
#include "lib/node_name.h"

#include <string.h>

/* The box to print for: this one, or that of --node. NULL after a line on standard error. */
static const struct config_node *find_node(const struct cli_options *options,
                                           const struct config *config)
{
	char host[NODE_NAME_SIZE];
	const char *name = options->node ? options->node : host;
	const struct config_node *node;

	(void)node_name_find(host);
	node = config_node_find(config, name);
	if (node)
		return node;
	if (config->node_count == 0) {
		(void)fprintf(stderr, "sa-nat64: the configuration has no [node] and no [network] "
		                      "section, so there is no BFD\n");
		return NULL;
	}
	(void)fprintf(stderr, "sa-nat64: the configuration has no [node %s]; choose by --node",
	              name);
	for (size_t i = 0; i < config->node_count; i++)
		(void)fprintf(stderr, "%s %s", i > 0 ? "," : "", config->nodes[i].name);
	(void)fputc('\n', stderr);
	return NULL;
}

/* Returns whether there was something to print: a line on standard error says why not. */
static bool print_instance(const struct cli_options *options, const struct config *config,
                           const char *instance, const char *node)
{
	const struct config_network *network = config_network_find(config, instance, node);
	struct bfd_peer_wanted peers[BFD_PEERS_MAX];
	size_t count;

	if (!network || network->bfd_peer_count == 0) {
		(void)fprintf(stderr, "sa-nat64: instance %s: %s [network %s %s]%s\n", instance,
		              network ? "no bfd-peer in" : "there is no", instance, node,
		              network ? "" : ", which would name its routers");
		return false;
	}
	if (network->attach == CONFIG_ATTACH_NONE && !options->interface)
		(void)fprintf(
			stderr,
			"sa-nat64: instance %s: [network %s %s] has no attach; put the name of "
			"the interface in the place of " BFD_UPLINK " by --interface\n",
			instance, instance, node);
	count = bfd_peers_of(network, options->interface ? options->interface : BFD_UPLINK, peers,
	                     stderr);
	bfd_print_config(instance, &config->health, peers, count, stdout);
	return count > 0;
}

/* All that have routers on that box. Returns how many have. */
static size_t print_all(const struct cli_options *options, const struct config *config,
                        const char *node)
{
	size_t printed = 0;

	for (size_t i = 0; i < config->instance_count; i++) {
		const char *instance = config->instances[i].name;
		const struct config_network *network = config_network_find(config, instance, node);

		if (!network || network->bfd_peer_count == 0)
			continue;
		if (printed > 0)
			(void)fputs("!\n", stdout);
		printed += print_instance(options, config, instance, node);
	}
	return printed;
}

static int print(const struct cli_options *options, const struct config *config)
{
	const struct config_node *node = find_node(options, config);

	if (!node)
		return 2;
	if (options->instance && !config_instance_find(config, options->instance)) {
		(void)fprintf(stderr, "sa-nat64: the configuration has no [instance %s]\n",
		              options->instance);
		return 2;
	}
	if (options->instance)
		return print_instance(options, config, options->instance, node->name) ? 0 : 1;
	if (print_all(options, config, node->name) > 0)
		return 0;
	(void)fprintf(stderr, "sa-nat64: no [network] section of node %s has a bfd-peer\n",
	              node->name);
	return 1;
}

int cmd_frr_config(const struct cli_options *options, struct instances *instances, struct out *out)
{
	const char *path = options->config_path ? options->config_path : CONFIG_PATH_DEFAULT;
	struct config *config;
	int status;

	(void)instances;
	(void)out;
	if (config_load(path, stderr, &config) != 0)
		return 2;
	status = print(options, config);
	config_free(config);
	return status;
}
