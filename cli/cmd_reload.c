/* `sa-nat64 reload`: the programs of this box take the configuration file as it is now, all of them
 * or none.
 *
 * The file is read here first, so that its errors are said once and nobody is bothered with them.
 * Then every program checks it against what it runs with; what one of them refuses is not asked of
 * the others. Only then it is applied. Where systemd runs the programs, it does that, because it
 * makes namespaces and units of the file as well; what became of it is asked of the programs
 * afterwards.
 */
#include "cli/commands.h"
#include "cli/incomplete.h"
#include "cli/instances_find.h"
#include "cli/metrics_listen.h"
#include "cli/programs.h"
#include "cli/services.h"
#include "lib/control_socket.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define APPLY_US  UINT64_C(30000000) /* millions of sessions take seconds */
#define SETTLE_US UINT64_C(20000000) /* until what systemd has begun is done */
#define PAUSE_NS  (50 * 1000000L)

#define EXPORTER "sa-nat64-exporter"

/* What is to become of a program. */
enum course {
	COURSE_RELOAD,
	COURSE_START, /* by systemd: it is new in the file */
	COURSE_STOP,  /* by systemd: the file has it no more */
};

struct member {
	struct instance *instance;
	enum course course;
	SaNat64__Control__Reply *reply; /* owned; the newest to a ReloadRequest, or NULL */
	bool is_done;                   /* started or stopped */
};

/* What becomes of sa-nat64-exporter, which has no control socket: where it listens, in the words of
 * metrics_listen_describe(). "": it does not run. */
struct exporter {
	char before[METRICS_LISTEN_MAX], wanted[METRICS_LISTEN_MAX], now[METRICS_LISTEN_MAX];
};

struct reload {
	const struct cli_options *options;
	struct out *out;
	struct programs programs;
	struct member *members;
	size_t count;
	struct exporter exporter; /* of systemd's; else nothing is known of it */
	bool by_systemd;
	bool is_unfit;   /* programs and file do not go together; it was said why */
	bool is_applied; /* else all that was said is what would be */
};

static const struct out_column columns[] = {
	{ "program", 28 },
	{ "outcome", 12 },
	{ "sessions_ended", 14 },
	{ NULL, 0 },
};

static const char *config_path(const struct cli_options *options)
{
	return options->config_path ? options->config_path : CONFIG_PATH_DEFAULT;
}

/* ---- asking ---- */

/* All that are reloaded at once. */
static void ask(struct reload *reload, const char *action, uint64_t limit_us)
{
	SaNat64__Control__Request request = SA_NAT64__CONTROL__REQUEST__INIT;
	SaNat64__Control__ReloadRequest body = SA_NAT64__CONTROL__RELOAD_REQUEST__INIT;
	SaNat64__Control__Reply **replies = calloc(reload->count + 1, sizeof(*replies));
	struct instances asked = { .list = calloc(reload->count + 1, sizeof(*asked.list)) };
	size_t at = 0;

	request.command_case = SA_NAT64__CONTROL__REQUEST__COMMAND_RELOAD;
	request.reload = &body;
	body.action = (char *)action;
	for (size_t i = 0; asked.list && i < reload->count; i++)
		if (reload->members[i].course == COURSE_RELOAD)
			asked.list[asked.count++] = *reload->members[i].instance;
	if (replies && asked.list)
		instances_ask_until(&asked, &request, control_now_us() + limit_us, replies);
	for (size_t i = 0; replies && asked.list && i < reload->count; i++) {
		struct member *member = &reload->members[i];

		if (member->course != COURSE_RELOAD)
			continue;
		sa_nat64__control__reply__free_unpacked(member->reply, NULL);
		*member->instance = asked.list[at];
		member->reply = replies[at++];
	}
	free(asked.list);
	free(replies);
}

/* Of what systemd does. */
static const char *outcome_by(const struct reload *reload, enum course course, bool is_done)
{
	static const struct {
		const char *done, *failed, *would;
	} words[] = {
		[COURSE_RELOAD] = { "reloaded", "refused", "would reload" },
		[COURSE_START] = { "started", "not started", "would start" },
		[COURSE_STOP] = { "stopped", "not stopped", "would stop" },
	};

	return is_done              ? words[course].done
	       : reload->is_applied ? words[course].failed
	                            : words[course].would;
}

