/* See incomplete.h. */
#include "cli/incomplete.h"

void incomplete_put(struct out *out, const struct instances *instances)
{
	char text[INSTANCE_COMPLAINT_MAX];

	if (out->is_text || instances_status(instances) == 0)
		return;
	out_flag(out, "incomplete", true);
	out_begin(out, OUT_STEPS, "missing");
	for (size_t i = 0; i < instances->count; i++)
		if (instances_complaint(instances, i, text))
			out_text(out, NULL, text);
	for (size_t i = 0; i < BOX_DAEMONS; i++)
		if (instances->daemons[i].is_expected &&
		    instance_complaint(&instances->daemons[i], text))
			out_text(out, NULL, text);
	out_end(out);
}
