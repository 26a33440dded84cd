/* What the parts of import-jool share: the file as a tree, and values read from it. Keys are
 * compared without regard to case, as Jool does. */
#ifndef SA_NAT64_JOOL_H
#define SA_NAT64_JOOL_H

#include "cli/import.h"
#include "cli/json_lines.h"

/* Programs of Jool: jool, jool_siit, both. */
enum { JOOL_NAT64 = 1, JOOL_SIIT = 2, JOOL_BOTH = 3 };

struct jool {
	struct import *import;
	const struct json_node *root;
	unsigned mode; /* JOOL_NAT64 or JOOL_SIIT */

	/* Of jool_global.c alone: keys that mean something together. */
	unsigned tos_line, override_line, log_line;
	int64_t tos;
	bool overrides_tos, logs_bindings, logs_sessions;
};

/* A value as the file has it, cut to what a message can bear. Returns buf. */
const char *jool_value_text(const struct json_node *node, char *buf, size_t size);

/* Add the error that a value is not what is wanted. */
void jool_refuse(struct jool *jool, const struct json_node *node, const char *name,
                 const char *wanted);

/* The member of an object that has the name, or NULL. */
const struct json_node *jool_member(const struct json_node *object, const char *name);

/* Say which members of an object are none of names, a list that ends with NULL. */
void jool_tell_unknown(struct jool *jool, const struct json_node *object, const char *where,
                       const char *const *names);

/* The text of a member that must be there. NULL after an error. */
const char *jool_text_member(struct jool *jool, const struct json_node *object, const char *where,
                             const char *name);

/* Whether parsing a prefix or address worked, error being what the parser returned. False after an
 * error. */
bool jool_prefix_is_good(struct jool *jool, unsigned line, const char *name, const char *text,
                         int error);

/* Put what "global" says into the configuration. */
void jool_take_globals(struct jool *jool);

/* The programs that know a key of "global"; 0: neither. */
unsigned jool_global_modes(const char *name);

/* Put the lists that belong to the mode into the configuration. */
void jool_take_lists(struct jool *jool);

#endif
