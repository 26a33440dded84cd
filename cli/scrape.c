#include "cli/scrape.h"

#include "lib/control_socket.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define REUSE_US 250000

struct scrape {
	struct cli_options options;
	struct stat config; /* as it was when the instances were found */
	bool has_instances;
	struct instances instances;
	bool has_replies;
	struct metrics_replies replies;
	uint64_t replied_us;
};

struct scrape *scrape_new(const char *config, const char *rundir)
{
	struct scrape *scrape = calloc(1, sizeof(*scrape));

	if (scrape)
		scrape->options = (struct cli_options){ .config_path = config, .rundir = rundir };
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

/* A configuration without instances names none: then the run directory tells which there are, each
 * time. */
static bool is_current(const struct scrape *scrape, const struct stat *config)
{
	const struct stat *known = &scrape->config;

	return scrape->has_instances && config->st_ino == known->st_ino &&
	       config->st_size == known->st_size &&
	       config->st_mtim.tv_sec == known->st_mtim.tv_sec &&
	       config->st_mtim.tv_nsec == known->st_mtim.tv_nsec;
}

/* Find the instances anew if need be. A file that became wrong changes nothing, as for all programs
 * that read it. False, and lines on out, when there are none. */
static bool find(struct scrape *scrape, FILE *out)
{
	struct stat config = { .st_size = 0 };
	struct instances instances;
	FILE *ignored = NULL;

	if (stat(scrape->options.config_path, &config) == 0 && is_current(scrape, &config))
		return true;
	if (scrape->has_instances)
		ignored = fopen("/dev/null", "we");
	if (instances_find(&scrape->options, &instances, ignored ? ignored : out) == 0) {
		forget_replies(scrape);
		if (scrape->has_instances)
			instances_free(&scrape->instances);
		scrape->instances = instances;
		scrape->has_instances = true;
	}
	scrape->config = config;
	if (ignored)
		(void)fclose(ignored);
	return scrape->has_instances;
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
