/* Jool's atomic configuration (Jool 4.1, documentation "config-atomic"): the file as a whole. */
#include "cli/jool.h"

#include <string.h>
#include <strings.h>

/* The modes of which an object has members. */
static unsigned modes_in(const struct json_node *root)
{
	static const struct {
		const char *name;
		unsigned mode;
	} tags[] = { { "pool4", JOOL_NAT64 },
		     { "bib", JOOL_NAT64 },
		     { "eamt", JOOL_SIIT },
		     { "denylist4", JOOL_SIIT },
		     { "blacklist4", JOOL_SIIT } };
	const struct json_node *global = jool_member(root, "global");
	unsigned modes = 0;

	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
		if (jool_member(root, tags[i].name))
			modes |= tags[i].mode;
	for (size_t i = 0; modes == 0 && global && i < global->count; i++) {
		const char *key = global->children[i].key;
		unsigned found = key ? jool_global_modes(key) : 0;

		modes |= found == JOOL_BOTH ? 0 : found;
	}
	return modes;
}

/* Returns false after an error. */
static bool find_mode(struct jool *jool, const char *mode)
{
	unsigned modes = modes_in(jool->root);
	unsigned wanted = !mode ? modes : strcmp(mode, "siit") == 0 ? JOOL_SIIT : JOOL_NAT64;

	if (wanted == 0)
		import_error(jool->import, 0,
		             "nothing tells whether this is a file of jool or of jool_siit; say "
		             "--mode nat64 or --mode siit");
	else if (wanted == JOOL_BOTH || (modes & ~wanted))
		import_error(jool->import, 0,
		             "%s; jool has pool4 and bib, jool_siit has eamt and denylist4",
		             wanted == JOOL_BOTH ? "a file of both jool and jool_siit"
		                                 : "a file of the other mode");
	jool->mode = wanted;
	return wanted && wanted != JOOL_BOTH && !(modes & ~wanted);
}

static void tell_framework(struct jool *jool)
{
	const struct json_node *node = jool_member(jool->root, "framework");
	const char *text = node ? json_string_value(node->value) : NULL;

	if (!node)
		return;
	if (!text || (strcasecmp(text, "netfilter") != 0 && strcasecmp(text, "iptables") != 0))
		jool_refuse(jool, node, "framework", "\"netfilter\" or \"iptables\"");
	else
		import_note(jool->import, node->line,
		            "framework = %s: packets come by routes here, to the device of the "
		            "instance (tun)%s",
		            text,
		            strcasecmp(text, "iptables") == 0
		                    ? "; take the rules with -j JOOL or -j JOOL_SIIT out"
		                    : "");
}

static void take_root(struct jool *jool, const char *mode, const char *name)
{
	static const char *const tags[] = { "instance", "framework", "global",     "pool4", "bib",
		                            "eamt",     "denylist4", "blacklist4", NULL };
	const struct json_node *instance = jool_member(jool->root, "instance");
	const char *found = instance ? json_string_value(instance->value) : NULL;

	if (!find_mode(jool, mode))
		return;
	if (instance && !found)
		jool_refuse(jool, instance, "instance", "a text");
	import_begin_instance(jool->import, instance ? instance->line : 0, name, found, "default");
	import_put(jool->import, 0, "mode = %s", jool->mode == JOOL_NAT64 ? "nat64" : "siit");
	jool_tell_unknown(jool, jool->root, "", tags);
	tell_framework(jool);
	jool_take_globals(jool);
	jool_take_lists(jool);
}

void import_jool(struct import *import, const char *text, size_t len, const char *mode,
                 const char *name)
{
	struct json_problem problem;
	struct json_node root;
	struct jool jool = { .import = import, .root = &root };
	int error = json_lines_read(text, len, &root, &problem);

	if (error < 0) {
		import_error(import, problem.line, "%s, at column %u", problem.text,
		             problem.column);
		return;
	}
	take_root(&jool, mode, name);
	json_lines_free(&root);
}
