/* `sa-nat64 config`: what runs, as a file that parses back (cli/running.h says whose section is
 * taken from whom).
 *
 * Bindings of `bib add` are no part of the configuration, because they end with it: a comment says
 * how many there are.
 */
#include "cli/commands.h"
#include "cli/incomplete.h"
#include "cli/what_runs.h"

#include <stdlib.h>
#include <string.h>

struct view {
	const struct what_runs *what;
	uint64_t *extra; /* for each answer: static bindings that are not of the configuration */
	struct out *out;
};

/* ---- bindings of bib add ---- */

static uint64_t count_configured(const struct config_instance *instance)
{
	uint64_t count = 0;

	for (size_t i = 0; i < instance->bib_count; i++)
		count += instance->bib[i].count;
	return count;
}

/* How many more it has than the configuration. */
static uint64_t count_extra(const struct running_program *program,
                            const SaNat64__Control__StatusReply *status)
{
	const struct config_instance *instance = config_instance_find(program->config,
	                                                              program->name);
	uint64_t configured = instance ? count_configured(instance) : 0;

	return status->static_bindings > configured ? status->static_bindings - configured : 0;
}

static void take_status(struct what_runs *what, const char *name,
                        const SaNat64__Control__StatusReply *status, uint64_t *extra)
{
	for (size_t i = 0; i < what->count; i++)
		if (what->answers[i].role == RUNNING_TRANSLATOR &&
		    strcmp(what->answers[i].name, name) == 0)
			extra[i] = count_extra(&what->answers[i], status);
}

/* NULL when memory ends. */
static uint64_t *count_all_extra(struct what_runs *what)
{
	SaNat64__Control__Request request = SA_NAT64__CONTROL__REQUEST__INIT;
	SaNat64__Control__StatusRequest body = SA_NAT64__CONTROL__STATUS_REQUEST__INIT;
	struct instances translators = { .list = what->programs.all.list,
		                         .count = what->programs.translators };
	SaNat64__Control__Reply **replies = calloc(translators.count + 1, sizeof(*replies));
	uint64_t *extra = calloc(what->count + 1, sizeof(*extra));

	request.command_case = SA_NAT64__CONTROL__REQUEST__COMMAND_STATUS;
	request.status = &body;
	if (!replies || !extra) {
		free(replies);
		free(extra);
		return NULL;
	}
	instances_ask(&translators, &request, replies);
	for (size_t i = 0; i < translators.count; i++) {
		if (replies[i])
			take_status(what, translators.list[i].name, replies[i]->status, extra);
		sa_nat64__control__reply__free_unpacked(replies[i], NULL);
	}
	free(replies);
	return extra;
}

static uint64_t extra_of(const struct view *view, const struct running_section *section)
{
	if (section->kind != CONFIG_SECTION_INSTANCE)
		return 0;
	return view->extra[section->from - view->what->answers];
}

/* ---- text ---- */

static void say_section(const struct view *view, const struct running_section *section)
{
	uint64_t extra = extra_of(view, section);

	(void)printf("# of %s\n", section->from->title);
	if (extra > 0)
		(void)printf("# %llu static binding%s more, by `bib add`: until a reload that "
		             "changes this instance, or a restart\n",
		             (unsigned long long)extra, extra == 1 ? "" : "s");
}

static void say_missing(const struct instances *all)
{
	char title[INSTANCE_TITLE_LEN];

	for (size_t i = 0; i < all->count; i++)
		if (all->list[i].problem[0])
			(void)printf("# without %s, which did not answer\n",
			             instance_title(&all->list[i], title));
}

/* text: what config_print() made of it, section by section. */
static void show_text(const struct view *view, char *text)
{
	const struct running_section *section = view->what->running.sections;
	char *rest = NULL;

	(void)printf("# what runs, by `sa-nat64 config`\n");
	say_missing(&view->what->programs.all);
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		if (line[0] == '[') {
			(void)fputc('\n', stdout);
			say_section(view, section++);
		}
		(void)puts(line);
	}
}

/* ---- JSON ---- */

static const struct out_column key_columns[] = { { "key", 0 }, { "value", 0 }, { NULL, 0 } };

static void put_title(struct out *out, const struct running_section *section)
{
	out_text(out, "section", config_section_names[section->kind]);
	if (section->name[0])
		out_text(out, section->kind == CONFIG_SECTION_NETWORK ? "instance" : "name",
		         section->name);
	if (section->second[0])
		out_text(out, "node", section->second);
}

static void begin_section(const struct view *view, const struct running_section *section)
{
	struct out *out = view->out;
	uint64_t extra = extra_of(view, section);

	out_begin(out, OUT_OBJECT, NULL);
	put_title(out, section);
	out_text(out, "from", section->from->title);
	if (extra > 0)
		out_count(out, "added_bindings", extra);
	out_begin_table(out, "keys", key_columns);
}

