#include "cli/watch.h"

#include "cli/roster.h"
#include "lib/control_socket.h"

#include <stdlib.h>

enum question { ASK_STATUS, ASK_STATS, ASK_PEERS, ASK_HEALTH, QUESTIONS };

/* What one program is asked, one after the other. What is wrong with it is known at the end of a
 * round, and shown until the end of the next one. */
struct watched {
	struct instance program, *shown;
	enum question question; /* that is open while asked_us is not 0 */
	uint64_t asked_us;
	SaNat64__Control__Reply **places[QUESTIONS]; /* of the answers; NULL: not asked that */
};

struct watch {
	struct roster roster;
	struct instances instances;
	struct metrics_replies replies;
	struct watched *programs; /* the instances, and behind them the daemons that are expected */
	size_t count;
};

static void fill_request(enum question question, SaNat64__Control__Request *request)
{
	static SaNat64__Control__StatusRequest status = SA_NAT64__CONTROL__STATUS_REQUEST__INIT;
	static SaNat64__Control__StatsRequest stats = SA_NAT64__CONTROL__STATS_REQUEST__INIT;
	static SaNat64__Control__PeersRequest peers = SA_NAT64__CONTROL__PEERS_REQUEST__INIT;
	static SaNat64__Control__HealthRequest health = SA_NAT64__CONTROL__HEALTH_REQUEST__INIT;

	sa_nat64__control__request__init(request);
	switch (question) {
	case ASK_STATUS:
		request->command_case = SA_NAT64__CONTROL__REQUEST__COMMAND_STATUS;
		request->status = &status;
		return;
	case ASK_STATS:
		request->command_case = SA_NAT64__CONTROL__REQUEST__COMMAND_STATS;
		request->stats = &stats;
		return;
	case ASK_PEERS:
		request->command_case = SA_NAT64__CONTROL__REQUEST__COMMAND_PEERS;
		request->peers = &peers;
		return;
	default:
		request->command_case = SA_NAT64__CONTROL__REQUEST__COMMAND_HEALTH;
		request->health = &health;
		return;
	}
}

static void forget_answers(struct watched *program)
{
	for (size_t i = 0; i < QUESTIONS; i++) {
		if (!program->places[i])
			continue;
		sa_nat64__control__reply__free_unpacked(*program->places[i], NULL);
		*program->places[i] = NULL;
	}
}

/* Of nobody who has a problem anything is known. */
static void settle(struct watched *program)
{
	program->asked_us = 0;
	if (program->program.problem[0])
		forget_answers(program);
	program->shown->denied = program->program.denied;
	program->shown->refused = program->program.refused;
	(void)snprintf(program->shown->problem, sizeof(program->shown->problem), "%s",
	               program->program.problem);
	instance_forget(&program->program);
}

static void ask(struct watched *program, enum question question)
{
	SaNat64__Control__Request request;

	fill_request(question, &request);
	program->question = question;
	if (program->asked_us == 0)
		program->asked_us = control_now_us();
	instance_begin(&program->program, &request);
	if (program->program.problem[0])
		settle(program);
}

/* The next question that this one is asked from there on. */
static enum question next_of(const struct watched *program, enum question question)
{
	while (question < QUESTIONS && !program->places[question])
		question++;
	return question;
}

static void hear(struct watched *program)
{
	SaNat64__Control__Request request;
	SaNat64__Control__Reply **place = program->places[program->question], *reply;
	enum question next;

	fill_request(program->question, &request);
	reply = instance_hear(&program->program, &request);
	if (!reply) {
		settle(program);
		return;
	}
	sa_nat64__control__reply__free_unpacked(*place, NULL);
	*place = reply;
	next = next_of(program, program->question + 1);
	if (next < QUESTIONS)
		ask(program, next);
	else
		settle(program);
}

/* ---- who there is ---- */