static const char *outcome_of(const struct reload *reload, const struct member *member)
{
	const char *outcome = member->reply ? member->reply->reload->outcome : "unknown";

	if (member->course != COURSE_RELOAD)
		return outcome_by(reload, member->course, member->is_done);
	return !reload->is_applied && strcmp(outcome, "reloaded") == 0 ? "would reload" : outcome;
}

static bool is_refused(const struct member *member)
{
	return member->course == COURSE_RELOAD &&
	       (!member->reply || strcmp(member->reply->reload->outcome, "refused") == 0);
}

static bool has_refusal(const struct reload *reload)
{
	for (size_t i = 0; i < reload->count; i++)
		if (is_refused(&reload->members[i]))
			return true;
	return false;
}

/* ---- sa-nat64-exporter ---- */

static void look_at_exporter(char where[METRICS_LISTEN_MAX])
{
	(void)services_status_text(EXPORTER ".service", where, METRICS_LISTEN_MAX);
}

static void begin_exporter(struct reload *reload, const struct config *config)
{
	struct exporter *exporter = &reload->exporter;

	look_at_exporter(exporter->before);
	memcpy(exporter->now, exporter->before, sizeof(exporter->now));
	(void)metrics_listen_describe(&config->cluster, exporter->wanted);
}

static bool is_exporter_done(const struct exporter *exporter)
{
	return strcmp(exporter->now, exporter->wanted) == 0;
}

/* One that says something else than before and than wanted has refused it. */
static bool is_exporter_settled(struct exporter *exporter)
{
	if (is_exporter_done(exporter))
		return true;
	look_at_exporter(exporter->now);
	return is_exporter_done(exporter) || (exporter->now[0] && exporter->before[0] &&
	                                      strcmp(exporter->now, exporter->before) != 0);
}

/* NULL where there is none, and shall be none. */
static const char *exporter_outcome(const struct reload *reload)
{
	const struct exporter *exporter = &reload->exporter;
	enum course course = !exporter->before[0]   ? COURSE_START
	                     : !exporter->wanted[0] ? COURSE_STOP
	                                            : COURSE_RELOAD;

	if (strcmp(exporter->before, exporter->wanted) == 0)
		return exporter->wanted[0] ? "unchanged" : NULL;
	return outcome_by(reload, course, is_exporter_done(exporter));
}

/* ---- saying ---- */

static void complain(const struct member *member)
{
	const SaNat64__Control__ReloadReply *reply = member->reply ? member->reply->reload : NULL;
	char title[INSTANCE_TITLE_LEN], unit[INSTANCE_UNIT_LEN];

	(void)instance_title(member->instance, title);
	(void)fflush(stdout);
	if (!reply && member->course == COURSE_RELOAD)
		instance_complain(member->instance, stderr);
	for (size_t i = 0; reply && i < reply->n_problems; i++)
		(void)fprintf(stderr, "sa-nat64: %s: %s\n", title, reply->problems[i]);
	for (size_t i = 0; reply && i < reply->n_restart_keys; i++)
		(void)fprintf(
			stderr,
			"sa-nat64: %s: %s needs a restart: systemctl restart %s, or by hand\n",
			title, reply->restart_keys[i], instance_unit(member->instance, unit));
	/* Those of the file were said when it was read here. */
	for (size_t i = 0; reply && i < reply->n_warnings; i++)
		if (!strstr(reply->warnings[i], ": warning: "))
			(void)fprintf(stderr, "sa-nat64: %s: warning: %s\n", title,
			              reply->warnings[i]);
}

static void put_lines(struct out *out, const char *key, char **lines, size_t count)
{
	if (out->is_text)
		return;
	out_begin(out, OUT_STEPS, key);
	for (size_t i = 0; i < count; i++)
		out_text(out, key, lines[i]);
	out_end(out);
}

static void put_member(const struct reload *reload, const struct member *member)
{
	struct out *out = reload->out;
	const SaNat64__Control__ReloadReply *reply = member->reply ? member->reply->reload : NULL;
	char title[INSTANCE_TITLE_LEN];

	out_begin(out, OUT_ROW, NULL);
	out_text(out, "program", instance_title(member->instance, title));
	out_text(out, "outcome", outcome_of(reload, member));
	out_count(out, "sessions_ended", reply ? reply->sessions_ended : 0);
	if (reply) {
		put_lines(out, "problems", reply->problems, reply->n_problems);
		put_lines(out, "restart_keys", reply->restart_keys, reply->n_restart_keys);
		put_lines(out, "warnings", reply->warnings, reply->n_warnings);
	}
	out_end(out);
}

