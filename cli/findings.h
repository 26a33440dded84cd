/* What is wrong, as sentences with a severity: what `check` reports and `peers` explains.
 */
#ifndef SA_NAT64_FINDINGS_H
#define SA_NAT64_FINDINGS_H

#include "cli/colour.h"

#include <stddef.h>
#include <stdint.h>

#define FINDINGS_MAX 64 /* further ones are counted only */

/* From least to worst. */
enum severity { SEVERITY_OK, SEVERITY_WARNING, SEVERITY_UNKNOWN, SEVERITY_CRITICAL };

struct finding {
	enum severity severity;
	char instance[32]; /* "" when it concerns the whole box */
	char text[480];    /* what is wrong and what to do */
};

struct findings {
	struct finding list[FINDINGS_MAX];
	size_t count;
	size_t left_out;
};

/* Add one; instance may be "". */
void findings_add(struct findings *findings, enum severity severity, const char *instance,
                  const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Bring the worst to the front; equal ones stay in order. */
void findings_sort(struct findings *findings);

/* Of the worst one, OK when there is none. */
enum severity findings_worst(const struct findings *findings);

/* "ok", "warning", "critical", "unknown". */
const char *severity_name(enum severity severity);

/* How text shows it. */
enum meaning severity_meaning(enum severity severity);

/* As monitoring systems number them: 0 ok, 1 warning, 2 critical, 3 unknown. */
int severity_exit(enum severity severity);

#endif
