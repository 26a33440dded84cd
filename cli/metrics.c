/* See metrics.h: asking, and printing by the table. */
#include "cli/metrics.h"

#include "cli/health.h"
#include "cli/sync.h"
#include "lib/control_socket.h"
#include "lib/node_name.h"
#include "lib/version.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PREFIX        "sa_nat64_"
#define SECOND_ASK_US 300000 /* what is left at least to those that answered the first time */
#define NODE_UNKNOWN  "-"

/* ---- asking ---- */

static uint64_t realtime_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* One that hangs has used up the time of all, and is not asked again. */
int metrics_ask(struct instances *instances, struct metrics_replies *out)
{
	SaNat64__Control__Request request = SA_NAT64__CONTROL__REQUEST__INIT;
	SaNat64__Control__StatusRequest status = SA_NAT64__CONTROL__STATUS_REQUEST__INIT;
	SaNat64__Control__StatsRequest stats = SA_NAT64__CONTROL__STATS_REQUEST__INIT;
	uint64_t deadline_us = control_now_us() + CONTROL_TIMEOUT_US + SECOND_ASK_US;
	struct metrics_replies replies = { .instances = instances };

	replies.status = calloc(instances->count + 1, sizeof(*replies.status));
	replies.stats = calloc(instances->count + 1, sizeof(*replies.stats));
	if (!replies.status || !replies.stats) {
		free(replies.status);
		free(replies.stats);
		return -ENOMEM;
	}
	request.command_case = SA_NAT64__CONTROL__REQUEST__COMMAND_STATUS;
	request.status = &status;
	instances_ask_with_box(instances, &request, replies.status, replies.box);
	replies.realtime_us = realtime_us();
	request.command_case = SA_NAT64__CONTROL__REQUEST__COMMAND_STATS;
	request.stats = &stats;
	instances_ask_until(instances, &request, deadline_us, replies.stats);
	*out = replies;
	return 0;
}

bool metrics_has_answer(const struct metrics_replies *replies)
{
	bool has = replies->box[BOX_SYNCD] || replies->box[BOX_HEALTHD];

	for (size_t i = 0; i < replies->instances->count; i++)
		has |= replies->status[i] != NULL;
	return has;
}

void metrics_free(struct metrics_replies *replies)
{
	for (size_t i = 0; i < replies->instances->count; i++) {
		sa_nat64__control__reply__free_unpacked(replies->status[i], NULL);
		sa_nat64__control__reply__free_unpacked(replies->stats[i], NULL);
	}
	for (size_t i = 0; i < BOX_DAEMONS; i++)
		sa_nat64__control__reply__free_unpacked(replies->box[i], NULL);
	free(replies->status);
	free(replies->stats);
}

static const SaNat64__Control__PeersReply *peers_of(const struct metrics_replies *replies)
{
	return replies->box[BOX_SYNCD] ? replies->box[BOX_SYNCD]->peers : NULL;
}

static const SaNat64__Control__HealthReply *health_of(const struct metrics_replies *replies)
{
	return replies->box[BOX_HEALTHD] ? replies->box[BOX_HEALTHD]->health : NULL;
}

/* ---- samples ---- */

struct walk {
	const struct metrics_replies *replies;
	metrics_visit *visit;
	void *context;
};

/* What all samples of a row about one thing have in common. */
struct labels {
	const char *instance, *program, *peer, *path, *collector;
};

static struct metric_sample sample_of(const struct metric *row, const struct labels *labels)
{
	return (struct metric_sample){
		.row = row,
		.instance = labels->instance,
		.program = labels->program,
		.peer = labels->peer,
		.path = labels->path,
		.collector = labels->collector,
	};
}

static void put(struct walk *walk, const struct metric *row, const struct labels *labels,
                const char *key, const char *value, uint64_t number)
{
	struct metric_sample sample = sample_of(row, labels);

	sample.key = key;
	sample.value = value;
	sample.number = number;
	walk->visit(&sample, walk->context);
}

/* A sample for each of the row's words. A state that none of them is (of a newer release) leaves
 * all of them 0. */
