/* What commands share that ask every instance one question and print the answers, one behind the
 * other. */
#ifndef SA_NAT64_EACH_INSTANCE_H
#define SA_NAT64_EACH_INSTANCE_H

#include "cli/instances.h"
#include "cli/out.h"

/* Print what one instance answered. */
typedef void each_instance_put(struct out *out, const char *name,
                               const SaNat64__Control__Reply *reply, const void *context);

/* Ask, print the list "instances" and what is missing of it, complain. Returns an exit status. */
int each_instance(struct instances *instances, SaNat64__Control__Request *request, struct out *out,
                  each_instance_put *put, const void *context);

#endif
