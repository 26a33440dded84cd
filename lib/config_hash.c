#include "lib/config_hash.h"

#include "lib/config_internal.h"

#include <endian.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* Each key with the name of its section before it. */
static void print_keys(enum config_section section, const char *name, enum config_mode mode,
                       const void *of, enum config_agreement agree, FILE *out)
{
	for (size_t i = 0; i < config_keys_count; i++) {
		const struct config_key *key = &config_keys[i];

		if (key->section != section || key->agree != agree ||
		    !config_key_in_mode(key, mode))
			continue;
		fprintf(out, "%s %s: ", config_section_names[section], name);
		key->type->print(key, of, out);
	}
}

static void print_agreed(const struct config *config, const struct config_instance *instance,
                         enum config_agreement agree, FILE *out)
{
	for (size_t i = 0; i < config->node_count; i++)
		print_keys(CONFIG_SECTION_NODE, config->nodes[i].name, CONFIG_MODE_NAT64,
		           &config->nodes[i], agree, out);
	print_keys(CONFIG_SECTION_INSTANCE, instance->name, instance->mode, instance, agree, out);
}

static int hash_agreed(const struct config *config, const struct config_instance *instance,
                       enum config_agreement agree, uint64_t *hash)
{
	uint8_t digest[crypto_generichash_BYTES_MIN];
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	int result = -ENOMEM;
	uint64_t value;

	if (!out)
		return -ENOMEM;
	print_agreed(config, instance, agree, out);
	if (fclose(out) == 0) {
		(void)crypto_generichash(digest, sizeof(digest), (const uint8_t *)text, len, NULL,
		                         0);
		memcpy(&value, digest, sizeof(value));
		*hash = be64toh(value);
		result = 0;
	}
	free(text);
	return result;
}

int config_hash(const struct config *config, const struct config_instance *instance,
                struct config_hash *out)
{
	struct config_hash hash;
	int error = hash_agreed(config, instance, CONFIG_AGREE_PREFIXES, &hash.prefixes);

	if (!error)
		error = hash_agreed(config, instance, CONFIG_AGREE_REST, &hash.rest);
	if (!error)
		*out = hash;
	return error;
}
