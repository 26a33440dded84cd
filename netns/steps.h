/* Do the steps that netns/difference.h found, one by one. */
#ifndef SA_NAT64_NETNS_STEPS_H
#define SA_NAT64_NETNS_STEPS_H

#include "netns/difference.h"
#include "netns/space.h"

/* Do all of them in their order and print a line about each to out. The first that fails ends it:
 * one line in the log says what failed and why, and what was done stays. plan may be NULL for the
 * steps of difference_down(). 0 or -EIO. */
int steps_do(struct workplace *place, const struct plan *plan, const struct steps *steps,
             FILE *out);

/* As steps_do(), but goes on after a failure. Returns how many failed. */
size_t steps_do_all(struct workplace *place, const struct steps *steps, FILE *out);

#endif
