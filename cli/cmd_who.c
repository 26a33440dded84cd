/* `sa-nat64 who`: who has a public address and port now, by the tables of the instances, or had it
 * then, by the session logs. */
#include "cli/addresses.h"
#include "cli/commands.h"
#include "cli/incomplete.h"
#include "cli/instances_find.h"
#include "cli/who_then.h"
#include "lib/address.h"

#include <stdlib.h>
#include <string.h>

static const struct out_column columns[] = {
	{ "instance", 8 }, { "proto", 5 },    { "kind", 7 },
	{ "host", 38 },    { "sessions", 8 }, { NULL, 0 },
};

static void put_holder(struct out *out, const char *instance, const char *node,
                       const SaNat64__Control__Holder *row)
{
	char host[ADDRESS_STRLEN];

	out_begin(out, OUT_ROW, NULL);
	out_text(out, "instance", instance);
	out_text(out, "proto", row->proto);
	out_text(out, "kind", row->kind);
	if (strcmp(row->kind, "block") != 0)
		out_endpoint(out, "host", addresses_format(&row->host, host),
		             (uint16_t)row->host_port);
	else
		out_address(out, "host", addresses_format(&row->host, host));
	out_count(out, "sessions", row->sessions);
	out_count(out, "port_min", row->port_min);
	out_count(out, "port_max", row->port_max);
	out_text(out, "node", node);
	out_end(out);
}

/* Of one instance. Returns whether the address is one of it. */
static bool put_reply(struct out *out, const char *instance, const SaNat64__Control__Reply *reply)
{
	if (!reply)
		return false;
	for (size_t i = 0; i < reply->who->n_rows; i++)
		put_holder(out, instance, reply->who->node, reply->who->rows[i]);
	return reply->who->served;
}

static void print_now(const struct cli_options *options, struct instances *instances,
                      SaNat64__Control__Reply **replies, struct out *out)
{
	ProtobufCBinaryData address = { .len = options->public.len,
		                        .data = (uint8_t *)options->public.bytes };
	char text[ADDRESS_STRLEN];
	bool is_served = false;

	out_begin(out, OUT_OBJECT, NULL);
	out_endpoint(out, "public", addresses_format(&address, text), options->public_port);
	out_begin_table(out, "holders", columns);
	for (size_t i = 0; i < instances->count; i++) {
		is_served |= put_reply(out, instances->list[i].name, replies[i]);
		sa_nat64__control__reply__free_unpacked(replies[i], NULL);
	}
	out->incomplete = instances_status(instances) != 0;
	out_end(out);
	incomplete_put(out, instances);
	out_end(out);
	if (!is_served && !out->incomplete)
		(void)fprintf(stderr, "sa-nat64: warning: %s is an address of no instance here\n",
		              text);
}

static int who_now(const struct cli_options *options, struct out *out)
{
	SaNat64__Control__Request request = SA_NAT64__CONTROL__REQUEST__INIT;
	SaNat64__Control__WhoRequest who = SA_NAT64__CONTROL__WHO_REQUEST__INIT;
	struct instances instances;
	int status = instances_find(options, &instances, stderr);
	SaNat64__Control__Reply **replies;

	if (status)
		return status;
	replies = calloc(instances.count, sizeof(*replies));
	if (replies) {
		request.command_case = SA_NAT64__CONTROL__REQUEST__COMMAND_WHO;
		request.who = &who;
		who.pool4.len = options->public.len;
		who.pool4.data = (uint8_t *)options->public.bytes;
		who.port = options->public_port;
		if (options->list_proto)
			who.proto = (char *)options->list_proto;
		instances_ask(&instances, &request, replies);
		print_now(options, &instances, replies, out);
	}
	status = replies ? instances_complain(&instances, stderr) : 1;
	free(replies);
	instances_free(&instances);
	return status;
}

int cmd_who(const struct cli_options *options, struct instances *instances, struct out *out)
{
	(void)instances; /* nobody is asked for what was then */
	return options->at ? who_then(options, out) : who_now(options, out);
}
