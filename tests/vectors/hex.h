/* Packets as the hexadecimal text that vectors.json holds. */
#ifndef SA_NAT64_TESTS_HEX_H
#define SA_NAT64_TESTS_HEX_H

#include <stddef.h>
#include <stdint.h>

struct bytes {
	uint8_t *data; /* heap */
	size_t len;
};

/* Decode text into *out, which the caller frees with bytes_free(). Text that is not hexadecimal, or
 * NULL, ends the program: the file is part of the tests. */
void hex_decode(const char *text, struct bytes *out);

/* The text of bytes; the caller frees it. */
char *hex_encode(const struct bytes *bytes);

void bytes_free(struct bytes *bytes);

#endif
