/* See bib_change.h. */
#include "cli/bib_change.h"

#include "cli/addresses.h"
#include "lib/address.h"

#include <string.h>

static ProtobufCBinaryData binary(const struct cli_address *address)
{
	return (ProtobufCBinaryData){ .len = address->len, .data = (uint8_t *)address->bytes };
}

static void put_end(struct out *out, const char *key, const struct cli_address *address,
                    uint16_t port)
{
	ProtobufCBinaryData bytes = binary(address);
	char buf[ADDRESS_STRLEN];

	out_endpoint(out, key, addresses_format(&bytes, buf), port);
}

static void put_done(struct out *out, const struct cli_options *options,
                     const struct instance *instance, uint64_t sessions_ended)
{
	const struct cli_bib_change *change = &options->bib_change;

	out_begin(out, OUT_OBJECT, NULL);
	out_text(out, change->action == CLI_BIB_ADD ? "added" : "removed", change->proto);
	if (change->host.len)
		put_end(out, "host", &change->host, change->host_port);
	put_end(out, "pool4", &change->pool4, change->pool4_port);
	out_text(out, "instance", instance->name);
	if (change->action == CLI_BIB_REMOVE)
		out_count(out, "sessions_ended", sessions_ended);
	else
		out_text(out, "note",
		         "until a reload that changes this instance, or a restart; to keep it, "
		         "and on all boxes, write a bib line into the configuration");
	out_end(out);
}

int bib_change(const struct cli_options *options, struct instances *instances, struct out *out)
{
	SaNat64__Control__Request request = SA_NAT64__CONTROL__REQUEST__INIT;
	SaNat64__Control__BibChangeRequest body = SA_NAT64__CONTROL__BIB_CHANGE_REQUEST__INIT;
	const struct cli_bib_change *change = &options->bib_change;
	uint64_t sessions_ended = 0;
	bool unfinished;

	if (instances->count != 1) {
		(void)fprintf(stderr,
		              "sa-nat64: bib: there are %zu instances; say with --instance which "
		              "one is meant\n",
		              instances->count);
		return 2;
	}
	body.remove = change->action == CLI_BIB_REMOVE;
	body.proto = (char *)change->proto;
	body.host = binary(&change->host);
	body.host_port = change->host_port;
	body.pool4 = binary(&change->pool4);
	body.pool4_port = change->pool4_port;
	request.command_case = SA_NAT64__CONTROL__REQUEST__COMMAND_BIB_CHANGE;
	request.bib_change = &body;
	do {
		SaNat64__Control__Reply *reply = instance_ask(&instances->list[0], &request);

		if (!reply)
			return instances_complain(instances, stderr);
		sessions_ended += reply->bib_change->sessions_ended;
		unfinished = reply->bib_change->unfinished;
		if (unfinished && reply->bib_change->sessions_ended == 0)
			instance_mistrust(&instances->list[0]); /* it would go on for ever */
		sa_nat64__control__reply__free_unpacked(reply, NULL);
	} while (unfinished);
	put_done(out, options, &instances->list[0], sessions_ended);
	return 0;
}
