#include "cli/programs.h"

#include "cli/instances_find.h"

#include <stdlib.h>
#include <string.h>

#define RESTARTS_MAX 5 /* of reading a configuration that is reloaded meanwhile */

/* Put the daemons that are there behind the translators. False when memory ends. */
static bool add_daemons(struct programs *programs)
{
	struct instances *all = &programs->all;
	struct instance *list = reallocarray(all->list, all->count + BOX_DAEMONS, sizeof(*list));

	if (!list)
		return false;
	all->list = list;
	programs->translators = all->count;
	for (size_t i = 0; i < BOX_DAEMONS; i++) {
		if (!instance_has_socket(&all->daemons[i]))
			continue;
		programs->daemon[i] = &list[all->count];
		list[all->count++] = all->daemons[i];
	}
	return true;
}

int programs_find(const struct cli_options *options, struct programs *out, FILE *err)
{
	struct programs programs = { .translators = 0 };
	int status;

	if (options->instance)
		status = instances_find(options, &programs.all, err);
	else
		status = instances_find_all(options, &programs.all, err);
	if (status)
		return status;
	programs.translators = programs.all.count;
	if (!options->instance && !add_daemons(&programs)) {
		(void)fprintf(err, "sa-nat64: out of memory\n");
		programs_free(&programs);
		return 1;
	}
	*out = programs;
	return 0;
}

void programs_free(struct programs *programs)
{
	instances_free(&programs->all);
}

/* ---- one configuration ---- */

/* Write the pieces of one text to out, beginning with first. 0; 1 when it became another one
 * meanwhile; -1 when there was no answer. */
static int read_pieces(struct instance *instance, const SaNat64__Control__ConfigReply *first,
                       FILE *out)
{
	SaNat64__Control__Request request = SA_NAT64__CONTROL__REQUEST__INIT;
	SaNat64__Control__ConfigRequest body = SA_NAT64__CONTROL__CONFIG_REQUEST__INIT;
	uint32_t offset = 0;
	bool goes_on = instance_turn_page(instance, first->next_offset, &offset);

	request.command_case = SA_NAT64__CONTROL__REQUEST__COMMAND_CONFIG;
	request.config = &body;
	(void)fwrite(first->text.data, 1, first->text.len, out);
	while (goes_on) {
		SaNat64__Control__Reply *reply;
		bool is_same;

		body.offset = offset;
		body.generation = first->generation;
		reply = instance_ask(instance, &request);
		if (!reply)
			return -1;
		is_same = reply->config->generation == first->generation;
		if (is_same)
			(void)fwrite(reply->config->text.data, 1, reply->config->text.len, out);
		goes_on = is_same &&
		          instance_turn_page(instance, reply->config->next_offset, &offset);
		sa_nat64__control__reply__free_unpacked(reply, NULL);
		if (!is_same)
			return 1;
	}
	return instance->problem[0] ? -1 : 0;
}

static void set_problem(struct instance *instance, const char *text)
{
	(void)snprintf(instance->problem, sizeof(instance->problem), "%s", text);
}

/* Read the text as a file of that name would be. */
static struct config *parse(struct instance *instance, const char *text, size_t len)
{
	char *messages = NULL, title[INSTANCE_TITLE_LEN];
	size_t messages_len = 0;
	FILE *err = open_memstream(&messages, &messages_len);
	struct config *config = NULL;

	if (!err || config_parse(text, len, instance_title(instance, title), err, &config) != 0)
		set_problem(instance, "what it runs with cannot be read by this command: they come "
		                      "from different releases; restart it");
	if (err)
		(void)fclose(err);
	free(messages);
	return config;
}

static SaNat64__Control__Reply *ask_first(struct instance *instance)
{
	SaNat64__Control__Request request = SA_NAT64__CONTROL__REQUEST__INIT;
	SaNat64__Control__ConfigRequest body = SA_NAT64__CONTROL__CONFIG_REQUEST__INIT;

	request.command_case = SA_NAT64__CONTROL__REQUEST__COMMAND_CONFIG;
	request.config = &body;
	return instance_ask(instance, &request);
}

struct config *programs_config(struct instance *instance, SaNat64__Control__Reply *first,
                               uint64_t *age_us)
{
	struct config *config = NULL;
	int result = 1;

	for (int i = 0; first && result > 0 && i < RESTARTS_MAX; i++) {
		char *text = NULL;
		size_t len = 0;
		FILE *out = open_memstream(&text, &len);

		result = out ? read_pieces(instance, first->config, out) : -1;
		*age_us = first->config->age_us;
		sa_nat64__control__reply__free_unpacked(first, NULL);
		first = NULL;
		if (out && fclose(out) == 0 && result == 0)
			config = parse(instance, text, len);
		free(text);
		if (result > 0)
			first = ask_first(instance);
	}
	sa_nat64__control__reply__free_unpacked(first, NULL);
	if (!config && !instance->problem[0])
		set_problem(instance, "its configuration changes while it is read; try again");
	return config;
}
