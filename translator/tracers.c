/* See tracers.h. A store is a ring of slots of one size: an event, then the bytes of both packets.
 */
#include "translator/tracers.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum source { SOURCE_SLOW, SOURCE_FAST, SOURCES };

struct store {
	uint8_t *slots;
	size_t head, held;
};

struct tracer {
	struct trace_filter filter;
	uint32_t snaplen, id;
	size_t slot_len, slot_count; /* of each store */
	struct store stores[SOURCES];
	size_t looked[SOURCES]; /* how far tracer_peek() went */
	size_t looked_count;
	uint64_t lost, settled_us;
};

struct tracers {
	struct tracer *list[TRACERS_MAX]; /* owned; NULL: free place */
	struct tracer *newest;
};

struct tracers *tracers_new(void)
{
	return calloc(1, sizeof(struct tracers));
}

static void tracer_free(struct tracer *tracer)
{
	if (!tracer)
		return;
	for (int source = 0; source < SOURCES; source++)
		free(tracer->stores[source].slots);
	free(tracer);
}

void tracers_free(struct tracers *tracers)
{
	if (!tracers)
		return;
	for (size_t i = 0; i < TRACERS_MAX; i++)
		tracer_free(tracers->list[i]);
	free(tracers);
}

static struct tracer *tracer_new(const struct trace_filter *filter, uint32_t snaplen, uint32_t id)
{
	struct tracer *tracer = calloc(1, sizeof(*tracer));

	if (!tracer)
		return NULL;
	tracer->filter = *filter;
	tracer->snaplen = snaplen;
	tracer->id = id;
	tracer->slot_len = (sizeof(struct trace_event) + 2 * (size_t)snaplen + 15) & ~(size_t)15;
	tracer->slot_count = TRACE_STORE_BYTES / tracer->slot_len;
	for (int source = 0; source < SOURCES; source++) {
		tracer->stores[source].slots = calloc(tracer->slot_count, tracer->slot_len);
		if (!tracer->stores[source].slots) {
			tracer_free(tracer);
			return NULL;
		}
	}
	return tracer;
}

int tracers_add(struct tracers *tracers, const struct trace_filter *filter, uint32_t snaplen,
                uint32_t id)
{
	assert(snaplen <= TRACE_SNAP_MAX);
	for (size_t i = 0; i < TRACERS_MAX; i++) {
		if (tracers->list[i])
			continue;
		tracers->list[i] = tracers->newest = tracer_new(filter, snaplen, id);
		return tracers->newest ? 0 : -ENOMEM;
	}
	return -EBUSY;
}

struct tracer *tracers_newest(struct tracers *tracers)
{
	struct tracer *newest = tracers->newest;

	tracers->newest = NULL;
	return newest;
}

void tracers_remove(struct tracers *tracers, struct tracer *tracer)
{
	for (size_t i = 0; i < TRACERS_MAX; i++)
		if (tracers->list[i] == tracer)
			tracers->list[i] = NULL;
	if (tracers->newest == tracer)
		tracers->newest = NULL;
	tracer_free(tracer);
}

size_t tracers_count(const struct tracers *tracers)
{
	size_t count = 0;

	for (size_t i = 0; i < TRACERS_MAX; i++)
		count += tracers->list[i] != NULL;
	return count;
}

uint32_t tracers_snaplen(const struct tracers *tracers)
{
	uint32_t snaplen = 0;

	for (size_t i = 0; i < TRACERS_MAX; i++)
		if (tracers->list[i] && tracers->list[i]->snaplen > snaplen)
			snaplen = tracers->list[i]->snaplen;
	return snaplen;
}

bool tracers_want_fast(const struct tracers *tracers, struct trace_filter *coarse)
{
	bool wanted = false;

	for (size_t i = 0; i < TRACERS_MAX; i++) {
		const struct tracer *tracer = tracers->list[i];

		if (!tracer || !trace_filter_wants_fast(&tracer->filter))
			continue;
		if (wanted)
			trace_filter_widen(coarse, &tracer->filter);
		else
			*coarse = tracer->filter;
		wanted = true;
	}
	return wanted;
}

