/* `sa-nat64 sessions` and `sa-nat64 bib`: the tables, one row a line, page by page as they come. */
#include "cli/bib_change.h"
#include "cli/commands.h"
#include "cli/incomplete.h"
#include "cli/list_page.h"
#include "cli/pace.h"

#include <string.h>

static const struct out_column session_columns[] = {
	{ "instance", 8 }, { "proto", 5 },   { "state", 11 },  { "host", 30 },
	{ "pool4", 21 },   { "remote", 21 }, { "expires", 7 }, { NULL, 0 },
};

static const struct out_column binding_columns[] = {
	{ "instance", 8 }, { "proto", 5 },    { "host", 38 }, { "pool4", 21 },
	{ "static", 6 },   { "sessions", 8 }, { NULL, 0 },
};

enum session_cell {
	SESSION_INSTANCE,
	SESSION_PROTO,
	SESSION_STATE,
	SESSION_HOST,
	SESSION_POOL4,
	SESSION_REMOTE,
	SESSION_EXPIRES,
	SESSION_SEEN, /* by text */
	SESSION_IDLE = SESSION_SEEN,
	SESSION_REMOTE6,
	SESSION_CELLS
};

/* remote6 is in mixed notation where the prefix leaves the IPv4 address at the end. */
static void set_session(struct out_cell *cells, const struct list_session *row)
{
	uint32_t remote_be = htonl(row->remote);
	bool is_mixed = memcmp(row->remote6.s6_addr + 12, &remote_be, sizeof(remote_be)) == 0;

	out_cell_text(&cells[SESSION_PROTO], row->proto);
	out_cell_text(&cells[SESSION_STATE], row->state);
	out_cell_endpoint6(&cells[SESSION_HOST], OUT_ENDPOINT6, &row->host, row->host_port);
	out_cell_endpoint4(&cells[SESSION_POOL4], row->pool4, row->pool4_port);
	out_cell_endpoint4(&cells[SESSION_REMOTE], row->remote, row->remote_port);
	out_cell_number(&cells[SESSION_EXPIRES], row->expires_us / 1000000);
	out_cell_number(&cells[SESSION_IDLE], row->idle_us / 1000000);
	out_cell_endpoint6(&cells[SESSION_REMOTE6], is_mixed ? OUT_ENDPOINT_MIXED : OUT_ENDPOINT6,
	                   &row->remote6, row->remote_port);
}

static void put_sessions(struct out *out, const char *instance,
                         const SaNat64__Control__SessionsReply *page, size_t rows)
{
	struct out_cell cells[SESSION_CELLS] = {
		[SESSION_INSTANCE] = { .key = "instance",
		                       .value = { .kind = OUT_TEXT, .text = instance } },
		[SESSION_PROTO] = { .key = "proto", .value = { .kind = OUT_TEXT } },
		[SESSION_STATE] = { .key = "state", .value = { .kind = OUT_TEXT } },
		[SESSION_HOST] = { .key = "host", .value = { .kind = OUT_ENDPOINT6 } },
		[SESSION_POOL4] = { .key = "pool4", .value = { .kind = OUT_ENDPOINT4 } },
		[SESSION_REMOTE] = { .key = "remote", .value = { .kind = OUT_ENDPOINT4 } },
		[SESSION_EXPIRES] = { .key = "expires", .value = { .kind = OUT_DURATION } },
		[SESSION_IDLE] = { .key = "idle", .value = { .kind = OUT_DURATION } },
		[SESSION_REMOTE6] = { .key = "remote6", .value = { .kind = OUT_ENDPOINT6 } },
	};
	struct list_session row;

	for (size_t i = 0; i < rows; i++) {
		list_session_at(page, i, &row);
		set_session(cells, &row);
		out_row(out, cells, out->is_text ? SESSION_SEEN : SESSION_CELLS);
	}
}

