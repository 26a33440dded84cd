#include "netns/mark.h"

#include <stdio.h>
#include <string.h>

#define MARK_WORD "sa-nat64"

/* The next word, up to size - 1 bytes; false when there is none or it is longer. */
static bool take_word(const char **rest, char *word, size_t size)
{
	const char *at = *rest, *end = strchrnul(at, ' ');
	size_t len = (size_t)(end - at);

	if (len == 0 || len >= size)
		return false;
	memcpy(word, at, len);
	word[len] = '\0';
	*rest = *end ? end + 1 : end;
	return true;
}

bool mark_parse(const char *alias, struct mark *out)
{
	struct mark mark = { 0 };
	char word[16];

	if (!take_word(&alias, word, sizeof(word)) || strcmp(word, MARK_WORD) != 0 ||
	    !take_word(&alias, mark.instance, sizeof(mark.instance)))
		return false;
	if (*alias) {
		if (!take_word(&alias, word, sizeof(word)) || strcmp(word, "moved") != 0 ||
		    !take_word(&alias, mark.name, sizeof(mark.name)) ||
		    !take_word(&alias, word, sizeof(word)))
			return false;
		mark.was_up = strcmp(word, "up") == 0;
		(void)snprintf(mark.alias, sizeof(mark.alias), "%.*s", MARK_ALIAS_MAX - 1, alias);
	}
	*out = mark;
	return true;
}

void mark_format(const struct mark *mark, char alias[MARK_MAX])
{
	if (!mark->name[0])
		(void)snprintf(alias, MARK_MAX, MARK_WORD " %s", mark->instance);
	else
		(void)snprintf(alias, MARK_MAX, MARK_WORD " %s moved %s %s%s%s", mark->instance,
		               mark->name, mark->was_up ? "up" : "down", mark->alias[0] ? " " : "",
		               mark->alias);
}
