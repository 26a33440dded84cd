/* The configuration and the key table as text, both by walking the table. */
#include "lib/config_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- the configuration ---- */

static void keys_print(enum config_section section, enum config_mode mode, const void *of,
                       FILE *out)
{
	for (size_t i = 0; i < config_keys_count; i++) {
		const struct config_key *key = &config_keys[i];

		if (key->section == section && config_key_in_mode(key, mode))
			key->type->print(key, of, out);
	}
}

void config_print(const struct config *config, FILE *out)
{
	fputs("[cluster]\n", out);
	keys_print(CONFIG_SECTION_CLUSTER, CONFIG_MODE_NAT64, &config->cluster, out);
	fputs("\n[health]\n", out);
	keys_print(CONFIG_SECTION_HEALTH, CONFIG_MODE_NAT64, &config->health, out);
	for (size_t i = 0; i < config->node_count; i++) {
		fprintf(out, "\n[node %s]\n", config->nodes[i].name);
		keys_print(CONFIG_SECTION_NODE, CONFIG_MODE_NAT64, &config->nodes[i], out);
	}
	for (size_t i = 0; i < config->instance_count; i++) {
		const struct config_instance *instance = &config->instances[i];

		fprintf(out, "\n[instance %s]\n", instance->name);
		keys_print(CONFIG_SECTION_INSTANCE, instance->mode, instance, out);
	}
	for (size_t i = 0; i < config->network_count; i++) {
		const struct config_network *network = &config->networks[i];

		fprintf(out, "\n[network %s %s]\n", network->instance, network->node);
		keys_print(CONFIG_SECTION_NETWORK, CONFIG_MODE_NAT64, network, out);
	}
}

/* ---- what differs ---- */

/* The lines that a key prints for a section; the caller frees them. NULL when memory ends. */
static char *key_text(const struct config_key *key, const void *section)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	key->type->print(key, section, out);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

/* 1, 0 or -ENOMEM. */
static int key_differs(const struct config_key *key, const void *a, const void *b)
{
	char *text_a = key_text(key, a), *text_b = key_text(key, b);
	int result = -ENOMEM;

	if (text_a && text_b)
		result = strcmp(text_a, text_b) != 0;
	free(text_a);
	free(text_b);
	return result;
}

static bool is_among(const struct config_key *key, const struct config_pair *pair)
{
	if (key->section != pair->kind)
		return false;
	for (const char *const *name = pair->among; name && *name; name++)
		if (strcmp(key->name, *name) == 0)
			return true;
	return !pair->among;
}

/* Of the keys that have all these flags. */
static int differing_keys(const struct config_pair *pair, unsigned flags, const char *before,
                          const char *behind, FILE *out)
{
	int count = 0;

	for (size_t i = 0; i < config_keys_count; i++) {
		const struct config_key *key = &config_keys[i];
		int differs;

		if (!is_among(key, pair) || (key->flags & flags) != flags)
			continue;
		differs = key_differs(key, pair->a, pair->b);
		if (differs < 0)
			return differs;
		if (differs)
			fprintf(out, "%s%s%s", before, key->name, behind);
		count += differs;
	}
	return count;
}

int config_differing_keys(const struct config_pair *pair, const char *before, const char *behind,
                          FILE *out)
{
	return differing_keys(pair, 0, before, behind, out);
}

int config_restart_keys(const struct config_pair *pair, const char *before, const char *behind,
                        FILE *out)
{
	return differing_keys(pair, CONFIG_KEY_RESTART, before, behind, out);
}

/* ---- the help ---- */

static const char *const section_titles[CONFIG_SECTION_KINDS] = {
	[CONFIG_SECTION_CLUSTER] = "[cluster]",
	[CONFIG_SECTION_HEALTH] = "[health]",
	[CONFIG_SECTION_NODE] = "[node NAME]",
	[CONFIG_SECTION_INSTANCE] = "[instance NAME]",
	[CONFIG_SECTION_NETWORK] = "[network INSTANCE NODE]",
};

/* What may stand behind the '=': syntax if the row has one, or words and range. */
static void syntax_print(const struct config_key *key, FILE *out)
{
	const char *between = "";
	char min[CONFIG_DURATION_STRLEN], max[CONFIG_DURATION_STRLEN];

	if (key->syntax) {
		fputs(key->syntax, out);
		return;
	}
	if (key->type == &config_type_yes_no) {
		fputs("yes | no", out);
		return;
	}
	if (key->type == &config_type_duration) {
		fprintf(out, "DURATION from %s to %s", config_format_duration(key->min, min),
		        config_format_duration(key->max, max));
		return;
	}
	if (key->type == &config_type_rate) {
		fprintf(out, "BITS a second from %s to %s", config_format_rate(key->min, min),
		        config_format_rate(key->max, max));
		return;
	}
	for (const struct config_word *word = key->words; word && word->name; word++) {
		fprintf(out, "%s%s", between, word->name);
		between = " | ";
	}
	if (key->max > 0)
		fprintf(out, "%s%" PRIu64 "..%" PRIu64, between, key->min, key->max);
}

static void key_help(const struct config_key *key, FILE *out)
{
	fprintf(out, "  %s = ", key->name);
	syntax_print(key, out);
	fputs("\n      ", out);
	if (key->flags & CONFIG_KEY_REQUIRED)
		fputs("required", out);
	else if (key->fallback)
		fprintf(out, "default %s%s", key->fallback,
		        key->fallback_modes == CONFIG_IN_NAT64 ? " in mode nat64" : "");
	else
		fputs("no default", out);
	if (key->modes)
		fprintf(out, "; mode %s only", key->modes == CONFIG_IN_NAT64 ? "nat64" : "siit");
	if (key->flags & CONFIG_KEY_REPEATS)
		fputs("; may repeat", out);
	fprintf(out, "; change by %s\n      %s\n",
	        key->flags & CONFIG_KEY_RESTART ? "restart" : "reload", key->help);
}

void config_help(FILE *out)
{
	for (unsigned section = 0; section < CONFIG_SECTION_KINDS; section++) {
		fprintf(out, "%s%s\n", section ? "\n" : "", section_titles[section]);
		for (size_t i = 0; i < config_keys_count; i++) {
			if (config_keys[i].section == section)
				key_help(&config_keys[i], out);
		}
	}
}
