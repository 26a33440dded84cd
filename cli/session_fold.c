#include "cli/session_fold.h"

#include "cli/when.h"
#include "lib/address.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum step { STEP_START, STEP_BEGIN, STEP_END };

static const struct {
	enum step step;
	enum session_kind kind;
} events[LOG_EVENT_KINDS] = {
	[LOG_START] = { STEP_START, SESSION_KIND_BINDING },
	[LOG_SESSION_BEGIN] = { STEP_BEGIN, SESSION_KIND_SESSION },
	[LOG_SESSION_END] = { STEP_END, SESSION_KIND_SESSION },
	[LOG_BINDING_BEGIN] = { STEP_BEGIN, SESSION_KIND_BINDING },
	[LOG_BINDING_END] = { STEP_END, SESSION_KIND_BINDING },
	[LOG_BLOCK_BEGIN] = { STEP_BEGIN, SESSION_KIND_BLOCK },
	[LOG_BLOCK_END] = { STEP_END, SESSION_KIND_BLOCK },
};

const char *session_kind_name(enum session_kind kind)
{
	static const char *const names[] = { [SESSION_KIND_BINDING] = "binding",
		                             [SESSION_KIND_SESSION] = "session",
		                             [SESSION_KIND_BLOCK] = "block" };

	return names[kind];
}

const char *session_certainty_name(enum session_certainty certainty)
{
	static const char *const names[] = {
		[SESSION_CERTAIN] = "certain", [SESSION_NEAR] = "near", [SESSION_UNSURE] = "unsure"
	};

	return names[certainty];
}

void session_fold_init(struct session_fold *fold, const struct session_question *question)
{
	memset(fold, 0, sizeof(*fold));
	fold->question = *question;
}

bool session_fold_wants(const struct session_question *question,
                        const struct session_record *record)
{
	if (question->instance && strcmp(question->instance, record->instance) != 0)
		return false;
	if (record->kind == LOG_START)
		return true;
	if (record->kind > LOG_BLOCK_END) /* of what ran out: nobody got a port */
		return false;
	return record->pool4 == question->pool4 && record->port_min <= question->port &&
	       record->port_max >= question->port &&
	       (!question->proto || strcmp(question->proto, record->proto) == 0);
}

/* ---- uses ---- */

/* Whether somebody had the port at a time that the question may mean. */
static bool is_candidate(const struct session_question *question, const struct session_use *use)
{
	return use->begin_us <= question->at_us + question->within_us &&
	       (use->ending == SESSION_OPEN ||
	        use->end_us >= question->at_us - question->within_us);
}

/* Records of the same use have all of this in common. */
static bool is_of(const struct session_use *use, const struct session_record *record)
{
	return use->kind == events[record->kind].kind && use->host_port == record->host_port &&
	       use->remote4 == record->remote4 && use->remote_port == record->remote_port &&
	       address6_equal(&use->host6, &record->host6) &&
	       strcmp(use->proto, record->proto) == 0 &&
	       strcmp(use->instance, record->instance) == 0;
}

/* Whether the beginning of a record's use means that another use has ended: one host has a port,
 * and one a block; of the host that has a port several sessions may be there. */
static bool excludes(const struct session_record *record, const struct session_use *use)
{
	bool both_blocks = use->kind == SESSION_KIND_BLOCK &&
	                   events[record->kind].kind == SESSION_KIND_BLOCK;
	bool both_exact = use->kind != SESSION_KIND_BLOCK &&
	                  events[record->kind].kind != SESSION_KIND_BLOCK;
	bool is_same_host = address6_equal(&use->host6, &record->host6) &&
	                    use->host_port == record->host_port;

	return (both_blocks || both_exact) && !is_same_host &&
	       strcmp(use->proto, record->proto) == 0 &&
	       strcmp(use->instance, record->instance) == 0;
}

/* The newest use of the record's kind and host; NULL: there is none. */
static struct session_use *find_use(struct session_fold *fold, const struct session_record *record)
{
	for (size_t i = fold->count; i-- > 0;)
		if (is_of(&fold->uses[i], record))
			return &fold->uses[i];
	return NULL;
}

