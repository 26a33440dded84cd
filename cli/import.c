/* See import.h. */
#include "cli/import.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define OWN_NAME "import" /* of the configuration, in messages that are rewritten */

struct remark {
	unsigned line;
	size_t order; /* among those of the same line */
	bool is_error;
	char *text; /* owned */
};

struct import {
	const char *path;
	char *text; /* of the configuration; owned */
	size_t len;
	FILE *out;       /* writes it */
	unsigned *lines; /* of the file, for each line of the configuration; owned */
	size_t line_count;
	struct remark *remarks;
	size_t remark_count, error_count;
	bool no_memory;
};

struct import *import_new(const char *path)
{
	struct import *import = calloc(1, sizeof(*import));

	if (!import)
		return NULL;
	import->path = path;
	import->out = open_memstream(&import->text, &import->len);
	if (import->out)
		return import;
	free(import);
	return NULL;
}

void import_free(struct import *import)
{
	if (!import)
		return;
	if (import->out)
		(void)fclose(import->out);
	for (size_t i = 0; i < import->remark_count; i++)
		free(import->remarks[i].text);
	free(import->remarks);
	free(import->lines);
	free(import->text);
	free(import);
}

void import_put(struct import *import, unsigned line, const char *format, ...)
{
	unsigned *lines = reallocarray(import->lines, import->line_count + 1, sizeof(*lines));
	va_list args;

	if (!lines) {
		import->no_memory = true;
		return;
	}
	import->lines = lines;
	lines[import->line_count++] = line;
	va_start(args, format);
	(void)vfprintf(import->out, format, args);
	va_end(args);
	(void)fputc('\n', import->out);
}

/* What comes from a file may hold any byte; a message is one line. */
static void clean(char *text)
{
	for (char *c = text; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 127)
			*c = '?';
}

__attribute__((format(printf, 3, 0))) static struct remark *
add(struct import *import, unsigned line, const char *format, va_list args)
{
	struct remark *remarks = reallocarray(import->remarks, import->remark_count + 1,
	                                      sizeof(*remarks));
	char *text = NULL;

	if (remarks)
		import->remarks = remarks;
	if (!remarks || vasprintf(&text, format, args) < 0) {
		import->no_memory = true;
		return NULL;
	}
	clean(text);
	remarks += import->remark_count;
	*remarks = (struct remark){ line, import->remark_count++, false, text };
	return remarks;
}

void import_note(struct import *import, unsigned line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)add(import, line, format, args);
	va_end(args);
}

void import_error(struct import *import, unsigned line, const char *format, ...)
{
	struct remark *remark;
	va_list args;

	va_start(args, format);
	remark = add(import, line, format, args);
	va_end(args);
	import->error_count++;
	if (remark)
		remark->is_error = true;
}

bool import_has_errors(const struct import *import)
{
	return import->error_count > 0;
}

/* ---- the end ---- */

/* The line of the file that a line of our configuration comes from, given as text; *rest is what
 * stands behind the number. 0 for none. */
static unsigned line_of(const struct import *import, const char *number, char **rest)
{
	unsigned long line = strtoul(number, rest, 10);

	return line > 0 && line <= import->line_count ? import->lines[line - 1] : 0;
}

/* Copy a message, with lines of our configuration that it names put right. */
static void lines_mend(const struct import *import, const char *message, char *out, size_t size)
{
	static const char *const marks[] = { OWN_NAME ":", " in line " };
	size_t len = 0;

	while (*message && len + 1 < size) {
		size_t m = 0, mark_len = 0;
		char *rest;

		while (m < 2 && strncmp(message, marks[m], mark_len = strlen(marks[m])) != 0)
			m++;
		if (m == 2 || message[mark_len] < '0' || message[mark_len] > '9') {
			out[len++] = *message++;
			continue;
		}
		len += (size_t)snprintf(out + len, size - len, "%s%u", m == 0 ? "line " : marks[m],
		                        line_of(import, message + mark_len, &rest));
		message = rest;
	}
	out[len < size ? len : size - 1] = '\0';
}

