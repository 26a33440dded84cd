#include "cli/session_journal.h"

#include "lib/address.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-journal.h>

#define VALUE_MAX 128 /* of a field of ours; longer ones are not ours */

/* One alternative: all of these fields. The journal joins matches of different fields by "and". */
static int match(sd_journal *journal, const struct session_question *question, const char *port)
{
	char address[ADDRESS_STRLEN], text[VALUE_MAX];
	int error = sd_journal_add_disjunction(journal);

	if (error >= 0)
		error = sd_journal_add_match(journal, "SYSLOG_IDENTIFIER=" SESSION_LOG_IDENTIFIER,
		                             0);
	if (error >= 0)
		error = sd_journal_add_match(journal, port, 0);
	if (error >= 0 && strcmp(port, "EVENT=start") != 0) {
		(void)snprintf(text, sizeof(text), "POOL4=%s",
		               address4_format(question->pool4, address));
		error = sd_journal_add_match(journal, text, 0);
	}
	if (error >= 0 && question->proto && strcmp(port, "EVENT=start") != 0) {
		(void)snprintf(text, sizeof(text), "PROTOCOL=%s", question->proto);
		error = sd_journal_add_match(journal, text, 0);
	}
	if (error >= 0 && question->instance) {
		(void)snprintf(text, sizeof(text), "INSTANCE=%s", question->instance);
		error = sd_journal_add_match(journal, text, 0);
	}
	return error;
}

static int match_all(sd_journal *journal, const struct session_question *question)
{
	char port[VALUE_MAX], block[VALUE_MAX];
	int error;

	(void)snprintf(port, sizeof(port), "POOL4_PORT=%u", question->port);
	(void)snprintf(block, sizeof(block), "PORT_MIN=%u",
	               question->port / SESSION_LOG_BLOCK_PORTS * SESSION_LOG_BLOCK_PORTS);
	sd_journal_flush_matches(journal);
	error = match(journal, question, port);
	if (error >= 0)
		error = match(journal, question, block);
	return error < 0 ? error : match(journal, question, "EVENT=start");
}

/* "NAME=value" of a field into the record. False: it cannot be. */
static bool take_field(struct session_record *record, const void *data, size_t len)
{
	char text[VALUE_MAX * 2], *equals;

	if (len >= sizeof(text))
		return true; /* no field of ours is so long */
	memcpy(text, data, len);
	text[len] = '\0';
	equals = strchr(text, '=');
	if (!equals)
		return true;
	*equals = '\0';
	return session_record_set(record, text, equals + 1) == 0;
}

static bool is_roots(sd_journal *journal)
{
	const void *data;
	size_t len;

	return sd_journal_get_data(journal, "_UID", &data, &len) >= 0 && len == 6 &&
	       memcmp(data, "_UID=0", 6) == 0;
}

/* Returns 1 for a record, 0 for something else, which is counted. */
static int read_entry(sd_journal *journal, struct session_record *record,
                      struct session_journal *out)
{
	const void *data;
	bool is_good = true;
	size_t len;

	*record = (struct session_record){ .time_us = 0 };
	if (!is_roots(journal)) {
		out->foreign++;
		return 0;
	}
	SD_JOURNAL_FOREACH_DATA(journal, data, len)
	is_good = is_good && take_field(record, data, len);
	if (!is_good || session_record_check(record) < 0) {
		out->broken++;
		return 0;
	}
	out->records++;
	return 1;
}

/* The newest record of any kind: up to when the log reaches. */
static void note_last(sd_journal *journal, struct session_fold *fold)
{
	struct session_journal ignored = { .records = 0 };
	struct session_record record;

	sd_journal_flush_matches(journal);
	if (sd_journal_add_match(journal, "SYSLOG_IDENTIFIER=" SESSION_LOG_IDENTIFIER, 0) < 0)
		return;
	if (sd_journal_seek_head(journal) >= 0 && sd_journal_next(journal) > 0 &&
	    read_entry(journal, &record, &ignored))
		session_fold_note(fold, record.node, record.time_us);
	if (sd_journal_seek_tail(journal) >= 0 && sd_journal_previous(journal) > 0 &&
	    read_entry(journal, &record, &ignored))
		session_fold_note(fold, record.node, record.time_us);
}

int session_journal_fold(struct session_fold *fold, struct session_journal *out, char *problem,
                         size_t size)
{
	struct session_record record;
	sd_journal *journal = NULL;
	int error = sd_journal_open(&journal, 0);

	*out = (struct session_journal){ .records = 0 };
	if (error >= 0)
		error = match_all(journal, &fold->question);
	if (error >= 0)
		error = sd_journal_seek_head(journal);
	while (error >= 0 && (error = sd_journal_next(journal)) > 0)
		if (read_entry(journal, &record, out))
			session_fold_add(fold, &record);
	if (error >= 0)
		note_last(journal, fold);
	sd_journal_close(journal);
	if (error < 0)
		(void)snprintf(problem, size, "the journal cannot be read: %s", strerror(-error));
	return error < 0 ? error : 0;
}
