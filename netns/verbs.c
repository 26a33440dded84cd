#include "netns/verbs.h"

#include "lib/daemon_options.h"
#include "lib/log.h"
#include "netns/claim.h"
#include "netns/conflict.h"
#include "netns/observe.h"
#include "netns/pins.h"
#include "netns/steps.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROUNDS       4 /* one to build, one to look; more when others change it at the same time */
#define PROGRAMS_MAX 8 /* told by name */

static int lock(void)
{
	int fd = space_lock();

	if (fd < 0)
		log_error("cannot use " SPACE_DIRECTORY ": %s", strerror(-fd));
	return fd;
}

/* ---- up ---- */

static void read_machine(char *text, size_t size)
{
	FILE *file = fopen("/etc/machine-id", "re");

	text[0] = '\0';
	if (!file)
		return;
	if (!fgets(text, (int)size, file))
		text[0] = '\0';
	(void)fclose(file);
}

int verb_plan(const struct config *config, const struct config_network *network, struct plan *plan)
{
	char machine[64];
	int error;

	read_machine(machine, sizeof(machine));
	error = plan_make(config, config_instance_find(config, network->instance), network, machine,
	                  plan);
	if (error == -E2BIG)
		log_error("[network %s %s] has more than %d gateways of a family",
		          network->instance, network->node, PLAN_GATEWAYS_MAX);
	else if (error < 0)
		log_error("%s", strerror(-error));
	return error;
}

/* One line in the log for each line of text. */
static void log_lines(char *text)
{
	char *line;

	while ((line = strsep(&text, "\n")))
		if (*line)
			log_error("%s", line);
}

/* 0, -EBUSY when there are conflicts, all in the log. */
static int refuse_conflicts(const struct plan *plan, const struct seen *seen)
{
	char *text = NULL;
	size_t len = 0, count = 0;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return -ENOMEM;
	count = conflicts_print(plan, seen, out);
	if (fclose(out) == 0)
		log_lines(text);
	free(text);
	return count ? -EBUSY : 0;
}

static int build(struct workplace *place, const struct plan *plan, struct seen *seen)
{
	for (int round = 0; round < ROUNDS; round++) {
		struct steps steps;
		int error = difference(plan, seen, &steps);

		if (error == 0 && steps.count == 0)
			return 0;
		if (error == 0)
			error = steps_do(place, plan, &steps, stdout);
		steps_fini(&steps);
		seen_fini(seen);
		if (error == 0)
			error = observe(place, plan, seen);
		if (error < 0)
			return error;
	}
	log_error("%s does not stay as it is set; does another program change it? "
	          "`sa-nat64-netns show %s` says what is missing",
	          place->name, plan->instance->name);
	return -EAGAIN;
}

static int look_and_build(const struct plan *plan)
{
	struct workplace place;
	struct seen seen;
	int error = workplace_open(&place, plan->network->namespace_name);

	if (error < 0)
		return error;
	error = observe(&place, plan, &seen);
	if (error == 0)
		error = observe_others(place.name, &seen);
	if (error == 0)
		error = refuse_conflicts(plan, &seen);
	if (error == 0 && claims_ask(&place, plan, &seen) != 0)
		error = -EADDRINUSE;
	if (error == 0)
		error = build(&place, plan, &seen);
	seen_fini(&seen);
	workplace_close(&place);
	return error;
}

int verb_up(const struct config *config, const struct config_network *network)
{
	struct plan plan;
	int fd, error;

	if (verb_plan(config, network, &plan) < 0)
		return EXIT_FAILED;
	fd = lock();
	error = fd < 0 ? fd : look_and_build(&plan);
	if (fd >= 0)
		close(fd);
	plan_fini(&plan);
	return error < 0 ? EXIT_FAILED : EXIT_DONE;
}

/* ---- down ---- */

static void tell_programs(const struct workplace *place)
{
	struct space_program programs[PROGRAMS_MAX];
	size_t count = space_programs(place, programs, PROGRAMS_MAX);
	char text[PROGRAMS_MAX * 32] = "";

	for (size_t i = 0; i < count && i < PROGRAMS_MAX; i++) {
		size_t len = strlen(text);

		(void)snprintf(text + len, sizeof(text) - len, "%s%s (pid %d)", i ? ", " : "",
		               programs[i].name, (int)programs[i].pid);
	}
	if (count > 0)
		log_warning("%zu program%s still run%s in %s, which has no name and no uplink any "
		            "more: %s%s",
		            count, count == 1 ? "" : "s", count == 1 ? "s" : "", place->name, text,
		            count > PROGRAMS_MAX ? " and more" : "");
}

/* An interrupted attempt may have left the name alone. Returns how many failed. */
static size_t clear_name(const char *name)
{
	int error = space_remove(name);

	if (error < 0)
		log_error("cannot remove " SPACE_DIRECTORY "/%s: %s", name, strerror(-error));
	return error < 0;
}

/* Returns how many steps failed. */
static size_t clear_space(const char *instance, const char *name)
{
	struct workplace place;
	struct steps steps;
	struct seen seen;
	size_t failed = 1;

	if (workplace_open(&place, name) < 0)
		return 1;
	if (observe(&place, NULL, &seen) == 0) {
		if (difference_down(instance, name, &seen, &steps) == 0) {
			failed = steps_do_all(&place, &steps, stdout);
			steps_fini(&steps);
		}
		if (!seen.inner.exists)
			failed += clear_name(name);
		tell_programs(&place);
		seen_fini(&seen);
	}
	workplace_close(&place);
	return failed;
}

/* The namespaces that the instance's uplink is in, whatever the configuration says now. */
static size_t clear_marked(const char *instance, const char *except)
{
	struct seen seen = { 0 };
	const struct seen_link *uplink;
	struct mark mark;
	size_t failed = 0;

	if (observe_others(except, &seen) < 0)
		return 1;
	for (size_t i = 0; i < seen.other_count; i++) {
		uplink = seen_link_find(&seen.others[i].space, PLAN_UPLINK);
		if (uplink && mark_parse(uplink->alias, &mark) &&
		    strcmp(mark.instance, instance) == 0)
			failed += clear_space(instance, seen.others[i].name);
	}
	seen_fini(&seen);
	return failed;
}

int verb_down(const char *instance, const struct config_network *network)
{
	char name[CONFIG_NAME_MAX + 8];
	const char *space = network ? network->namespace_name : name;
	size_t failed;
	int fd = lock();

	if (fd < 0)
		return EXIT_FAILED;
	(void)snprintf(name, sizeof(name), "nat64-%s", instance);
	failed = clear_space(instance, space) + clear_marked(instance, space);
	switch (pins_remove(instance)) {
	case 0:
		break;
	case 1:
		printf("removed the BPF objects of %s\n", instance);
		break;
	default:
		failed++;
	}
	close(fd);
	return failed ? EXIT_FAILED : EXIT_DONE;
}
