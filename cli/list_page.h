/* Pages of lists as they come: columns, of which rows are read back (proto/CONTROL.md, "Lists").
 *
 * Pure. A reply is looked at once as a whole; rows of a whole page may then be taken out.
 */
#ifndef SA_NAT64_LIST_PAGE_H
#define SA_NAT64_LIST_PAGE_H

#include "proto/control.pb-c.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Strings are the page's; "?" for a word that it does not have. Addresses of IPv4 and ports are in
 * host order. */
struct list_session {
	const char *proto, *state;
	struct in6_addr host, remote6;
	uint32_t pool4, remote;
	uint16_t host_port, pool4_port, remote_port;
	uint64_t expires_us, idle_us;
};

struct list_binding {
	const char *proto;
	struct in6_addr host;
	uint32_t pool4;
	uint16_t host_port, pool4_port;
	bool is_static;
	uint32_t sessions;
};

/* Whether all columns of a page have the same number of rows. True for every reply that is no page
 * of sessions or bindings. */
bool list_page_is_whole(const SaNat64__Control__Reply *reply);

/* Rows of a whole page; 0 for other replies. */
size_t list_page_rows(const SaNat64__Control__Reply *reply);

/* Row i of a whole page, below list_page_rows(). */
void list_session_at(const SaNat64__Control__SessionsReply *page, size_t i,
                     struct list_session *out);
void list_binding_at(const SaNat64__Control__BibReply *page, size_t i, struct list_binding *out);

#endif