static void put_state(struct walk *walk, const struct metric *row, const struct labels *labels,
                      const char *state)
{
	char words[256], *rest = words, *word;

	(void)snprintf(words, sizeof(words), "%s", row->words);
	while ((word = strsep(&rest, " ")))
		put(walk, row, labels, "state", word, strcmp(word, state) == 0);
}

static void put_directions(struct walk *walk, const struct metric *row, const struct labels *labels,
                           const SaNat64__Control__Directions *values)
{
	if (!values)
		return;
	put(walk, row, labels, "direction", "6to4", values->from6);
	put(walk, row, labels, "direction", "4to6", values->from4);
}

static void put_protocols(struct walk *walk, const struct metric *row, const struct labels *labels,
                          const SaNat64__Control__Protocols *values)
{
	if (!values)
		return;
	put(walk, row, labels, "protocol", "tcp", values->tcp);
	put(walk, row, labels, "protocol", "udp", values->udp);
	put(walk, row, labels, "protocol", "icmp", values->icmp);
}

static void put_drops(struct walk *walk, const struct metric *row, const struct labels *labels,
                      const SaNat64__Control__StatsReply *stats)
{
	for (size_t i = 0; i < stats->n_verdicts; i++)
		if (stats->verdicts[i]->drop)
			put(walk, row, labels, "reason", stats->verdicts[i]->name,
			    stats->verdicts[i]->count);
}

static void put_instance(struct walk *walk, const struct metric *row, const struct labels *labels,
                         const SaNat64__Control__StatusReply *status)
{
	struct metric_sample sample = sample_of(row, labels);

	sample.key = "mode";
	sample.value = status->mode;
	sample.more_key = "namespace";
	sample.more_value = status->namespace_;
	sample.number = 1;
	walk->visit(&sample, walk->context);
}

/* The value of a row in a message. */
static void put_value(struct walk *walk, const struct metric *row, const struct labels *labels,
                      const void *message)
{
	const void *field = (const char *)message + row->offset;

	switch (row->shape) {
	case METRIC_U64:
		put(walk, row, labels, NULL, NULL, *(const uint64_t *)field);
		return;
	case METRIC_U32:
		put(walk, row, labels, NULL, NULL, *(const uint32_t *)field);
		return;
	case METRIC_US:
		put(walk, row, labels, NULL, NULL, *(const uint64_t *)field);
		return;
	case METRIC_FLAG:
		put(walk, row, labels, NULL, NULL, *(const protobuf_c_boolean *)field != 0);
		return;
	case METRIC_IS_EMPTY:
		put(walk, row, labels, NULL, NULL, (*(char *const *)field)[0] == '\0');
		return;
	case METRIC_IS_WORD:
		put(walk, row, labels, NULL, NULL, strcmp(*(char *const *)field, row->words) == 0);
		return;
	case METRIC_STATE:
		put_state(walk, row, labels, *(char *const *)field);
		return;
	case METRIC_DIRECTIONS:
		put_directions(walk, row, labels, *(SaNat64__Control__Directions *const *)field);
		return;
	case METRIC_PROTOCOLS:
		put_protocols(walk, row, labels, *(SaNat64__Control__Protocols *const *)field);
		return;
	case METRIC_DROPS:
		put_drops(walk, row, labels, message);
		return;
	case METRIC_INSTANCE:
		put_instance(walk, row, labels, message);
		return;
	default: /* of no message */
		return;
	}
}

/* ---- sources ---- */

static void each_build(struct walk *walk, const struct metric *row)
{
	put(walk, row, &(struct labels){ .instance = NULL }, "version", sa_nat64_version, 1);
}

/* Whether a program answers, or since when it runs. */
static void put_program(struct walk *walk, const struct metric *row, const struct labels *labels,
                        const uint64_t *uptime_us)
{
	uint64_t now_us = walk->replies->realtime_us;

	if (row->shape == METRIC_UP)
		put(walk, row, labels, NULL, NULL, uptime_us != NULL);
	else if (uptime_us) /* whole seconds, or it would seem to change all the time */
		put(walk, row, labels, NULL, NULL, (now_us - *uptime_us + 500000) / 1000000);
}

