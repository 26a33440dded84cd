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

/* A session of a page with what is looked up for it. */
struct row {
	const struct session *session;
	const struct bib_entry *binding;
	uint64_t expires_us, idle_us; /* look_at_times() */
};

static struct row look_at(const struct session_table *table, uint32_t index)
{
	const struct session *session = session_at(table, index);

	return (struct row){ session, bib_at(session_bib(table), session->bib), 0, 0 };
}

static void look_at_times(const struct translator *t, uint64_t now_us, uint32_t index,
                          struct row *row)
{
	row->expires_us = translator_session_expiry(t, index);
	row->idle_us = translator_session_idle(t, index, row->expires_us, now_us);
}

/* All of the filter except the idle time. */
static bool session_passes(const struct control_filter *filter, const struct row *row)
{
	const struct session *session = row->session;
	const struct bib_entry *binding = row->binding;

	if (filter->has_state && filter->state != session->state)
		return false;
	if (filter->has_remote && !prefix4_has(&filter->remote, session->dst4))
		return false;
	if (filter->has_port && filter->port != session->dport4 && filter->port != binding->port6 &&
	    filter->port != binding->port4)
		return false;
	return binding_passes(filter, binding);
}

static void fill_words(char *words[CONTROL_WORDS])
{
	for (int proto = 0; proto < L4_PROTOS; proto++)
		words[proto] = (char *)proto_names[proto];
	for (int state = 0; state < TCP_STATES; state++)
		words[L4_PROTOS + state] = (char *)tcp_state_name((enum tcp_state)state);
}

/* Row i of the page, which is read back by its columns. */
static void put_session(const struct translator *t, uint64_t now_us, const struct row *row,
                        struct control_sessions *page, size_t i)
{
	const struct session *session = row->session;
	const struct bib_entry *binding = row->binding;
	struct in6_addr remote6 = translator_session_dst6(t, session);

	page->proto[i] = binding->proto;
	page->state[i] = (uint8_t)(L4_PROTOS + session->state);
	memcpy(page->host[i], &binding->addr6, sizeof(page->host[i]));
	page->host_port[i] = binding->port6;
	memcpy(page->remote6[i], &remote6, sizeof(page->remote6[i]));
	store_be32(page->pool4[i], binding->addr4);
	page->pool4_port[i] = binding->port4;
	store_be32(page->remote[i], session->dst4);
	page->remote_port[i] = session->dport4;
	page->expires_us[i] = row->expires_us > now_us ? row->expires_us - now_us : 0;
	page->idle_us[i] = row->idle_us;
}

static ProtobufCBinaryData column(void *data, size_t len)
{
	return (ProtobufCBinaryData){ .len = len, .data = data };
}

/* Hand over the columns of so many rows. */
static void reply_with_sessions(struct control_sessions *page, size_t rows)
{
	SaNat64__Control__SessionsReply *reply = &page->reply;

	fill_words(page->words);
	reply->words = page->words;
	reply->n_words = CONTROL_WORDS;
	reply->proto = column(page->proto, rows * sizeof(page->proto[0]));
	reply->state = column(page->state, rows * sizeof(page->state[0]));
	reply->host = column(page->host, rows * sizeof(page->host[0]));
	reply->host_port = page->host_port;
	reply->remote6 = column(page->remote6, rows * sizeof(page->remote6[0]));
	reply->pool4 = column(page->pool4, rows * sizeof(page->pool4[0]));
	reply->pool4_port = page->pool4_port;
	reply->remote = column(page->remote, rows * sizeof(page->remote[0]));
	reply->remote_port = page->remote_port;
	reply->expires_us = page->expires_us;
	reply->idle_us = page->idle_us;
	reply->n_host_port = reply->n_pool4_port = reply->n_remote_port = rows;
	reply->n_expires_us = reply->n_idle_us = rows;
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
	if (!table)
		return;
	while (page->reply.count < rows_wanted(walk) && left > 0) {
		struct row row;

		index = session_next(table, &cursor, left);
		if (index == 0)
			break;
		left = slots_left(walk->cursor, cursor);
		row = look_at(table, index);
		if (!session_passes(filter, &row))
			continue;
		if (filter->idle_us || !walk->is_counting)
			look_at_times(t, now_us, index, &row);
		if (row.idle_us < filter->idle_us)
			continue;
		if (!walk->is_counting)
			put_session(t, now_us, &row, page, page->reply.count);
		page->reply.count++;
	}
	if (!walk->is_counting)
		reply_with_sessions(page, page->reply.count);
	page->reply.next_cursor = cursor;
}

static void put_binding(const struct bib_entry *binding, struct control_bib *page, size_t i)
{
	page->proto[i] = binding->proto;
	memcpy(page->host[i], &binding->addr6, sizeof(page->host[i]));
	page->host_port[i] = binding->port6;
	store_be32(page->pool4[i], binding->addr4);
	page->pool4_port[i] = binding->port4;
	page->is_static[i] = (binding->flags & BIB_STATIC) != 0;
	page->sessions[i] = binding->session_count;
}

/* As reply_with_sessions(). */
static void reply_with_bindings(struct control_bib *page, size_t rows)
{
	SaNat64__Control__BibReply *reply = &page->reply;

	fill_words(page->words);
	reply->words = page->words;
	reply->n_words = CONTROL_WORDS;
	reply->proto = column(page->proto, rows * sizeof(page->proto[0]));
	reply->host = column(page->host, rows * sizeof(page->host[0]));
	reply->host_port = page->host_port;
	reply->pool4 = column(page->pool4, rows * sizeof(page->pool4[0]));
	reply->pool4_port = page->pool4_port;
	reply->static_ = column(page->is_static, rows * sizeof(page->is_static[0]));
	reply->sessions = page->sessions;
	reply->n_host_port = reply->n_pool4_port = reply->n_sessions = rows;
}

void control_list_bib(const struct translator *t, const struct control_filter *filter,
                      const struct control_walk *walk, struct control_bib *page)
{
	const struct session_table *sessions = translator_sessions(t);
	const struct bib_table *table = sessions ? session_bib(sessions) : NULL;
	uint32_t cursor = walk->cursor, left = CONTROL_PAGE_LOOK, index;

	sa_nat64__control__bib_reply__init(&page->reply);
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
		if (!walk->is_counting)
			put_binding(binding, page, page->reply.count);
		page->reply.count++;
	}
	if (!walk->is_counting)
		reply_with_bindings(page, page->reply.count);
	page->reply.next_cursor = cursor;
}
