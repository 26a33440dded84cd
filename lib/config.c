/* Reading and keeping the configuration.
 *
 * libinih splits lines into keys and values, but it knows neither line numbers nor sections without
 * keys, cuts long lines and takes indented ones for continuations. So it is fed line by line
 * through config_next_line(), which refuses what libinih would misread, and sections are tracked
 * in config_section.c. Every value goes through the key table; when the text ends,
 * config_check_all() looks at the whole. Problems are printed where they are found; the caller
 * gets a configuration only when there was none.
 */
#include "lib/config_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A parser run with its text; what libinih carries through to the callbacks. */
struct parse_run {
	struct config_reader reader;
	struct config_text text;
};

/* ---- keys ---- */

/* Letters to change, add or remove between two words; words of 40 letters and more are just far
 * apart. */
static unsigned edit_distance(const char *a, const char *b)
{
	size_t b_len = strlen(b);
	unsigned row[40];

	if (strlen(a) >= 40 || b_len >= 40)
		return 40;
	for (unsigned j = 0; j <= b_len; j++)
		row[j] = j;
	for (unsigned i = 0; a[i] != '\0'; i++) {
		unsigned diagonal = row[0];

		row[0] = i + 1;
		for (size_t j = 1; j <= b_len; j++) {
			unsigned best = diagonal + (a[i] != b[j - 1]);

			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[b_len];
}

/* Report a key that the section does not know, with the nearest that it does, or the section where
 * it belongs. */
static void key_unknown(struct config_reader *reader, const char *name)
{
	const char *section = config_section_names[reader->trace->kind];
	const struct config_key *nearest = NULL, *elsewhere = NULL;
	unsigned least = 4;

	for (size_t i = 0; i < config_keys_count; i++) {
		const struct config_key *key = &config_keys[i];
		unsigned distance = edit_distance(name, key->name);

		if (key->section != reader->trace->kind) {
			elsewhere = distance == 0 ? key : elsewhere;
		} else if (distance < least && distance * 2 <= strlen(key->name)) {
			least = distance;
			nearest = key;
		}
	}
	if (elsewhere)
		config_error_at(reader, &reader->origin, "key '%s' belongs in [%s], not in [%s]",
		                name, config_section_names[elsewhere->section], section);
	else if (nearest)
		config_error_at(reader, &reader->origin,
		                "unknown key '%s' in [%s]; did you mean '%s'?", name, section,
		                nearest->name);
	else
		config_error_at(reader, &reader->origin,
		                "unknown key '%s' in [%s]; docs/configuration.md lists all", name,
		                section);
}

static void key_parse(struct config_reader *reader, size_t row, const char *value)
{
	const struct config_key *key = &config_keys[row];
	unsigned *line = &reader->trace->key_line[row];
	size_t errors = reader->errors;

	if (*line != 0 && !(key->flags & CONFIG_KEY_REPEATS)) {
		config_error_at(reader, &reader->origin,
		                "%s is given in line %u already; keep one of them", key->name,
		                *line);
		return;
	}
	if (*line == 0)
		*line = reader->origin.line;
	reader->key = key;
	reader->value = value;
	if (value[0] == '\0')
		config_error_at(reader, &reader->origin, "%s has no value", key->name);
	else
		key->type->parse(reader, key, config_section_of(reader, reader->trace), value);
	if (reader->errors > errors)
		reader->trace->key_refused[row] = true;
}

/* libinih's handler: one key and its value. Returns 1, "go on". */
static int pair_handle(void *user, const char *section, const char *name, const char *value)
{
	struct parse_run *run = user;
	struct config_reader *reader = &run->reader;

	(void)section; /* tracked by config_section_begin(), because libinih cuts long ones */
	if (reader->section_refused || reader->no_memory)
		return 1;
	if (!reader->trace) {
		config_error_at(reader, &reader->origin,
		                "key '%s' stands before the first section, such as [instance NAME]",
		                name);
		return 1;
	}
	for (size_t i = 0; i < config_keys_count; i++) {
		if (config_keys[i].section == reader->trace->kind &&
		    strcmp(config_keys[i].name, name) == 0) {
			key_parse(reader, i, value);
			return 1;
		}
	}
	key_unknown(reader, name);
	return 1;
}

/* libinih's reader, in place of fgets(): the next line, emptied when it is a section or was
 * refused. */
static char *line_handle(char *buf, int size, void *user)
{
	struct parse_run *run = user;
	struct config_reader *reader = &run->reader;
	char line[CONFIG_LINE_MAX + 1];

	if (reader->no_memory || !config_next_line(reader, &run->text, line))
		return NULL;
	if (line[0] == '[') {
		config_section_begin(reader, line);
		line[0] = '\0';
	} else if (line[0] != '\0' && line[strcspn(line, "=:")] != '=') {
		config_error_at(reader, &reader->origin, "%s: neither [SECTION] nor KEY = VALUE",
		                line);
		line[0] = '\0';
	} else if (line[0] == '=') {
		config_error_at(reader, &reader->origin, "%s: no key before the '='", line);
		line[0] = '\0';
	}
	snprintf(buf, (size_t)size, "%s", line);
	return buf;
}

/* ---- whole files ---- */

static void reader_fini(struct config_reader *reader)
{
	for (size_t i = 0; i < reader->trace_count; i++) {
		struct config_trace *trace = &reader->traces[i];

		free(trace->pool6.at);
		free(trace->pool4.at);
		free(trace->bib.at);
		free(trace->eam.at);
	}
	free(reader->traces);
	for (size_t i = 0; i < reader->file_count; i++)
		free(reader->files[i]);
	free(reader->files);
}

int config_parse(const char *text, size_t len, const char *name, FILE *err, struct config **out)
{
	struct parse_run run = {
		.reader = { .err = err },
		.text = { .next = text, .end = text + len, .origin = { .file = name } },
	};
	int result;

	run.reader.config = calloc(1, sizeof(*run.reader.config));
	if (!run.reader.config) {
		fprintf(err, "%s: out of memory\n", name);
		return -ENOMEM;
	}
	result = ini_parse_stream(line_handle, &run, pair_handle, &run);
	if (result < 0)
		run.reader.no_memory = true;
	if (!run.reader.no_memory)
		config_check_all(&run.reader);
	reader_fini(&run.reader);
	if (run.reader.no_memory) {
		fprintf(err, "%s: out of memory\n", name);
		config_free(run.reader.config);
		return -ENOMEM;
	}
	if (run.reader.errors > 0) {
		config_free(run.reader.config);
		return -EINVAL;
	}
	*out = run.reader.config;
	return 0;
}

#define TO_BE_WRITTEN "; write it first, sa-nat64.conf(5) has an example"

/* Whether nobody has configured anything on this box yet. */
static bool is_to_be_written(const char *path, int error)
{
	return error == -ENOENT && strcmp(path, CONFIG_PATH_DEFAULT) == 0;
}

int config_load(const char *path, FILE *err, struct config **out)
{
	char *text = NULL;
	size_t len = 0;
	int fd, result;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		result = -errno;
		fprintf(err, "%s: cannot open: %s%s\n", path, strerror(-result),
		        is_to_be_written(path, result) ? TO_BE_WRITTEN : "");
		return result;
	}
	result = config_read_all(fd, &text, &len);
	close(fd);
	if (result < 0) {
		fprintf(err, "%s: cannot read: %s\n", path, strerror(-result));
		return result;
	}
	result = config_parse(text, len, path, err, out);
	free(text);
	return result;
}

static void texts_free(char **texts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(texts[i]);
	free(texts);
}

static void instance_fini(struct config_instance *instance)
{
	free(instance->pool6);
	free(instance->pool4);
	free(instance->bib);
	free(instance->eam);
	free(instance->rfc6791_pool4);
	free(instance->denylist4);
	free(instance->non_global4);
	free(instance->log_file);
	texts_free(instance->log_ipfix, instance->log_ipfix_count);
}

static void network_fini(struct config_network *network)
{
	free(network->namespace_name);
	free(network->attach_interface);
	texts_free(network->address, network->address_count);
	texts_free(network->gateway, network->gateway_count);
	texts_free(network->bfd_peer, network->bfd_peer_count);
}

void config_free(struct config *config)
{
	if (!config)
		return;
	free(config->cluster.sync_interface);
	free(config->cluster.sync_group);
	free(config->cluster.sync_key_file);
	texts_free(config->cluster.metrics_listen, config->cluster.metrics_listen_count);
	free(config->nodes);
	for (size_t i = 0; i < config->instance_count; i++)
		instance_fini(&config->instances[i]);
	free(config->instances);
	for (size_t i = 0; i < config->network_count; i++)
		network_fini(&config->networks[i]);
	free(config->networks);
	free(config);
}

const struct config_instance *config_instance_find(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->instance_count; i++) {
		if (strcmp(config->instances[i].name, name) == 0)
			return &config->instances[i];
	}
	return NULL;
}

enum config_log_target config_log_target(const struct config_instance *instance)
{
	if (instance->log_file)
		return CONFIG_LOG_FILE;
	return instance->log_journal || instance->log_ipfix_count == 0 ? CONFIG_LOG_JOURNAL
	                                                               : CONFIG_LOG_NOWHERE;
}

const struct config_node *config_node_find(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->node_count; i++) {
		if (strcmp(config->nodes[i].name, name) == 0)
			return &config->nodes[i];
	}
	return NULL;
}

const struct config_network *config_network_find(const struct config *config, const char *instance,
                                                 const char *node)
{
	for (size_t i = 0; i < config->network_count; i++) {
		const struct config_network *network = &config->networks[i];

		if (strcmp(network->instance, instance) == 0 && strcmp(network->node, node) == 0)
			return network;
	}
	return NULL;
}
