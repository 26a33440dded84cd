/* `sa-nat64 who --at`: who had a public address and port at a time, by the session logs. */
#ifndef SA_NAT64_WHO_THEN_H
#define SA_NAT64_WHO_THEN_H

#include "cli/options.h"
#include "cli/out.h"

/* Returns an exit status. */
int who_then(const struct cli_options *options, struct out *out);

#endif
