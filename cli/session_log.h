/* The session log of an instance, in `status` and `stats`: where records go, and what became of
 * them. */
#ifndef SA_NAT64_CLI_SESSION_LOG_H
#define SA_NAT64_CLI_SESSION_LOG_H

#include "cli/out.h"
#include "proto/control.pb-c.h"

/* log: NULL for none, which prints nothing. */
void session_log_put(struct out *out, const SaNat64__Control__SessionLog *log);

#endif
