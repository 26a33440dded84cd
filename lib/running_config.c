#include "lib/running_config.h"

#include "lib/control_socket.h"
#include "lib/log.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Sentences, one a line. */
struct lines {
	char *text; /* owned; NULL: none */
	size_t len;
};

/* What became of a reload, or would. */
struct outcome {
	const char *word; /* of ReloadReply.outcome */
	struct lines problems, restart_keys, warnings;
	uint32_t sessions_ended;
	uint64_t at_us;
};

struct running_config {
	const char *path;
	struct reload_hooks hooks;
	const struct daemon_signals *signals;
	struct lines text;
	uint64_t generation, read_us;
	struct outcome last;
};

/* ---- texts ---- */

static int config_render(const struct config *config, struct lines *out)
{
	struct lines lines = { NULL, 0 };
	FILE *stream = open_memstream(&lines.text, &lines.len);

	if (!stream)
		return -ENOMEM;
	config_print(config, stream);
	if (fclose(stream) != 0) {
		free(lines.text);
		return -ENOMEM;
	}
	*out = lines;
	return 0;
}

static bool lines_equal(const struct lines *a, const struct lines *b)
{
	return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

static void lines_free(struct lines *lines)
{
	free(lines->text);
	*lines = (struct lines){ NULL, 0 };
}

/* Where the line behind at begins. */
static const char *line_next(const char *at)
{
	const char *end = strchr(at, '\n');

	return end ? end + 1 : at + strlen(at);
}

static size_t lines_count(const struct lines *lines)
{
	size_t count = 0;

	for (const char *at = lines->text; at && *at; at = line_next(at))
		count++;
	return count;
}

/* The first line that is not kept any more is replaced by how many there are. */
static void lines_limit(struct lines *lines)
{
	size_t count = lines_count(lines), room;
	char *at = lines->text;

	if (count <= RUNNING_CONFIG_LINES)
		return;
	for (size_t i = 0; i < RUNNING_CONFIG_LINES; i++)
		at = (char *)line_next(at);
	room = lines->len - (size_t)(at - lines->text) + 1;
	(void)snprintf(at, room, "%zu more", count - RUNNING_CONFIG_LINES);
	lines->len = strlen(lines->text);
}

static void outcome_free(struct outcome *outcome)
{
	lines_free(&outcome->problems);
	lines_free(&outcome->restart_keys);
	lines_free(&outcome->warnings);
}

/* ---- one reload ---- */

/* What config_load() said: warnings of a file that is accepted, else problems among warnings. */
static void sort_messages(const struct lines *said, struct reload *reload)
{
	static const char warning[] = ": warning: ";

	for (const char *at = said->text; at && *at; at = line_next(at)) {
		size_t len = strcspn(at, "\n");
		bool is_warning = memmem(at, len, warning, sizeof(warning) - 1) != NULL;

		fprintf(is_warning ? reload->warnings : reload->problems, "%.*s\n", (int)len, at);
	}
}

/* 0 and *out, or -errno with the problems in reload. */
static int load(const struct running_config *running, struct reload *reload, struct config **out)
{
	struct lines said = { NULL, 0 };
	FILE *stream = open_memstream(&said.text, &said.len);
	int error;

	if (!stream)
		return -ENOMEM;
	error = config_load(running->path, stream, out);
	if (fclose(stream) == 0)
		sort_messages(&said, reload);
	free(said.text);
	return error;
}

static bool has_problems(struct reload *reload)
{
	return ftell(reload->problems) > 0 || ftell(reload->restart_keys) > 0;
}

enum step { STEP_CHECK, STEP_APPLY };

/* The newly read configuration is what the daemon goes by, as far as it goes by it. */
static void take_text(struct running_config *running, struct lines *text)
{
	lines_free(&running->text);
	running->text = *text;
	*text = (struct lines){ NULL, 0 };
	running->generation++;
	running->read_us = control_now_us();
}

/* config is owned. Returns what to call the outcome. */
static const char *carry_out(struct running_config *running, struct config *config,
                             struct lines *text, enum step step, struct reload *reload)
{
	int error;

	running->hooks.check(running->hooks.context, reload);
	if (has_problems(reload) || step == STEP_CHECK) {
		config_free(config);
		return has_problems(reload) ? "refused"
		       : reload->changes    ? "reloaded"
		                            : "unchanged";
	}
	error = 0;
	if (reload->changes)
		error = running->hooks.apply(running->hooks.context, config, reload);
	else
		config_free(config);
	if (error < 0) {
		fprintf(reload->problems, "%s\n",
		        error == -ENOMEM ? "not enough memory" : strerror(-error));
		return "refused";
	}
	if (!reload->is_same)
		take_text(running, text);
	return reload->changes ? "reloaded" : "unchanged";
}

static const char *read_and_carry_out(struct running_config *running, enum step step,
                                      struct reload *reload)
{
	struct lines text = { NULL, 0 };
	struct config *config = NULL;
	const char *word;
	int error = load(running, reload, &config);

	if (error == 0)
		error = config_render(config, &text);
	if (error < 0) {
		config_free(config);
		if (!has_problems(reload))
			fprintf(reload->problems, "not enough memory\n");
		return "refused";
	}
	reload->wanted = config;
	reload->is_same = lines_equal(&text, &running->text);
	word = carry_out(running, config, &text, step, reload);
	lines_free(&text);
	return word;
}

static int close_lines(FILE *stream, struct lines *lines)
{
	if (!stream || fclose(stream) != 0)
		return -ENOMEM;
	lines_limit(lines);
	return 0;
}

/* Returns whether the outcome is known; without memory nothing was done. */
static bool reload_run(struct running_config *running, enum step step, struct reload *reload,
                       struct outcome *out)
{
	bool is_whole;

	*out = (struct outcome){ .word = "refused" };
	*reload = (struct reload){ .wanted = NULL };
	reload->problems = open_memstream(&out->problems.text, &out->problems.len);
	reload->restart_keys = open_memstream(&out->restart_keys.text, &out->restart_keys.len);
	reload->warnings = open_memstream(&out->warnings.text, &out->warnings.len);
	is_whole = reload->problems && reload->restart_keys && reload->warnings;
	if (is_whole)
		out->word = read_and_carry_out(running, step, reload);
	is_whole &= close_lines(reload->problems, &out->problems) == 0;
	is_whole &= close_lines(reload->restart_keys, &out->restart_keys) == 0;
	is_whole &= close_lines(reload->warnings, &out->warnings) == 0;
	out->sessions_ended = reload->sessions_ended;
	out->at_us = control_now_us();
	return is_whole;
}

/* ---- what is said about it ---- */

static void log_refusal(const struct running_config *running, const struct reload *reload,
                        const struct outcome *outcome)
{
	const char *keys = outcome->restart_keys.text, *problems = outcome->problems.text;
	char text[400] = "";
	size_t len = 0;

	for (const char *at = problems; at && *at; at = line_next(at))
		log_error("%.*s", (int)strcspn(at, "\n"), at);
	for (const char *at = keys; at && *at && len < sizeof(text); at = line_next(at))
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%.*s", len ? ", " : "",
		                        (int)strcspn(at, "\n"), at);
	if (len)
		log_error("reload refused, nothing changed: these need a restart: %s", text);
	else if (reload->wanted)
		log_error("reload refused, nothing changed");
	else
		log_error("reload refused, nothing changed: %s has errors", running->path);
}