/* Take over a message "import:LINE: ..." about our configuration. */
static void adopt_message(struct import *import, const char *message)
{
	static const char warning[] = "warning: ";
	char mended[500], *rest;
	unsigned line;

	if (strncmp(message, OWN_NAME ":", sizeof(OWN_NAME)) != 0)
		return;
	message += sizeof(OWN_NAME);
	line = line_of(import, message, &rest);
	message = *rest == ':' ? rest + 1 : message;
	message += strspn(message, " ");
	lines_mend(import, message, mended, sizeof(mended));
	if (strncmp(mended, warning, sizeof(warning) - 1) == 0)
		import_note(import, line, "%s", mended + sizeof(warning) - 1);
	else
		import_error(import, line, "cannot be used here: %s", mended);
}

/* Read the configuration as if it came from a file, so that what is printed is accepted. */
static void prove(struct import *import)
{
	char *messages = NULL, *rest, *message;
	size_t len = 0;
	FILE *err = open_memstream(&messages, &len);
	struct config *config = NULL;

	if (!err || fflush(import->out) != 0) {
		import->no_memory = true;
	} else if (config_parse(import->text, import->len, OWN_NAME, err, &config) == -ENOMEM) {
		import->no_memory = true;
	}
	config_free(config);
	if (!err || fclose(err) != 0) {
		import->no_memory = true;
		free(messages);
		return;
	}
	rest = messages;
	while ((message = strsep(&rest, "\n")))
		adopt_message(import, message);
	free(messages);
}

static int by_line(const void *a, const void *b)
{
	const struct remark *left = a, *right = b;

	if (left->line != right->line)
		return left->line < right->line ? -1 : 1;
	return left->order < right->order ? -1 : left->order > right->order;
}

static void print_remarks(struct import *import, FILE *err)
{
	if (import->remark_count > 0)
		qsort(import->remarks, import->remark_count, sizeof(*import->remarks), by_line);
	for (size_t i = 0; i < import->remark_count; i++) {
		const struct remark *remark = &import->remarks[i];

		if (import->error_count > 0 && !remark->is_error)
			continue;
		if (remark->line > 0)
			(void)fprintf(err, "%s:%u: %s\n", import->path, remark->line, remark->text);
		else
			(void)fprintf(err, "%s: %s\n", import->path, remark->text);
	}
}

int import_finish(struct import *import, FILE *out, FILE *err)
{
	if (import->error_count == 0)
		prove(import);
	if (import->no_memory) {
		(void)fprintf(err, "%s: out of memory\n", import->path);
		return 1;
	}
	print_remarks(import, err);
	if (import->error_count > 0)
		return 2;
	(void)fwrite(import->text, 1, import->len, out);
	return 0;
}

/* ---- names ---- */

/* The name as an instance can have it. */
static void name_mend(const char *name, char *out, size_t size)
{
	static const char accepted[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "0123456789-_.";
	size_t len = 0;

	for (; *name && len + 1 < size; name++) {
		bool is_good = strchr(accepted, *name) != NULL;

		if (len == 0 && (!is_good || strchr("-_.", *name)))
			continue;
		out[len++] = is_good ? *name : '-';
	}
	out[len] = '\0';
}

void import_begin_instance(struct import *import, unsigned line, const char *given,
                           const char *found, const char *otherwise)
{
	char name[CONFIG_NAME_MAX];

	name_mend(given ? given : found ? found : otherwise, name, sizeof(name));
	if (name[0] == '\0')
		(void)snprintf(name, sizeof(name), "%s", otherwise);
	if (!given && found && strcmp(found, name) != 0)
		import_note(import, line,
		            "instance \"%s\": names have letters, digits, '-', '_' and '.' here; "
		            "it is called %s",
		            found, name);
	import_put(import, line, "[instance %s]", name);
}
