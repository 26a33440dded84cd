#include "lib/utf8.h"

#include <string.h>

/* What a first byte says: how many follow, and which bits are the character's. */
static const struct form {
	uint8_t first, last; /* of the first bytes */
	uint8_t bits;
	size_t len;
	uint32_t least; /* a smaller one has a shorter form */
} forms[] = {
	{ 0x00, 0x7f, 0x7f, 1, 0 },
	{ 0xc2, 0xdf, 0x1f, 2, 0x80 },
	{ 0xe0, 0xef, 0x0f, 3, 0x800 },
	{ 0xf0, 0xf4, 0x07, 4, 0x10000 },
};

static const struct form *form_of(uint8_t first)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (first >= forms[i].first && first <= forms[i].last)
			return &forms[i];
	return NULL;
}

size_t utf8_next(const char *text, size_t len, uint32_t *point)
{
	const struct form *form = form_of((uint8_t)text[0]);
	uint32_t value;

	if (!form || form->len > len)
		return 0;
	value = (uint8_t)text[0] & form->bits;
	for (size_t i = 1; i < form->len; i++) {
		if (((uint8_t)text[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | ((uint8_t)text[i] & 0x3f);
	}
	if (value < form->least || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
		return 0;
	*point = value;
	return form->len;
}

bool utf8_is_control(uint32_t point)
{
	return point < 0x20 || (point >= 0x7f && point < 0xa0);
}

bool utf8_is_line(const char *text)
{
	size_t left = strlen(text), len;
	uint32_t point;

	for (; left > 0; text += len, left -= len) {
		len = utf8_next(text, left, &point);
		if (len == 0 || utf8_is_control(point))
			return false;
	}
	return true;
}

size_t utf8_clean(char *text)
{
	size_t left = strlen(text), count = 0;
	char *to = text;

	while (left > 0) {
		uint32_t point = 0;
		size_t len = utf8_next(text, left, &point);
		size_t taken = len > 0 ? len : 1;

		if (len == 0 || utf8_is_control(point)) {
			*to++ = '?';
			count++;
		} else {
			memmove(to, text, len);
			to += len;
		}
		text += taken;
		left -= taken;
	}
	*to = '\0';
	return count;
}
