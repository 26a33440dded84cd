#include "translator/log_ring.h"

#include "translator/table_memory.h"

#include <stdatomic.h>
#include <stdlib.h>

/* `next` and `first` count up for ever, the place is their remainder; each is written by one side
 * only, and keeps to its own cache line. */
struct log_ring {
	struct log_record *records;
	uint32_t size; /* a power of two */
	_Alignas(64) _Atomic uint32_t next;
	_Atomic uint64_t lost;
	_Alignas(64) _Atomic uint32_t first;
};

struct log_ring *log_ring_new(uint32_t capacity)
{
	struct log_ring *ring = aligned_alloc(_Alignof(struct log_ring), sizeof(*ring));

	if (!ring)
		return NULL;
	*ring = (struct log_ring){ .size = table_memory_buckets(capacity) };
	ring->records = table_memory_new(ring->size, sizeof(*ring->records));
	if (ring->records)
		return ring;
	free(ring);
	return NULL;
}

void log_ring_free(struct log_ring *ring)
{
	if (!ring)
		return;
	table_memory_free(ring->records, ring->size, sizeof(*ring->records));
	free(ring);
}

void log_ring_put(struct log_ring *ring, const struct log_record *record)
{
	uint32_t next = atomic_load_explicit(&ring->next, memory_order_relaxed);
	uint32_t first = atomic_load_explicit(&ring->first, memory_order_acquire);

	if (next - first == ring->size) {
		(void)atomic_fetch_add_explicit(&ring->lost, 1, memory_order_relaxed);
		return;
	}
	ring->records[next & (ring->size - 1)] = *record;
	atomic_store_explicit(&ring->next, next + 1, memory_order_release);
}

bool log_ring_take(struct log_ring *ring, struct log_record *out)
{
	uint32_t first = atomic_load_explicit(&ring->first, memory_order_relaxed);

	if (atomic_load_explicit(&ring->next, memory_order_acquire) == first)
		return false;
	*out = ring->records[first & (ring->size - 1)];
	atomic_store_explicit(&ring->first, first + 1, memory_order_release);
	return true;
}

uint32_t log_ring_waiting(const struct log_ring *ring)
{
	uint32_t first = atomic_load_explicit(&ring->first, memory_order_acquire);

	return atomic_load_explicit(&ring->next, memory_order_acquire) - first;
}

uint64_t log_ring_lost(const struct log_ring *ring)
{
	return atomic_load_explicit(&ring->lost, memory_order_relaxed);
}

size_t log_ring_memory(const struct log_ring *ring)
{
	return sizeof(*ring) + ring->size * sizeof(*ring->records);
}