enum binding_cell {
	BINDING_INSTANCE,
	BINDING_PROTO,
	BINDING_HOST,
	BINDING_POOL4,
	BINDING_STATIC,
	BINDING_SESSIONS,
	BINDING_CELLS
};

static void put_bindings(struct out *out, const char *instance,
                         const SaNat64__Control__BibReply *page, size_t rows)
{
	struct out_cell cells[BINDING_CELLS] = {
		[BINDING_INSTANCE] = { .key = "instance",
		                       .value = { .kind = OUT_TEXT, .text = instance } },
		[BINDING_PROTO] = { .key = "proto", .value = { .kind = OUT_TEXT } },
		[BINDING_HOST] = { .key = "host", .value = { .kind = OUT_ENDPOINT6 } },
		[BINDING_POOL4] = { .key = "pool4", .value = { .kind = OUT_ENDPOINT4 } },
		[BINDING_STATIC] = { .key = "static", .value = { .kind = OUT_FLAG } },
		[BINDING_SESSIONS] = { .key = "sessions", .value = { .kind = OUT_COUNT } },
	};
	struct list_binding row;

	for (size_t i = 0; i < rows; i++) {
		list_binding_at(page, i, &row);
		out_cell_text(&cells[BINDING_PROTO], row.proto);
		out_cell_endpoint6(&cells[BINDING_HOST], OUT_ENDPOINT6, &row.host, row.host_port);
		out_cell_endpoint4(&cells[BINDING_POOL4], row.pool4, row.pool4_port);
		out_cell_number(&cells[BINDING_STATIC], row.is_static);
		out_cell_number(&cells[BINDING_SESSIONS], row.sessions);
		out_row(out, cells, BINDING_CELLS);
	}
}

/* Print the rows of a page; returns how many. */
static size_t put_page(struct out *out, const char *instance, const SaNat64__Control__Reply *reply)
{
	size_t rows = list_page_rows(reply);

	if (reply->body_case == SA_NAT64__CONTROL__REPLY__BODY_BIB)
		put_bindings(out, instance, reply->bib, rows);
	else
		put_sessions(out, instance, reply->sessions, rows);
	out_flush(out);
	return rows;
}

static uint32_t next_cursor(const SaNat64__Control__Reply *reply)
{
	return reply->body_case == SA_NAT64__CONTROL__REPLY__BODY_BIB
	               ? reply->bib->next_cursor
	               : reply->sessions->next_cursor;
}

static uint32_t page_count(const SaNat64__Control__Reply *reply)
{
	return reply->body_case == SA_NAT64__CONTROL__REPLY__BODY_BIB ? reply->bib->count
	                                                              : reply->sessions->count;
}

/* Walk one instance's table until its end or until *left rows were printed. Returns how many there
 * are when only that was asked for. */
static uint64_t walk(struct instance *instance, SaNat64__Control__Request *request, uint64_t *left,
                     struct pace *pace, struct out *out)
{
	SaNat64__Control__ListRequest *list = request->sessions;
	uint64_t count = 0;
	bool more;

	list->cursor = 0;
	for (;;) {
		SaNat64__Control__Reply *reply;
		size_t printed;

		list->limit = *left < UINT32_MAX ? (uint32_t)*left : 0;
		reply = instance_ask(instance, request);
		if (!reply)
			return count;
		printed = list->count ? 0 : put_page(out, instance->name, reply);
		*left -= printed < *left ? printed : *left;
		count += page_count(reply);
		more = instance_turn_page(instance, next_cursor(reply), &list->cursor);
		sa_nat64__control__reply__free_unpacked(reply, NULL);
		if (!more || *left == 0)
			return count;
		if (printed > 0)
			pace_rows(pace, printed);
	}
}

static ProtobufCBinaryData binary(const struct cli_prefix *prefix)
{
	return (ProtobufCBinaryData){ .len = prefix->address.len,
		                      .data = (uint8_t *)prefix->address.bytes };
}

