/* Colours of what people read: which meaning has which, and whether there are any at all.
 *
 * A value has a meaning, never a colour; the one table of both is here, for lines of text
 * (out_text.c) and for the live screen (top_screen.c).
 */
#ifndef SA_NAT64_COLOUR_H
#define SA_NAT64_COLOUR_H

#include <stdbool.h>
#include <stdio.h>

enum meaning {
	MEANING_PLAIN,
	MEANING_GOOD,
	MEANING_WARNING,
	MEANING_BAD,
	MEANING_DIM, /* beside the point */
	MEANINGS
};

struct colour {
	short number; /* of the eight that terminals have; -1: the one that it writes with anyway */
	bool is_bold, is_dim;
	const char *sequence; /* the same for a line of text; that of MEANING_PLAIN ends all others
	                       */
};

/* Of each meaning. */
extern const struct colour colours[MEANINGS];

enum colour_when { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER };

/* The word of --color. Returns false for another word; *out is untouched then. */
bool colour_when_parse(const char *word, enum colour_when *out);

/* Whether text written to file has colours. Under COLOUR_AUTO it must be a terminal that knows
 * them (TERM is set and not "dumb"), and NO_COLOR must be absent or empty (no-color.org). */
bool colour_is_wanted(enum colour_when when, FILE *file);

#endif
