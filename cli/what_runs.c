#include "cli/what_runs.h"

#include <stdlib.h>

static enum running_role role_of(const struct programs *programs, size_t index)
{
	const struct instance *instance = &programs->all.list[index];

	if (index < programs->translators)
		return RUNNING_TRANSLATOR;
	return instance == programs->daemon[BOX_SYNCD] ? RUNNING_SYNCD : RUNNING_HEALTHD;
}

/* replies are freed. */
static void take_answers(struct what_runs *what, SaNat64__Control__Reply **replies)
{
	struct instances *all = &what->programs.all;

	for (size_t i = 0; i < all->count; i++) {
		struct running_program program = { .role = role_of(&what->programs, i),
			                           .name = all->list[i].name };

		if (!replies[i])
			continue;
		program.config = programs_config(&all->list[i], replies[i], &program.age_us);
		if (!program.config)
			continue;
		program.title = instance_title(&all->list[i], what->titles[what->count]);
		what->answers[what->count++] = program;
	}
}

static int ask(struct what_runs *what)
{
	SaNat64__Control__Request request = SA_NAT64__CONTROL__REQUEST__INIT;
	SaNat64__Control__ConfigRequest body = SA_NAT64__CONTROL__CONFIG_REQUEST__INIT;
	size_t count = what->programs.all.count;
	SaNat64__Control__Reply **replies = calloc(count + 1, sizeof(*replies));

	what->answers = calloc(count + 1, sizeof(*what->answers));
	what->titles = calloc(count + 1, sizeof(*what->titles));
	if (!replies || !what->answers || !what->titles) {
		free(replies);
		return -1;
	}
	request.command_case = SA_NAT64__CONTROL__REQUEST__COMMAND_CONFIG;
	request.config = &body;
	instances_ask(&what->programs.all, &request, replies);
	take_answers(what, replies);
	free(replies);
	return what->count > 0 ? running_gather(what->answers, what->count, &what->running) : 0;
}

int what_runs_ask(const struct cli_options *options, struct what_runs *out, FILE *err)
{
	struct what_runs what = { .count = 0 };
	int status = programs_find(options, &what.programs, err);

	if (status)
		return status;
	if (ask(&what) < 0) {
		(void)fprintf(err, "sa-nat64: out of memory\n");
		what_runs_free(&what);
		return 1;
	}
	*out = what;
	return 0;
}

void what_runs_free(struct what_runs *what)
{
	for (size_t i = 0; i < what->count; i++)
		config_free(what->answers[i].config);
	free(what->answers);
	free(what->titles);
	running_free(&what->running);
	programs_free(&what->programs);
}