/* Forget the oldest use that the question is not about. False: there is none. */
static bool make_room(struct session_fold *fold)
{
	for (size_t i = 0; i < fold->count; i++) {
		if (is_candidate(&fold->question, &fold->uses[i]))
			continue;
		memmove(&fold->uses[i], &fold->uses[i + 1],
		        (fold->count - i - 1) * sizeof(fold->uses[0]));
		fold->count--;
		return true;
	}
	return false;
}

/* NULL: there is no room, which is counted. */
static struct session_use *add_use(struct session_fold *fold, const struct session_record *record)
{
	struct session_use *use;

	if (fold->count == SESSION_FOLD_USES && !make_room(fold)) {
		fold->left_out++;
		return NULL;
	}
	use = &fold->uses[fold->count++];
	*use = (struct session_use){ .kind = events[record->kind].kind,
		                     .host6 = record->host6,
		                     .host_port = record->host_port,
		                     .remote4 = record->remote4,
		                     .remote_port = record->remote_port,
		                     .port_min = record->port_min,
		                     .port_max = record->port_max };
	memcpy(use->instance, record->instance, sizeof(use->instance));
	memcpy(use->proto, record->proto, sizeof(use->proto));
	return use;
}

static void set_end(struct session_use *use, enum session_ending ending,
                    const struct session_record *record)
{
	use->ending = ending;
	use->end_us = record->time_us;
	memcpy(use->end_node, record->node, sizeof(use->end_node));
}

/* ---- steps ---- */

/* A box that crashed did not write that its uses ended; nor did one whose log was lost. */
static void end_excluded(struct session_fold *fold, const struct session_record *record)
{
	for (size_t i = 0; i < fold->count; i++) {
		struct session_use *use = &fold->uses[i];

		if (use->ending == SESSION_OPEN && excludes(record, use))
			set_end(use, SESSION_REPLACED, record);
	}
}

static void set_begin(struct session_use *use, const struct session_record *record)
{
	use->has_begin = true;
	use->begin_us = record->time_us;
	memcpy(use->begin_node, record->node, sizeof(use->begin_node));
}

/* Whether an end that another box wrote belongs to this beginning, which only its clock puts
 * later. */
static bool ended_by_another_clock(const struct session_fold *fold, const struct session_use *use,
                                   const struct session_record *record)
{
	return !use->has_begin && use->ending == SESSION_ENDED &&
	       strcmp(use->end_node, record->node) != 0 &&
	       record->time_us - use->end_us <= fold->question.within_us;
}

static void begin(struct session_fold *fold, const struct session_record *record)
{
	struct session_use *use = find_use(fold, record);

	if (use && use->has_begin && use->begin_us == record->time_us)
		return; /* the same record again, out of a copy of the log */
	end_excluded(fold, record);
	if (use && ended_by_another_clock(fold, use, record)) {
		set_begin(use, record);
		use->begin_us = use->end_us;
		return;
	}
	if (use && use->ending == SESSION_OPEN)
		set_end(use, SESSION_REPLACED, record);
	if (record->time_us > fold->question.at_us + fold->question.within_us)
		return;
	use = add_use(fold, record);
	if (use)
		set_begin(use, record);
}

/* When the port was last somebody else's: what began without a record did not begin before. */
static int64_t not_before(const struct session_fold *fold, const struct session_record *record)
{
	int64_t latest_us = 0;

	for (size_t i = 0; i < fold->count; i++) {
		const struct session_use *use = &fold->uses[i];
		int64_t until_us = use->ending == SESSION_OPEN ? use->begin_us : use->end_us;

		if (excludes(record, use) && until_us > latest_us)
			latest_us = until_us;
	}
	return latest_us;
}

