/* See json_lines.h. Libjansson judges the text and keeps members in their order; a second walk
 * over the text, in step with the tree, counts the lines. It relies on the text being right. */
#include "cli/json_lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct cursor {
	const char *at, *end;
	unsigned line;
};

static void skip_blanks(struct cursor *cursor)
{
	while (cursor->at < cursor->end && strchr(" \t\r\n", *cursor->at) && *cursor->at)
		cursor->line += *cursor->at++ == '\n';
}

/* The byte there, 0 at the end. */
static char peek(const struct cursor *cursor)
{
	return cursor->at < cursor->end ? *cursor->at : '\0';
}

static void skip_byte(struct cursor *cursor)
{
	if (cursor->at < cursor->end)
		cursor->at++;
}

static void skip_string(struct cursor *cursor)
{
	skip_byte(cursor);
	while (cursor->at < cursor->end && *cursor->at != '"') {
		if (*cursor->at == '\\')
			skip_byte(cursor);
		skip_byte(cursor);
	}
	skip_byte(cursor);
}

/* A number, true, false or null. */
static void skip_word(struct cursor *cursor)
{
	while (cursor->at < cursor->end && !strchr(" \t\r\n,]}", *cursor->at))
		cursor->at++;
}

static int walk(struct cursor *cursor, const json_t *value, struct json_node *node);

static int walk_object(struct cursor *cursor, const json_t *value, struct json_node *node)
{
	json_t *object = (json_t *)value, *member;
	const char *key;
	int error = 0;

	json_object_foreach(object, key, member)
	{
		struct json_node *child = &node->children[node->count++];

		skip_byte(cursor); /* '{' or ',' */
		skip_blanks(cursor);
		*child = (struct json_node){ .key = key, .line = cursor->line };
		skip_string(cursor);
		skip_blanks(cursor);
		skip_byte(cursor); /* ':' */
		error = walk(cursor, member, child);
		if (error < 0)
			return error;
		skip_blanks(cursor);
	}
	return 0;
}

static int walk_array(struct cursor *cursor, const json_t *value, struct json_node *node)
{
	for (size_t i = 0; i < json_array_size(value); i++) {
		int error;

		skip_byte(cursor); /* '[' or ',' */
		error = walk(cursor, json_array_get(value, i), &node->children[node->count++]);
		if (error < 0)
			return error;
		skip_blanks(cursor);
	}
	return 0;
}

/* Note the value at the cursor and pass behind it. Recursion ends at libjansson's own depth. */
static int walk(struct cursor *cursor, const json_t *value, struct json_node *node)
{
	size_t count = json_is_object(value) ? json_object_size(value) : json_array_size(value);
	int error;

	skip_blanks(cursor);
	node->value = value;
	if (!node->key)
		node->line = cursor->line;
	if (!json_is_object(value) && !json_is_array(value)) {
		if (peek(cursor) == '"')
			skip_string(cursor);
		else
			skip_word(cursor);
		return 0;
	}
	node->children = calloc(count + 1, sizeof(*node->children));
	if (!node->children)
		return -ENOMEM;
	error = json_is_object(value) ? walk_object(cursor, value, node)
	                              : walk_array(cursor, value, node);
	if (error < 0)
		return error;
	if (count == 0) {
		skip_byte(cursor);
		skip_blanks(cursor);
	}
	skip_byte(cursor); /* '}' or ']' */
	return 0;
}

static void children_free(struct json_node *node)
{
	for (size_t i = 0; i < node->count; i++)
		children_free(&node->children[i]);
	free(node->children);
}

void json_lines_free(struct json_node *root)
{
	children_free(root);
	json_decref((json_t *)root->value);
	*root = (struct json_node){ .value = NULL };
}

int json_lines_read(const char *text, size_t len, struct json_node *out,
                    struct json_problem *problem)
{
	struct cursor cursor = { text, text + len, 1 };
	struct json_node root = { .value = NULL };
	json_error_t error;
	json_t *value = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);

	*problem = (struct json_problem){ .line = 1 };
	if (!value) {
		problem->line = error.line > 0 ? (unsigned)error.line : 1;
		problem->column = error.column > 0 ? (unsigned)error.column : 0;
		(void)snprintf(problem->text, sizeof(problem->text), "%s", error.text);
		return json_error_code(&error) == json_error_out_of_memory ? -ENOMEM : -EINVAL;
	}
	if (!json_is_object(value)) {
		(void)snprintf(problem->text, sizeof(problem->text),
		               "an object is wanted, not an array");
		problem->column = 1;
		json_decref(value);
		return -EINVAL;
	}
	if (walk(&cursor, value, &root) < 0) {
		root.value = value;
		json_lines_free(&root);
		return -ENOMEM;
	}
	*out = root;
	return 0;
}
