/* Strict both ways: two digits a byte, nothing between them. */
#include "tests/vectors/hex.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int digit_value(char digit)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = digit != '\0' ? strchr(digits, digit) : NULL;

	return at ? (int)(at - digits) : -1;
}

static void fail(const char *text)
{
	fprintf(stderr, "vectors: \"%.40s\" is no hexadecimal packet\n", text ? text : "(nothing)");
	exit(2);
}

void hex_decode(const char *text, struct bytes *out)
{
	size_t digits = text ? strlen(text) : 1;

	if (digits % 2 != 0)
		fail(text);
	out->len = digits / 2;
	out->data = malloc(out->len + 1);
	if (!out->data)
		abort();
	for (size_t i = 0; i < out->len; i++) {
		int high = digit_value(text[2 * i]), low = digit_value(text[2 * i + 1]);

		if (high < 0 || low < 0)
			fail(text);
		out->data[i] = (uint8_t)(high << 4 | low);
	}
}

char *hex_encode(const struct bytes *bytes)
{
	char *text = malloc(2 * bytes->len + 1);

	if (!text)
		abort();
	for (size_t i = 0; i < bytes->len; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes->data[i]);
	text[2 * bytes->len] = '\0';
	return text;
}

void bytes_free(struct bytes *bytes)
{
	free(bytes->data);
	*bytes = (struct bytes){ 0 };
}
