/* See list_page.h. */
#include "cli/list_page.h"

#include <string.h>

bool list_page_is_whole(const SaNat64__Control__Reply *reply)
{
	const SaNat64__Control__SessionsReply *sessions = reply->sessions;
	const SaNat64__Control__BibReply *bib = reply->bib;
	size_t rows = list_page_rows(reply);

	switch (reply->body_case) {
	case SA_NAT64__CONTROL__REPLY__BODY_SESSIONS:
		return sessions->state.len == rows && sessions->host.len == rows * 16 &&
		       sessions->n_host_port == rows && sessions->remote6.len == rows * 16 &&
		       sessions->pool4.len == rows * 4 && sessions->n_pool4_port == rows &&
		       sessions->remote.len == rows * 4 && sessions->n_remote_port == rows &&
		       sessions->n_expires_us == rows && sessions->n_idle_us == rows;
	case SA_NAT64__CONTROL__REPLY__BODY_BIB:
		return bib->host.len == rows * 16 && bib->n_host_port == rows &&
		       bib->pool4.len == rows * 4 && bib->n_pool4_port == rows &&
		       bib->static_.len == rows && bib->n_sessions == rows;
	default:
		return true;
	}
}

size_t list_page_rows(const SaNat64__Control__Reply *reply)
{
	switch (reply->body_case) {
	case SA_NAT64__CONTROL__REPLY__BODY_SESSIONS:
		return reply->sessions->proto.len;
	case SA_NAT64__CONTROL__REPLY__BODY_BIB:
		return reply->bib->proto.len;
	default:
		return 0;
	}
}

static const char *word_at(char *const *words, size_t count, uint8_t index)
{
	return index < count ? words[index] : "?";
}

static struct in6_addr address6_at(const ProtobufCBinaryData *column, size_t i)
{
	struct in6_addr addr;

	memcpy(&addr, column->data + i * sizeof(addr), sizeof(addr));
	return addr;
}

static uint32_t address4_at(const ProtobufCBinaryData *column, size_t i)
{
	uint32_t addr_be;

	memcpy(&addr_be, column->data + i * sizeof(addr_be), sizeof(addr_be));
	return ntohl(addr_be);
}

void list_session_at(const SaNat64__Control__SessionsReply *page, size_t i,
                     struct list_session *out)
{
	*out = (struct list_session){
		.proto = word_at(page->words, page->n_words, page->proto.data[i]),
		.state = word_at(page->words, page->n_words, page->state.data[i]),
		.host = address6_at(&page->host, i),
		.remote6 = address6_at(&page->remote6, i),
		.pool4 = address4_at(&page->pool4, i),
		.remote = address4_at(&page->remote, i),
		.host_port = (uint16_t)page->host_port[i],
		.pool4_port = (uint16_t)page->pool4_port[i],
		.remote_port = (uint16_t)page->remote_port[i],
		.expires_us = page->expires_us[i],
		.idle_us = page->idle_us[i],
	};
}

void list_binding_at(const SaNat64__Control__BibReply *page, size_t i, struct list_binding *out)
{
	*out = (struct list_binding){
		.proto = word_at(page->words, page->n_words, page->proto.data[i]),
		.host = address6_at(&page->host, i),
		.pool4 = address4_at(&page->pool4, i),
		.host_port = (uint16_t)page->host_port[i],
		.pool4_port = (uint16_t)page->pool4_port[i],
		.is_static = page->static_.data[i] != 0,
		.sessions = page->sessions[i],
	};
}
