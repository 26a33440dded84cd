/* Packets as people write them: hexadecimal digits with spaces, line ends or colons between bytes.
 */
#ifndef SA_NAT64_HEX_H
#define SA_NAT64_HEX_H

#include <stddef.h>
#include <stdint.h>

/* Parse len characters of text into at most size bytes at out. Returns 0 and *count, or -EINVAL
 * with *position at the character that is no digit or lacks its second one (counted from 0), or
 * -E2BIG for more than size bytes; out may be written to. */
int hex_parse(const char *text, size_t len, uint8_t *out, size_t size, size_t *count,
              size_t *position);

#endif
