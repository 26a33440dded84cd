/* `sa-nat64 pool4`: what is in it and how much of it is in use, range by range of the configuration
 * or address by address, page by page as they come. */
#include "cli/addresses.h"
#include "cli/commands.h"
#include "cli/incomplete.h"
#include "lib/address.h"

#include <stdio.h>
#include <string.h>

static const struct out_column range_columns[] = {
	{ "range", 17 }, { "ports", 11 },  { "proto", 5 },   { "owned", 8 },
	{ "used", 7 },   { "resting", 7 }, { "percent", 7 }, { NULL, 0 },
};

static const struct out_column address_columns[] = {
	{ "address", 15 },  { "owned", 5 },   { "tcp_used", 8 }, { "udp_used", 8 },
	{ "icmp_used", 9 }, { "resting", 7 }, { "percent", 7 },  { NULL, 0 },
};

/* Of one protocol; percent is of what cannot be handed out now. */
struct use {
	uint64_t owned, used, resting;
};

enum { PROTOCOLS = 3 };

#define WANTED_MAX (ADDRESS_STRLEN + 8)
#define REASON_MAX (WANTED_MAX + 40)

/* A protocol's name, and its keys: of an address's row, and of the totals. */
static const struct {
	const char *name, *used, *resting, *percent, *total;
} protocols[PROTOCOLS] = {
	{ "tcp", "tcp_used", "tcp_resting", "tcp_percent", "total_tcp" },
	{ "udp", "udp_used", "udp_resting", "udp_percent", "total_udp" },
	{ "icmp", "icmp_used", "icmp_resting", "icmp_percent", "total_icmp" },
};

static uint64_t percent(const struct use *use)
{
	return use->owned ? (use->used + use->resting) * 100 / use->owned : 0;
}

static uint64_t number_of(const SaNat64__Control__Protocols *values, int protocol)
{
	if (!values)
		return 0;
	return protocol == 0 ? values->tcp : protocol == 1 ? values->udp : values->icmp;
}

static void read_row(const SaNat64__Control__Pool4Row *row, struct use uses[PROTOCOLS])
{
	for (int i = 0; i < PROTOCOLS; i++)
		uses[i] = (struct use){ .owned = number_of(row->ports, i),
			                .used = number_of(row->used, i),
			                .resting = number_of(row->resting, i) };
}

static void add_to(struct use totals[PROTOCOLS], const struct use uses[PROTOCOLS])
{
	for (int i = 0; i < PROTOCOLS; i++) {
		totals[i].owned += uses[i].owned;
		totals[i].used += uses[i].used;
		totals[i].resting += uses[i].resting;
	}
}

static void put_range(struct out *out, const SaNat64__Control__Pool4Row *row,
                      const struct use uses[PROTOCOLS])
{
	char address[ADDRESS_STRLEN], range[ADDRESS_STRLEN + 8], ports[32];

	(void)snprintf(range, sizeof(range), "%s/%u", addresses_format(&row->pool4, address),
	               (unsigned)row->pool4_length);
	(void)snprintf(ports, sizeof(ports), "%u-%u", (unsigned)row->port_min,
	               (unsigned)row->port_max);
	for (int i = 0; i < PROTOCOLS; i++) {
		out_begin(out, OUT_ROW, NULL);
		out_text(out, "range", range);
		out_text(out, "ports", ports);
		out_text(out, "proto", protocols[i].name);
		out_count(out, "owned", uses[i].owned);
		out_count(out, "used", uses[i].used);
		out_count(out, "resting", uses[i].resting);
		out_count(out, "percent", percent(&uses[i]));
		out_end(out);
	}
}

/* Text has the resting ports of all protocols and the fullest protocol's percentage. */
static void put_address(struct out *out, const SaNat64__Control__Pool4Row *row,
                        const struct use uses[PROTOCOLS])
{
	uint64_t resting = 0, fullest = 0;
	char address[ADDRESS_STRLEN];

	for (int i = 0; i < PROTOCOLS; i++) {
		resting += uses[i].resting;
		fullest = percent(&uses[i]) > fullest ? percent(&uses[i]) : fullest;
	}
	out_begin(out, OUT_ROW, NULL);
	out_text(out, "address", addresses_format(&row->pool4, address));
	out_count(out, "owned", uses[0].owned);
	for (int i = 0; i < PROTOCOLS; i++)
		out_count(out, protocols[i].used, uses[i].used);
	out_count(out, "resting", resting);
	out_count(out, "percent", fullest);
	for (int i = 0; i < PROTOCOLS && !out->is_text; i++) {
		out_count(out, protocols[i].resting, uses[i].resting);
		out_count(out, protocols[i].percent, percent(&uses[i]));
	}
	out_end(out);
}

static void put_page(struct out *out, const SaNat64__Control__Pool4Reply *page, bool each_address,
                     struct use totals[PROTOCOLS])
{
	struct use uses[PROTOCOLS];

	for (size_t i = 0; i < page->n_rows; i++) {
		read_row(page->rows[i], uses);
		add_to(totals, uses);
		if (each_address)
			put_address(out, page->rows[i], uses);
		else
			put_range(out, page->rows[i], uses);
	}
}

static void put_totals(struct out *out, const struct use totals[PROTOCOLS],
                       const uint64_t exhausted[PROTOCOLS])
{
	out_begin(out, OUT_PART, NULL);
	for (int i = 0; i < PROTOCOLS; i++) {
		out_begin(out, OUT_LINE, protocols[i].total);
		out_count(out, "owned", totals[i].owned);
		out_count(out, "used", totals[i].used);
		out_count(out, "resting", totals[i].resting);
		out_count(out, "percent", percent(&totals[i]));
		out_count(out, "exhausted", exhausted[i]);
		out_end(out);
	}
	out_end(out);
}

