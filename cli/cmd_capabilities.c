/* `sa-nat64 capabilities`: what each instance can do as it is configured, and its limits. */
#include "cli/commands.h"
#include "cli/each_instance.h"

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

static void put_instance(struct out *out, const char *name, const SaNat64__Control__Reply *of,
                         const void *context)
{
	const SaNat64__Control__CapabilitiesReply *reply = of->capabilities;

	(void)context;
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

	(void)options;
	request.command_case = SA_NAT64__CONTROL__REQUEST__COMMAND_CAPABILITIES;
	request.capabilities = &body;
	return each_instance(instances, &request, out, put_instance, NULL);
}
