/* `sa-nat64 capabilities`: what each instance can do as it is configured, and its limits. */
#include "cli/commands.h"
#include "cli/incomplete.h"

#include <inttypes.h>
#include <stdlib.h>

static const struct out_column columns[] = {
	{ "name", 45 },
	{ "value", 12 },
	{ NULL, 0 },
};

static void put_value(struct out *out, const SaNat64__Control__Capability *row)
{
	switch (row->value_case) {
	case SA_NAT64__CONTROL__CAPABILITY__VALUE_FLAG:
		out_flag(out, "value", row->flag);
		return;
	case SA_NAT64__CONTROL__CAPABILITY__VALUE_NUMBER:
		out_count(out, "value", row->number);
		return;
	default:
		out_text(out, "value",
		         row->value_case == SA_NAT64__CONTROL__CAPABILITY__VALUE_TEXT ? row->text
		                                                                      : "?");
	}
}

static void put_instance(struct out *out, const char *name,
                         const SaNat64__Control__CapabilitiesReply *reply)
{
	out_begin(out, OUT_OBJECT, NULL);
	out_begin(out, OUT_LINE, NULL);
	out_text(out, "name", name);
	out_text(out, "node", reply->node);
	out_text(out, "version", reply->version);
	out_end(out);
	out_begin_table(out, "capabilities", columns);
	for (size_t i = 0; i < reply->n_rows; i++) {
		out_begin(out, OUT_ROW, NULL);
		out_text(out, "name", reply->rows[i]->name);
		put_value(out, reply->rows[i]);
		out_text(out, "meaning", reply->rows[i]->meaning);
		out_text(out, "source", reply->rows[i]->source);
		out_end(out);
	}
	out_end(out);
	out_end(out);
}

int cmd_capabilities(const struct cli_options *options, struct instances *instances,
                     struct out *out)
{
	SaNat64__Control__Request request = SA_NAT64__CONTROL__REQUEST__INIT;
	SaNat64__Control__CapabilitiesRequest body = SA_NAT64__CONTROL__CAPABILITIES_REQUEST__INIT;
	SaNat64__Control__Reply **replies = calloc(instances->count, sizeof(*replies));

	(void)options;
	if (!replies)
		return 1;
	request.command_case = SA_NAT64__CONTROL__REQUEST__COMMAND_CAPABILITIES;
	request.capabilities = &body;
	instances_ask(instances, &request, replies);
	out_begin(out, OUT_OBJECT, NULL);
	out_begin(out, OUT_LIST, "instances");
	for (size_t i = 0; i < instances->count; i++) {
		if (replies[i])
			put_instance(out, instances->list[i].name, replies[i]->capabilities);
		sa_nat64__control__reply__free_unpacked(replies[i], NULL);
	}
	out_end(out);
	incomplete_put(out, instances);
	out_end(out);
	free(replies);
	return instances_complain(instances, stderr);
}
