/* What stands against a plan, found before anything is changed, pure: one line for each, with the
 * value and what to do.
 */
#ifndef SA_NAT64_NETNS_CONFLICT_H
#define SA_NAT64_NETNS_CONFLICT_H

#include "netns/seen.h"

#include <stdio.h>

/* Print every conflict on a line of its own. Returns how many there are. */
size_t conflicts_print(const struct plan *plan, const struct seen *seen, FILE *out);

#endif
