/* What the translator says about one packet while it decides: lines of text, collected only when
 * somebody asks (`sa-nat64 explain`; what `sa-nat64 trace` shows is in tracers.h). A NULL trace
 * costs one comparison.
 */
#ifndef SA_NAT64_TRACE_H
#define SA_NAT64_TRACE_H

#include <stdbool.h>
#include <stddef.h>

#define TRACE_LINES_MAX 48
#define TRACE_LINE_LEN  200

struct trace {
	size_t count; /* lines in use; further ones are left out */
	char line[TRACE_LINES_MAX][TRACE_LINE_LEN];
	bool is_fast;            /* the fast path takes the packet */
	const char *path_reason; /* why not, or under which condition; may be NULL; a constant */
};

/* Add one line, printf style, cut at TRACE_LINE_LEN. */
void trace_add(struct trace *trace, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The form for packet paths: arguments are evaluated only when there is a trace. */
#define TRACE(trace, ...)                                 \
	do {                                              \
		if (__builtin_expect((trace) != NULL, 0)) \
			trace_add((trace), __VA_ARGS__);  \
	} while (0)

#endif
