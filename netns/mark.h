/* The mark that an uplink carries as its alias (`ip link` shows it): whose it is, and what a NIC
 * that was moved here was before, so that `down` needs neither the configuration nor a file.
 *
 *   sa-nat64 INSTANCE
 *   sa-nat64 INSTANCE moved NAME up|down [ALIAS]
 */
#ifndef SA_NAT64_NETNS_MARK_H
#define SA_NAT64_NETNS_MARK_H

#include "lib/config.h"

#define MARK_MAX       256 /* the kernel's limit of an alias, NUL included */
#define MARK_ALIAS_MAX 180 /* of it for what was there before */

struct mark {
	char instance[CONFIG_NAME_MAX];
	char name[16]; /* of a moved NIC in the box; "" for a macvlan or veth */
	bool was_up;
	char alias[MARK_ALIAS_MAX]; /* what it had before, "" for none; cut */
};

/* False when the alias is no mark. */
bool mark_parse(const char *alias, struct mark *out);
void mark_format(const struct mark *mark, char alias[MARK_MAX]);

#endif
