/* UTF-8 (RFC 3629), where text of others is taken or shown. */
#ifndef SA_NAT64_UTF8_H
#define SA_NAT64_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The first character of the len bytes at text, 1 or more: its length and *point; 0 when they begin
 * with none, as do overlong forms and surrogates. */
size_t utf8_next(const char *text, size_t len, uint32_t *point);

/* Whether a terminal would obey it instead of showing it: C0, DEL and C1. */
bool utf8_is_control(uint32_t point);

/* Whether a string is UTF-8 without control characters, and so without a line's end. */
bool utf8_is_line(const char *text);

/* Make it such a line: a '?' takes the place of each control character, and of each byte that is
 * part of no character. Returns how many there are. */
size_t utf8_clean(char *text);

#endif
