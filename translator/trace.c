#include "translator/trace.h"

#include <stdarg.h>
#include <stdio.h>

void trace_add(struct trace *trace, const char *format, ...)
{
	va_list args;

	if (trace->count >= TRACE_LINES_MAX)
		return;
	va_start(args, format);
	(void)vsnprintf(trace->line[trace->count], TRACE_LINE_LEN, format, args);
	va_end(args);
	trace->count++;
}
