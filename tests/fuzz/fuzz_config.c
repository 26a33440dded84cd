/* Any text as a configuration: no crash, no leak; what is accepted prints as a text that is
 * accepted and prints the same again.
 */
#include "lib/config.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Parse and print; the printed text is malloc'ed. NULL when the configuration is refused. */
static char *parse_and_print(const char *text, size_t len, FILE *err, size_t *printed_len)
{
	struct config *config;
	char *printed = NULL;
	FILE *out;

	if (config_parse(text, len, "fuzz.conf", err, &config) < 0)
		return NULL;
	out = open_memstream(&printed, printed_len);
	if (!out)
		abort();
	config_print(config, out);
	fclose(out);
	config_free(config);
	return printed;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *messages = NULL, *first, *second;
	size_t messages_len, first_len, second_len;
	FILE *err;

	/* Other files are not the fuzzer's business. */
	if (memmem(data, size, "eam-file", 8))
		return 0;
	err = open_memstream(&messages, &messages_len);
	if (!err)
		abort();
	first = parse_and_print((const char *)data, size, err, &first_len);
	fflush(err);
	if (!first && messages_len == 0)
		abort(); /* refused without a word */
	if (first) {
		second = parse_and_print(first, first_len, err, &second_len);
		if (!second || first_len != second_len || memcmp(first, second, first_len) != 0)
			abort();
		free(second);
	}
	fclose(err);
	free(messages);
	free(first);
	return 0;
}
