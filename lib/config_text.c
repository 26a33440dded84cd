/* Values that are names and other text: of clusters, interfaces, namespaces, files, and how a box
 * attaches. */
#include "lib/config_internal.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

bool config_name_is_valid(const char *text)
{
	size_t len = strlen(text);

	if (len == 0 || len >= CONFIG_NAME_MAX || !isalnum((unsigned char)text[0]))
		return false;
	for (size_t i = 0; i < len; i++) {
		if ((text[i] & 0x80) ||
		    (!isalnum((unsigned char)text[i]) && !strchr("-_.", text[i])))
			return false;
	}
	return true;
}

bool config_interface_is_valid(const char *text)
{
	size_t len = strlen(text);

	/* What the kernel's dev_valid_name() accepts, without the '%' that asks it for a number. */
	return len > 0 && len < 16 && strpbrk(text, "/:% \t") == NULL && strcmp(text, ".") != 0 &&
	       strcmp(text, "..") != 0;
}

static void interface_refuse(struct config_reader *reader)
{
	config_refuse(
		reader,
		"not the name of an interface: up to 15 characters, no blank, '/', ':' or '%%'");
}

void config_text_store(struct config_reader *reader, char **field, const char *value)
{
	char *copy = strdup(value);

	if (!copy) {
		reader->no_memory = true;
		return;
	}
	free(*field);
	*field = copy;
}

static void array_print(const struct config_key *key, const void *section, FILE *out)
{
	const char *field = config_const_field(key, section);

	if (field[0] != '\0')
		fprintf(out, "%s = %s\n", key->name, field);
}

static void text_print(const struct config_key *key, const void *section, FILE *out)
{
	const char *const *field = config_const_field(key, section);

	if (*field)
		fprintf(out, "%s = %s\n", key->name, *field);
}

static void name_parse(struct config_reader *reader, const struct config_key *key, void *section,
                       const char *value)
{
	if (config_name_is_valid(value))
		snprintf(config_field(key, section), key->size, "%s", value);
	else
		config_refuse(reader,
		              "not a name: up to %d letters, digits, '-', '_' and '.', beginning "
		              "with a letter or digit",
		              CONFIG_NAME_MAX - 1);
}

const struct config_type config_type_name = { name_parse, array_print };

static void interface_parse(struct config_reader *reader, const struct config_key *key,
                            void *section, const char *value)
{
	if (config_interface_is_valid(value))
		snprintf(config_field(key, section), key->size, "%s", value);
	else
		interface_refuse(reader);
}

const struct config_type config_type_interface = { interface_parse, array_print };

static void link_parse(struct config_reader *reader, const struct config_key *key, void *section,
                       const char *value)
{
	if (config_interface_is_valid(value))
		config_text_store(reader, config_field(key, section), value);
	else
		interface_refuse(reader);
}

const struct config_type config_type_link = { link_parse, text_print };

static void path_parse(struct config_reader *reader, const struct config_key *key, void *section,
                       const char *value)
{
	if (value[0] == '/')
		config_text_store(reader, config_field(key, section), value);
	else
		config_refuse(reader, "not an absolute path; write it from the '/'");
}

const struct config_type config_type_path = { path_parse, text_print };

static void log_file_parse(struct config_reader *reader, const struct config_key *key,
                           void *section, const char *value)
{
	struct config_instance *instance = section;

	(void)key;
	if (strcmp(value, "journal") == 0)
		instance->log_journal = true;
	else if (value[0] == '/')
		config_text_store(reader, &instance->log_file, value);
	else
		config_refuse(reader, "not an absolute path, nor the word journal");
}

static void log_file_print(const struct config_key *key, const void *section, FILE *out)
{
	const struct config_instance *instance = section;

	if (instance->log_journal || instance->log_file)
		fprintf(out, "%s = %s\n", key->name,
		        instance->log_journal ? "journal" : instance->log_file);
}

const struct config_type config_type_log_file = { log_file_parse, log_file_print };

static void namespace_parse(struct config_reader *reader, const struct config_key *key,
                            void *section, const char *value)
{
	if (strchr(value, '/') || strpbrk(value, " \t") || value[0] == '.' || value[0] == '-')
		config_refuse(reader,
		              "not the name of a network namespace: no blank, no '/', and not "
		              "beginning with '.' or '-'");
	else
		config_text_store(reader, config_field(key, section), value);
}

const struct config_type config_type_namespace = { namespace_parse, text_print };

static void group_parse(struct config_reader *reader, const struct config_key *key, void *section,
                        const char *value)
{
	struct in6_addr addr6;
	uint32_t addr4;
	bool multicast4 = address4_parse(value, &addr4) == 0 && addr4 >> 28 == 0xe;
	bool multicast6 = address6_parse(value, &addr6) == 0 && IN6_IS_ADDR_MULTICAST(&addr6);

	if (multicast4 || multicast6)
		config_text_store(reader, config_field(key, section), value);
	else
		config_refuse(reader,
		              "not a multicast address such as ff02::6464 or 239.192.64.64");
}

const struct config_type config_type_group = { group_parse, text_print };

static void attach_parse(struct config_reader *reader, const struct config_key *key, void *section,
                         const char *value)
{
	struct config_network *network = section;
	char words[CONFIG_LINE_MAX + 1];
	char *rest = NULL;
	const char *how, *interface, *more;

	(void)key;
	snprintf(words, sizeof(words), "%s", value);
	how = strtok_r(words, " \t", &rest);
	interface = strtok_r(NULL, " \t", &rest);
	more = strtok_r(NULL, " \t", &rest);
	if (how && strcmp(how, "veth") == 0) {
		network->attach = CONFIG_ATTACH_VETH;
	} else if (how && strcmp(how, "macvlan") == 0 && interface) {
		network->attach = CONFIG_ATTACH_MACVLAN;
	} else if (how && strcmp(how, "move") == 0 && interface) {
		network->attach = CONFIG_ATTACH_MOVE;
	} else {
		config_refuse(reader,
		              "not one of veth [BRIDGE], macvlan INTERFACE, move INTERFACE");
		return;
	}
	if (more)
		config_refuse(reader, "'%s' is one word too many", more);
	else if (interface && !config_interface_is_valid(interface))
		interface_refuse(reader);
	else if (interface)
		config_text_store(reader, &network->attach_interface, interface);
}

static void attach_print(const struct config_key *key, const void *section, FILE *out)
{
	static const char *const words[] = {
		[CONFIG_ATTACH_MACVLAN] = "macvlan",
		[CONFIG_ATTACH_VETH] = "veth",
		[CONFIG_ATTACH_MOVE] = "move",
	};
	const struct config_network *network = section;

	if (network->attach != CONFIG_ATTACH_NONE)
		fprintf(out, "%s = %s%s%s\n", key->name, words[network->attach],
		        network->attach_interface ? " " : "",
		        network->attach_interface ? network->attach_interface : "");
}

const struct config_type config_type_attach = { attach_parse, attach_print };