/* The first page of an instance is known already. Frees it. */
static void put_pages(struct instance *instance, SaNat64__Control__Request *request,
                      SaNat64__Control__Reply *reply, struct out *out)
{
	bool each_address = request->pool4->addresses;
	struct use totals[PROTOCOLS] = { { 0 } };
	uint64_t exhausted[PROTOCOLS] = { 0 };
	bool more;

	if (each_address)
		out_begin_table(out, "addresses", address_columns);
	else
		out_begin_table(out, "ranges", range_columns);
	while (reply) {
		put_page(out, reply->pool4, each_address, totals);
		for (int i = 0; i < PROTOCOLS; i++)
			exhausted[i] = number_of(reply->pool4->exhausted, i);
		more = instance_turn_page(instance, reply->pool4->next_cursor,
		                          &request->pool4->cursor);
		sa_nat64__control__reply__free_unpacked(reply, NULL);
		reply = more ? instance_ask(instance, request) : NULL;
	}
	out->incomplete = instance->problem[0] != '\0';
	out_end(out);
	put_totals(out, totals, exhausted);
}

/* The address or prefix of the command line. */
static const char *format_wanted(const struct cli_options *options, char buf[WANTED_MAX])
{
	ProtobufCBinaryData address = { .len = options->pool4.address.len,
		                        .data = (uint8_t *)options->pool4.address.bytes };
	char text[ADDRESS_STRLEN];

	(void)snprintf(buf, WANTED_MAX, options->pool4.len < 32 ? "%s/%u" : "%s",
	               addresses_format(&address, text), (unsigned)options->pool4.len);
	return buf;
}

/* The first page that has rows, else the last one: a page of a long list may be empty before they
 * come. NULL: the instance has a problem. */
static SaNat64__Control__Reply *find_rows(struct instance *instance,
                                          SaNat64__Control__Request *request)
{
	SaNat64__Control__Reply *reply;

	request->pool4->cursor = 0;
	reply = instance_ask(instance, request);
	while (reply && reply->pool4->n_rows == 0 &&
	       instance_turn_page(instance, reply->pool4->next_cursor, &request->pool4->cursor)) {
		sa_nat64__control__reply__free_unpacked(reply, NULL);
		reply = instance_ask(instance, request);
	}
	return reply;
}

/* Why there is nothing to show; "" when there is. */
static void say_why_empty(const struct cli_options *options,
                          const SaNat64__Control__Pool4Reply *page, char reason[REASON_MAX])
{
	char wanted[WANTED_MAX];

	reason[0] = '\0';
	if (strcmp(page->mode, "siit") == 0)
		(void)snprintf(reason, REASON_MAX, "a stateless instance has no pool4");
	else if (options->pool4.address.len > 0 && page->n_rows == 0)
		(void)snprintf(reason, REASON_MAX, "%s is not in its pool4",
		               format_wanted(options, wanted));
}

/* Returns whether it has something to show, or a problem: then it might. */
static bool put_instance(const struct cli_options *options, struct instance *instance,
                         SaNat64__Control__Request *request, struct out *out)
{
	SaNat64__Control__Reply *reply = find_rows(instance, request);
	char reason[REASON_MAX];

	if (!reply)
		return true;
	say_why_empty(options, reply->pool4, reason);
	out_begin(out, OUT_OBJECT, NULL);
	out_begin(out, OUT_LINE, NULL);
	out_text(out, "name", instance->name);
	out_text(out, "mode", reply->pool4->mode);
	if (reason[0])
		out_reason(out, "reason", reason);
	out_end(out);
	if (reason[0])
		sa_nat64__control__reply__free_unpacked(reply, NULL);
	else
		put_pages(instance, request, reply, out);
	out_end(out);
	return !reason[0];
}

/* An address that is nowhere is a mistake of who asks. Returns an exit status. */
static int complain_nowhere(const struct cli_options *options)
{
	char wanted[WANTED_MAX];

	(void)fflush(stdout);
	(void)fprintf(stderr, "sa-nat64: %s is %s%s; `sa-nat64 pool4` shows what is\n",
	              format_wanted(options, wanted),
	              options->instance ? "not in pool4 of instance " : "in pool4 of no instance",
	              options->instance ? options->instance : "");
	return 2;
}

int cmd_pool4(const struct cli_options *options, struct instances *instances, struct out *out)
{
	SaNat64__Control__Request request = SA_NAT64__CONTROL__REQUEST__INIT;
	SaNat64__Control__Pool4Request pool4 = SA_NAT64__CONTROL__POOL4_REQUEST__INIT;
	bool is_wanted = options->pool4.address.len > 0, is_found = false;
	int status;

	pool4.pool4.len = options->pool4.address.len;
	pool4.pool4.data = (uint8_t *)options->pool4.address.bytes;
	pool4.pool4_length = options->pool4.len;
	pool4.addresses = options->each_address;
	request.command_case = SA_NAT64__CONTROL__REQUEST__COMMAND_POOL4;
	request.pool4 = &pool4;
	if (instances->count > 1)
		instances_knock(instances);
	out_begin(out, OUT_OBJECT, NULL);
	out_begin(out, OUT_LIST, "instances");
	for (size_t i = 0; i < instances->count; i++)
		is_found |= put_instance(options, &instances->list[i], &request, out);
	out_end(out);
	incomplete_put(out, instances);
	out_end(out);
	status = instances_complain(instances, stderr);
	return status == 0 && is_wanted && !is_found ? complain_nowhere(options) : status;
}
