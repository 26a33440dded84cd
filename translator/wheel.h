/* A hierarchical timer wheel over the indices of another table.
 *
 * Three levels of 256 slots, a tick of 65.536 ms: times up to 12 days ahead; later ones come early
 * and are asked again. An index stands in at most one slot. Work per call is bounded: what is due
 * and not handled yet is handled by the next call, late but never lost.
 */
#ifndef SA_NAT64_WHEEL_H
#define SA_NAT64_WHEEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wheel;

/* A wheel for indices 1..capacity that starts at now_us. NULL when memory ends. */
struct wheel *wheel_new(uint32_t capacity, uint64_t now_us);
void wheel_free(struct wheel *wheel); /* NULL accepted */

/* Let index come at when_us or up to one tick later (moves it when it is scheduled already). */
void wheel_schedule(struct wheel *wheel, uint32_t index, uint64_t when_us);
void wheel_cancel(struct wheel *wheel, uint32_t index); /* also when not scheduled */

/* When the index will come at the latest, in us; UINT64_MAX when it is not scheduled. */
uint64_t wheel_due(const struct wheel *wheel, uint32_t index);

/* Take out everything due at now_us, at most limit steps, and call due(context, index) for each;
 * due may schedule again. Returns whether all was handled. */
bool wheel_advance(struct wheel *wheel, uint64_t now_us, uint32_t limit,
                   void (*due)(void *context, uint32_t index), void *context);

size_t wheel_memory(const struct wheel *wheel);

#endif
