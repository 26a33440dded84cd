#include "cli/findings.h"

#include <stdarg.h>
#include <stdio.h>

static const struct {
	const char *name;
	int exit;
	enum meaning meaning;
} severities[] = {
	[SEVERITY_OK] = { "ok", 0, MEANING_GOOD },
	[SEVERITY_WARNING] = { "warning", 1, MEANING_WARNING },
	[SEVERITY_UNKNOWN] = { "unknown", 3, MEANING_WARNING },
	[SEVERITY_CRITICAL] = { "critical", 2, MEANING_BAD },
};

/* A free place, or that of the first of the mildest ones if they are milder; else NULL. */
static struct finding *place_for(struct findings *findings, enum severity severity)
{
	struct finding *mildest = &findings->list[0];

	if (findings->count < FINDINGS_MAX)
		return &findings->list[findings->count++];
	findings->left_out++;
	for (size_t i = 1; i < FINDINGS_MAX; i++)
		if (findings->list[i].severity < mildest->severity)
			mildest = &findings->list[i];
	return mildest->severity < severity ? mildest : NULL;
}

void findings_add(struct findings *findings, enum severity severity, const char *instance,
                  const char *format, ...)
{
	struct finding *finding = place_for(findings, severity);
	va_list args;

	if (!finding)
		return;
	finding->severity = severity;
	(void)snprintf(finding->instance, sizeof(finding->instance), "%s", instance);
	va_start(args, format);
	(void)vsnprintf(finding->text, sizeof(finding->text), format, args);
	va_end(args);
}

void findings_sort(struct findings *findings)
{
	for (size_t i = 1; i < findings->count; i++) {
		struct finding moved = findings->list[i];
		size_t place = i;

		for (; place > 0 && findings->list[place - 1].severity < moved.severity; place--)
			findings->list[place] = findings->list[place - 1];
		findings->list[place] = moved;
	}
}

enum severity findings_worst(const struct findings *findings)
{
	enum severity worst = SEVERITY_OK;

	for (size_t i = 0; i < findings->count; i++)
		if (findings->list[i].severity > worst)
			worst = findings->list[i].severity;
	return worst;
}

const char *severity_name(enum severity severity)
{
	return severities[severity].name;
}

int severity_exit(enum severity severity)
{
	return severities[severity].exit;
}

enum meaning severity_meaning(enum severity severity)
{
	return severities[severity].meaning;
}
