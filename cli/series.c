#include "cli/series.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define USUAL_SHARE   0.2  /* of the newest rate in the usual one */
#define RISING_FACTOR 1.25 /* times the usual rate, and */
#define RISING_LEAST  0.5  /* a second more */

struct series_set {
	struct series *list;
	size_t count, room;
	size_t next; /* where the next one probably is: rounds put them in the same order */
};

static void forget(struct rate *rate, uint64_t value, uint64_t clock_us)
{
	*rate = (struct rate){ .has_value = true, .value = value, .clock_us = clock_us };
}

bool rate_add(struct rate *rate, uint64_t value, uint64_t clock_us)
{
	uint64_t growth = value - rate->value; /* also over the end of 64 bits */
	double per_second;

	if (rate->has_value && clock_us == rate->clock_us)
		return false;
	if (!rate->has_value || clock_us < rate->clock_us || growth > UINT64_MAX / 2) {
		forget(rate, value, clock_us);
		return false;
	}
	per_second = (double)growth * 1e6 / (double)(clock_us - rate->clock_us);
	rate->is_rising = rate->is_known && per_second > rate->usual * RISING_FACTOR + RISING_LEAST;
	rate->usual = rate->is_known ? rate->usual + USUAL_SHARE * (per_second - rate->usual)
	                             : per_second;
	rate->per_second = per_second;
	rate->value = value;
	rate->clock_us = clock_us;
	rate->is_known = true;
	return true;
}

struct series_set *series_new(void)
{
	return calloc(1, sizeof(struct series_set));
}

void series_free(struct series_set *set)
{
	if (set)
		free(set->list);
	free(set);
}

void series_begin(struct series_set *set)
{
	for (size_t i = 0; i < set->count; i++)
		set->list[i].is_fresh = false;
	set->next = 0;
}

void series_end(struct series_set *set)
{
	size_t kept = 0;

	for (size_t i = 0; i < set->count; i++) {
		if (!set->list[i].is_fresh)
			continue;
		if (kept != i)
			set->list[kept] = set->list[i];
		kept++;
	}
	set->count = kept;
}

static bool is_it(const struct series *series, const char *name, const char *instance,
                  const char *label)
{
	return strcmp(series->name, name) == 0 &&
	       strncmp(series->instance, instance, sizeof(series->instance) - 1) == 0 &&
	       strncmp(series->label, label, sizeof(series->label) - 1) == 0;
}

/* The place of it, looked for from the expected one on; count when there is none. */
static size_t place_of(const struct series_set *set, const char *name, const char *instance,
                       const char *label)
{
	for (size_t i = 0; i < set->count; i++) {
		size_t place = (set->next + i) % set->count;

		if (is_it(&set->list[place], name, instance, label))
			return place;
	}
	return set->count;
}

static struct series *append(struct series_set *set, const char *name, const char *instance,
                             const char *label)
{
	struct series *series;

	if (set->count == set->room) {
		size_t room = set->room ? set->room * 2 : 256;
		struct series *list = reallocarray(set->list, room, sizeof(*list));

		if (!list)
			return NULL;
		set->list = list;
		set->room = room;
	}
	series = &set->list[set->count++];
	*series = (struct series){ .name = name };
	(void)snprintf(series->instance, sizeof(series->instance), "%s", instance);
	(void)snprintf(series->label, sizeof(series->label), "%s", label);
	return series;
}

struct series *series_put(struct series_set *set, const char *name, const char *instance,
                          const char *label, uint64_t number)
{
	size_t place;
	struct series *series;

	instance = instance ? instance : "";
	label = label ? label : "";
	place = place_of(set, name, instance, label);
	series = place < set->count ? &set->list[place] : append(set, name, instance, label);
	if (!series)
		return NULL;
	set->next = place + 1 < set->count ? place + 1 : 0;
	series->number = number;
	series->is_fresh = true;
	return series;
}

struct series *series_count(struct series_set *set, const char *name, const char *instance,
                            const char *label, uint64_t number, uint64_t clock_us)
{
	struct series *series = series_put(set, name, instance, label, number);

	if (!series || !rate_add(&series->rate, number, clock_us))
		return series;
	series->trail[series->trail_count++ % TRAIL_MAX] = (float)series->rate.per_second;
	return series;
}

const struct series *series_find(const struct series_set *set, const char *name,
                                 const char *instance, const char *label)
{
	size_t place = place_of(set, name, instance ? instance : "", label ? label : "");

	return place < set->count ? &set->list[place] : NULL;
}

const struct series *series_at(const struct series_set *set, size_t place)
{
	return place < set->count ? &set->list[place] : NULL;
}

double series_past(const struct series *series, size_t ago)
{
	if (ago >= series->trail_count || ago >= TRAIL_MAX)
		return 0;
	return (double)series->trail[(series->trail_count - 1 - ago) % TRAIL_MAX];
}
