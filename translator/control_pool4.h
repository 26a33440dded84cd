/* What the control socket tells of public addresses: pages of pool4, and who has an address and
 * port now. Pure. */
#ifndef SA_NAT64_CONTROL_POOL4_H
#define SA_NAT64_CONTROL_POOL4_H

#include "proto/control.pb-c.h"
#include "translator/control_list.h"

/* Pages hold their reply and what that points to; they live on the heap and must not move. */
struct control_pool4 {
	SaNat64__Control__Pool4Reply reply;
	SaNat64__Control__Pool4Row rows[CONTROL_PAGE_ROWS];
	SaNat64__Control__Pool4Row *pointers[CONTROL_PAGE_ROWS];
	SaNat64__Control__Protocols counts[CONTROL_PAGE_ROWS][3], exhausted;
	uint8_t addresses[CONTROL_PAGE_ROWS][4];
};

/* Fill a page with rows or addresses from request->cursor on: at most CONTROL_PAGE_ROWS of
 * CONTROL_PAGE_LOOK that are looked at. Returns 0, or -EINVAL with a sentence in error
 * (CONTROL_ERROR_LEN bytes). */
int control_pool4_fill(const struct translator *t, const SaNat64__Control__Pool4Request *request,
                       struct control_pool4 *page, char *error);

#define CONTROL_HOLDERS_MAX (2 * L4_PROTOS)

struct control_who {
	SaNat64__Control__WhoReply reply;
	SaNat64__Control__Holder rows[CONTROL_HOLDERS_MAX];
	SaNat64__Control__Holder *pointers[CONTROL_HOLDERS_MAX];
	uint8_t hosts[CONTROL_HOLDERS_MAX][16];
};

/* The same for who has an address and port; it takes constant time. */
int control_who_fill(const struct translator *t, const SaNat64__Control__WhoRequest *request,
                     struct control_who *page, char *error);

#endif
