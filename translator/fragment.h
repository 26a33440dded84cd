/* Pieces of datagrams in stateful mode (RFC 6146 section 3.4).
 *
 * Datagrams are not put together: once the first piece has shown the ports, every piece goes on by
 * itself with the same addresses, in order pieces without any copy. Pieces that come before the
 * first wait here. Datagrams whose checksum needs all their bytes (IPv4 UDP without checksum, ICMP)
 * wait as a whole. Overlap abandons the datagram (RFC 5722).
 *
 * Bounds: max_fragments datagrams and as many 2 KB buffers; one source (hashed to a bucket) may use
 * an eighth of either; waiting datagrams leave a quarter of the table to those whose first piece
 * comes first. A datagram ends timeout_us after its first-seen piece. Indices name datagrams; 0 is
 * none.
 */
#ifndef SA_NAT64_FRAGMENT_H
#define SA_NAT64_FRAGMENT_H

#include "translator/hash.h"
#include "translator/packet.h"

#define FRAGMENT_PIECES_MAX 128 /* pieces of one datagram */

/* The other family's addresses of a datagram whose first piece was translated. */
union fragment_mapping {
	struct {
		uint32_t src4, dst4;
	} to4;
	struct {
		struct in6_addr src6, dst6;
	} to6;
};

enum fragment_state {
	FRAGMENT_WAITING,  /* for the first piece, or for all of them */
	FRAGMENT_RESOLVED, /* pieces go on with the mapping */
	FRAGMENT_REFUSED,  /* pieces are dropped with the verdict of the first */
};

/* What is known of a datagram; valid until the next call that takes the store. */
struct fragment_view {
	enum fragment_state state;
	enum verdict refusal;
	union fragment_mapping mapping;
	bool complete; /* every piece has been seen */
	bool seen_first;
	bool ecn_ce, ecn_not_ect; /* some piece is marked CE; some piece is Not-ECT */
	uint32_t total_len;       /* bytes behind the IP headers, once the last piece was seen */
	uint64_t payload_sum; /* running checksum of all held pieces' bytes behind the IP headers */
};

struct fragment_store;

struct fragment_store *fragment_store_new(uint32_t max_fragments, uint64_t timeout_us,
                                          const struct hash_key *key);
void fragment_store_free(struct fragment_store *store); /* NULL accepted */

/* Note the arrival of a piece: VERDICT_OK with its datagram in *datagram, or the reason to drop the
 * piece. */
enum verdict fragment_arrive(struct fragment_store *store, const struct packet *p, uint64_t now_us,
                             uint32_t *datagram);

struct fragment_view fragment_look(const struct fragment_store *store, uint32_t datagram);

/* Keep the bytes of the piece that just arrived. VERDICT_FRAGMENT_STORED, or
 * VERDICT_FRAGMENT_LIMIT. */
enum verdict fragment_hold(struct fragment_store *store, uint32_t datagram, const struct packet *p);

/* The first piece was translated, or refused. */
void fragment_resolve(struct fragment_store *store, uint32_t datagram,
                      const union fragment_mapping *mapping);
void fragment_refuse(struct fragment_store *store, uint32_t datagram, enum verdict refusal);

/* Copy the next held piece (the IP packet), lowest offset first, to buf and forget it. Its length,
 * 0 when none is held. buf has room for the largest packet. */
uint32_t fragment_take(struct fragment_store *store, uint32_t datagram, uint8_t *buf);

/* Forget a datagram and what it holds. */
void fragment_drop(struct fragment_store *store, uint32_t datagram);

/* Forget datagrams whose time is over, at most limit; returns how many held pieces were lost. */
uint32_t fragment_expire(struct fragment_store *store, uint64_t now_us, uint32_t limit);

uint32_t fragment_held(const struct fragment_store *store); /* buffers in use */
size_t fragment_memory(const struct fragment_store *store);

#endif