static void log_outcome(const struct running_config *running, const struct reload *reload,
                        const struct outcome *outcome)
{
	const struct lines *warnings = &outcome->warnings;

	for (const char *at = warnings->text; at && *at; at = line_next(at))
		log_warning("%.*s", (int)strcspn(at, "\n"), at);
	if (strcmp(outcome->word, "refused") == 0)
		log_refusal(running, reload, outcome);
	else if (strcmp(outcome->word, "reloaded") == 0)
		log_info("reloaded%s", reload->note);
	else
		log_info("reload: nothing that this program goes by has changed");
}

void running_config_reload(struct running_config *running)
{
	struct outcome outcome;
	struct reload reload;

	if (!reload_run(running, STEP_APPLY, &reload, &outcome))
		log_error("not enough memory to say what became of the reload");
	log_outcome(running, &reload, &outcome);
	outcome_free(&running->last);
	running->last = outcome;
}

/* ---- answers ---- */

/* Sentences as a message has them. The caller frees the array and, at its first place, the text. */
static char **lines_split(const struct lines *lines, size_t *count)
{
	size_t places = lines_count(lines);
	char **out = calloc(places + 1, sizeof(*out));
	char *text = places ? strdup(lines->text) : NULL, *rest = NULL;

	*count = 0;
	if (!out || (places && !text)) {
		free(text);
		free(out);
		return NULL;
	}
	for (char *line = text ? strtok_r(text, "\n", &rest) : NULL; line && *count < places;
	     line = strtok_r(NULL, "\n", &rest))
		out[(*count)++] = line;
	if (*count == 0)
		free(text);
	return out;
}

static void split_free(char **split)
{
	if (split)
		free(split[0]);
	free(split);
}

