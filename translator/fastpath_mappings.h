/* Which stateless mappings the kernel knows: pairs of addresses, each direction by itself, learned
 * from the packets of the slow path.
 *
 * The kernel's maps cannot say which of their entries nobody uses, so each pair has a place here,
 * whose number is the index of its stamp. A pair that nobody used for a minute is removed; so is
 * everything when addresses may be translated otherwise from now on.
 */
#ifndef SA_NAT64_FASTPATH_MAPPINGS_H
#define SA_NAT64_FASTPATH_MAPPINGS_H

#include "translator/fastpath_abi.h"

#include <stdint.h>

struct mappings;

/* Places 1..capacity. NULL when memory ends. */
struct mappings *mappings_new(uint32_t capacity);
void mappings_free(struct mappings *mappings); /* NULL accepted */

/* The kernel's maps flows6 and flows4, and the stamps (capacity + 1), which outlive *mappings. */
void mappings_use(struct mappings *mappings, int flows6, int flows4, uint64_t *stamps);

/* Enter a pair; to->index is chosen here. Nothing happens when it is known already or there is no
 * place. now_s: second of the monotonic clock. */
void mappings_learn64(struct mappings *mappings, const struct fastpath_key6 *key,
                      struct fastpath_to4 *to, uint64_t now_s);
void mappings_learn46(struct mappings *mappings, const struct fastpath_key4 *key,
                      struct fastpath_to6 *to, uint64_t now_s);

/* How many pairs are entered. */
uint32_t mappings_count(const struct mappings *mappings);

/* Remove pairs that nobody used for a minute; bounded work, to be called every second. */
void mappings_sweep(struct mappings *mappings, uint64_t now_s);

/* Remove all, those of an earlier process too. */
void mappings_forget(struct mappings *mappings);

#endif
