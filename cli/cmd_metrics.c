/* `sa-nat64 metrics`: all values for monitoring systems, once. What does not answer is up 0, and
 * named on standard error; the rest is worth printing all the same. */
#include "cli/commands.h"
#include "cli/instances_find.h"
#include "cli/metrics.h"

#include <string.h>

static enum metrics_format format_of(const struct cli_options *options)
{
	return options->format && strcmp(options->format, "prometheus") == 0 ? METRICS_PROMETHEUS
	                                                                     : METRICS_OPENMETRICS;
}

static void complain(const struct instances *instances)
{
	(void)instances_complain(instances, stderr);
	for (size_t i = 0; i < BOX_DAEMONS; i++)
		if (instances->daemons[i].is_expected)
			instance_complain(&instances->daemons[i], stderr);
}

static int ask_and_print(const struct cli_options *options, struct instances *instances, FILE *file)
{
	struct metrics_replies replies;
	bool has_answer;

	if (metrics_ask(instances, &replies) < 0) {
		(void)fprintf(stderr, "sa-nat64: out of memory\n");
		return 1;
	}
	metrics_print(&replies, format_of(options), file);
	has_answer = metrics_has_answer(&replies);
	metrics_free(&replies);
	complain(instances);
	return has_answer ? 0 : 1;
}

int cmd_metrics(const struct cli_options *options, struct instances *instances, struct out *out)
{
	struct instances found;
	int status;

	(void)instances;
	if (options->list) {
		metrics_list(out->file);
		return 0;
	}
	status = instances_find(options, &found, stderr);
	if (status)
		return status;
	status = ask_and_print(options, &found, out->file);
	instances_free(&found);
	return status;
}
