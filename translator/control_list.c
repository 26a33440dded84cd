/* See control_list.h. */
#include "translator/control_list.h"

#include "translator/packet.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *const proto_names[L4_PROTOS] = {
	[L4_TCP] = "tcp",
	[L4_UDP] = "udp",
	[L4_ICMP] = "icmp",
};

const char *control_proto_name(enum l4_proto proto)
{
	return proto_names[proto];
}

static int read_proto(const char *name, struct control_filter *filter, char *error)
{
	for (int proto = 0; proto < L4_PROTOS; proto++) {
		if (strcmp(name, proto_names[proto]) != 0)
			continue;
		filter->has_proto = true;
		filter->proto = (enum l4_proto)proto;
		return 0;
	}
	(void)snprintf(error, CONTROL_ERROR_LEN, "protocol \"%.40s\" is none of tcp, udp, icmp",
	               name);
	return -EINVAL;
}

static int read_state(const char *name, struct control_filter *filter, char *error)
{
	size_t len;

	for (int state = TCP_STATE_NONE + 1; state < TCP_STATES; state++) {
		if (strcmp(name, tcp_state_name((enum tcp_state)state)) != 0)
			continue;
		filter->has_state = true;
		filter->state = (enum tcp_state)state;
		return 0;
	}
	len = (size_t)snprintf(error, CONTROL_ERROR_LEN, "state \"%.40s\" is none of", name);
	for (int state = TCP_STATE_NONE + 1; state < TCP_STATES && len < CONTROL_ERROR_LEN; state++)
		len += (size_t)snprintf(error + len, CONTROL_ERROR_LEN - len, " %s",
		                        tcp_state_name((enum tcp_state)state));
	return -EINVAL;
}

static int read_host(const SaNat64__Control__Filter *in, struct control_filter *filter, char *error)
{
	if (in->host.len != sizeof(filter->host.addr) || in->host_length > 128) {
		(void)snprintf(
			error, CONTROL_ERROR_LEN,
			"host of %zu bytes with prefix length %u; 16 bytes and 0 to 128 are right",
			in->host.len, (unsigned)in->host_length);
		return -EINVAL;
	}
	filter->has_host = true;
	memcpy(&filter->host.addr, in->host.data, sizeof(filter->host.addr));
	filter->host.len = (uint8_t)in->host_length;
	filter->host.addr = address6_masked(&filter->host.addr, filter->host.len);
	return 0;
}

static int read_prefix4(const ProtobufCBinaryData *in, uint32_t len, const char *name, bool *has,
                        struct prefix4 *out, char *error)
{
	if (in->len == 0)
		return 0;
	if (in->len != 4 || len > 32) {
		(void)snprintf(
			error, CONTROL_ERROR_LEN,
			"%s of %zu bytes with prefix length %u; 4 bytes and 0 to 32 are right",
			name, in->len, (unsigned)len);
		return -EINVAL;
	}
	*has = true;
	out->len = (uint8_t)(len ? len : 32);
	out->addr = load_be32(in->data) & prefix4_mask(out->len);
	return 0;
}

int control_filter_read(const SaNat64__Control__Filter *in, struct control_filter *out, char *error)
{
	struct control_filter filter = { .has_proto = false };

	if (in && in->proto[0] && read_proto(in->proto, &filter, error) < 0)
		return -EINVAL;
	if (in && in->state[0] && read_state(in->state, &filter, error) < 0)
		return -EINVAL;
	if (in && in->host.len > 0 && read_host(in, &filter, error) < 0)
		return -EINVAL;
	if (in && read_prefix4(&in->pool4, in->pool4_length, "pool4", &filter.has_pool4,
	                       &filter.pool4, error) < 0)
		return -EINVAL;
	if (in && read_prefix4(&in->remote, in->remote_length, "remote", &filter.has_remote,
	                       &filter.remote, error) < 0)
		return -EINVAL;
	if (in && in->port > 65535) {
		(void)snprintf(error, CONTROL_ERROR_LEN, "port %u is above 65535",
		               (unsigned)in->port);
		return -EINVAL;
	}
	if (in && in->port > 0) {
		filter.has_port = true;
		filter.port = (uint16_t)in->port;
	}
	filter.idle_us = in ? in->idle_us : 0;
	*out = filter;
	return 0;
}

/* All of the filter that concerns the binding, except the port. */
static bool binding_passes(const struct control_filter *filter, const struct bib_entry *binding)
{
	return (!filter->has_proto || filter->proto == binding->proto) &&
	       (!filter->has_pool4 || prefix4_has(&filter->pool4, binding->addr4)) &&
	       (!filter->has_host || prefix6_has(&filter->host, &binding->addr6));
}

static bool session_passes(const struct control_filter *filter, const struct session *session,
                           const struct bib_entry *binding)
{
	if (filter->has_state && filter->state != session->state)
		return false;
	if (filter->has_remote && !prefix4_has(&filter->remote, session->dst4))
		return false;
	if (filter->has_port && filter->port != session->dport4 && filter->port != binding->port6 &&
	    filter->port != binding->port4)
		return false;
	return binding_passes(filter, binding);
}