/* Whether the port was another's after this use. */
static bool is_superseded(const struct session_fold *fold, const struct session_use *use,
                          const struct session_record *record)
{
	for (size_t i = 0; i < fold->count; i++) {
		const struct session_use *other = &fold->uses[i];

		if (other->has_begin && other->begin_us >= use->end_us && excludes(record, other))
			return true;
	}
	return false;
}

/* Several boxes may write the end of what a lost one began, and one may write it of what another
 * cut off. Returns whether the record tells no more than that. */
static bool is_one_more_end(struct session_fold *fold, struct session_use *use,
                            const struct session_record *record)
{
	bool is_other_box = strcmp(use->end_node, record->node) != 0;

	if (use->end_us == record->time_us)
		return true; /* the same record again, out of a copy of the log */
	if (use->ending == SESSION_REPLACED || is_superseded(fold, use, record))
		return is_other_box;
	if (use->ending != SESSION_CUT && !is_other_box)
		return false;
	if (!use->first_end_us)
		use->first_end_us = use->end_us;
	set_end(use, SESSION_ENDED, record);
	return true;
}

static void end(struct session_fold *fold, const struct session_record *record)
{
	struct session_use *use = find_use(fold, record);
	int64_t not_before_us = not_before(fold, record);

	if (use && use->ending == SESSION_OPEN) {
		set_end(use, SESSION_ENDED, record);
		return;
	}
	if (use && is_one_more_end(fold, use, record))
		return;
	if (use && use->end_us > not_before_us)
		not_before_us = use->end_us;
	if (not_before_us > fold->question.at_us + fold->question.within_us)
		return;
	use = add_use(fold, record);
	if (!use)
		return;
	use->begin_us = not_before_us;
	set_end(use, SESSION_ENDED, record);
}

static void start(struct session_fold *fold, const struct session_record *record)
{
	for (size_t i = 0; i < fold->count; i++) {
		struct session_use *use = &fold->uses[i];

		if (use->ending != SESSION_OPEN || strcmp(use->begin_node, record->node) != 0 ||
		    strcmp(use->instance, record->instance) != 0)
			continue;
		if (record->restored == 0)
			set_end(use, SESSION_CUT, record);
		else if (!use->doubt_us)
			use->doubt_us = record->time_us;
	}
}

void session_fold_note(struct session_fold *fold, const char *name, int64_t time_us)
{
	struct session_node *node = fold->nodes;

	while (node < fold->nodes + fold->node_count && strcmp(node->name, name) != 0)
		node++;
	if (node == fold->nodes + SESSION_FOLD_NODES)
		return;
	if (node == fold->nodes + fold->node_count) {
		fold->node_count++;
		(void)snprintf(node->name, sizeof(node->name), "%s", name);
		node->first_us = node->last_us = time_us;
	}
	node->first_us = time_us < node->first_us ? time_us : node->first_us;
	node->last_us = time_us > node->last_us ? time_us : node->last_us;
}

void session_fold_add(struct session_fold *fold, const struct session_record *record)
{
	session_fold_note(fold, record->node, record->time_us);
	if (!session_fold_wants(&fold->question, record))
		return;
	fold->records++;
	fold->backwards += record->time_us < fold->last_us;
	fold->last_us = record->time_us > fold->last_us ? record->time_us : fold->last_us;
	switch (events[record->kind].step) {
	case STEP_START:
		start(fold, record);
		return;
	case STEP_BEGIN:
		begin(fold, record);
		return;
	case STEP_END:
		end(fold, record);
		return;
	}
}

/* ---- candidates ---- */

