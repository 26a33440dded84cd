/* A JSON text as a tree whose nodes know their lines, which libjansson alone does not keep. */
#ifndef SA_NAT64_JSON_LINES_H
#define SA_NAT64_JSON_LINES_H

#include <jansson.h>

struct json_node {
	const char *key; /* of a member of an object; NULL for others */
	const json_t *value;
	unsigned line;              /* where the key stands, or the value if there is none */
	struct json_node *children; /* members or elements, in their order; owned */
	size_t count;
};

/* What was wrong with a text. */
struct json_problem {
	unsigned line, column;
	char text[160];
};

/* Read a text: an object with no key twice in the same object. Returns 0; -EINVAL with the problem
 * filled in; or -ENOMEM. The tree is to be freed after 0. */
int json_lines_read(const char *text, size_t len, struct json_node *out,
                    struct json_problem *problem);
void json_lines_free(struct json_node *root);

#endif
