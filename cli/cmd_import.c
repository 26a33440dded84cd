/* `sa-nat64 import-jool` and `import-tayga`: a configuration of ours from that of another program;
 * what does not come along is said on standard error. */
#include "cli/commands.h"
#include "cli/import.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX (64u << 20) /* bytes; a million mappings have room */

/* Read all of a stream. Returns 0 or -errno; *out is the caller's to free. */
static int read_all(FILE *file, char **out, size_t *len)
{
	char *text = NULL;
	size_t size = 0, used = 0;
	int error = 0;

	do {
		char *larger = used + 1 < size ? text : realloc(text, size += size + 65536);

		if (!larger) {
			error = -ENOMEM;
			break;
		}
		text = larger;
		used += fread(text + used, 1, size - used, file);
		if (ferror(file))
			error = -(errno ? errno : EIO);
		else if (used > FILE_MAX)
			error = -EFBIG;
	} while (error == 0 && !feof(file));
	if (error < 0) {
		free(text);
		return error;
	}
	*out = text;
	*len = used;
	return 0;
}

static int read_file(const char *path, char **out, size_t *len)
{
	bool is_stdin = strcmp(path, "-") == 0;
	FILE *file = is_stdin ? stdin : fopen(path, "re");
	int error;

	if (!file)
		return -errno;
	errno = 0;
	error = read_all(file, out, len);
	if (!is_stdin)
		(void)fclose(file);
	return error;
}

/* Read the file and have take import it. Returns an exit status. */
static int import_file(const struct cli_options *options, const char *command,
                       void (*take)(struct import *import, const char *text, size_t len,
                                    const struct cli_options *options))
{
	struct import *import;
	char *text = NULL;
	size_t len = 0;
	int error, status = 1;

	if (!options->file) {
		(void)fprintf(stderr,
		              "sa-nat64: %s: say which file to import, or - for standard "
		              "input\n",
		              command);
		return 2;
	}
	error = read_file(options->file, &text, &len);
	if (error < 0) {
		(void)fprintf(stderr, "%s: cannot read: %s\n", options->file, strerror(-error));
		return 2;
	}
	import = import_new(options->file);
	if (import) {
		take(import, text, len, options);
		status = import_finish(import, stdout, stderr);
	} else {
		(void)fprintf(stderr, "sa-nat64: out of memory\n");
	}
	import_free(import);
	free(text);
	return status;
}

static void take_jool(struct import *import, const char *text, size_t len,
                      const struct cli_options *options)
{
	import_jool(import, text, len, options->mode, options->instance);
}

static void take_tayga(struct import *import, const char *text, size_t len,
                       const struct cli_options *options)
{
	import_tayga(import, text, len, options->instance);
}

int cmd_import_jool(const struct cli_options *options, struct instances *instances, struct out *out)
{
	(void)instances;
	(void)out;
	return import_file(options, "import-jool", take_jool);
}

int cmd_import_tayga(const struct cli_options *options, struct instances *instances,
                     struct out *out)
{
	(void)instances;
	(void)out;
	return import_file(options, "import-tayga", take_tayga);
}