static size_t send_outcome(const struct running_config *running, const struct outcome *outcome,
                           const struct control_reply *to)
{
	SaNat64__Control__Reply reply = SA_NAT64__CONTROL__REPLY__INIT;
	SaNat64__Control__ReloadReply body = SA_NAT64__CONTROL__RELOAD_REPLY__INIT;
	size_t len;

	body.outcome = (char *)outcome->word;
	body.problems = lines_split(&outcome->problems, &body.n_problems);
	body.warnings = lines_split(&outcome->warnings, &body.n_warnings);
	body.restart_keys = lines_split(&outcome->restart_keys, &body.n_restart_keys);
	body.sessions_ended = outcome->sessions_ended;
	body.generation = running->generation;
	body.ago_us = outcome->at_us ? control_now_us() - outcome->at_us : 0;
	reply.body_case = SA_NAT64__CONTROL__REPLY__BODY_RELOAD;
	reply.reload = &body;
	if (body.problems && body.warnings && body.restart_keys)
		len = control_reply_send(to, &reply);
	else
		len = control_reply_error(to, "not enough memory for the answer");
	split_free(body.problems);
	split_free(body.warnings);
	split_free(body.restart_keys);
	return len;
}

static size_t answer_check(struct running_config *running, const struct control_reply *to)
{
	struct outcome outcome;
	struct reload reload;
	size_t len;

	if (reload_run(running, STEP_CHECK, &reload, &outcome))
		len = send_outcome(running, &outcome, to);
	else
		len = control_reply_error(to, "not enough memory to check the configuration");
	outcome_free(&outcome);
	return len;
}

static size_t answer_apply(struct running_config *running, const struct control_reply *to)
{
	daemon_signals_reload(running->signals);
	return send_outcome(running, &running->last, to);
}

static size_t answer_outcome(struct running_config *running, const struct control_reply *to)
{
	return send_outcome(running, &running->last, to);
}

static size_t answer_reload(struct running_config *running,
                            const SaNat64__Control__ReloadRequest *request,
                            const struct control_reply *to)
{
	static const struct {
		const char *action;
		size_t (*answer)(struct running_config *running, const struct control_reply *to);
	} actions[] = {
		{ "check", answer_check },
		{ "apply", answer_apply },
		{ "outcome", answer_outcome },
	};

	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (strcmp(request->action, actions[i].action) == 0)
			return actions[i].answer(running, to);
	return control_reply_invalid(to,
	                             "a reload is asked to check, to apply, or for its outcome");
}

/* A piece of another text than that of the pieces before says so by its generation. */
static size_t answer_config(const struct running_config *running,
                            const SaNat64__Control__ConfigRequest *request,
                            const struct control_reply *to)
{
	SaNat64__Control__Reply reply = SA_NAT64__CONTROL__REPLY__INIT;
	SaNat64__Control__ConfigReply body = SA_NAT64__CONTROL__CONFIG_REPLY__INIT;
	bool is_same = request->generation == 0 || request->generation == running->generation;
	size_t offset = is_same ? request->offset : 0, len;

	if (offset > running->text.len)
		return control_reply_invalid(to, "the configuration has no such piece");
	len = running->text.len - offset;
	if (len > RUNNING_CONFIG_PIECE)
		len = RUNNING_CONFIG_PIECE;
	body.text = (ProtobufCBinaryData){ len, (uint8_t *)running->text.text + offset };
	body.next_offset = offset + len < running->text.len ? (uint32_t)(offset + len) : 0;
	body.generation = running->generation;
	body.age_us = control_now_us() - running->read_us;
	reply.body_case = SA_NAT64__CONTROL__REPLY__BODY_CONFIG;
	reply.config = &body;
	return control_reply_send(to, &reply);
}

size_t running_config_answer(struct running_config *running,
                             const SaNat64__Control__Request *request,
                             const struct control_reply *to)
{
	if (request->command_case == SA_NAT64__CONTROL__REQUEST__COMMAND_CONFIG)
		return answer_config(running, request->config, to);
	return answer_reload(running, request->reload, to);
}

/* ---- start and end ---- */

int running_config_new(const char *path, const struct config *config,
                       const struct reload_hooks *hooks, const struct daemon_signals *signals,
                       struct running_config **out)
{
	struct running_config *running = calloc(1, sizeof(*running));

	if (!running)
		return -ENOMEM;
	*running = (struct running_config){ .path = path,
		                            .hooks = *hooks,
		                            .signals = signals,
		                            .generation = 1,
		                            .read_us = control_now_us(),
		                            .last = { .word = "never" } };
	if (config_render(config, &running->text) < 0) {
		free(running);
		return -ENOMEM;
	}
	*out = running;
	return 0;
}

void running_config_free(struct running_config *running)
{
	if (!running)
		return;
	outcome_free(&running->last);
	lines_free(&running->text);
	free(running);
}