static void put_exporter(const struct reload *reload)
{
	const char *outcome = exporter_outcome(reload);

	if (!outcome)
		return;
	out_begin(reload->out, OUT_ROW, NULL);
	out_text(reload->out, "program", EXPORTER);
	out_text(reload->out, "outcome", outcome);
	out_count(reload->out, "sessions_ended", 0);
	out_end(reload->out);
}

static void show(const struct reload *reload)
{
	out_begin(reload->out, OUT_OBJECT, NULL);
	out_begin_table(reload->out, "programs", columns);
	for (size_t i = 0; i < reload->count; i++)
		put_member(reload, &reload->members[i]);
	put_exporter(reload);
	out_end(reload->out);
	incomplete_put(reload->out, &reload->programs.all);
	out_end(reload->out);
}

static int finish(const struct reload *reload)
{
	bool is_refusal = has_refusal(reload);

	show(reload);
	for (size_t i = 0; i < reload->count; i++)
		complain(&reload->members[i]);
	return is_refusal ? 1 : 0;
}

/* ---- who takes part ---- */

static bool add_member(struct reload *reload, struct instance *instance, enum course course)
{
	struct member *list = reallocarray(reload->members, reload->count + 1, sizeof(*list));

	if (!list)
		return false;
	reload->members = list;
	list[reload->count++] = (struct member){ .instance = instance, .course = course };
	return true;
}

/* An instance that a reload of programs cannot bring or take. */
static void complain_stranger(const struct instance *instance, const char *path)
{
	(void)fprintf(stderr,
	              instance->is_in_file
	                      ? "sa-nat64: instance %s is in %s and does not run; start it with "
	                        "sa-nat64-translator %s\n"
	                      : "sa-nat64: instance %s runs and is not in %s any more; end its "
	                        "sa-nat64-translator %s\n",
	              instance->name, path, instance->name);
}

/* False when memory ends. */
static bool place_instance(struct reload *reload, struct instance *instance)
{
	bool runs = instance_has_socket(instance);

	if (reload->options->instance || (runs && instance->is_in_file))
		return add_member(reload, instance, COURSE_RELOAD);
	if (reload->by_systemd)
		return add_member(reload, instance, runs ? COURSE_STOP : COURSE_START);
	complain_stranger(instance, config_path(reload->options));
	reload->is_unfit = true;
	return true;
}

/* Without sync-interface systemd ends sa-nat64-syncd, which would refuse that. */
static enum course daemon_course(const struct reload *reload, const struct instance *instance,
                                 const struct config *config)
{
	bool is_syncd = instance == reload->programs.daemon[BOX_SYNCD];

	return is_syncd && reload->by_systemd && !config->cluster.sync_interface ? COURSE_STOP
	                                                                         : COURSE_RELOAD;
}

/* Returns an exit status. */
static int place_all(struct reload *reload, const struct config *config)
{
	struct instances *all = &reload->programs.all;
	bool complete = true;

	for (size_t i = 0; i < all->count; i++) {
		struct instance *instance = &all->list[i];

		if (i < reload->programs.translators)
			complete &= place_instance(reload, instance);
		else
			complete &= add_member(reload, instance,
			                       daemon_course(reload, instance, config));
	}
	if (!complete)
		(void)fprintf(stderr, "sa-nat64: out of memory\n");
	else if (reload->count == 0)
		(void)fprintf(stderr, "sa-nat64: nothing runs here that could be reloaded\n");
	return complete && reload->count > 0 ? 0 : 1;
}

/* ---- by systemd ---- */

/* A program has answered since then with what became of the reload that began then. */
static bool is_settled(const struct member *member, uint64_t began_us)
{
	const SaNat64__Control__ReloadReply *reply = member->reply ? member->reply->reload : NULL;

	return reply && strcmp(reply->outcome, "never") != 0 &&
	       reply->ago_us < control_now_us() - began_us;
}

static void look(struct member *member)
{
	if (member->course == COURSE_STOP)
		member->is_done = !instance_has_socket(member->instance);
	if (member->course == COURSE_START)
		member->is_done = instance_has_socket(member->instance);
}

