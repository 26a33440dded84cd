/* Checks and prints configurations as the programs do, for the golden tests:
 *   check_config FILE      problems on standard error, the configuration on standard output; exit 0
 * or 2 check_config --help    the reference of all keys
 */
#include "lib/config.h"

#include <string.h>

int main(int argc, char **argv)
{
	struct config *config = NULL;

	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		config_help(stdout);
		return 0;
	}
	if (argc != 2) {
		fprintf(stderr, "usage: %s FILE | --help\n", argv[0]);
		return 2;
	}
	if (config_load(argv[1], stderr, &config) < 0)
		return 2;
	config_print(config, stdout);
	config_free(config);
	return 0;
}
