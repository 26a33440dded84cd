/* See who_then.h. Chooses the logs, folds them, prints what came out. */
#include "cli/who_then.h"

#include "cli/session_files.h"
#include "cli/session_journal.h"
#include "cli/when.h"
#include "lib/address.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define JOURNAL     "journal" /* as the name of a log */
#define MISSING_MAX 16

struct search {
	const struct cli_options *options;
	struct config *config; /* NULL: there is none */
	struct session_question question;
	struct session_files *files;
	struct session_fold fold;
	bool reads_journal, is_live; /* is_live: the logs are those that are written now */
	struct session_journal journal;
	int64_t now_us;
	const char *missing[MISSING_MAX]; /* boxes whose logs were not read */
	size_t missing_count;
	char problem[400]; /* the last one with a log; "" for none */
	int status;
};

/* ---- which logs ---- */

static const char *config_path(const struct cli_options *options)
{
	return options->config_path ? options->config_path : CONFIG_PATH_DEFAULT;
}

/* A configuration that nobody named may be missing. */
static bool read_config(struct search *search)
{
	const char *path = config_path(search->options);
	struct stat st;

	if (!search->options->config_path && stat(path, &st) < 0 && errno == ENOENT)
		return true;
	return config_load(path, stderr, &search->config) == 0 ||
	       (search->options->log_count > 0 && !search->options->config_path);
}

static void complain(struct search *search, const char *problem)
{
	(void)fprintf(stderr, "sa-nat64: %s\n", problem);
	(void)snprintf(search->problem, sizeof(search->problem), "%s", problem);
	search->status = 1;
}

static void add_log(struct search *search, const char *name)
{
	char problem[400];

	if (strcmp(name, JOURNAL) == 0)
		search->reads_journal = true;
	else if (session_files_add_rotated(search->files, name, problem, sizeof(problem)) < 0)
		complain(search, problem);
}

static bool is_meant(const struct search *search, const struct config_instance *instance)
{
	return !search->options->instance || strcmp(search->options->instance, instance->name) == 0;
}

static void complain_of_collectors(struct search *search, const struct config_instance *instance)
{
	char problem[200];

	(void)snprintf(problem, sizeof(problem),
	               "instance %s keeps its session log at collectors alone (log-ipfix): ask "
	               "there",
	               instance->name);
	complain(search, problem);
}

static void add_logs_of_config(struct search *search)
{
	const struct config *config = search->config;

	for (size_t i = 0; i < config->instance_count; i++) {
		const struct config_instance *instance = &config->instances[i];

		if (!is_meant(search, instance) ||
		    instance->log_sessions == CONFIG_LOG_SESSIONS_OFF)
			continue;
		if (config_log_target(instance) == CONFIG_LOG_NOWHERE)
			complain_of_collectors(search, instance);
		else
			add_log(search, instance->log_file ? instance->log_file : JOURNAL);
	}
}

/* Returns whether there is a log to read. */
static bool choose_logs(struct search *search)
{
	const struct cli_options *options = search->options;

	search->is_live = options->log_count == 0;
	for (size_t i = 0; i < options->log_count; i++)
		add_log(search, options->logs[i]);
	if (search->is_live && search->config)
		add_logs_of_config(search);
	else if (search->is_live)
		search->reads_journal = true;
	if (search->reads_journal || session_files_count(search->files) > 0)
		return true;
	if (search->status == 0)
		(void)fprintf(stderr,
		              "sa-nat64: by %s %s%s keeps no session log (log-sessions); name one "
		              "that was kept, by --log FILE or --log journal\n",
		              config_path(options), options->instance ? "instance " : "this box",
		              options->instance ? options->instance : "");
	return false;
}

/* ---- reading ---- */