static void say(struct session_use *use, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static void say(struct session_use *use, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(use->why, sizeof(use->why), format, args);
	va_end(args);
}

/* What is missing to be certain; "" for nothing. */
static void find_doubt(const struct session_fold *fold, struct session_use *use,
                       const char *missing, int64_t open_until_us)
{
	int64_t until_us = fold->question.at_us + fold->question.within_us;
	char when[WHEN_STRLEN];

	if (!use->has_begin)
		say(use, "its beginning is in no log that was read");
	else if (use->ending == SESSION_CUT)
		say(use, "%s restarted at %s without its sessions; it may have ended before",
		    use->end_node, when_format_utc(use->end_us, when));
	else if (use->ending == SESSION_REPLACED)
		say(use, "its end was not recorded; at %s the port went to another use",
		    when_format_utc(use->end_us, when));
	else if (use->first_end_us && use->first_end_us <= until_us)
		say(use, "it seemed to have ended at %s, before its end was recorded by %s",
		    when_format_utc(use->first_end_us, when), use->end_node);
	else if (use->ending == SESSION_OPEN && use->doubt_us && use->doubt_us <= until_us)
		say(use, "%s restarted at %s, which it may not have survived; it has no end",
		    use->begin_node, when_format_utc(use->doubt_us, when));
	else if (use->ending == SESSION_OPEN && missing)
		say(use, "it has no end here, but that may be in the log of %s", missing);
	else if (use->ending == SESSION_OPEN && open_until_us < fold->question.at_us)
		say(use, "it has no end, but the log ends at %s, before the time asked for",
		    when_format_utc(open_until_us, when));
}

static void judge(const struct session_fold *fold, struct session_use *use, const char *missing,
                  int64_t open_until_us)
{
	const struct session_question *question = &fold->question;

	use->why[0] = '\0';
	use->had_it_then = use->begin_us <= question->at_us &&
	                   (use->ending == SESSION_OPEN || use->end_us > question->at_us);
	find_doubt(fold, use, missing, open_until_us);
	if (use->why[0]) {
		use->certainty = SESSION_UNSURE;
	} else if (use->begin_us > question->at_us - question->within_us) {
		use->certainty = SESSION_NEAR;
		say(use, "it began %s the time asked for, within the tolerance",
		    use->begin_us > question->at_us ? "after" : "shortly before");
	} else if (use->ending != SESSION_OPEN &&
	           use->end_us < question->at_us + question->within_us) {
		use->certainty = SESSION_NEAR;
		say(use, "it ended %s the time asked for, within the tolerance",
		    use->end_us < question->at_us ? "before" : "shortly after");
	} else {
		use->certainty = SESSION_CERTAIN;
	}
}

static int by_weight(const void *a, const void *b)
{
	const struct session_use *x = a, *y = b;

	if (x->certainty != y->certainty)
		return (int)x->certainty - (int)y->certainty;
	if (x->had_it_then != y->had_it_then)
		return x->had_it_then ? -1 : 1;
	if ((x->kind == SESSION_KIND_BLOCK) != (y->kind == SESSION_KIND_BLOCK))
		return x->kind == SESSION_KIND_BLOCK ? 1 : -1;
	return (x->begin_us < y->begin_us) - (x->begin_us > y->begin_us);
}

/* A port of the block that is certainly another host's is not the block's. */
static bool is_overruled(const struct session_fold *fold, const struct session_use *block)
{
	for (size_t i = 0; i < fold->count && block->kind == SESSION_KIND_BLOCK; i++) {
		const struct session_use *use = &fold->uses[i];

		if (use->kind != SESSION_KIND_BLOCK && use->certainty == SESSION_CERTAIN &&
		    strcmp(use->proto, block->proto) == 0 &&
		    strcmp(use->instance, block->instance) == 0)
			return true;
	}
	return false;
}

void session_fold_finish(struct session_fold *fold, const char *missing, int64_t open_until_us)
{
	size_t kept = 0;

	for (size_t i = 0; i < fold->count; i++) {
		if (!is_candidate(&fold->question, &fold->uses[i]))
			continue;
		fold->uses[kept] = fold->uses[i];
		judge(fold, &fold->uses[kept++], missing, open_until_us);
	}
	fold->count = kept;
	kept = 0;
	qsort(fold->uses, fold->count, sizeof(fold->uses[0]), by_weight);
	for (size_t i = 0; i < fold->count; i++)
		if (!is_overruled(fold, &fold->uses[i]))
			fold->uses[kept++] = fold->uses[i];
	fold->count = kept;
}
