/* Session tables (RFC 6146 section 3.2): who talks to whom through which binding, and until when.
 *
 * One flat array indexed by (binding, remote IPv4 address, remote port); for ICMP the remote port
 * is 0. A session's expiry is a field that packets push forward; the timer wheel looks at it again
 * when its slot comes, so that a packet never touches the wheel unless the lifetime shrinks.
 * Indices, not pointers; index 0 is never used.
 *
 * The sessions may stand in memory that outlives the process, as bindings do (bib.h): a seal covers
 * the binding and the remote end. The other fields change while the session lives, each by one
 * store, and are looked at when the session is restored.
 */
#ifndef SA_NAT64_SESSION_H
#define SA_NAT64_SESSION_H

#include "translator/bib.h"
#include "translator/tcp_fsm.h"

struct session {
	uint64_t expires_us;
	uint32_t bib;     /* index of the binding */
	uint32_t dst4;    /* remote address, host order */
	uint16_t dport4;  /* remote port, host order */
	uint8_t state;    /* enum tcp_state; TCP_STATE_NONE for UDP and ICMP */
	uint8_t pool6;    /* index of the prefix that the IPv6 host uses for the remote address */
	uint8_t fast;     /* what the fast path needs to know; owned by stateful_fast.c */
	uint8_t sync;     /* SESSION_TOLD and the like; this and the next three are feed.c's */
	uint8_t owner;    /* node that speaks for it, id + 1; 0: nobody was told of it yet */
	uint32_t version; /* proto/SYNC.md section 1; 0: nobody was told of it yet */
	uint32_t told_s;  /* when copies elsewhere end, seconds of the core's clock */
	uint32_t seal; /* of bib, the binding's seal, dst4 and dport4; ENTRY_UNSEALED: the entry is
	                  free */
	uint32_t next; /* hash chain; links free entries too */
	uint32_t bib_next, bib_prev; /* sessions of the same binding */
};

#define SESSION_TOLD  0x01 /* peers have it, or it came from one */
#define SESSION_DIRTY 0x02 /* waits to be told */
#define SESSION_QUIET 0x04 /* a peer said that it ended: the log has it from there */

struct session_table;

/* A table for capacity sessions over bindings in bib (not owned). memory: capacity + 1 sessions, as
 * bib_table_new() has it. NULL when memory ends. */
struct session_table *session_table_new(uint32_t capacity, struct bib_table *bib,
                                        const struct hash_key *key, uint64_t now_us,
                                        struct session *memory);
void session_table_free(struct session_table *table); /* NULL accepted */

/* Enter again what the table's memory holds, after bib_table_restore(), as that. keep() is given
 * sessions of bindings that exist; it must check and may mend state, pool6, expires_us and what the
 * fast path left. To be called once, while the table is empty. */
struct table_restored session_table_restore(struct session_table *table,
                                            bool (*keep)(void *context, struct session *session),
                                            void *context);

/* Whether an index, any number at all, is that of a session. */
bool session_is_used(const struct session_table *table, uint32_t index);

struct session *session_at(const struct session_table *table, uint32_t index);
struct bib_table *session_bib(const struct session_table *table);

/* Index of the session, 0 when there is none. dport4 is 0 for ICMP. */
uint32_t session_find(const struct session_table *table, uint32_t bib, uint32_t dst4,
                      uint16_t dport4);

/* Add a session (not present yet) that ends at expires_us, with the prefix pool6. Returns its
 * index, or 0 when the table is full. */
uint32_t session_add(struct session_table *table, uint32_t bib, uint32_t dst4, uint16_t dport4,
                     enum tcp_state state, uint8_t pool6, uint64_t expires_us);
void session_del(struct session_table *table, uint32_t index);

/* Change the end of a session's life, in either direction. */
void session_set_expiry(struct session_table *table, uint32_t index, uint64_t expires_us);

/* Give each session whose end has come to expire(context, index), which deletes it or gives it a
 * later end. Handles at most limit and returns whether nothing is left over. */
bool session_expire(struct session_table *table, uint64_t now_us, uint32_t limit,
                    void (*expire)(void *context, uint32_t index), void *context);

/* As bib_next(). */
uint32_t session_next(const struct session_table *table, uint32_t *cursor, uint32_t limit);

uint32_t session_count(const struct session_table *table, enum l4_proto proto);
uint32_t session_capacity(const struct session_table *table);
size_t session_memory(const struct session_table *table);

#endif
