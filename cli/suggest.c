/* See suggest.h. The distance is that of Levenshtein: letters inserted, left out or changed. */
#include "cli/suggest.h"

#include <string.h>

#define WORD_MAX 32 /* longer words are near to nothing */

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;

	return least < c ? least : c;
}

/* b has at most WORD_MAX letters. */
static size_t distance(const char *a, const char *b)
{
	size_t row[WORD_MAX + 1], len = strlen(b);

	for (size_t j = 0; j <= len; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= len; j++) {
			size_t above = row[j];

			row[j] = min3(row[j - 1] + 1, above + 1, diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[len];
}

const char *suggest_nearest(const char *word, const char *const *names, size_t count)
{
	size_t len = strlen(word), best = len / 2 + 1;
	const char *nearest = NULL;

	if (len == 0 || len > WORD_MAX)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		size_t far = strlen(names[i]) <= WORD_MAX ? distance(word, names[i]) : best;

		if (strncmp(word, names[i], len) == 0)
			return names[i];
		if (far < best) {
			best = far;
			nearest = names[i];
		}
	}
	return nearest;
}
