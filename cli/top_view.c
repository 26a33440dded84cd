#include "cli/top_view.h"

#include "cli/health.h"
#include "cli/options.h"

#include <stdlib.h>
#include <string.h>

const char *const top_directions[TOP_DIRECTIONS] = { "6to4", "4to6" };
const char *const top_protocols[TOP_PROTOCOLS] = { "tcp", "udp", "icmp" };

struct note {
	struct series_set *set;
	const struct metrics_replies *replies;
};

/* The clock of an instance's counters; NULL when it has none now. */
static const uint64_t *clock_of(const struct metrics_replies *replies, const char *instance)
{
	for (size_t i = 0; i < replies->instances->count; i++)
		if (strcmp(replies->instances->list[i].name, instance) == 0)
			return replies->stats[i] ? &replies->stats[i]->stats->uptime_us : NULL;
	return NULL;
}

static void note_sample(const struct metric_sample *sample, void *context)
{
	const struct metric *row = sample->row;
	struct note *note = context;
	const uint64_t *clock_us = row->source == METRIC_OF_STATS && row->type == METRIC_COUNTER
	                                   ? clock_of(note->replies, sample->instance)
	                                   : NULL;

	if (row->source != METRIC_OF_STATS && row->source != METRIC_OF_STATUS)
		return;
	if (clock_us)
		(void)series_count(note->set, row->name, sample->instance, sample->value,
		                   sample->number, *clock_us);
	else
		(void)series_put(note->set, row->name, sample->instance, sample->value,
		                 sample->number);
}

void top_view_note(struct series_set *set, const struct metrics_replies *replies)
{
	struct note note = { .set = set, .replies = replies };

	series_begin(set);
	metrics_each(replies, note_sample, &note);
	series_end(set);
}

double top_view_rate(const struct series *const *list, size_t count)
{
	double sum = -1;

	for (size_t i = 0; i < count; i++)
		if (list[i] && list[i]->rate.is_known)
			sum = (sum < 0 ? 0 : sum) + list[i]->rate.per_second;
	return sum;
}

double top_view_percent(struct top_share share)
{
	return share.of ? 100.0 * (double)share.used / (double)share.of : 0;
}

enum meaning top_view_share_meaning(struct top_share share)
{
	double percent = top_view_percent(share);

	return percent > CLI_CRITICAL_PERCENT  ? MEANING_BAD
	       : percent > CLI_WARNING_PERCENT ? MEANING_WARNING
	                                       : MEANING_PLAIN;
}

static uint64_t number_of(const struct series_set *set, const char *name, const char *instance,
                          const char *label)
{
	const struct series *series = series_find(set, name, instance, label);

	return series ? series->number : 0;
}

static int by_rate(const void *a, const void *b)
{
	const struct series *left = *(const struct series *const *)a;
	const struct series *right = *(const struct series *const *)b;

	if (left->rate.per_second != right->rate.per_second)
		return left->rate.per_second < right->rate.per_second ? 1 : -1;
	if (left->number != right->number)
		return left->number < right->number ? 1 : -1;
	return strcmp(left->label, right->label);
}

static void fill_drops(const struct series_set *set, struct top_view *out)
{
	const struct series *series;

	for (size_t i = 0; (series = series_at(set, i)) && out->drop_count < TOP_DROPS_MAX; i++)
		if (strcmp(series->name, "dropped_packets") == 0 &&
		    strcmp(series->instance, out->name) == 0)
			out->drops[out->drop_count++] = series;
	if (out->drop_count > 1)
		qsort(out->drops, out->drop_count, sizeof(out->drops[0]), by_rate);
}

static void fill_load(const struct series_set *set, struct top_view *out)
{
	const struct series *fast[TOP_DIRECTIONS];
	double all;

	for (size_t i = 0; i < TOP_DIRECTIONS; i++) {
		const char *label = top_directions[i];

		out->packets[i] = series_find(set, "translated_packets", out->name, label);
		out->bytes[i] = series_find(set, "translated_bytes", out->name, label);
		fast[i] = series_find(set, "fast_path_packets", out->name, label);
	}
	all = top_view_rate(out->packets, TOP_DIRECTIONS);
	out->has_fast_path = number_of(set, "fast_path_enabled", out->name, NULL) != 0;
	out->fast_percent = all > 0 ? 100 * top_view_rate(fast, TOP_DIRECTIONS) / all : -1;
}

static void fill_state(const struct series_set *set, struct top_view *out)
{
	for (size_t i = 0; i < TOP_PROTOCOLS; i++) {
		const char *label = top_protocols[i];

		out->sessions[i] = number_of(set, "sessions", out->name, label);
		out->created[i] = series_find(set, "sessions_created", out->name, label);
		out->pool4[i].used = number_of(set, "pool4_ports_used", out->name, label);
		out->pool4[i].of = number_of(set, "pool4_ports", out->name, label);
		out->table.used += out->sessions[i];
	}
	out->table.of = number_of(set, "sessions_limit", out->name, NULL);
	out->bindings = number_of(set, "bindings", out->name, NULL);
}

void top_view_fill(const struct series_set *set, const struct metrics_replies *replies,
                   const struct status_box *box, size_t i, struct top_view *out)
{
	const struct instance *instance = &replies->instances->list[i];
	const SaNat64__Control__StatusReply *status = replies->status[i]
	                                                      ? replies->status[i]->status
	                                                      : NULL;

	*out = (struct top_view){ .name = instance->name, .answers = status != NULL };
	out->is_stateless = status && strcmp(status->mode, "siit") == 0;
	out->health = status_judge_health(box, instance, status);
	out->told = health_find(box->health, instance->name);
	out->bfd_up = out->told ? health_bfd_up(out->told) : 0;
	out->bfd_count = out->told ? out->told->n_bfd : 0;
	out->sync = status_judge_sync(box, instance->name, status);
	if (out->sync.sync)
		out->sync_sum = sync_add_up(out->sync.sync);
	fill_load(set, out);
	fill_state(set, out);
	fill_drops(set, out);
}
