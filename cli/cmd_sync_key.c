/* `sa-nat64 sync-key`: makes the key file that all boxes of a cluster share, or says whether one
 * would be accepted. */
#include "cli/commands.h"
#include "lib/node_name.h"
#include "lib/sync_key.h"

#include <errno.h>
#include <limits.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The configuration names the key file and the boxes that need it. When the file is given, or the
 * configuration was not asked for and is missing, it goes without: *out is NULL. Returns an exit
 * status. */
static int read_config(const struct cli_options *options, struct config **out)
{
	const char *path = options->config_path ? options->config_path : CONFIG_PATH_DEFAULT;
	char *messages = NULL;
	size_t len = 0;
	FILE *stream = open_memstream(&messages, &len);
	int error = -ENOMEM;

	*out = NULL;
	if (stream) {
		error = config_load(path, stream, out);
		(void)fclose(stream);
	}
	if (error == 0 || options->key_path || (error == -ENOENT && !options->config_path))
		error = 0;
	else
		(void)fprintf(stderr,
		              "%ssa-nat64: which file the key belongs in stands in %s; mend that, "
		              "or name the FILE\n",
		              messages ? messages : "", path);
	free(messages);
	return error ? 2 : 0;
}

/* Put a new key in the place of an old one: at any moment one of them is there, whole. */
static int replace(const char *path, char *why, size_t size)
{
	char fresh[PATH_MAX];
	int len = snprintf(fresh, sizeof(fresh), "%s.%ld.new", path, (long)getpid());
	int error;

	if (len < 0 || (size_t)len >= sizeof(fresh)) {
		(void)snprintf(why, size, "the name %.60s... is too long", path);
		return -ENAMETOOLONG;
	}
	error = sync_key_make(fresh, why, size);
	if (error)
		return error;
	if (rename(fresh, path) == 0)
		return 0;
	error = -errno;
	(void)snprintf(why, size, "cannot replace %s: %s", path, strerror(-error));
	(void)unlink(fresh);
	return error;
}

/* How the other boxes get it: a line for each that is known. */
static void print_copying(const char *path, const struct config *config)
{
	char host[NODE_NAME_SIZE];
	size_t printed = 0;

	(void)node_name_find(host);
	(void)printf("Copy it to every other box of the cluster, for example\n");
	for (size_t i = 0; config && i < config->node_count; i++) {
		const char *node = config->nodes[i].name;

		if (strcmp(node, host) == 0)
			continue;
		(void)printf("    scp -p %s root@%s:%s\n", path, node, path);
		printed++;
	}
	if (printed == 0)
		(void)printf("    scp -p %s root@OTHER-BOX:%s\n", path, path);
	(void)printf("and restart sa-nat64-syncd and the translators, here and there.\n"
	             "Boxes with different keys do not understand each other.\n");
}

static int check_key(const char *path)
{
	uint8_t key[SYNC_KEY_LEN];
	char why[PATH_MAX + 200];

	if (sync_key_read(path, key, why, sizeof(why)) < 0) {
		(void)fprintf(stderr, "sa-nat64: %s\n", why);
		return 1;
	}
	sodium_memzero(key, sizeof(key));
	(void)printf("%s holds a key and would be accepted\n", path);
	return 0;
}

static int make_key(const char *path, const struct config *config, bool force)
{
	char why[PATH_MAX + 200];
	int error = force ? replace(path, why, sizeof(why)) : sync_key_make(path, why, sizeof(why));

	if (error == -EEXIST) {
		(void)fprintf(
			stderr,
			"sa-nat64: %s exists and was left alone. With a new key this box would "
			"not understand the others until they have it too; --force replaces "
			"it, --check looks whether it is good\n",
			path);
		return 1;
	}
	if (error) {
		(void)fprintf(stderr, "sa-nat64: %s\n", why);
		return 1;
	}
	(void)printf("made %s\n", path);
	print_copying(path, config);
	return 0;
}

int cmd_sync_key(const struct cli_options *options, struct instances *instances, struct out *out)
{
	struct config *config = NULL;
	const char *path = options->key_path;
	int status = read_config(options, &config);

	(void)instances;
	(void)out;
	if (status)
		return status;
	if (!path)
		path = config ? config->cluster.sync_key_file : CONFIG_SYNC_KEY_FILE_DEFAULT;
	if (sodium_init() < 0) {
		(void)fprintf(stderr, "sa-nat64: libsodium cannot start: no random numbers\n");
		status = 1;
	} else if (options->check_key) {
		status = check_key(path);
	} else {
		status = make_key(path, config, options->force);
	}
	config_free(config);
	return status;
}
