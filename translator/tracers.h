/* Those who watch packets live (`sa-nat64 trace`): a filter and a bounded store of events for each.
 *
 * Pure. Everything is allocated when a tracer begins. What finds no room is lost and counted, the
 * newest first; nobody waits. Events come from two sources, the slow path as it decides and the
 * fast path in portions a little later, each in the order of its times; a tracer takes them out in
 * the order of both.
 */
#ifndef SA_NAT64_TRACERS_H
#define SA_NAT64_TRACERS_H

#include "translator/trace_filter.h"

#define TRACERS_MAX       4
#define TRACE_SNAP_MAX    2048    /* bytes of a packet that a tracer can have */
#define TRACE_STORE_BYTES 2097152 /* of events of one source that wait for one tracer */

struct tracers;
struct tracer;

struct tracers *tracers_new(void);          /* NULL when memory ends */
void tracers_free(struct tracers *tracers); /* with all that are left; NULL accepted */

/* Begin to collect what filter accepts, snaplen (0..TRACE_SNAP_MAX) bytes of each packet; id is
 * kept for the caller. Returns 0, -EBUSY when TRACERS_MAX are there, or -ENOMEM. */
int tracers_add(struct tracers *tracers, const struct trace_filter *filter, uint32_t snaplen,
                uint32_t id);

/* The tracer that the last tracers_add() began, once; else NULL. It belongs to the set. */
struct tracer *tracers_newest(struct tracers *tracers);

void tracers_remove(struct tracers *tracers, struct tracer *tracer);
size_t tracers_count(const struct tracers *tracers);

/* How many bytes of a packet the most curious one wants. */
uint32_t tracers_snaplen(const struct tracers *tracers);

/* Whether the fast path has to report packets, and which at least. */
bool tracers_want_fast(const struct tracers *tracers, struct trace_filter *coarse);

/* An event: the filter's fields and the first bytes of both packets are copied. in and out need
 * summaries already. */
void tracers_note(struct tracers *tracers, const struct trace_event *event);

/* So many events were lost before they came here. */
void tracers_count_lost(struct tracers *tracers, uint64_t count);

/* All events up to this time are known: they may be taken out. */
void tracers_settle(struct tracers *tracers, uint64_t until_us);

/* The oldest settled event of a tracer behind the first `skip` ones, or NULL; valid until it is
 * dropped. Ask for 0, 1, 2 and so on, then drop them. */
const struct trace_event *tracer_peek(struct tracer *tracer, size_t skip);
void tracer_drop(struct tracer *tracer, size_t count);

uint64_t tracer_lost(const struct tracer *tracer); /* events, so far */
uint32_t tracer_id(const struct tracer *tracer);

#endif
