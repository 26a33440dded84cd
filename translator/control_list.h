/* Pages of the session and binding tables for the control socket (proto/CONTROL.md, "Lists").
 *
 * Pure. A page is bounded twice, in rows and in table slots looked at, so that a list of a million
 * sessions never holds up translation for long.
 */
#ifndef SA_NAT64_CONTROL_LIST_H
#define SA_NAT64_CONTROL_LIST_H

#include "proto/control.pb-c.h"
#include "translator/translator.h"

#define CONTROL_PAGE_ROWS 900  /* of one page; 64 KB hold them */
#define CONTROL_PAGE_LOOK 8192 /* table slots looked at for one page */
#define CONTROL_ERROR_LEN 200

/* What a row must have; made from a Filter that was checked. */
struct control_filter {
	bool has_proto, has_state, has_host, has_pool4, has_remote, has_port;
	enum l4_proto proto;
	enum tcp_state state;
	struct prefix6 host;
	struct prefix4 pool4, remote;
	uint16_t port;
	uint64_t idle_us; /* 0 accepts everything */
};

/* Check a Filter (NULL accepts everything). Returns 0, or -EINVAL with a sentence in error
 * (CONTROL_ERROR_LEN bytes). */
int control_filter_read(const SaNat64__Control__Filter *in, struct control_filter *out,
                        char *error);

#define CONTROL_WORDS (L4_PROTOS + TCP_STATES) /* of each page, protocols first */

/* A page holds its reply and what that points to; it is large, so it lives on the heap, and must
 * not move once filled. */
struct control_sessions {
	SaNat64__Control__SessionsReply reply;
	char *words[CONTROL_WORDS];
	uint8_t proto[CONTROL_PAGE_ROWS], state[CONTROL_PAGE_ROWS];
	uint8_t host[CONTROL_PAGE_ROWS][16], remote6[CONTROL_PAGE_ROWS][16];
	uint8_t pool4[CONTROL_PAGE_ROWS][4], remote[CONTROL_PAGE_ROWS][4];
	uint32_t host_port[CONTROL_PAGE_ROWS], pool4_port[CONTROL_PAGE_ROWS];
	uint32_t remote_port[CONTROL_PAGE_ROWS];
	uint64_t expires_us[CONTROL_PAGE_ROWS], idle_us[CONTROL_PAGE_ROWS];
};

struct control_bib {
	SaNat64__Control__BibReply reply;
	char *words[CONTROL_WORDS];
	uint8_t proto[CONTROL_PAGE_ROWS], is_static[CONTROL_PAGE_ROWS];
	uint8_t host[CONTROL_PAGE_ROWS][16], pool4[CONTROL_PAGE_ROWS][4];
	uint32_t host_port[CONTROL_PAGE_ROWS], pool4_port[CONTROL_PAGE_ROWS];
	uint32_t sessions[CONTROL_PAGE_ROWS];
};

/* Where a page begins and what it may hold. */
struct control_walk {
	uint32_t cursor;
	uint32_t limit;   /* rows, 0: as many as a page holds */
	bool is_counting; /* no rows, only their number */
};

/* Fill page with rows that lie behind the cursor and pass the filter; a stateless instance has
 * none. */
void control_list_sessions(const struct translator *t, uint64_t now_us,
                           const struct control_filter *filter, const struct control_walk *walk,
                           struct control_sessions *page);
void control_list_bib(const struct translator *t, const struct control_filter *filter,
                      const struct control_walk *walk, struct control_bib *page);

/* "tcp", "udp", "icmp" */
const char *control_proto_name(enum l4_proto proto);

#endif
