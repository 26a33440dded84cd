/* Bindings that an operator adds and removes while the instance runs (RFC 6146 section 3.1 allows
 * manual ones): judged as the configuration's are, and by what is in the tables now. They last as
 * long as this translator: a reload or restart knows the configuration's only.
 */
#include "translator/core.h"

#include <errno.h>
#include <stdio.h>

static const char *proto_name(enum l4_proto proto)
{
	static const char *const names[L4_PROTOS] = { "tcp", "udp", "icmp" };

	return names[proto];
}

/* "[2001:db8::80]:443", to buf of ADDRESS_STRLEN + 16 bytes. */
static const char *host_format(const struct in6_addr *addr6, uint16_t port6, char *buf)
{
	char address[ADDRESS_STRLEN];

	(void)snprintf(buf, ADDRESS_STRLEN + 16, "[%s]:%u", address6_format(addr6, address), port6);
	return buf;
}

static const char *public_format(uint32_t addr4, uint16_t port4, char *buf)
{
	char address[ADDRESS_STRLEN];

	(void)snprintf(buf, ADDRESS_STRLEN + 16, "%s:%u", address4_format(addr4, address), port4);
	return buf;
}

/* Whether no host can have the address. */
static bool is_martian(const struct in6_addr *addr6)
{
	return IN6_IS_ADDR_UNSPECIFIED(addr6) || IN6_IS_ADDR_LOOPBACK(addr6) ||
	       IN6_IS_ADDR_V4MAPPED(addr6) || IN6_IS_ADDR_LINKLOCAL(addr6) ||
	       IN6_IS_ADDR_MULTICAST(addr6);
}

/* What the configuration's check would say. */
static int judge(const struct translator *t, const struct translator_binding *wanted, char *error)
{
	char addr[ADDRESS_STRLEN], prefix[ADDRESS_STRLEN];
	int pool6;

	if (wanted->proto != L4_ICMP && (wanted->host_port == 0 || wanted->pool4_port == 0)) {
		(void)snprintf(error, TRANSLATOR_ERROR_LEN,
		               "port 0 is of no use; ports go from 1 to 65535");
		return -EINVAL;
	}
	if (is_martian(&wanted->host)) {
		(void)snprintf(error, TRANSLATOR_ERROR_LEN, "no host can have the address %s",
		               address6_format(&wanted->host, addr));
		return -EINVAL;
	}
	pool6 = pool6_find(t->config->pool6, t->config->pool6_count, &wanted->host);
	if (pool6 >= 0) {
		(void)snprintf(error, TRANSLATOR_ERROR_LEN,
		               "%s lies in pool6 %s; bind the address of an IPv6 host",
		               address6_format(&wanted->host, addr),
		               prefix6_format(&t->config->pool6[pool6].prefix, prefix));
		return -EINVAL;
	}
	if (!stateful_serves4(t, wanted->pool4)) {
		(void)snprintf(
			error, TRANSLATOR_ERROR_LEN,
			"%s is neither in pool4 nor in a bib line, so that nothing routes it "
			"here; add the binding to the configuration and reload",
			address4_format(wanted->pool4, addr));
		return -EINVAL;
	}
	return 0;
}

/* What stands in the way, by the tables as they are. */
static int judge_conflict(const struct translator *t, const struct translator_binding *wanted,
                          char *error)
{
	uint32_t by4 = bib_find4(t->bib, wanted->proto, wanted->pool4, wanted->pool4_port);
	uint32_t by6 = bib_find6(t->bib, wanted->proto, &wanted->host, wanted->host_port);
	char host[ADDRESS_STRLEN + 16], public[ADDRESS_STRLEN + 16];
	const struct bib_entry *entry;

	if (!by4 && !by6)
		return 0;
	entry = bib_at(t->bib, by4 ? by4 : by6);
	(void)host_format(&entry->addr6, entry->port6, host);
	(void)public_format(entry->addr4, entry->port4, public);
	if (entry->flags & BIB_STATIC)
		(void)snprintf(error, TRANSLATOR_ERROR_LEN, "%s is bound to %s already",
		               by4 ? public : host, by4 ? host : public);
	else
		(void)snprintf(error, TRANSLATOR_ERROR_LEN,
		               "%s is in use by %s, %u sessions; end them by "
		               "`sa-nat64 bib remove %s %s`, or wait",
		               by4 ? public : host, by4 ? host : public, entry->session_count,
		               proto_name(wanted->proto), public);
	return -EEXIST;
}