/* The filter that options describe; it points into them. */
static void fill_filter(const struct cli_options *options, SaNat64__Control__Filter *filter)
{
	sa_nat64__control__filter__init(filter);
	if (options->list_proto)
		filter->proto = (char *)options->list_proto;
	if (options->state)
		filter->state = (char *)options->state;
	if (options->has_host) {
		filter->host.len = sizeof(options->host.addr);
		filter->host.data = (uint8_t *)&options->host.addr;
		filter->host_length = options->host.len;
	}
	filter->pool4 = binary(&options->pool4);
	filter->pool4_length = options->pool4.len;
	filter->remote = binary(&options->remote);
	filter->remote_length = options->remote.len;
	filter->port = options->port;
	filter->idle_us = options->idle_us;
}

/* What one of the two commands lists. */
struct listing {
	SaNat64__Control__Request__CommandCase command;
	const char *name;
	const struct out_column *columns;
};

static const struct out_column count_columns[] = {
	{ "instance", 31 },
	{ "count", 12 },
	{ NULL, 0 },
};

static void list_rows(const struct cli_options *options, struct instances *instances,
                      const struct listing *listing, SaNat64__Control__Request *request,
                      struct out *out)
{
	uint64_t left = options->limit ? options->limit : UINT64_MAX;
	struct pace pace;

	pace_begin(&pace);
	out_begin_table(out, listing->name, listing->columns);
	for (size_t i = 0; i < instances->count && left > 0; i++)
		(void)walk(&instances->list[i], request, &left, &pace, out);
	out->incomplete = instances_status(instances) != 0;
	out_end(out);
}

/* An instance that does not answer has no number. */
static void count_rows(struct instances *instances, SaNat64__Control__Request *request,
                       struct out *out)
{
	out_begin_table(out, "counts", count_columns);
	request->sessions->count = true;
	for (size_t i = 0; i < instances->count; i++) {
		struct instance *instance = &instances->list[i];
		uint64_t left = UINT64_MAX;
		uint64_t count = walk(instance, request, &left, NULL, out);

		if (instance->problem[0])
			continue;
		out_begin(out, OUT_ROW, NULL);
		out_text(out, "instance", instance->name);
		out_count(out, "count", count);
		out_end(out);
	}
	out->incomplete = instances_status(instances) != 0;
	out_end(out);
}

static int list_all(const struct cli_options *options, struct instances *instances,
                    const struct listing *listing, struct out *out)
{
	SaNat64__Control__Request request = SA_NAT64__CONTROL__REQUEST__INIT;
	SaNat64__Control__ListRequest list = SA_NAT64__CONTROL__LIST_REQUEST__INIT;
	SaNat64__Control__Filter filter;

	fill_filter(options, &filter);
	list.filter = &filter;
	request.command_case = listing->command;
	request.sessions = &list; /* one place in memory with request.bib */
	if (instances->count > 1)
		instances_knock(instances);
	out_begin(out, OUT_OBJECT, NULL);
	if (options->count)
		count_rows(instances, &request, out);
	else
		list_rows(options, instances, listing, &request, out);
	incomplete_put(out, instances);
	out_end(out);
	return instances_complain(instances, stderr);
}

int cmd_sessions(const struct cli_options *options, struct instances *instances, struct out *out)
{
	static const struct listing listing = { SA_NAT64__CONTROL__REQUEST__COMMAND_SESSIONS,
		                                "sessions", session_columns };

	return list_all(options, instances, &listing, out);
}

int cmd_bib(const struct cli_options *options, struct instances *instances, struct out *out)
{
	static const struct listing listing = { SA_NAT64__CONTROL__REQUEST__COMMAND_BIB, "bib",
		                                binding_columns };

	if (options->bib_change.action != CLI_BIB_LIST)
		return bib_change(options, instances, out);
	return list_all(options, instances, &listing, out);
}
