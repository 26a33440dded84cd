/* What makes the output of a command incomplete, as its JSON says it.
 *
 * People read complaints on standard error. Who parses the output finds at its end
 * "incomplete": true and "missing", a sentence for each program that did not answer, or not to the
 * end; neither is there when all did.
 */
#ifndef SA_NAT64_INCOMPLETE_H
#define SA_NAT64_INCOMPLETE_H

#include "cli/instances.h"
#include "cli/out.h"

/* Put them, as the last members of the outermost object. */
void incomplete_put(struct out *out, const struct instances *instances);

#endif
