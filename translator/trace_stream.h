/* Live traces of an instance: from the tracers to the clients of the control socket.
 *
 * While there is a tracer, a timer drains the fast path's events and wakes the streams fifty times
 * a second; while there is none, the translator is not watched, the fast path reports nothing and
 * the timer rests.
 */
#ifndef SA_NAT64_TRACE_STREAM_H
#define SA_NAT64_TRACE_STREAM_H

#include "lib/control_server.h"
#include "translator/fast_trace.h"
#include "translator/tracers.h"

struct trace_stream;

/* Returns 0 or -errno. The event loop must outlive it. */
int trace_stream_new(sd_event *event, struct trace_stream **out);

/* To be freed after the control server, whose clients it serves. NULL accepted. */
void trace_stream_free(struct trace_stream *stream);

/* For requests to add to. */
struct tracers *trace_stream_tracers(struct trace_stream *stream);

/* Watch t from now on: at the start, and after a reload. */
void trace_stream_serve(struct trace_stream *stream, struct translator *t);

/* The fast path (NULL: none, for the reason why_off, which is not copied). */
void trace_stream_set_fast(struct trace_stream *stream, struct fast_trace *fast,
                           const char *why_off);

/* To be called by an answer to a client of server: if it began a tracer, that client gets its
 * events. */
void trace_stream_begin(struct trace_stream *stream, struct control_server *server);

#endif
