/* Any text as a configuration of Jool or TAYGA: no crash, no leak; what is accepted prints as a
 * configuration of ours, what is refused is told. The first byte chooses the program and its mode.
 */
#include "cli/import.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take(struct import *import, unsigned which, const char *text, size_t len)
{
	static const char *const modes[] = { NULL, "nat64", "siit" };

	if (which % 4 < 3)
		import_jool(import, text, len, modes[which % 4], NULL);
	else
		import_tayga(import, text, len, which & 4 ? "name" : NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct import *import = import_new("fuzz");
	char *printed = NULL, *said = NULL;
	size_t printed_len, said_len;
	FILE *out = open_memstream(&printed, &printed_len), *err = open_memstream(&said, &said_len);
	struct config *config;
	int status;

	if (!import || !out || !err)
		abort();
	if (size > 0)
		take(import, data[0], (const char *)data + 1, size - 1);
	status = size > 0 ? import_finish(import, out, err) : 2;
	import_free(import);
	(void)fflush(out);
	(void)fflush(err);
	if (status == 0 && config_parse(printed, printed_len, "printed", err, &config) != 0)
		abort();
	if (status == 0)
		config_free(config);
	if (status == 1 || (status == 2 && (printed_len > 0 || (size > 0 && said_len == 0))))
		abort();
	(void)fclose(out);
	(void)fclose(err);
	free(printed);
	free(said);
	return 0;
}
