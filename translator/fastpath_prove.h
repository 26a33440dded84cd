/* The flows that an earlier process left in the kernel, held against the sessions that came back
 * with the state file: whose session is there stays under its index, of others sessions are made if
 * there is a place for them, the rest is removed. Bounded work per call, for there may be millions;
 * meanwhile the flows go on and the sessions count as being in the fast path.
 */
#ifndef SA_NAT64_FASTPATH_PROVE_H
#define SA_NAT64_FASTPATH_PROVE_H

#include "translator/fastpath_takeover.h"

struct prove;

/* Look through the maps flows6 and flows4; stamps is mapped, for indexes up to capacity; fast are
 * the hooks that the core has. NULL when memory ends. */
struct prove *prove_new(int flows6, int flows4, uint64_t *stamps, uint32_t capacity,
                        const struct translator_fast *fast);
void prove_free(struct prove *prove); /* NULL accepted */

/* Go on, by at most portions of a thousand entries. Returns whether all is done. */
bool prove_step(struct prove *prove, struct translator *t, uint32_t portions, uint64_t now_us);

/* Flows that stayed so far. */
uint32_t prove_count(const struct prove *prove);

/* Make a session of a flow that has none, and enter it again under that. False: there is no place
 * for it. */
bool prove_restore(const struct translator_fast *fast, uint64_t *stamps, struct translator *t,
                   const struct takeover_flow *kept, uint64_t now_us);

#endif