static void each_program(struct walk *walk, const struct metric *row)
{
	const struct metrics_replies *replies = walk->replies;
	const struct instances *instances = replies->instances;
	const SaNat64__Control__PeersReply *peers = peers_of(replies);
	const SaNat64__Control__HealthReply *health = health_of(replies);
	const uint64_t *const uptimes[BOX_DAEMONS] = {
		[BOX_SYNCD] = peers ? &peers->uptime_us : NULL,
		[BOX_HEALTHD] = health ? &health->uptime_us : NULL,
	};

	for (size_t i = 0; i < instances->count; i++)
		put_program(walk, row,
		            &(struct labels){ .instance = instances->list[i].name,
		                              .program = "sa-nat64-translator" },
		            replies->status[i] && replies->stats[i]
		                    ? &replies->status[i]->status->uptime_us
		                    : NULL);
	for (size_t i = 0; i < BOX_DAEMONS; i++)
		if (instances->daemons[i].is_expected)
			put_program(walk, row,
			            &(struct labels){ .program = instances->daemons[i].name },
			            uptimes[i]);
}

static const SaNat64__Control__SessionLog *log_of(const struct metrics_replies *replies, size_t i)
{
	return replies->stats[i] ? replies->stats[i]->stats->session_log : NULL;
}

static void each_log(struct walk *walk, const struct metric *row)
{
	const struct metrics_replies *replies = walk->replies;

	for (size_t i = 0; i < replies->instances->count; i++) {
		const SaNat64__Control__SessionLog *log = log_of(replies, i);
		struct labels labels = { .instance = replies->instances->list[i].name };

		if (log && row->source == METRIC_OF_LOG)
			put_value(walk, row, &labels, log);
		for (size_t j = 0;
		     log && row->source == METRIC_OF_COLLECTOR && j < log->n_collectors; j++) {
			labels.collector = log->collectors[j]->name;
			put_value(walk, row, &labels, log->collectors[j]);
		}
	}
}

static void put_health_state(struct walk *walk, const struct metric *row,
                             const struct labels *labels,
                             const SaNat64__Control__StatusReply *status)
{
	const SaNat64__Control__HealthInstance *health = health_find(health_of(walk->replies),
	                                                             labels->instance);

	put_state(walk, row, labels, health ? health->state : status ? status->health : "down");
}

/* Rows of a translator's own answers. */
static void each_translator(struct walk *walk, const struct metric *row)
{
	const struct metrics_replies *replies = walk->replies;

	for (size_t i = 0; i < replies->instances->count; i++) {
		struct labels labels = { .instance = replies->instances->list[i].name };
		const SaNat64__Control__StatusReply *status = replies->status[i]
		                                                      ? replies->status[i]->status
		                                                      : NULL;
		const void *message = row->source == METRIC_OF_STATUS ? (const void *)status
		                      : row->source == METRIC_OF_FEED
		                              ? (const void *)(status ? status->feed : NULL)
		                      : replies->stats[i] ? (const void *)replies->stats[i]->stats
		                                          : NULL;

		if (row->shape == METRIC_HEALTH_STATE)
			put_health_state(walk, row, &labels, status);
		else if (message)
			put_value(walk, row, &labels, message);
	}
}

static void put_probe(struct walk *walk, const struct metric *row, const char *instance,
                      const char *path, const SaNat64__Control__Probe *probe)
{
	if (probe)
		put_value(walk, row, &(struct labels){ .instance = instance, .path = path }, probe);
}

static void put_health(struct walk *walk, const struct metric *row,
                       const SaNat64__Control__HealthInstance *health)
{
	struct labels labels = { .instance = health->name };

	if (row->source == METRIC_OF_HEALTH)
		put_value(walk, row, &labels, health);
	if (row->source == METRIC_OF_PROBE) {
		put_probe(walk, row, health->name, "slow", health->slow);
		put_probe(walk, row, health->name, "fast", health->fast);
	}
	for (size_t i = 0; row->source == METRIC_OF_BFD && i < health->n_bfd; i++) {
		labels.peer = health->bfd[i]->peer;
		put_value(walk, row, &labels, health->bfd[i]);
	}
}

static void each_health(struct walk *walk, const struct metric *row)
{
	const struct instances *instances = walk->replies->instances;

	for (size_t i = 0; i < instances->count; i++) {
		const SaNat64__Control__HealthInstance *health =
			health_find(health_of(walk->replies), instances->list[i].name);

		if (health)
			put_health(walk, row, health);
	}
}

