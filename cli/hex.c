/* See hex.h. */
#include "cli/hex.h"

#include <errno.h>

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static int is_separator(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == ':';
}

int hex_parse(const char *text, size_t len, uint8_t *out, size_t size, size_t *count,
              size_t *position)
{
	size_t bytes = 0;

	for (size_t i = 0; i < len; i++) {
		int low = i + 1 < len ? digit(text[i + 1]) : -1;

		if (is_separator(text[i]))
			continue;
		if (digit(text[i]) < 0 || low < 0) {
			*position = i;
			return -EINVAL;
		}
		if (bytes == size)
			return -E2BIG;
		out[bytes++] = (uint8_t)(digit(text[i]) << 4 | low);
		i++;
	}
	*count = bytes;
	return 0;
}
