#include "cli/session_log.h"

#include <inttypes.h>

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

static void judge_collector(const char *instance, const SaNat64__Control__Collector *collector,
                            struct findings *findings)
{
	if (!collector->up)
		findings_add(
			findings, SEVERITY_WARNING, instance,
			"session log: collector %s is not connected%s%s; does it run, and does "
			"its firewall admit this box?",
			collector->name, collector->problem[0] ? ": " : "", collector->problem);
	if (collector->lost > 0)
		findings_add(
			findings, SEVERITY_WARNING, instance,
			"session log: collector %s has lost %" PRIu64
			" records: it was away or too slow for so long that its queue was full",
			collector->name, collector->lost);
}

void session_log_judge(const char *instance, const SaNat64__Control__SessionLog *log,
                       struct findings *findings)
{
	if (!log)
		return;
	if (log->lost > 0)
		findings_add(findings, SEVERITY_WARNING, instance,
		             "session log: %" PRIu64 " records are lost%s%s; is there room for it, "
		             "and does who writes it keep up?",
		             log->lost, log->problem[0] ? ": " : "", log->problem);
	for (size_t i = 0; i < log->n_collectors; i++)
		judge_collector(instance, log->collectors[i], findings);
}
