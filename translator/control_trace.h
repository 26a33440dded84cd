/* Requests for a trace and their streams of replies (proto/CONTROL.md, "Streams"). Pure. */
#ifndef SA_NAT64_CONTROL_TRACE_H
#define SA_NAT64_CONTROL_TRACE_H

#include "proto/control.pb-c.h"
#include "translator/tracers.h"

/* Check a request. Returns 0, or -EINVAL with a sentence in error (CONTROL_ERROR_LEN bytes). */
int control_trace_read(const SaNat64__Control__TraceRequest *in, struct trace_filter *filter,
                       char *error);

/* Write the next reply of a stream to the size bytes at message: as many of the tracer's events as
 * fit, which are dropped from it, and what was lost; *told is the count of lost events that the
 * client knows of. why_off: see control_path_reason(). Returns its length, 0 when there is nothing
 * to say or memory ended. */
size_t control_trace_write(struct tracer *tracer, const char *why_off, uint64_t *told,
                           uint8_t *message, size_t size);

#endif