static void each_link(struct walk *walk, const struct metric *row)
{
	if (peers_of(walk->replies))
		put_value(walk, row, &(struct labels){ .instance = NULL }, peers_of(walk->replies));
}

static void put_sync(struct walk *walk, const struct metric *row,
                     const SaNat64__Control__SyncInstance *sync)
{
	struct labels labels = { .instance = sync->name };

	if (row->source == METRIC_OF_SYNC)
		put_value(walk, row, &labels, sync);
	for (size_t i = 0; row->source == METRIC_OF_PEER && i < sync->n_peers; i++) {
		labels.peer = sync->peers[i]->node;
		put_value(walk, row, &labels, sync->peers[i]);
	}
}

static void each_sync(struct walk *walk, const struct metric *row)
{
	const SaNat64__Control__PeersReply *peers = peers_of(walk->replies);
	const struct instances *instances = walk->replies->instances;

	for (size_t i = 0; peers && i < instances->count; i++) {
		const SaNat64__Control__SyncInstance *sync = sync_find(peers,
		                                                       instances->list[i].name);

		if (sync)
			put_sync(walk, row, sync);
	}
}

/* labels: beside node and those of the shape; said: in the list of families. */
static const struct source {
	void (*each)(struct walk *walk, const struct metric *row);
	const char *labels, *said;
} sources[METRIC_SOURCES] = {
	[METRIC_OF_BUILD] = { each_build, "", "the program itself" },
	[METRIC_OF_PROGRAMS] = { each_program, "instance, program", "each program" },
	[METRIC_OF_STATUS] = { each_translator, "instance", "translator" },
	[METRIC_OF_STATS] = { each_translator, "instance", "translator" },
	[METRIC_OF_FEED] = { each_translator, "instance", "translator" },
	[METRIC_OF_LOG] = { each_log, "instance", "translator" },
	[METRIC_OF_COLLECTOR] = { each_log, "instance, collector", "translator" },
	[METRIC_OF_HEALTH] = { each_health, "instance", "healthd" },
	[METRIC_OF_PROBE] = { each_health, "instance, path", "healthd" },
	[METRIC_OF_BFD] = { each_health, "instance, peer", "healthd" },
	[METRIC_OF_LINK] = { each_link, "", "syncd" },
	[METRIC_OF_SYNC] = { each_sync, "instance", "syncd" },
	[METRIC_OF_PEER] = { each_sync, "instance, peer", "syncd" },
};

/* ---- the whole ---- */

void metrics_each(const struct metrics_replies *replies, metrics_visit *visit, void *context)
{
	struct walk walk = { .replies = replies, .visit = visit, .context = context };

	for (size_t i = 0; i < metrics_count; i++)
		sources[metrics[i].source].each(&walk, &metrics[i]);
}

void metrics_node(const struct metrics_replies *replies, char *name, size_t size)
{
	const char *node = NULL;
	char host[NODE_NAME_SIZE];

	(void)node_name_find(host);
	for (size_t i = 0; !node && i < replies->instances->count; i++)
		if (replies->status[i])
			node = replies->status[i]->status->node;
	if (!node && health_of(replies))
		node = health_of(replies)->node;
	if (!node && peers_of(replies))
		node = peers_of(replies)->node;
	if (!node)
		node = host;
	(void)snprintf(name, size, "%s", node[0] ? node : NODE_UNKNOWN);
	/* Names of nodes have no such character; one of a translator without [node] is a host's. */
	for (char *c = name; *c; c++)
		if (*c == '"' || *c == '\\' || (unsigned char)*c < ' ')
			*c = '?';
}

/* ---- printing ---- */

struct printer {
	enum metrics_format format;
	FILE *out;
	char node[CONFIG_NAME_MAX * 2 + 1]; /* this box; of a host name, as much as fits */
	const char *family;                 /* of the last sample; "" before the first */
};

static const char *const type_names[] = { "counter", "gauge", "info" };
static const char *const type_suffixes[] = { "_total", "", "_info" };