static uint8_t *slot_at(const struct tracer *tracer, enum source source, size_t position)
{
	const struct store *store = &tracer->stores[source];
	size_t index = (store->head + position) % tracer->slot_count;

	return store->slots + index * tracer->slot_len;
}

/* Cut a packet's bytes to snaplen and move them to `to`; returns where the next ones go. */
static uint8_t *keep_bytes(struct trace_packet *packet, uint32_t snaplen, uint8_t *to)
{
	packet->captured = min32(packet->captured, snaplen);
	if (packet->captured > 0)
		memcpy(to, packet->bytes, packet->captured);
	packet->bytes = to;
	return to + packet->captured;
}

static void store_event(struct tracer *tracer, const struct trace_event *event)
{
	enum source source = event->is_fast ? SOURCE_FAST : SOURCE_SLOW;
	struct trace_event *copy;
	uint8_t *bytes;

	if (tracer->stores[source].held == tracer->slot_count) {
		tracer->lost++;
		return;
	}
	copy = (void *)slot_at(tracer, source, tracer->stores[source].held++);
	*copy = *event;
	bytes = keep_bytes(&copy->in, tracer->snaplen, (uint8_t *)(copy + 1));
	(void)keep_bytes(&copy->out, tracer->snaplen, bytes);
}

void tracers_note(struct tracers *tracers, const struct trace_event *event)
{
	for (size_t i = 0; i < TRACERS_MAX; i++)
		if (tracers->list[i] && trace_filter_passes(&tracers->list[i]->filter, event))
			store_event(tracers->list[i], event);
}

void tracers_count_lost(struct tracers *tracers, uint64_t count)
{
	for (size_t i = 0; i < TRACERS_MAX; i++)
		if (tracers->list[i] && trace_filter_wants_fast(&tracers->list[i]->filter))
			tracers->list[i]->lost += count;
}

void tracers_settle(struct tracers *tracers, uint64_t until_us)
{
	for (size_t i = 0; i < TRACERS_MAX; i++)
		if (tracers->list[i])
			tracers->list[i]->settled_us = until_us;
}

/* The oldest event that was not looked at, of one source; NULL when it is too young. */
static const struct trace_event *unseen(const struct tracer *tracer, enum source source)
{
	const struct trace_event *event;

	if (tracer->looked[source] == tracer->stores[source].held)
		return NULL;
	event = (const void *)slot_at(tracer, source, tracer->looked[source]);
	return event->time_us <= tracer->settled_us ? event : NULL;
}

static const struct trace_event *look_further(struct tracer *tracer)
{
	const struct trace_event *slow = unseen(tracer, SOURCE_SLOW);
	const struct trace_event *fast = unseen(tracer, SOURCE_FAST);
	enum source source = fast && (!slow || fast->time_us < slow->time_us) ? SOURCE_FAST
	                                                                      : SOURCE_SLOW;

	if (!slow && !fast)
		return NULL;
	tracer->looked[source]++;
	tracer->looked_count++;
	return source == SOURCE_FAST ? fast : slow;
}

const struct trace_event *tracer_peek(struct tracer *tracer, size_t skip)
{
	const struct trace_event *event = NULL;

	if (skip < tracer->looked_count) {
		memset(tracer->looked, 0, sizeof(tracer->looked));
		tracer->looked_count = 0;
	}
	do
		event = look_further(tracer);
	while (event && tracer->looked_count <= skip);
	return event;
}

void tracer_drop(struct tracer *tracer, size_t count)
{
	if (count == 0 || (count != tracer->looked_count && !tracer_peek(tracer, count - 1)))
		return;
	for (int source = 0; source < SOURCES; source++) {
		struct store *store = &tracer->stores[source];

		store->head = (store->head + tracer->looked[source]) % tracer->slot_count;
		store->held -= tracer->looked[source];
		tracer->looked[source] = 0;
	}
	tracer->looked_count = 0;
}

uint64_t tracer_lost(const struct tracer *tracer)
{
	return tracer->lost;
}

uint32_t tracer_id(const struct tracer *tracer)
{
	return tracer->id;
}
