/* The session log of an instance, in `status`, `stats` and `check`: where records go, and what
 * became of them. */
#ifndef SA_NAT64_CLI_SESSION_LOG_H
#define SA_NAT64_CLI_SESSION_LOG_H

#include "cli/findings.h"
#include "cli/out.h"
#include "proto/control.pb-c.h"

/* log: NULL for none, which prints nothing. */
void session_log_put(struct out *out, const SaNat64__Control__SessionLog *log);

/* Add what is wrong with it: records that were lost since the translator started, collectors that
 * take none. log: NULL for none, which is well. */
void session_log_judge(const char *instance, const SaNat64__Control__SessionLog *log,
                       struct findings *findings);

#endif
