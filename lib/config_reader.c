/* The lines of a configuration file, and what is said about them.
 *
 * config_next_line() hands out one line at a time and reports those that no parser should see:
 * control characters, broken UTF-8, more characters than libinih's buffer holds. Messages are
 * written where a problem is found, with the place first, and counted.
 */
#include "lib/config_internal.h"
#include "lib/utf8.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define READ_CHUNK ((size_t)64 << 10)
#define READ_MAX   ((size_t)64 << 20)

/* ---- messages ---- */

static void print_place(FILE *err, const struct config_origin *origin)
{
	fprintf(err, "%s:%u: ", origin->file, origin->line);
}

void config_refuse(struct config_reader *reader, const char *format, ...)
{
	va_list args;

	reader->errors++;
	print_place(reader->err, &reader->origin);
	if (reader->key)
		fprintf(reader->err, "%s = ", reader->key->name);
	fprintf(reader->err, "%s: ", reader->value);
	va_start(args, format);
	vfprintf(reader->err, format, args);
	va_end(args);
	fputc('\n', reader->err);
}

void config_error_at(struct config_reader *reader, const struct config_origin *origin,
                     const char *format, ...)
{
	va_list args;

	reader->errors++;
	print_place(reader->err, origin);
	va_start(args, format);
	vfprintf(reader->err, format, args);
	va_end(args);
	fputc('\n', reader->err);
}

void config_warn_at(struct config_reader *reader, const struct config_origin *origin,
                    const char *format, ...)
{
	va_list args;

	print_place(reader->err, origin);
	fputs("warning: ", reader->err);
	va_start(args, format);
	vfprintf(reader->err, format, args);
	va_end(args);
	fputc('\n', reader->err);
}

/* ---- memory and files ---- */

bool config_append(struct config_reader *reader, void *list, size_t *count, size_t size,
                   const void *item)
{
	char *items;

	memcpy(&items, list, sizeof(items));
	/* The room is the next power of two, so it is used up when the count is one. */
	if ((*count & (*count - 1)) == 0) {
		char *grown = reallocarray(items, *count ? *count * 2 : 1, size);

		if (!grown) {
			reader->no_memory = true;
			return false;
		}
		items = grown;
		memcpy(list, &items, sizeof(items));
	}
	memcpy(items + *count * size, item, size);
	(*count)++;
	return true;
}

int config_read_all(int fd, char **text, size_t *len)
{
	char *buf = NULL;
	size_t used = 0, room = 0;
	ssize_t got;

	do {
		if (room - used < READ_CHUNK) {
			char *grown = realloc(buf, room = room * 2 + READ_CHUNK);

			if (!grown) {
				free(buf);
				return -ENOMEM;
			}
			buf = grown;
		}
		got = read(fd, buf + used, room - used);
		if (got > 0)
			used += (size_t)got;
	} while ((got > 0 && used <= READ_MAX) || (got < 0 && errno == EINTR));

	if (got < 0 || used > READ_MAX) {
		int error = got < 0 ? -errno : -EFBIG;

		free(buf);
		return error;
	}
	*text = buf;
	*len = used;
	return 0;
}

/* ---- lines ---- */

/* Report the first byte of the line that is no text, if there is one. */
static bool line_is_text(struct config_reader *reader, const char *line, size_t len)
{
	for (size_t i = 0; i < len;) {
		uint32_t point;
		size_t count = utf8_next(line + i, len - i, &point);

		if (count == 0) {
			config_error_at(
				reader, &reader->origin,
				"byte 0x%02x in column %zu is not UTF-8; save the file as UTF-8",
				(uint8_t)line[i], i + 1);
			return false;
		}
		if (utf8_is_control(point) && point != '\t') {
			config_error_at(reader, &reader->origin,
			                "control character 0x%02x in column %zu; remove it", point,
			                i + 1);
			return false;
		}
		i += count;
	}
	return true;
}

/* A comment begins at ';' or '#', at the start of the line or behind a blank. */
static size_t comment_start(const char *line, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if ((line[i] == ';' || line[i] == '#') &&
		    (i == 0 || isblank((unsigned char)line[i - 1])))
			return i;
	}
	return len;
}

bool config_next_line(struct config_reader *reader, struct config_text *text, char *buf)
{
	const char *line = text->next;
	const char *end;
	size_t len;

	if (line == text->end)
		return false;
	end = memchr(line, '\n', (size_t)(text->end - line));
	text->next = end ? end + 1 : text->end;
	end = end ? end : text->end;
	text->origin.line++;
	reader->origin = text->origin;
	buf[0] = '\0';

	len = (size_t)(end - line);
	if (len > 0 && line[len - 1] == '\r')
		len--;
	if (text->origin.line == 1 && len >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0) {
		line += 3;
		len -= 3;
	}
	if (!line_is_text(reader, line, len))
		return true;
	len = comment_start(line, len);
	for (; len > 0 && isblank((unsigned char)*line); len--)
		line++;
	while (len > 0 && isblank((unsigned char)line[len - 1]))
		len--;
	if (len > CONFIG_LINE_MAX) {
		config_error_at(
			reader, &reader->origin,
			"the line has %zu characters; at most %d are accepted, comments not "
			"counted",
			len, CONFIG_LINE_MAX);
		return true;
	}
	memcpy(buf, line, len);
	buf[len] = '\0';
	return true;
}
