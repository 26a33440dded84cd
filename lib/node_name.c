/* See node_name.h. */
#include "lib/node_name.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BLANKS " \t\r\n"

/* The first word of the first line; "" when there is none. */
static void read_word(FILE *file, char word[NODE_NAME_SIZE])
{
	char line[NODE_NAME_SIZE + 1] = "";
	const char *first;

	if (!fgets(line, sizeof(line), file))
		line[0] = '\0';
	first = line + strspn(line, BLANKS);
	(void)snprintf(word, NODE_NAME_SIZE, "%.*s", (int)strcspn(first, BLANKS), first);
}

const char *node_name_read(const char *path, char name[NODE_NAME_SIZE])
{
	FILE *file = fopen(path, "re");

	name[0] = '\0';
	if (file) {
		read_word(file, name);
		(void)fclose(file);
	}
	if (name[0])
		return name;
	if (gethostname(name, NODE_NAME_SIZE) < 0)
		name[0] = '\0';
	name[NODE_NAME_SIZE - 1] = '\0';
	return name;
}

const char *node_name_find(char name[NODE_NAME_SIZE])
{
	return node_name_read(NODE_NAME_FILE, name);
}
