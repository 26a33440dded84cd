/* Any bytes as a session log: no crash, what is read as a record is in range, and the fold of it
 * keeps its bounds. Each line of the input is one of the log. */
#include "cli/session_fold.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void judge(const struct session_record *record)
{
	if (record->kind >= LOG_EVENT_KINDS || record->port_min > record->port_max ||
	    strlen(record->instance) >= sizeof(record->instance) || !record->node[0])
		abort();
}

static void judge_uses(const struct session_fold *fold)
{
	if (fold->count > SESSION_FOLD_USES || fold->node_count > SESSION_FOLD_NODES)
		abort();
	for (size_t i = 0; i < fold->count; i++) {
		const struct session_use *use = &fold->uses[i];

		if ((use->certainty == SESSION_CERTAIN) != (use->why[0] == '\0') ||
		    (use->certainty == SESSION_CERTAIN && !use->had_it_then))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct session_fold fold;
	const struct session_question question = { .pool4 = 0xc6336407,
		                                   .port = 40123,
		                                   .at_us = INT64_C(1795269785000000),
		                                   .within_us = 5000000 };
	const char *line = (const char *)data, *end = line + size;
	struct session_record record;

	session_fold_init(&fold, &question);
	while (line < end) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		size_t len = (size_t)((newline ? newline : end) - line);

		if (session_record_read(line, len, &record) == 0) {
			judge(&record);
			session_fold_add(&fold, &record);
		}
		line += len + 1;
	}
	session_fold_finish(&fold, size % 2 ? "gw-b" : NULL, question.at_us + 1000000);
	judge_uses(&fold);
	return 0;
}
