#include "cli/scrape.h"

#include "cli/roster.h"
#include "lib/control_socket.h"

#include <stdlib.h>

#define REUSE_US 250000

struct scrape {
	struct cli_options options;
	struct roster roster;
	bool has_instances;
	struct instances instances;
	bool has_replies;
	struct metrics_replies replies;
	uint64_t replied_us;
};

struct scrape *scrape_new(const char *config, const char *rundir)
{
	struct scrape *scrape = calloc(1, sizeof(*scrape));

	if (!scrape)
		return NULL;
	scrape->options = (struct cli_options){ .config_path = config, .rundir = rundir };
	scrape->roster.options = &scrape->options;
	return scrape;
}

static void forget_replies(struct scrape *scrape)
{
	if (scrape->has_replies)
		metrics_free(&scrape->replies);
	scrape->has_replies = false;
}

void scrape_free(struct scrape *scrape)
{
	if (!scrape)
		return;
	forget_replies(scrape);
	if (scrape->has_instances)
		instances_free(&scrape->instances);
	free(scrape);
}

/* Find the instances anew if need be. False, and lines on out, when there are none. */
static bool find(struct scrape *scrape, FILE *out)
{
	struct instances found;
	int status;

	if (roster_look(&scrape->roster, scrape->has_instances ? &scrape->instances : NULL, &found,
	                out, &status) != ROSTER_CHANGED)
		return scrape->has_instances;
	forget_replies(scrape);
	if (scrape->has_instances)
		instances_free(&scrape->instances);
	scrape->instances = found;
	scrape->has_instances = true;
	return true;
}

static bool ask(struct scrape *scrape)
{
	if (scrape->has_replies && control_now_us() < scrape->replied_us + REUSE_US)
		return true;
	forget_replies(scrape);
	instances_forget(&scrape->instances);
	scrape->has_replies = metrics_ask(&scrape->instances, &scrape->replies) == 0;
	scrape->replied_us = control_now_us();
	return scrape->has_replies;
}

static void print_problems(const struct instances *instances, FILE *out)
{
	(void)fprintf(out, "No program of sa-nat64 answers on this box.\n");
	for (size_t i = 0; i < instances->count; i++)
		instance_complain(&instances->list[i], out);
	for (size_t i = 0; i < BOX_DAEMONS; i++)
		if (instances->daemons[i].is_expected)
			instance_complain(&instances->daemons[i], out);
}

bool scrape_print(struct scrape *scrape, enum metrics_format format, FILE *out)
{
	if (!find(scrape, out))
		return false;
	if (!ask(scrape)) {
		(void)fprintf(out, "sa-nat64-exporter: out of memory\n");
		return false;
	}
	if (!metrics_has_answer(&scrape->replies)) {
		print_problems(&scrape->instances, out);
		return false;
	}
	metrics_print(&scrape->replies, format, out);
	return true;
}
