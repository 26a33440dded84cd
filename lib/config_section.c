/* Sections: their lines, their names, and the place of each and of its keys.
 *
 * A section is added to the configuration when its line is read, so that one without keys is seen
 * too. Lines behind a section line that was refused are skipped, because nobody knows what they
 * belong to.
 */
#include "lib/config_internal.h"

#include <string.h>

const char *const config_section_names[CONFIG_SECTION_KINDS] = {
	[CONFIG_SECTION_CLUSTER] = "cluster", [CONFIG_SECTION_HEALTH] = "health",
	[CONFIG_SECTION_NODE] = "node",       [CONFIG_SECTION_INSTANCE] = "instance",
	[CONFIG_SECTION_NETWORK] = "network",
};

/* What stands between the brackets of a section line. */
struct section_header {
	enum config_section kind;
	unsigned name_count;
	char names[2][CONFIG_NAME_MAX];
};

static const unsigned section_name_counts[CONFIG_SECTION_KINDS] = { 0, 0, 1, 1, 2 };

void *config_section_of(const struct config_reader *reader, const struct config_trace *trace)
{
	switch (trace->kind) {
	case CONFIG_SECTION_CLUSTER:
		return &reader->config->cluster;
	case CONFIG_SECTION_HEALTH:
		return &reader->config->health;
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

static const char *title_print(enum config_section kind, const char *name, const char *second,
                               char *buf)
{
	snprintf(buf, CONFIG_SECTION_STRLEN, "[%s%s%s%s%s]", config_section_names[kind],
	         name[0] ? " " : "", name, second[0] ? " " : "", second);
	return buf;
}

const char *config_section_title(const struct config_reader *reader,
                                 const struct config_trace *trace, char *buf)
{
	const struct config *config = reader->config;

	switch (trace->kind) {
	case CONFIG_SECTION_NODE:
		return title_print(trace->kind, config->nodes[trace->index].name, "", buf);
	case CONFIG_SECTION_INSTANCE:
		return title_print(trace->kind, config->instances[trace->index].name, "", buf);
	case CONFIG_SECTION_NETWORK:
		return title_print(trace->kind, config->networks[trace->index].instance,
		                   config->networks[trace->index].node, buf);
	default:
		return title_print(trace->kind, "", "", buf);
	}
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
		"unknown section [%s]; there are [cluster], [health], [node NAME], [instance NAME] "
		"and [network INSTANCE NODE]",
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

void config_section_begin(struct config_reader *reader, char *line)
{
	struct section_header header;
	struct config_trace trace = { .origin = reader->origin };
	char printed[CONFIG_SECTION_STRLEN];

	reader->trace = NULL;
	reader->section_refused = true;
	if (!section_parse(reader, line, &header))
		return;
	title_print(header.kind, header.names[0], header.names[1], printed);
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

/* Row of the table with that key of the section; the key exists. */
static size_t key_row(const struct config_trace *trace, const char *key)
{
	size_t row = 0;

	while (config_keys[row].section != trace->kind || strcmp(config_keys[row].name, key) != 0)
		row++;
	return row;
}

unsigned config_trace_line(const struct config_trace *trace, const char *key)
{
	return trace->key_line[key_row(trace, key)];
}

bool config_trace_refused(const struct config_trace *trace, const char *key)
{
	return trace->key_refused[key_row(trace, key)];
}