static void read_logs(struct search *search)
{
	struct session_record record;
	char problem[400];
	int more;

	if (search->reads_journal &&
	    session_journal_fold(&search->fold, &search->journal, problem, sizeof(problem)) < 0)
		complain(search, problem);
	search->fold.last_us = 0;
	while ((more = session_files_next(search->files, &record, problem, sizeof(problem)))) {
		if (more < 0)
			complain(search, problem);
		else
			session_fold_add(&search->fold, &record);
	}
	session_files_note(search->files, &search->fold);
}

static bool was_read(const struct session_fold *fold, const char *node)
{
	for (size_t i = 0; i < fold->node_count; i++)
		if (strcmp(fold->nodes[i].name, node) == 0)
			return true;
	return false;
}

static void find_missing(struct search *search)
{
	const struct config *config = search->config;

	for (size_t i = 0; config && i < config->node_count; i++)
		if (!was_read(&search->fold, config->nodes[i].name) &&
		    search->missing_count < MISSING_MAX)
			search->missing[search->missing_count++] = config->nodes[i].name;
}

static void finish(struct search *search)
{
	int64_t until_us = search->is_live || search->reads_journal ? search->now_us : 0;

	for (size_t i = 0; i < search->fold.node_count; i++)
		if (search->fold.nodes[i].last_us > until_us)
			until_us = search->fold.nodes[i].last_us;
	find_missing(search);
	session_fold_finish(&search->fold, search->missing_count ? search->missing[0] : NULL,
	                    until_us);
}

/* ---- printing ---- */

/* Text shows times in words, JSON as RFC 3339 has them. */
static void put_time(struct out *out, const char *key, int64_t time_us)
{
	char buf[WHEN_STRLEN];

	out_text(out, key,
	         out->is_text ? when_format_utc(time_us, buf) : when_format_rfc3339(time_us, buf));
}

static void put_question(const struct search *search, struct out *out)
{
	const struct session_question *question = &search->question;
	char buf[WHEN_STRLEN], address[ADDRESS_STRLEN];

	out_begin(out, OUT_LINE, NULL);
	out_endpoint(out, "public", address4_format(question->pool4, address), question->port);
	out_text(out, "proto", question->proto ? question->proto : "any");
	out_end(out);
	put_time(out, "at", question->at_us);
	out_text(out, "local", when_format_local(question->at_us, buf));
	out_duration(out, "within", (uint64_t)question->within_us);
}

static const struct out_column log_columns[] = {
	{ "log", 48 },
	{ "lines", 11 },
	{ "broken", 6 },
	{ NULL, 0 },
};

static void put_log(struct out *out, const char *name, uint64_t lines, uint64_t broken)
{
	out_begin(out, OUT_ROW, NULL);
	out_text(out, "log", name);
	out_count(out, "lines", lines);
	out_count(out, "broken", broken);
}

static void put_logs(const struct search *search, struct out *out)
{
	out_begin_table(out, "logs", log_columns);
	if (search->reads_journal) {
		put_log(out, JOURNAL, search->journal.records, search->journal.broken);
		out_count(out, "foreign", search->journal.foreign);
		out_end(out);
	}
	for (size_t i = 0; i < session_files_count(search->files); i++) {
		const struct session_file *file = session_files_at(search->files, i);

		put_log(out, file->path, file->lines, file->broken);
		if (file->first_us && !out->is_text) {
			put_time(out, "first", file->first_us);
			put_time(out, "last", file->last_us);
		}
		out_end(out);
	}
	out_end(out);
}

static const struct out_column node_columns[] = {
	{ "node", 20 },
	{ "first", 27 },
	{ "last", 27 },
	{ NULL, 0 },
};

static void put_nodes(const struct search *search, struct out *out)
{
	out_begin_table(out, "nodes", node_columns);
	for (size_t i = 0; i < search->fold.node_count; i++) {
		const struct session_node *node = &search->fold.nodes[i];

		out_begin(out, OUT_ROW, NULL);
		out_text(out, "node", node->name);
		put_time(out, "first", node->first_us);
		put_time(out, "last", node->last_us);
		out_end(out);
	}
	out_end(out);
}

