/* Binding information bases of TCP, UDP and ICMP queries (RFC 6146 section 3.1).
 *
 * One flat array of entries and two keyed hash indexes over it: (proto, IPv6 address, port) and
 * (proto, IPv4 address, port). Both are unique. Entries are named by index, never by pointer,
 * outside a call; index 0 is never used. The table knows nothing of ports in pool4 (pool4.h) or of
 * lifetimes (session.h): a dynamic binding lives as long as its sessions.
 *
 * The entries may stand in memory that outlives the process; each is sealed (entry_seal.h), and
 * bib_table_restore() enters again those that are whole. All else is rebuilt.
 */
#ifndef SA_NAT64_BIB_H
#define SA_NAT64_BIB_H

#include "lib/address.h"
#include "translator/hash.h"
#include "translator/entry_seal.h"

enum l4_proto { L4_TCP, L4_UDP, L4_ICMP, L4_PROTOS };

#define BIB_STATIC 0x01 /* from the configuration or an operator; stays without sessions */

/* What the session log has of a binding. */
enum bib_logged { BIB_LOGGED_NOT, BIB_LOGGED_ITSELF, BIB_LOGGED_BLOCK };

struct bib_entry {
	struct in6_addr addr6;
	uint32_t addr4;        /* host order */
	uint16_t port6, port4; /* port or ICMP identifier, host order */
	uint8_t proto;         /* enum l4_proto */
	uint8_t flags;         /* BIB_STATIC */
	uint8_t told;          /* peers were told of a session of it, or told us; not in the seal */
	uint8_t logged;        /* enum bib_logged, for session_log.c; not in the seal */
	uint32_t seal;         /* of what identifies it; ENTRY_UNSEALED: the entry is free */
	uint32_t next6, next4; /* hash chains; next6 also links free entries */
	uint32_t sessions;     /* first session of the binding, 0 = none */
	uint32_t session_count;
};

struct bib_table;

/* A table for capacity entries. memory: capacity + 1 entries, zeroed or left by a table of the same
 * capacity and key, which the table uses but does not own; NULL: it takes its own. NULL when memory
 * ends. */
struct bib_table *bib_table_new(uint32_t capacity, const struct hash_key *key,
                                struct bib_entry *memory);
void bib_table_free(struct bib_table *table); /* NULL accepted */

/* What came of the entries that were found. */
struct table_restored {
	uint32_t kept;
	uint32_t torn;    /* not whole, or there already; wiped */
	uint32_t refused; /* unwanted, or of a binding that is gone; wiped */
};

/* Enter again under their old indices what the table's memory holds above the entries added so far:
 * whole entries that keep() wants. To be called once, before anything is deleted. keep() is given
 * entries of a valid protocol whose keys are not present, and whose lists are empty. */
struct table_restored bib_table_restore(struct bib_table *table,
                                        bool (*keep)(void *context, const struct bib_entry *entry),
                                        void *context);

/* Whether an index, any number at all, is that of a binding. */
bool bib_is_used(const struct bib_table *table, uint32_t index);

/* The entry behind an index that these functions returned; 0 is not allowed. */
struct bib_entry *bib_at(const struct bib_table *table, uint32_t index);

/* Index of the binding, 0 when there is none. */
uint32_t bib_find6(const struct bib_table *table, enum l4_proto proto, const struct in6_addr *addr6,
                   uint16_t port6);
uint32_t bib_find4(const struct bib_table *table, enum l4_proto proto, uint32_t addr4,
                   uint16_t port4);

/* Add a binding; neither key may be present. Returns its index, or 0 when the table is full. */
uint32_t bib_add(struct bib_table *table, enum l4_proto proto, const struct in6_addr *addr6,
                 uint16_t port6, uint32_t addr4, uint16_t port4, uint8_t flags);

/* Remove a binding that has no sessions. */
void bib_del(struct bib_table *table, uint32_t index);

/* The first used index above cursor, 0 at the end; start with 0. Looks at no more than limit
 * entries: *cursor is where to go on, 0 once the end was reached. */
uint32_t bib_next(const struct bib_table *table, uint32_t *cursor, uint32_t limit);

uint32_t bib_count(const struct bib_table *table, enum l4_proto proto);
uint32_t bib_static_count(const struct bib_table *table);
size_t bib_memory(const struct bib_table *table);

#endif
