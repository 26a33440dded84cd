/* Health of one instance, and of the box, as `status` and `top` show it: that of sa-nat64-healthd
 * where it runs, else what the translator says of itself. */
#ifndef SA_NAT64_STATUS_HEALTH_H
#define SA_NAT64_STATUS_HEALTH_H

#include "cli/out.h"
#include "cli/status_box.h"

/* In all of them status is NULL when the translator has a problem. */

/* How the instance is, in a word of HealthInstance.state, and why; the reason is "" when it is up.
 */
struct status_judged {
	const char *state, *reason;
};

struct status_judged status_judge_health(const struct status_box *box,
                                         const struct instance *instance,
                                         const SaNat64__Control__StatusReply *status);

/* "health" and "reason". Returns whether the instance is up, in the sense that it is not down. */
bool status_put_health(struct out *out, const struct status_box *box,
                       const struct instance *instance,
                       const SaNat64__Control__StatusReply *status);

/* "probe" and "fast_probe", where there are any. */
void status_put_probes(struct out *out, const struct status_box *box,
                       const struct instance *instance);

/* "bfd". */
void status_put_bfd(struct out *out, const struct status_box *box, const struct instance *instance);

/* "healthd", of the whole box; people see it only when something is wrong. */
void status_put_healthd(struct out *out, const struct status_box *box);

#endif
