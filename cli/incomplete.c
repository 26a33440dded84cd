/* See incomplete.h. */
#include "cli/incomplete.h"

static void put(struct out *out, const struct instance *instance)
{
	char text[INSTANCE_COMPLAINT_MAX];

	if (instance_complaint(instance, text))
		out_text(out, NULL, text);
}

void incomplete_put(struct out *out, const struct instances *instances)
{
	if (out->is_text || instances_status(instances) == 0)
		return;
	out_flag(out, "incomplete", true);
	out_begin(out, OUT_STEPS, "missing");
	for (size_t i = 0; i < instances->count; i++)
		put(out, &instances->list[i]);
	for (size_t i = 0; i < BOX_DAEMONS; i++)
		if (instances->daemons[i].is_expected)
			put(out, &instances->daemons[i]);
	out_end(out);
}
