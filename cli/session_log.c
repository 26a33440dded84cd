#include "cli/session_log.h"

static void put_collector(struct out *out, const SaNat64__Control__Collector *collector)
{
	out_begin(out, OUT_LINE, "collector");
	out_text(out, "name", collector->name);
	out_state(out, "state", collector->up ? "up" : "down",
	          collector->up ? MEANING_GOOD : MEANING_WARNING);
	out_reason(out, "problem", collector->problem);
	out_count(out, "written", collector->written);
	out_count(out, "lost", collector->lost);
	out_count(out, "waiting", collector->waiting);
	out_end(out);
}

void session_log_put(struct out *out, const SaNat64__Control__SessionLog *log)
{
	if (!log)
		return;
	out_begin(out, OUT_LINE, "session_log");
	out_text(out, "target", log->target);
	out_reason(out, "problem", log->problem);
	out_count(out, "written", log->written);
	out_count(out, "lost", log->lost);
	out_count(out, "waiting", log->waiting);
	if (log->n_collectors)
		out_count(out, "domain", log->domain);
	out_end(out);
	out_begin(out, OUT_LIST, "collectors");
	for (size_t i = 0; i < log->n_collectors; i++)
		put_collector(out, log->collectors[i]);
	out_end(out);
}