static bool all_settled(struct reload *reload, uint64_t began_us)
{
	bool settled = true;

	ask(reload, "outcome", CONTROL_TIMEOUT_US);
	for (size_t i = 0; i < reload->count; i++) {
		struct member *member = &reload->members[i];

		look(member);
		settled &= member->course == COURSE_RELOAD ? is_settled(member, began_us)
		                                           : member->is_done;
	}
	return is_exporter_settled(&reload->exporter) && settled;
}

static void forget(struct reload *reload)
{
	for (size_t i = 0; i < reload->count; i++)
		if (reload->members[i].course == COURSE_RELOAD && !reload->members[i].reply)
			instances_forget(&reload->programs.all);
}

/* Returns an exit status. */
static int complain_late(const struct reload *reload)
{
	char title[INSTANCE_TITLE_LEN], unit[INSTANCE_UNIT_LEN];

	for (size_t i = 0; i < reload->count; i++) {
		const struct member *member = &reload->members[i];

		if (member->course != COURSE_RELOAD && !member->is_done)
			(void)fprintf(stderr,
			              "sa-nat64: %s: not %s within %u s; see systemctl "
			              "status %s\n",
			              instance_title(member->instance, title),
			              member->course == COURSE_START ? "started" : "stopped",
			              (unsigned)(SETTLE_US / 1000000),
			              instance_unit(member->instance, unit));
	}
	if (!is_exporter_done(&reload->exporter))
		(void)fprintf(stderr, "sa-nat64: " EXPORTER ": does not do as metrics-listen says; "
		                      "journalctl -u " EXPORTER " says why\n");
	(void)fprintf(stderr, "sa-nat64: not all programs have taken the configuration; their "
	                      "logs say why\n");
	return 1;
}

static int apply_by_systemd(struct reload *reload)
{
	uint64_t began_us = control_now_us(), deadline_us;
	int status = services_reload();
	bool settled;

	if (status)
		return status;
	deadline_us = control_now_us() + SETTLE_US;
	while (!(settled = all_settled(reload, began_us)) && control_now_us() < deadline_us) {
		struct timespec pause = { .tv_nsec = PAUSE_NS };

		forget(reload);
		(void)nanosleep(&pause, NULL);
	}
	status = finish(reload);
	return settled && is_exporter_done(&reload->exporter) ? status : complain_late(reload);
}

/* ---- the phases ---- */

static int apply(struct reload *reload)
{
	int status;

	reload->is_applied = true;
	if (reload->by_systemd)
		return apply_by_systemd(reload);
	ask(reload, "apply", APPLY_US);
	status = finish(reload);
	if (status)
		(void)fprintf(stderr, "sa-nat64: not all programs have taken the configuration, "
		                      "which all had accepted; their logs say why\n");
	return status;
}

static int carry_out(struct reload *reload)
{
	bool is_refused;

	ask(reload, "check", CONTROL_TIMEOUT_US);
	is_refused = reload->is_unfit || has_refusal(reload);
	if (!is_refused && !reload->options->dry_run)
		return apply(reload);
	(void)finish(reload);
	if (is_refused)
		(void)fprintf(stderr, "sa-nat64: nothing was reloaded\n");
	return is_refused ? 1 : 0;
}

static void reload_free(struct reload *reload)
{
	for (size_t i = 0; i < reload->count; i++)
		sa_nat64__control__reply__free_unpacked(reload->members[i].reply, NULL);
	free(reload->members);
	programs_free(&reload->programs);
}

/* systemd knows of the usual file and run directory only. */
static bool is_usual(const struct cli_options *options)
{
	return !options->instance && strcmp(config_path(options), CONFIG_PATH_DEFAULT) == 0 &&
	       strcmp(options->rundir, CONFIG_RUNDIR_DEFAULT) == 0;
}

int cmd_reload(const struct cli_options *options, struct instances *instances, struct out *out)
{
	struct reload reload = { .options = options, .out = out };
	struct config *config;
	int status;

	(void)instances;
	if (config_load(config_path(options), stderr, &config) != 0)
		return 2;
	status = programs_find(options, &reload.programs, stderr);
	if (status == 0) {
		reload.by_systemd = is_usual(options) && services_are_active();
		if (reload.by_systemd)
			begin_exporter(&reload, config);
		status = place_all(&reload, config);
		if (status == 0)
			status = carry_out(&reload);
		reload_free(&reload);
	}
	config_free(config);
	return status;
}
