/* Tracing in the fast path, seen from the daemon: switching it on with a coarse filter, and taking
 * its events out of the ring that the program in the kernel writes (fast_trace.bpf.h).
 *
 * The kernel neither waits for nor wakes the daemon: who traces has to drain the ring some ten
 * times a second. What the ring has no room for is lost and counted, and so the work of one turn is
 * bounded however busy the box is. When the daemon ends, the kernel ends the tracing.
 */
#ifndef SA_NAT64_FAST_TRACE_H
#define SA_NAT64_FAST_TRACE_H

#include "translator/tracers.h"

struct fastpath_bpf;
struct fast_trace;

/* Tracing, still off, of a loaded program, which is not owned. Returns 0 or -errno. */
int fast_trace_new(struct fastpath_bpf *skeleton, struct fast_trace **out);
void fast_trace_free(struct fast_trace *trace); /* NULL accepted */

/* Report packets that coarse accepts and some that it does not, with snaplen bytes of each; coarse
 * NULL: none at all. Returns 0 or -errno. */
int fast_trace_set(struct fast_trace *trace, const struct trace_filter *coarse, uint32_t snaplen);

/* Whether it is on: for who writes the program's settings. NULL accepted. */
bool fast_trace_is_on(const struct fast_trace *trace);

/* Hand what the kernel reported to the tracers; at most as much as the ring holds once. */
void fast_trace_drain(struct fast_trace *trace, struct tracers *tracers);

#endif