/* The older format knows no infos, and has a family called as its samples. */
static void print_head(const struct printer *printer, const struct metric *row)
{
	bool is_older = printer->format == METRICS_PROMETHEUS;
	const char *suffix = is_older ? type_suffixes[row->type] : "";
	const char *type =
		type_names[is_older && row->type == METRIC_INFO ? METRIC_GAUGE : row->type];

	(void)fprintf(printer->out, "# TYPE " PREFIX "%s%s %s\n", row->name, suffix, type);
	if (row->unit[0] && !is_older)
		(void)fprintf(printer->out, "# UNIT " PREFIX "%s %s\n", row->name, row->unit);
	(void)fprintf(printer->out, "# HELP " PREFIX "%s%s %s\n", row->name, suffix, row->help);
}

static void print_label(const struct printer *printer, const char *key, const char *value)
{
	(void)fprintf(printer->out, ",%s=\"", key);
	for (; *value; value++)
		if (*value == '\n')
			(void)fputs("\\n", printer->out);
		else
			(void)fprintf(printer->out, "%s%c",
			              *value == '"' || *value == '\\' ? "\\" : "", *value);
	(void)fputc('"', printer->out);
}

static void print_sample(const struct metric_sample *sample, void *context)
{
	const struct metric *row = sample->row;
	struct printer *printer = context;
	const struct {
		const char *key, *value;
	} pairs[] = {
		{ "instance", sample->instance },
		{ "program", sample->program },
		{ "peer", sample->peer },
		{ "path", sample->path },
		{ "collector", sample->collector },
		{ sample->key, sample->value },
		{ sample->more_key, sample->more_value },
	};

	if (strcmp(printer->family, row->name) != 0)
		print_head(printer, row);
	printer->family = row->name;
	(void)fprintf(printer->out, PREFIX "%s%s{node=\"%s\"", row->name, type_suffixes[row->type],
	              printer->node);
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (pairs[i].key && pairs[i].value)
			print_label(printer, pairs[i].key, pairs[i].value);
	if (row->fixed[0])
		(void)fprintf(printer->out, ",%s", row->fixed);
	(void)fprintf(printer->out, "} %" PRIu64,
	              row->shape == METRIC_US ? sample->number / 1000000 : sample->number);
	if (row->shape == METRIC_US)
		(void)fprintf(printer->out, ".%06u", (unsigned)(sample->number % 1000000));
	(void)fputc('\n', printer->out);
}

void metrics_print(const struct metrics_replies *replies, enum metrics_format format, FILE *out)
{
	struct printer printer = { .format = format, .out = out, .family = "" };

	metrics_node(replies, printer.node, sizeof(printer.node));
	metrics_each(replies, print_sample, &printer);
	if (format == METRICS_OPENMETRICS)
		(void)fputs("# EOF\n", out);
}

/* The label that a row's shape adds. */
static const char *shape_label(enum metric_shape shape)
{
	switch (shape) {
	case METRIC_DIRECTIONS:
		return "direction";
	case METRIC_PROTOCOLS:
		return "protocol";
	case METRIC_DROPS:
		return "reason";
	case METRIC_STATE:
	case METRIC_HEALTH_STATE:
		return "state";
	case METRIC_VERSION:
		return "version";
	case METRIC_INSTANCE:
		return "mode, namespace";
	default:
		return "";
	}
}

static void list_row(const struct metric *row, FILE *out)
{
	const struct source *source = &sources[row->source];
	const char *labels[] = { source->labels, shape_label(row->shape), row->fixed };
	const char *gap = "";

	(void)fprintf(out, "| `" PREFIX "%s%s` | %s | ", row->name, type_suffixes[row->type],
	              type_names[row->type]);
	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		if (!labels[i][0])
			continue;
		(void)fprintf(out, "%s%.*s", gap, (int)strcspn(labels[i], "="), labels[i]);
		gap = ", ";
	}
	(void)fprintf(out, " | %s | %s |\n", source->said, row->help);
}

void metrics_list(FILE *out)
{
	(void)fprintf(out, "| name | type | labels beside `node` | asked of | meaning |\n"
	                   "|---|---|---|---|---|\n");
	for (size_t i = 0; i < metrics_count; i++)
		if (i == 0 || strcmp(metrics[i].name, metrics[i - 1].name) != 0)
			list_row(&metrics[i], out);
}
