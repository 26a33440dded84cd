/* `sa-nat64 bib add` and `bib remove`: one binding of one instance, now. */
#ifndef SA_NAT64_BIB_CHANGE_H
#define SA_NAT64_BIB_CHANGE_H

#include "cli/instances.h"
#include "cli/options.h"
#include "cli/out.h"

/* Have it made or ended, and say so. Returns an exit status. */
int bib_change(const struct cli_options *options, struct instances *instances, struct out *out);

#endif
