/* See control_pool4.h. */
#include "translator/control_pool4.h"

#include "translator/control_fill.h"
#include "translator/core.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static SaNat64__Control__Protocols protocols(uint64_t tcp, uint64_t udp, uint64_t icmp)
{
	SaNat64__Control__Protocols out = SA_NAT64__CONTROL__PROTOCOLS__INIT;

	out.tcp = tcp;
	out.udp = udp;
	out.icmp = icmp;
	return out;
}

static SaNat64__Control__Protocols protocols_of(const uint64_t values[L4_PROTOS])
{
	return protocols(values[L4_TCP], values[L4_UDP], values[L4_ICMP]);
}

static void add_part(const struct pool4_part *part, struct control_pool4 *page)
{
	size_t i = page->reply.n_rows++;
	SaNat64__Control__Pool4Row *row = &page->rows[i];
	SaNat64__Control__Protocols *counts = page->counts[i];

	sa_nat64__control__pool4_row__init(row);
	store_be32(page->addresses[i], part->prefix.addr);
	row->pool4 = control_bytes(page->addresses[i], sizeof(page->addresses[i]));
	row->pool4_length = part->prefix.len;
	row->port_min = part->port_min;
	row->port_max = part->port_max;
	counts[0] = protocols(part->ports, part->ports, part->ports);
	counts[1] = protocols_of(part->used);
	counts[2] = protocols_of(part->resting);
	row->ports = &counts[0];
	row->used = &counts[1];
	row->resting = &counts[2];
	page->pointers[i] = row;
}

static bool touches(const struct prefix4 *a, const struct prefix4 *b)
{
	return prefix4_covers(a, b) || prefix4_covers(b, a);
}

static int read_prefix(const SaNat64__Control__Pool4Request *request, struct prefix4 *out,
                       char *error)
{
	*out = (struct prefix4){ .len = 0 };
	if (request->pool4.len == 0)
		return 0;
	if (request->pool4.len != 4 || request->pool4_length > 32) {
		(void)snprintf(
			error, CONTROL_ERROR_LEN,
			"pool4 of %zu bytes with prefix length %u; 4 bytes and 0 to 32 are right",
			request->pool4.len, (unsigned)request->pool4_length);
		return -EINVAL;
	}
	out->len = (uint8_t)(request->pool4_length ? request->pool4_length : 32);
	out->addr = load_be32(request->pool4.data) & prefix4_mask(out->len);
	return 0;
}

/* Returns where the next page begins; 0 at the end. */
static uint32_t fill_rows(const struct pool4 *pool, const SaNat64__Control__Pool4Request *request,
                          const struct prefix4 *wanted, struct control_pool4 *page)
{
	uint32_t cursor = request->cursor;
	struct pool4_part part;

	for (uint32_t looked = 0; looked < CONTROL_PAGE_LOOK; looked++, cursor++) {
		if (page->reply.n_rows == CONTROL_PAGE_ROWS)
			return cursor;
		if (!(request->addresses ? pool4_address(pool, cursor, &part)
		                         : pool4_row(pool, cursor, &part)))
			return 0;
		if (touches(&part.prefix, wanted))
			add_part(&part, page);
	}
	return cursor;
}

int control_pool4_fill(const struct translator *t, const SaNat64__Control__Pool4Request *request,
                       struct control_pool4 *page, char *error)
{
	struct prefix4 wanted;

	if (read_prefix(request, &wanted, error) < 0)
		return -EINVAL;
	sa_nat64__control__pool4_reply__init(&page->reply);
	page->reply.rows = page->pointers;
	page->reply.mode = (char *)(t->pool4 ? "nat64" : "siit");
	page->exhausted = protocols_of(t->counters.ports_exhausted);
	page->reply.exhausted = &page->exhausted;
	if (t->pool4)
		page->reply.next_cursor = fill_rows(t->pool4, request, &wanted, page);
	return 0;
}

/* ---- who has it ---- */

static SaNat64__Control__Holder *add_holder(struct control_who *page, const char *proto,
                                            const char *kind, const struct in6_addr *host)
{
	size_t i = page->reply.n_rows++;
	SaNat64__Control__Holder *row = &page->rows[i];

	sa_nat64__control__holder__init(row);
	memcpy(page->hosts[i], host, sizeof(page->hosts[i]));
	row->host = control_bytes(page->hosts[i], sizeof(page->hosts[i]));
	row->proto = (char *)proto;
	row->kind = (char *)kind;
	page->pointers[i] = row;
	return row;
}

/* The binding of the port, and the block that it lies in when that is another host's, or there is
 * no binding. */
static void add_holders(const struct translator *t, enum l4_proto proto, uint32_t addr4,
                        uint16_t port4, struct control_who *page)
{
	uint32_t index = bib_find4(t->bib, proto, addr4, port4);
	const struct bib_entry *bib = index ? bib_at(t->bib, index) : NULL;
	const struct in6_addr *host = pool4_block_host(t->pool4, proto, addr4, port4);
	const char *name = control_proto_name(proto);
	SaNat64__Control__Holder *row;

	if (bib) {
		row = add_holder(page, name, bib->flags & BIB_STATIC ? "static" : "binding",
		                 &bib->addr6);
		row->host_port = bib->port6;
		row->sessions = bib->session_count;
		row->port_min = row->port_max = port4;
	}
	if (!host || IN6_IS_ADDR_UNSPECIFIED(host) || (bib && address6_equal(host, &bib->addr6)))
		return;
	row = add_holder(page, name, "block", host);
	row->port_min = port4 & ~(POOL4_BLOCK_PORTS - 1u);
	row->port_max = port4 | (POOL4_BLOCK_PORTS - 1u);
}

static void add_mapping(const struct translator *t, uint32_t addr4, uint16_t port4,
                        struct control_who *page)
{
	SaNat64__Control__Holder *row;
	struct in6_addr host;

	page->reply.served = eam_to6(t->eam, addr4, &host);
	if (!page->reply.served)
		return;
	row = add_holder(page, "any", "mapping", &host);
	row->port_min = row->port_max = port4;
	row->host_port = port4;
}

int control_who_fill(const struct translator *t, const SaNat64__Control__WhoRequest *request,
                     struct control_who *page, char *error)
{
	SaNat64__Control__Filter named = SA_NAT64__CONTROL__FILTER__INIT;
	struct control_filter filter;

	named.proto = request->proto;
	if (control_filter_read(&named, &filter, error) < 0)
		return -EINVAL;
	if (request->pool4.len != 4 || request->port > 65535) {
		(void)snprintf(
			error, CONTROL_ERROR_LEN,
			"address of %zu bytes with port %u; 4 bytes and 0 to 65535 are right",
			request->pool4.len, (unsigned)request->port);
		return -EINVAL;
	}
	sa_nat64__control__who_reply__init(&page->reply);
	page->reply.rows = page->pointers;
	if (!t->pool4) {
		add_mapping(t, load_be32(request->pool4.data), (uint16_t)request->port, page);
		return 0;
	}
	page->reply.served = stateful_serves4(t, load_be32(request->pool4.data));
	for (int proto = 0; proto < L4_PROTOS; proto++)
		if (!filter.has_proto || filter.proto == (enum l4_proto)proto)
			add_holders(t, (enum l4_proto)proto, load_be32(request->pool4.data),
			            (uint16_t)request->port, page);
	return 0;
}