static int prepare(struct watch *watch)
{
	struct instances *instances = &watch->instances;
	static const enum question of_daemon[BOX_DAEMONS] = {
		[BOX_SYNCD] = ASK_PEERS,
		[BOX_HEALTHD] = ASK_HEALTH,
	};

	watch->replies = (struct metrics_replies){ .instances = instances };
	watch->replies.status = calloc(instances->count + 1, sizeof(*watch->replies.status));
	watch->replies.stats = calloc(instances->count + 1, sizeof(*watch->replies.stats));
	watch->programs = calloc(instances->count + BOX_DAEMONS, sizeof(*watch->programs));
	watch->count = 0;
	if (!watch->replies.status || !watch->replies.stats || !watch->programs)
		return -1;
	for (size_t i = 0; i < instances->count; i++) {
		struct watched *program = &watch->programs[watch->count++];

		program->shown = &instances->list[i];
		program->program = instances->list[i];
		program->places[ASK_STATUS] = &watch->replies.status[i];
		program->places[ASK_STATS] = &watch->replies.stats[i];
	}
	for (size_t i = 0; i < BOX_DAEMONS; i++) {
		if (!instances->daemons[i].is_expected)
			continue;
		watch->programs[watch->count].shown = &instances->daemons[i];
		watch->programs[watch->count].program = instances->daemons[i];
		watch->programs[watch->count++].places[of_daemon[i]] = &watch->replies.box[i];
	}
	return 0;
}

static void dismiss(struct watch *watch)
{
	for (size_t i = 0; i < watch->count; i++)
		instance_forget(&watch->programs[i].program);
	if (watch->replies.status && watch->replies.stats) {
		metrics_free(&watch->replies);
	} else {
		free(watch->replies.status);
		free(watch->replies.stats);
	}
	free(watch->programs);
	instances_free(&watch->instances);
	watch->programs = NULL;
	watch->count = 0;
	watch->replies = (struct metrics_replies){ .instances = &watch->instances };
}

/* Returns whether they can be asked. */
static bool adopt(struct watch *watch, const struct instances *found)
{
	dismiss(watch);
	watch->instances = *found;
	if (prepare(watch) == 0)
		return true;
	dismiss(watch);
	return false;
}

struct watch *watch_new(const struct cli_options *options, FILE *err, int *status)
{
	struct watch *watch = calloc(1, sizeof(*watch));
	struct instances found;

	*status = 1;
	if (!watch)
		return NULL;
	watch->roster.options = options;
	if (roster_look(&watch->roster, NULL, &found, err, status) == ROSTER_CHANGED) {
		*status = 1;
		if (adopt(watch, &found))
			return watch;
		(void)fprintf(err, "sa-nat64: out of memory\n");
	}
	watch_free(watch);
	return NULL;
}

void watch_free(struct watch *watch)
{
	if (watch)
		dismiss(watch);
	free(watch);
}

/* ---- rounds ---- */

void watch_begin(struct watch *watch)
{
	struct instances found;
	int status;

	if (roster_look(&watch->roster, &watch->instances, &found, stderr, &status) ==
	    ROSTER_CHANGED)
		(void)adopt(watch, &found);
	for (size_t i = 0; i < watch->count; i++) {
		struct watched *program = &watch->programs[i];

		if (program->asked_us)
			continue;
		ask(program, next_of(program, ASK_STATUS));
	}
}

size_t watch_poll_count(const struct watch *watch)
{
	return watch->count;
}

uint64_t watch_polls(const struct watch *watch, struct pollfd *polls)
{
	uint64_t deadline_us = UINT64_MAX;

	for (size_t i = 0; i < watch->count; i++) {
		const struct watched *program = &watch->programs[i];
		uint64_t until_us = program->asked_us + CONTROL_TIMEOUT_US;

		polls[i] = (struct pollfd){ .fd = program->asked_us ? program->program.fd : -1,
			                    .events = POLLIN };
		if (program->asked_us && until_us < deadline_us)
			deadline_us = until_us;
	}
	return deadline_us;
}

bool watch_take(struct watch *watch, const struct pollfd *polls)
{
	bool is_late = false;
	uint64_t now_us = control_now_us();

	for (size_t i = 0; i < watch->count; i++) {
		struct watched *program = &watch->programs[i];

		if (program->asked_us && polls[i].revents)
			hear(program);
		if (!program->asked_us || now_us < program->asked_us + CONTROL_TIMEOUT_US)
			continue;
		instance_give_up(&program->program);
		settle(program);
		is_late = true;
	}
	return is_late;
}

bool watch_is_complete(const struct watch *watch)
{
	for (size_t i = 0; i < watch->count; i++)
		if (watch->programs[i].asked_us)
			return false;
	return true;
}

const struct metrics_replies *watch_replies(const struct watch *watch)
{
	return &watch->replies;
}
