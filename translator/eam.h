/* Explicit address mappings (RFC 7757): pairs of an IPv4 and an IPv6 prefix, longest match in
 * either direction.
 *
 * Two sorted arrays of prefixes with a link from each prefix to the longest one around it: a
 * look-up is one binary search and a short walk outwards, for tables of 100,000 pairs and more.
 * Read-only once built.
 */
#ifndef SA_NAT64_EAM_H
#define SA_NAT64_EAM_H

#include "lib/config.h"

struct eam_table;

/* Build a table from count pairs (copied). NULL when memory ends. Pairs with identical prefixes
 * must have been refused before. */
struct eam_table *eam_table_new(const struct config_eam *pairs, size_t count);
void eam_table_free(struct eam_table *table); /* NULL accepted */

/* Translate by the longest matching pair. False, and *out untouched, when no pair matches.
 * IPv4 to IPv6 pads with zeros, IPv6 to IPv4 cuts excess bits (RFC 7757 section 3.3). */
bool eam_to6(const struct eam_table *table, uint32_t addr4, struct in6_addr *out);
bool eam_to4(const struct eam_table *table, const struct in6_addr *addr6, uint32_t *out);

#endif