static void put_begin(const struct session_use *use, struct out *out)
{
	out_begin(out, OUT_LINE, NULL);
	if (use->has_begin) {
		put_time(out, "begin", use->begin_us);
		out_text(out, "begin_node", use->begin_node);
	} else {
		if (out->is_text)
			out_text(out, "begin", "not recorded");
		if (use->begin_us > 0)
			put_time(out, "not_before", use->begin_us);
	}
	out_end(out);
}

static void put_end(const struct session_use *use, struct out *out)
{
	out_begin(out, OUT_LINE, NULL);
	if (use->ending == SESSION_ENDED) {
		put_time(out, "end", use->end_us);
		out_text(out, "end_node", use->end_node);
	} else {
		if (out->is_text)
			out_text(out, "end", "not recorded");
		if (use->ending != SESSION_OPEN)
			put_time(out, "not_after", use->end_us);
	}
	out_end(out);
}

static void put_host(const struct session_use *use, struct out *out)
{
	char address[ADDRESS_STRLEN];

	out_begin(out, OUT_LINE, NULL);
	if (use->kind == SESSION_KIND_BLOCK)
		out_address(out, "host", address6_format(&use->host6, address));
	else
		out_endpoint(out, "host", address6_format(&use->host6, address), use->host_port);
	out_text(out, "proto", use->proto);
	if (use->kind == SESSION_KIND_SESSION)
		out_endpoint(out, "remote", address4_format(use->remote4, address),
		             use->remote_port);
	out_end(out);
}

static void put_candidate(const struct session_use *use, struct out *out)
{
	out_begin(out, OUT_OBJECT, NULL);
	put_host(use, out);
	put_begin(use, out);
	put_end(use, out);
	out_begin(out, OUT_LINE, NULL);
	out_text(out, "kind", session_kind_name(use->kind));
	if (use->kind == SESSION_KIND_BLOCK) {
		out_count(out, "port_min", use->port_min);
		out_count(out, "port_max", use->port_max);
	}
	out_text(out, "instance", use->instance);
	out_end(out);
	out_begin(out, OUT_LINE, NULL);
	out_text(out, "certainty", session_certainty_name(use->certainty));
	out_reason(out, "why", use->why);
	out_end(out);
	out_end(out);
}

static void put_candidates(const struct search *search, struct out *out)
{
	out_count(out, "found", search->fold.count);
	out_begin(out, OUT_LIST, "candidates");
	for (size_t i = 0; i < search->fold.count; i++)
		put_candidate(&search->fold.uses[i], out);
	out_end(out);
}

static const struct out_column static_columns[] = {
	{ "configured", 10 },
	{ "proto", 5 },
	{ "host", 45 },
	{ NULL, 0 },
};

static const char *proto_name(uint8_t proto)
{
	return proto == IPPROTO_TCP ? "tcp" : proto == IPPROTO_UDP ? "udp" : "icmp";
}

static bool binds(const struct search *search, const struct config_bib *bib)
{
	const struct session_question *question = &search->question;

	return bib->addr4 == question->pool4 && question->port >= bib->port4 &&
	       question->port - bib->port4 < bib->count &&
	       (!question->proto || strcmp(question->proto, proto_name(bib->proto)) == 0);
}

static void put_static(struct out *out, const struct config_instance *instance,
                       const struct config_bib *bib, uint16_t port)
{
	char address[ADDRESS_STRLEN];

	out_begin(out, OUT_ROW, NULL);
	out_text(out, "configured", instance->name);
	out_text(out, "proto", proto_name(bib->proto));
	out_endpoint(out, "host", address6_format(&bib->addr6, address),
	             (uint16_t)(bib->port6 + (port - bib->port4)));
	out_end(out);
}

