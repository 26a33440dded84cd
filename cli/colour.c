#include "cli/colour.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* clang-format off */
const struct colour colours[MEANINGS] = {
	[MEANING_PLAIN]   = { -1, false, false, "\033[0m" },
	[MEANING_GOOD]    = {  2, false, false, "\033[32m" },
	[MEANING_WARNING] = {  3, false, false, "\033[33m" },
	[MEANING_BAD]     = {  1, true,  false, "\033[1;31m" },
	[MEANING_DIM]     = { -1, false, true,  "\033[2m" },
};
/* clang-format on */

bool colour_when_parse(const char *word, enum colour_when *out)
{
	static const char *const words[] = {
		[COLOUR_AUTO] = "auto",
		[COLOUR_ALWAYS] = "always",
		[COLOUR_NEVER] = "never",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i], word) == 0) {
			*out = (enum colour_when)i;
			return true;
		}
	return false;
}

static bool is_set(const char *variable)
{
	const char *value = getenv(variable);

	return value && value[0];
}

bool colour_is_wanted(enum colour_when when, FILE *file)
{
	if (when != COLOUR_AUTO)
		return when == COLOUR_ALWAYS;
	return !is_set("NO_COLOR") && is_set("TERM") && strcmp(getenv("TERM"), "dumb") != 0 &&
	       isatty(fileno(file));
}
