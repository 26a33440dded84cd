#include "cli/each_instance.h"

#include "cli/incomplete.h"

#include <stdlib.h>

int each_instance(struct instances *instances, SaNat64__Control__Request *request, struct out *out,
                  each_instance_put *put, const void *context)
{
	SaNat64__Control__Reply **replies = calloc(instances->count, sizeof(*replies));

	if (!replies)
		return 1;
	instances_ask(instances, request, replies);
	out_begin(out, OUT_OBJECT, NULL);
	out_begin(out, OUT_LIST, "instances");
	for (size_t i = 0; i < instances->count; i++) {
		if (replies[i])
			put(out, instances->list[i].name, replies[i], context);
		sa_nat64__control__reply__free_unpacked(replies[i], NULL);
	}
	out_end(out);
	incomplete_put(out, instances);
	out_end(out);
	free(replies);
	return instances_complain(instances, stderr);
}