static void end_section(struct out *out)
{
	out_end(out);
	out_end(out);
}

static void show_key(struct out *out, char *line)
{
	char *value = strstr(line, " = ");

	if (!value)
		return;
	*value = '\0';
	out_begin(out, OUT_ROW, NULL);
	out_text(out, "key", line);
	out_text(out, "value", value + 3);
	out_end(out);
}

static void show_json(const struct view *view, char *text)
{
	const struct running_section *section = view->what->running.sections;
	bool is_open = false;
	char *rest = NULL;

	out_begin(view->out, OUT_LIST, "sections");
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		if (line[0] != '[') {
			show_key(view->out, line);
			continue;
		}
		if (is_open)
			end_section(view->out);
		begin_section(view, section++);
		is_open = true;
	}
	if (is_open)
		end_section(view->out);
	out_end(view->out);
}

/* ---- differences ---- */

static void print_title(const struct running_section *section, FILE *out)
{
	(void)fprintf(out, "[%s%s%s%s%s]", config_section_names[section->kind],
	              section->name[0] ? " " : "", section->name, section->second[0] ? " " : "",
	              section->second);
}

/* How the program that is behind catches up. */
static void print_remedy(const struct view *view, const struct running_difference *difference)
{
	const struct instances *all = &view->what->programs.all;
	char title[INSTANCE_TITLE_LEN], unit[INSTANCE_UNIT_LEN];

	for (size_t i = 0; difference->needs_restart && i < all->count; i++)
		if (strcmp(instance_title(&all->list[i], title), difference->earlier->title) == 0)
			(void)fprintf(stderr, "restart it (systemctl restart %s, or by hand)\n",
			              instance_unit(&all->list[i], unit));
	if (!difference->needs_restart)
		(void)fprintf(stderr, "reload it (sa-nat64 reload)\n");
}

static void complain_difference(void *context, const struct running_difference *difference)
{
	const struct view *view = context;
	const struct running_section *section = difference->section;

	(void)fputs("sa-nat64: ", stderr);
	print_title(section, stderr);
	if (difference->keys[0])
		(void)fprintf(stderr, " %s: %s and %s run different values", difference->keys,
		              section->from->title, difference->other->title);
	else
		(void)fprintf(stderr, ": %s does not know of it, unlike %s",
		              difference->other->title, section->from->title);
	(void)fprintf(stderr, "; %s has read its file earlier: ", difference->earlier->title);
	print_remedy(view, difference);
}

static void put_difference(void *context, const struct running_difference *difference)
{
	const struct view *view = context;
	const struct running_section *section = difference->section;
	struct out *out = view->out;

	out_begin(out, OUT_OBJECT, NULL);
	put_title(out, section);
	out_text(out, "keys", difference->keys);
	out_text(out, "from", section->from->title);
	out_text(out, "other", difference->other->title);
	out_text(out, "earlier", difference->earlier->title);
	out_flag(out, "needs_restart", difference->needs_restart);
	out_end(out);
}

static int compare(const struct view *view,
                   void (*found)(void *context, const struct running_difference *difference))
{
	const struct what_runs *what = view->what;

	return running_compare(&what->running, what->answers, what->count, found, (void *)view);
}

/* ---- the whole ---- */

/* text is written to. */
static int show(struct view *view, char *text)
{
	int error = 0;

	if (view->out->is_text) {
		show_text(view, text);
	} else {
		out_begin(view->out, OUT_OBJECT, NULL);
		show_json(view, text);
		out_begin(view->out, OUT_LIST, "differences");
		error = compare(view, put_difference);
		out_end(view->out);
		incomplete_put(view->out, &view->what->programs.all);
		out_end(view->out);
	}
	(void)fflush(stdout);
	return error == 0 ? compare(view, complain_difference) : error;
}

static int print(struct view *view)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	int error = -1;

	if (out) {
		config_print(&view->what->running.config, out);
		error = fclose(out) == 0 && view->extra ? show(view, text) : -1;
	}
	free(text);
	if (error < 0)
		(void)fprintf(stderr, "sa-nat64: out of memory\n");
	return error < 0 ? 1 : 0;
}

int cmd_config(const struct cli_options *options, struct instances *instances, struct out *out)
{
	struct what_runs what;
	struct view view = { .what = &what, .out = out };
	int status = what_runs_ask(options, &what, stderr), problems;

	(void)instances;
	if (status)
		return status;
	view.extra = count_all_extra(&what);
	if (what.count > 0)
		status = print(&view);
	else if (what.programs.all.count == 0)
		(void)fprintf(stderr,
		              "sa-nat64: nothing runs here: no program has a socket in %s\n",
		              options->rundir);
	problems = instances_complain(&what.programs.all, stderr);
	free(view.extra);
	status = status ? status : problems;
	if (what.count == 0 && status == 0)
		status = 1;
	what_runs_free(&what);
	return status;
}