static ProtobufCBinaryData store_address6(uint8_t *place, const struct in6_addr *addr)
{
	memcpy(place, addr, sizeof(*addr));
	return (ProtobufCBinaryData){ .len = sizeof(*addr), .data = place };
}

static ProtobufCBinaryData store_address4(uint8_t *place, uint32_t addr)
{
	store_be32(place, addr);
	return (ProtobufCBinaryData){ .len = sizeof(addr), .data = place };
}

static void add_session(const struct translator *t, uint64_t now_us, uint32_t index,
                        struct control_sessions *page)
{
	const struct session *session = session_at(translator_sessions(t), index);
	const struct bib_entry *binding = bib_at(session_bib(translator_sessions(t)), session->bib);
	uint64_t expires_us = translator_session_expiry(t, index);
	size_t i = page->reply.n_rows++;
	SaNat64__Control__Session *row = &page->rows[i];
	struct in6_addr remote6 = translator_session_dst6(t, session);

	sa_nat64__control__session__init(row);
	row->proto = (char *)proto_names[binding->proto];
	row->state = (char *)tcp_state_name((enum tcp_state)session->state);
	row->host = store_address6(page->addresses[i], &binding->addr6);
	row->host_port = binding->port6;
	row->remote6 = store_address6(page->addresses[i] + 16, &remote6);
	row->pool4 = store_address4(page->addresses[i] + 32, binding->addr4);
	row->pool4_port = binding->port4;
	row->remote = store_address4(page->addresses[i] + 36, session->dst4);
	row->remote_port = session->dport4;
	row->expires_us = expires_us > now_us ? expires_us - now_us : 0;
	row->idle_us = translator_session_idle(t, index, now_us);
	page->pointers[i] = row;
}

static uint32_t rows_wanted(const struct control_walk *walk)
{
	if (walk->is_counting)
		return UINT32_MAX;
	return walk->limit == 0 || walk->limit > CONTROL_PAGE_ROWS ? CONTROL_PAGE_ROWS
	                                                           : walk->limit;
}

/* Slots looked at since start: a walk that began or ended a table moved by no more than these. */
static uint32_t slots_left(uint32_t start, uint32_t cursor)
{
	uint32_t looked = cursor - start;

	return looked < CONTROL_PAGE_LOOK ? CONTROL_PAGE_LOOK - looked : 0;
}

void control_list_sessions(const struct translator *t, uint64_t now_us,
                           const struct control_filter *filter, const struct control_walk *walk,
                           struct control_sessions *page)
{
	const struct session_table *table = translator_sessions(t);
	uint32_t cursor = walk->cursor, left = CONTROL_PAGE_LOOK, index;

	sa_nat64__control__sessions_reply__init(&page->reply);
	page->reply.rows = page->pointers;
	if (!table)
		return;
	while (page->reply.count < rows_wanted(walk) && left > 0) {
		const struct session *session;
		const struct bib_entry *binding;

		index = session_next(table, &cursor, left);
		if (index == 0)
			break;
		left = slots_left(walk->cursor, cursor);
		session = session_at(table, index);
		binding = bib_at(session_bib(table), session->bib);
		if (!session_passes(filter, session, binding) ||
		    (filter->idle_us &&
		     translator_session_idle(t, index, now_us) < filter->idle_us))
			continue;
		page->reply.count++;
		if (!walk->is_counting)
			add_session(t, now_us, index, page);
	}
	page->reply.next_cursor = cursor;
}

static void add_binding(const struct bib_entry *binding, struct control_bib *page)
{
	size_t i = page->reply.n_rows++;
	SaNat64__Control__Binding *row = &page->rows[i];

	sa_nat64__control__binding__init(row);
	row->proto = (char *)proto_names[binding->proto];
	row->host = store_address6(page->addresses[i], &binding->addr6);
	row->host_port = binding->port6;
	row->pool4 = store_address4(page->addresses[i] + 16, binding->addr4);
	row->pool4_port = binding->port4;
	row->static_ = binding->flags & BIB_STATIC;
	row->sessions = binding->session_count;
	page->pointers[i] = row;
}

void control_list_bib(const struct translator *t, const struct control_filter *filter,
                      const struct control_walk *walk, struct control_bib *page)
{
	const struct session_table *sessions = translator_sessions(t);
	const struct bib_table *table = sessions ? session_bib(sessions) : NULL;
	uint32_t cursor = walk->cursor, left = CONTROL_PAGE_LOOK, index;

	sa_nat64__control__bib_reply__init(&page->reply);
	page->reply.rows = page->pointers;
	if (!table)
		return;
	while (page->reply.count < rows_wanted(walk) && left > 0) {
		const struct bib_entry *binding;

		index = bib_next(table, &cursor, left);
		if (index == 0)
			break;
		left = slots_left(walk->cursor, cursor);
		binding = bib_at(table, index);
		if ((filter->has_port && filter->port != binding->port6 &&
		     filter->port != binding->port4) ||
		    !binding_passes(filter, binding))
			continue;
		page->reply.count++;
		if (!walk->is_counting)
			add_binding(binding, page);
	}
	page->reply.next_cursor = cursor;
}