/* Bindings of the configuration are not in the log: those it has now. */
static void put_statics(const struct search *search, struct out *out)
{
	const struct config *config = search->config;
	bool is_open = false;

	for (size_t i = 0; config && i < config->instance_count; i++) {
		const struct config_instance *instance = &config->instances[i];

		for (size_t k = 0; k < instance->bib_count && is_meant(search, instance); k++) {
			if (!binds(search, &instance->bib[k]))
				continue;
			if (!is_open)
				out_begin_table(out, "static", static_columns);
			is_open = true;
			put_static(out, instance, &instance->bib[k], search->question.port);
		}
	}
	if (is_open)
		out_end(out);
}

/* What people read on standard error, as the JSON of other commands has it. */
static void put_missing(const struct search *search, struct out *out)
{
	if (out->is_text || (search->missing_count == 0 && !search->problem[0]))
		return;
	out_flag(out, "incomplete", true);
	out_begin(out, OUT_STEPS, "missing");
	if (search->problem[0])
		out_text(out, NULL, search->problem);
	for (size_t i = 0; i < search->missing_count; i++) {
		char text[120];

		(void)snprintf(text, sizeof(text), "no log of %s was read", search->missing[i]);
		out_text(out, NULL, text);
	}
	out_end(out);
}

static void print(const struct search *search, struct out *out)
{
	out_begin(out, OUT_OBJECT, NULL);
	put_question(search, out);
	put_candidates(search, out);
	put_statics(search, out);
	put_logs(search, out);
	put_nodes(search, out);
	put_missing(search, out);
	out_end(out);
}

/* ---- what else is to be known, on standard error ---- */

static void warn_of_count(uint64_t count, const char *what)
{
	if (count > 0)
		(void)fprintf(stderr, "sa-nat64: warning: %s: %" PRIu64 "\n", what, count);
}

static void warn(const struct search *search)
{
	uint64_t broken = search->journal.broken;

	for (size_t i = 0; i < session_files_count(search->files); i++)
		broken += session_files_at(search->files, i)->broken;
	warn_of_count(broken, "passed over, for they are no whole records");
	warn_of_count(search->journal.foreign,
	              "left out of the journal, for others than root wrote them");
	warn_of_count(search->fold.backwards,
	              "records older than ones before them, as when a clock is set back");
	warn_of_count(search->fold.left_out, "further candidates that found no room");
	for (size_t i = 0; i < search->missing_count; i++)
		(void)fprintf(stderr,
		              "sa-nat64: warning: no log of %s was read; run this there, too, or "
		              "bring its log here and name it by --log\n",
		              search->missing[i]);
}

/* ---- the whole ---- */

static int64_t now_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static struct session_question question_of(const struct cli_options *options)
{
	const uint8_t *bytes = options->public.bytes;

	return (struct session_question){
		.pool4 = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 |
		         (uint32_t)bytes[2] << 8 | bytes[3],
		.port = options->public_port,
		.proto = options->list_proto,
		.instance = options->instance,
		.at_us = options->at_us,
		.within_us = (int64_t)options->within_us,
	};
}

static int run(struct search *search, struct out *out)
{
	if (search->question.at_us > search->now_us) {
		(void)fprintf(stderr, "sa-nat64: --at %s lies in the future\n",
		              search->options->at);
		return 2;
	}
	if (!read_config(search))
		return 2;
	search->files = session_files_new(&search->question);
	if (!search->files || !choose_logs(search))
		return 1;
	session_fold_init(&search->fold, &search->question);
	read_logs(search);
	finish(search);
	print(search, out);
	warn(search);
	return search->status;
}

int who_then(const struct cli_options *options, struct out *out)
{
	struct search *search = calloc(1, sizeof(*search));
	int status;

	if (!search)
		return 1;
	search->options = options;
	search->now_us = now_us();
	search->question = question_of(options);
	status = run(search, out);
	session_files_free(search->files);
	config_free(search->config);
	free(search);
	return status;
}
