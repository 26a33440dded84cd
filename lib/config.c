/* Reading and keeping the configuration.
 *
 * libinih splits lines into keys and values, but it knows neither line numbers nor sections without
 * keys, cuts long lines and takes indented ones for continuations. So it is fed line by line
 * through config_next_line(), which refuses what libinih would misread, and sections are tracked
 * here. Every value goes through the key table; when the text ends, config_check_all() looks at the
 * whole. Problems are printed where they are found; the caller gets a configuration only when there
 * was none.
 */
#include "lib/config_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *const config_section_names[CONFIG_SECTION_KINDS] = {
	[CONFIG_SECTION_CLUSTER] = "cluster",
	[CONFIG_SECTION_NODE] = "node",
	[CONFIG_SECTION_INSTANCE] = "instance",
	[CONFIG_SECTION_NETWORK] = "network",
};

/* What stands between the brackets of a section line. */
struct section_header {
	enum config_section kind;
	unsigned name_count;
	char names[2][CONFIG_NAME_MAX];
};

static const unsigned section_name_counts[CONFIG_SECTION_KINDS] = { 0, 1, 1, 2 };

/* A parser run with its text; what libinih carries through to the callbacks. */
struct parse_run {
	struct config_reader reader;
	struct config_text text;
};

/* ---- sections ---- */

void *config_section_of(const struct config_reader *reader, const struct config_trace *trace)
{
	switch (trace->kind) {
	case CONFIG_SECTION_CLUSTER:
		return &reader->config->cluster;
	case CONFIG_SECTION_NODE:
		return &reader->config->nodes[trace->index];
	case CONFIG_SECTION_INSTANCE:
		return &reader->config->instances[trace->index];
	default:
		return &reader->config->networks[trace->index];
	}
}

/* Whether the section of that trace is the one that the header names. */
static bool section_is(const struct config_reader *reader, const struct config_trace *trace,
                       const struct section_header *header)
{
	const struct config *config = reader->config;

	if (trace->kind != header->kind)
		return false;
	switch (header->kind) {
	case CONFIG_SECTION_NODE:
		return strcmp(config->nodes[trace->index].name, header->names[0]) == 0;
	case CONFIG_SECTION_INSTANCE:
		return strcmp(config->instances[trace->index].name, header->names[0]) == 0;
	case CONFIG_SECTION_NETWORK:
		return strcmp(config->networks[trace->index].instance, header->names[0]) == 0 &&
		       strcmp(config->networks[trace->index].node, header->names[1]) == 0;
	default:
		return true;
	}
}

/* Add an empty section of that name to the configuration; its index goes to *index. */
static bool section_add(struct config_reader *reader, const struct section_header *header,
                        size_t *index)
{
	struct config *config = reader->config;
	struct config_node node = { 0 };
	struct config_instance instance = { 0 };
	struct config_network network = { 0 };

	switch (header->kind) {
	case CONFIG_SECTION_NODE:
		*index = config->node_count;
		memcpy(node.name, header->names[0], sizeof(node.name));
		return config_append(reader, &config->nodes, &config->node_count, sizeof(node),
		                     &node);
	case CONFIG_SECTION_INSTANCE:
		*index = config->instance_count;
		memcpy(instance.name, header->names[0], sizeof(instance.name));
		return config_append(reader, &config->instances, &config->instance_count,
		                     sizeof(instance), &instance);
	case CONFIG_SECTION_NETWORK:
		*index = config->network_count;
		memcpy(network.instance, header->names[0], sizeof(network.instance));
		memcpy(network.node, header->names[1], sizeof(network.node));
		return config_append(reader, &config->networks, &config->network_count,
		                     sizeof(network), &network);
	default:
		*index = 0;
		return true;
	}
}

static void section_print(const struct section_header *header, char *buf, size_t size)
{
	snprintf(buf, size, "[%s%s%s%s%s]", config_section_names[header->kind],
	         header->name_count > 0 ? " " : "", header->names[0],
	         header->name_count > 1 ? " " : "", header->names[1]);
}

/* Read the kind of section; report and return false when there is no such kind. */
static bool section_kind_parse(struct config_reader *reader, const char *word,
                               enum config_section *kind)
{
	for (unsigned i = 0; i < CONFIG_SECTION_KINDS; i++) {
		if (word && strcmp(word, config_section_names[i]) == 0) {
			*kind = (enum config_section)i;
			return true;
		}
	}
	config_error_at(
		reader, &reader->origin,
		"unknown section [%s]; there are [cluster], [node NAME], [instance NAME] and "
		"[network INSTANCE NODE]",
		word ? word : "");
	return false;
}

