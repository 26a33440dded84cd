/* See jool.h: values of any part. */
#include "cli/jool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A value as the file has it, cut to what a message can bear. */
const char *jool_value_text(const struct json_node *node, char *buf, size_t size)
{
	char *text = json_dumps(node->value, JSON_ENCODE_ANY | JSON_COMPACT);

	(void)snprintf(buf, size, "%.60s%s", text ? text : "?",
	               text && strlen(text) > 60 ? "..." : "");
	free(text);
	return buf;
}

void jool_refuse(struct jool *jool, const struct json_node *node, const char *name,
                 const char *wanted)
{
	char buf[80];

	import_error(jool->import, node->line, "%s: %s is not %s", name,
	             jool_value_text(node, buf, sizeof(buf)), wanted);
}

/* The member of that name, or NULL. */
const struct json_node *jool_member(const struct json_node *object, const char *name)
{
	for (size_t i = 0; i < object->count; i++)
		if (strcasecmp(object->children[i].key, name) == 0)
			return &object->children[i];
	return NULL;
}

/* Say which members of an object are none of names, a list that ends with NULL. */
void jool_tell_unknown(struct jool *jool, const struct json_node *object, const char *where,
                       const char *const *names)
{
	for (size_t i = 0; i < object->count; i++) {
		const struct json_node *child = &object->children[i];
		size_t n = 0;

		while (names[n] && strcasecmp(names[n], child->key) != 0)
			n++;
		if (!names[n] && strcasecmp(child->key, "comment") != 0)
			import_note(jool->import, child->line,
			            "%s%s%.60s: left out; Jool 4.1 has no such key", where,
			            where[0] ? "." : "", child->key);
	}
}

/* The text of a member that must be there. NULL after an error. */
const char *jool_text_member(struct jool *jool, const struct json_node *object, const char *where,
                             const char *name)
{
	const struct json_node *node = jool_member(object, name);

	if (!node)
		import_error(jool->import, object->line, "%s: an entry has no \"%s\"", where, name);
	else if (!json_is_string(node->value))
		jool_refuse(jool, node, name, "a text");
	return node ? json_string_value(node->value) : NULL;
}

/* Whether parsing a prefix worked; says what is wrong. */
bool jool_prefix_is_good(struct jool *jool, unsigned line, const char *name, const char *text,
                         int error)
{
	if (error == 0)
		return true;
	import_error(jool->import, line, "%s: \"%.60s\" %s", name, text,
	             error == -ERANGE ? "has bits behind its length"
	                              : "is no address or prefix of that family");
	return false;
}