static int refuse_stateless(const struct translator *t, char *error)
{
	if (t->config->mode == CONFIG_MODE_NAT64)
		return 0;
	(void)snprintf(error, TRANSLATOR_ERROR_LEN,
	               "a stateless instance (mode = siit) has no bindings; its eam lines do what "
	               "they would");
	return -EINVAL;
}

int translator_bind(struct translator *t, const struct translator_binding *wanted, char *error)
{
	int result = refuse_stateless(t, error);
	bool is_pooled;
	uint32_t index;

	if (result == 0)
		result = judge(t, wanted, error);
	if (result == 0)
		result = judge_conflict(t, wanted, error);
	if (result < 0)
		return result;
	is_pooled = pool4_has_port(t->pool4, wanted->pool4, wanted->pool4_port);
	if (is_pooled && !pool4_claim(t->pool4, wanted->proto, wanted->pool4, wanted->pool4_port)) {
		(void)snprintf(error, TRANSLATOR_ERROR_LEN,
		               "the port is taken just now; try again");
		return -EBUSY;
	}
	index = bib_add(t->bib, wanted->proto, &wanted->host, wanted->host_port, wanted->pool4,
	                wanted->pool4_port, BIB_STATIC);
	if (index) {
		session_log_bound(t, index);
		return 0;
	}
	if (is_pooled)
		pool4_release(t->pool4, wanted->proto, wanted->pool4, wanted->pool4_port, 0);
	(void)snprintf(error, TRANSLATOR_ERROR_LEN,
	               "the table of bindings is full; raise max-sessions");
	return -ENOSPC;
}

/* ---- removal ---- */

static bool is_configured(const struct translator *t, const struct bib_entry *entry)
{
	for (size_t i = 0; i < t->config->bib_count; i++) {
		const struct config_bib *row = &t->config->bib[i];

		if (flow_l4_proto(row->proto) == entry->proto && row->addr4 == entry->addr4 &&
		    entry->port4 >= row->port4 && entry->port4 - row->port4 < row->count)
			return true;
	}
	return false;
}

/* Whether another box speaks for one of its sessions: it would tell them again. */
static bool is_copied(const struct translator *t, const struct bib_entry *entry)
{
	for (uint32_t i = entry->sessions; i; i = session_at(t->sessions, i)->bib_next)
		if (feed_is_copy(t, i))
			return true;
	return false;
}

/* The binding that may be removed; 0 with a sentence. */
static uint32_t find_removable(const struct translator *t, const struct translator_binding *named,
                               char *error)
{
	uint32_t index = bib_find4(t->bib, named->proto, named->pool4, named->pool4_port);
	char public[ADDRESS_STRLEN + 16];
	const struct bib_entry *entry;

	(void)public_format(named->pool4, named->pool4_port, public);
	if (!index) {
		(void)snprintf(error, TRANSLATOR_ERROR_LEN, "there is no binding %s %s",
		               proto_name(named->proto), public);
		return 0;
	}
	entry = bib_at(t->bib, index);
	if ((entry->flags & BIB_STATIC) && is_configured(t, entry))
		(void)snprintf(error, TRANSLATOR_ERROR_LEN,
		               "%s %s is in the configuration; take its bib line out and reload",
		               proto_name(named->proto), public);
	else if (is_copied(t, entry))
		(void)snprintf(error, TRANSLATOR_ERROR_LEN,
		               "another box speaks for sessions of %s %s; remove it there",
		               proto_name(named->proto), public);
	else
		return index;
	return 0;
}

int translator_unbind(struct translator *t, const struct translator_binding *named, uint64_t now_us,
                      uint32_t *ended, char *error)
{
	int result = refuse_stateless(t, error);
	uint32_t index = result == 0 ? find_removable(t, named, error) : 0, count = 0;
	bool is_static;

	if (!index)
		return -EINVAL;
	t->now_us = now_us;
	is_static = bib_at(t->bib, index)->flags & BIB_STATIC;
	while (bib_at(t->bib, index)->sessions && count < TRANSLATOR_UNBIND_LIMIT) {
		bool is_last = bib_at(t->bib, index)->session_count == 1;

		flow_delete(t, bib_at(t->bib, index)->sessions);
		count++;
		if (is_last && !is_static) { /* a dynamic binding went with it */
			*ended = count;
			return 0;
		}
	}
	*ended = count;
	if (bib_at(t->bib, index)->sessions)
		return -EAGAIN;
	session_log_unbound(t, index);
	flow_delete_binding(t, index, TCP_STATE_NONE);
	return 0;
}