/* Read "[KIND NAME...]" (which is overwritten); report and return false when it is not right. */
static bool section_parse(struct config_reader *reader, char *line, struct section_header *header)
{
	size_t len = strlen(line);
	char *rest = NULL, *word;

	if (line[len - 1] != ']') {
		config_error_at(reader, &reader->origin, "%s: the section has no closing ']'",
		                line);
		return false;
	}
	line[len - 1] = '\0';
	*header = (struct section_header){ 0 };
	if (!section_kind_parse(reader, strtok_r(line + 1, " \t", &rest), &header->kind))
		return false;
	while ((word = strtok_r(NULL, " \t", &rest))) {
		if (header->name_count == section_name_counts[header->kind]) {
			config_error_at(reader, &reader->origin, "[%s]: '%s' is one name too many",
			                config_section_names[header->kind], word);
			return false;
		}
		if (!config_name_is_valid(word)) {
			config_error_at(
				reader, &reader->origin,
				"[%s]: '%s' is no name; use up to %d letters, digits, '-', '_' "
				"and '.', beginning with a letter or digit",
				config_section_names[header->kind], word, CONFIG_NAME_MAX - 1);
			return false;
		}
		snprintf(header->names[header->name_count++], CONFIG_NAME_MAX, "%s", word);
	}
	if (header->name_count < section_name_counts[header->kind]) {
		config_error_at(reader, &reader->origin, "[%s] lacks a name; write [%s]",
		                config_section_names[header->kind],
		                header->kind == CONFIG_SECTION_NETWORK ? "network INSTANCE NODE"
		                : header->kind == CONFIG_SECTION_NODE  ? "node NAME"
		                                                       : "instance NAME");
		return false;
	}
	return true;
}

/* Begin the section of the line (which is overwritten); lines that follow belong to it, or to none
 * if refused. */
static void section_begin(struct config_reader *reader, char *line)
{
	struct section_header header;
	struct config_trace trace = { .origin = reader->origin };
	char printed[2 * CONFIG_NAME_MAX + 16];

	reader->trace = NULL;
	reader->section_refused = true;
	if (!section_parse(reader, line, &header))
		return;
	section_print(&header, printed, sizeof(printed));
	for (size_t i = 0; i < reader->trace_count; i++) {
		if (!section_is(reader, &reader->traces[i], &header))
			continue;
		config_error_at(reader, &reader->origin,
		                "%s stands in line %u already; put its keys there", printed,
		                reader->traces[i].origin.line);
		return;
	}
	if (reader->trace_count == CONFIG_SECTIONS_MAX) {
		config_error_at(reader, &reader->origin, "%s: more than %d sections", printed,
		                CONFIG_SECTIONS_MAX);
		return;
	}
	trace.kind = header.kind;
	if (!section_add(reader, &header, &trace.index) ||
	    !config_append(reader, &reader->traces, &reader->trace_count, sizeof(trace), &trace))
		return;
	reader->section_refused = false;
	reader->trace = &reader->traces[reader->trace_count - 1];
}

/* ---- keys ---- */

unsigned config_trace_line(const struct config_trace *trace, const char *key)
{
	for (size_t i = 0; i < config_keys_count; i++) {
		if (config_keys[i].section == trace->kind && strcmp(config_keys[i].name, key) == 0)
			return trace->key_line[i];
	}
	return 0;
}

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
		                "unknown key '%s' in [%s]; the manual sa-nat64.conf(5) lists all",
		                name, section);
}

static void key_parse(struct config_reader *reader, size_t row, const char *value)
{
	const struct config_key *key = &config_keys[row];
	unsigned *line = &reader->trace->key_line[row];

	if (*line != 0 && !(key->flags & CONFIG_KEY_REPEATS)) {
		config_error_at(reader, &reader->origin,
		                "%s is given in line %u already; keep one of them", key->name,
		                *line);
		return;
	}
	if (*line == 0)
		*line = reader->origin.line;
	if (value[0] == '\0') {
		config_error_at(reader, &reader->origin, "%s has no value", key->name);
		return;
	}
	reader->key = key;
	reader->value = value;
	key->type->parse(reader, key, config_section_of(reader, reader->trace), value);
}

/* libinih's handler: one key and its value. Returns 1, "go on". */
static int pair_handle(void *user, const char *section, const char *name, const char *value)
{
	struct parse_run *run = user;
	struct config_reader *reader = &run->reader;

	(void)section; /* tracked by section_begin(), because libinih cuts long ones */
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
		section_begin(reader, line);
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
	if (!run.reader.config)
		return -ENOMEM;
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

int config_load(const char *path, FILE *err, struct config **out)
{
	char *text = NULL;
	size_t len = 0;
	int fd, result;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		result = -errno;
		fprintf(err, "%s: cannot open: %s\n", path, strerror(-result));
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

static void instance_fini(struct config_instance *instance)
{
	free(instance->pool6);
	free(instance->pool4);
	free(instance->bib);
	free(instance->eam);
	free(instance->rfc6791_pool4);
	free(instance->denylist4);
	free(instance->non_global4);
}

static void texts_free(char **texts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(texts[i]);
	free(texts);
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
