/* Replication of one instance: what proto/SYNC.md describes, without sockets, keys or a clock.
 *
 * A replica holds a copy of every session of the instance in the cluster (mirror.h), one table row
 * for each peer (peer.h) and the sets of what waits to be sent (sendq.h). It is pure: datagrams
 * that were opened, records of the local translator and `now` go in; payloads to be sealed and
 * records for the translator are taken out by whoever has a socket that takes them, so nothing
 * waits in a queue twice. Times are microseconds of a monotonic clock, addresses and ports in host
 * order unless said otherwise. Memory is taken in replica_new() and nowhere else.
 */
#ifndef SA_NAT64_SYNCD_REPLICA_H
#define SA_NAT64_SYNCD_REPLICA_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REPLICA_NODES     16
#define REPLICA_EPOCH_LEN 16

struct replica;

enum replica_proto { REPLICA_TCP, REPLICA_UDP, REPLICA_ICMP, REPLICA_PROTOS };

/* Identity of a session: its IPv4 side. */
struct replica_key {
	uint32_t pool4, remote;
	uint16_t pool4_port, remote_port; /* ICMP: identifier, 0 */
	uint8_t proto;                    /* enum replica_proto */
};

struct replica_session {
	struct replica_key key;
	struct in6_addr host;
	uint16_t host_port;
	uint8_t state; /* as in session.proto */
	uint8_t pool6; /* as in session.proto */
	uint8_t owner; /* node id */
	uint32_t version;
	uint64_t expires_us;
};

struct replica_gone {
	struct replica_key key;
	uint8_t owner;
	uint32_t version;
	bool forced;
};

enum replica_state { REPLICA_STARTING, REPLICA_JOINING, REPLICA_IN_SYNC, REPLICA_ALONE };

struct replica_config {
	uint8_t node;          /* own id */
	uint16_t nodes;        /* bit i: node id i is in the configuration; the own bit included */
	uint32_t sessions_max; /* of one node; copies of all of them find room */
	uint64_t prefixes_hash, config_hash;
	uint8_t epoch[REPLICA_EPOCH_LEN];
	uint8_t digest_key[16]; /* equal in the whole cluster */
	size_t payload_max;     /* bytes of one unsealed payload */
	uint64_t rate;          /* bytes a second, datagrams as they are on the wire */
	size_t overhead;        /* bytes of headers and seal for each payload */
	uint64_t join_wait_us;  /* sync-wait */
	const char *version;    /* of the program, not owned */
	void (*random)(void *context, void *buf, size_t len);
	void *random_context;
};

/* NULL when memory ends. config is copied. */
struct replica *replica_new(const struct replica_config *config, uint64_t now_us);
void replica_free(struct replica *replica); /* NULL accepted */

/* ---- the wire ---- */

struct replica_origin {
	uint8_t node;
	uint8_t epoch[REPLICA_EPOCH_LEN];
	uint64_t seq;
};

enum replica_admission {
	REPLICA_ADMIT,    /* open it and give it to replica_deliver() */
	REPLICA_OWN,      /* our own datagram came back */
	REPLICA_STRANGER, /* no such node in the configuration */
	REPLICA_DUPLICATE,
	REPLICA_TOO_OLD, /* below the window: a replay or much delayed */
	REPLICA_ADMISSIONS,
};

/* Cheap checks before a seal is opened; counts what it refuses and changes nothing else. */
enum replica_admission replica_admit(struct replica *replica, const struct replica_origin *origin);

/* A payload whose seal was right. False: malformed, counted, nothing of it was applied. */
bool replica_deliver(struct replica *replica, const struct replica_origin *origin,
                     const uint8_t *payload, size_t len, uint64_t now_us);

/* The next payload to seal and send under *seq, at most config.payload_max bytes; 0: nothing may
 * be sent now. What was returned counts as sent. */
size_t replica_poll(struct replica *replica, uint8_t *payload, uint64_t *seq, uint64_t now_us);

/* When replica_poll() is worth calling again if nothing else happens; now_us or earlier: at once.
 */
uint64_t replica_next_us(const struct replica *replica);

/* ---- the translator ---- */

/* A translator is there, or is gone. On arrival everything held is put up for it again. */
void replica_attach(struct replica *replica, uint64_t now_us);
void replica_detach(struct replica *replica);

/* All that the translator has comes between begin and end: what is held as this node's own and did
 * not come is gone. Not so in the first scan after replica_attach(): a process that lost sessions
 * gets them back. */
void replica_scan_begin(struct replica *replica);
void replica_scan_end(struct replica *replica, uint64_t now_us);

/* What the translator says of a session. False: a value is out of range, or there is no room. */
bool replica_local_session(struct replica *replica, const struct replica_session *session,
                           uint64_t now_us);
bool replica_local_gone(struct replica *replica, const struct replica_gone *gone, uint64_t now_us);

/* A copy of another node's session ended here by itself; one could not be entered. */
void replica_local_expired(struct replica *replica, const struct replica_gone *gone);
void replica_local_refused(struct replica *replica, const struct replica_gone *gone);

/* The next thing the translator has to be told: 1 a session, 2 a gone one, 0 nothing. A session is
 * told as it is then, once, however often it changed. */
int replica_apply_next(struct replica *replica, struct replica_session *session,
                       struct replica_gone *gone);
bool replica_has_apply(const struct replica *replica);

/* Whether the translator was told of everything that was held when it came. */
bool replica_has_told_all(const struct replica *replica);

/* ---- people ---- */

/* The instance's configuration is another one now; the peers learn it from the next Hello. */
void replica_reconfigure(struct replica *replica, uint64_t prefixes_hash, uint64_t config_hash);

/* Ask a peer for a snapshot again; what is held stays. */
void replica_resync(struct replica *replica, uint64_t now_us);

/* Say goodbye with the next payload that replica_poll() gives. */
void replica_goodbye(struct replica *replica);

enum replica_state replica_state(const struct replica *replica);

/* Every other configured node is in contact with the same prefixes and the same rest. */
bool replica_all_in_contact(const struct replica *replica);

struct replica_stats {
	enum replica_state state;
	uint64_t sessions, own; /* held; of them owned by this node */
	uint64_t waiting_repair, waiting_news, waiting_bulk, waiting_apply;
	uint64_t sent_datagrams, sent_bytes, sent_sessions;             /* bytes on the wire */
	uint64_t received_datagrams, received_bytes, received_sessions; /* each once */
	uint64_t resent_sessions;                                       /* for a NACK or a Want */
	uint64_t refused[REPLICA_ADMISSIONS], malformed, unaccepted;
	uint64_t applied, stale; /* records that changed something; that were older */
	uint64_t refused_local, no_room;
	uint64_t rate; /* present, bytes a second */
	uint64_t memory_bytes;
};
void replica_stats(const struct replica *replica, struct replica_stats *out);

enum replica_contact {
	REPLICA_NEVER_HEARD,
	REPLICA_NOT_ACCEPTED,
	REPLICA_CONTACT,
	REPLICA_LOST,
	REPLICA_OTHER_PREFIXES, /* in contact, but nothing of it is applied */
};

struct replica_peer_stats {
	enum replica_contact contact;
	enum replica_state state; /* as it says */
	bool other_config;        /* the rest of its configuration differs */
	uint8_t epoch[REPLICA_EPOCH_LEN];
	uint64_t heard_us; /* when last; 0: never */
	uint64_t sessions; /* it holds */
	uint64_t copies;   /* held here of its set */
	uint64_t lag_us;   /* how long its oldest number not yet received is overdue */
	uint64_t missing, lost, resent_asked, duplicates, replays, datagrams;
	uint32_t loss_permille;
	char version[32];
};
/* node: configured and not the own id. */
void replica_peer_stats(const struct replica *replica, uint8_t node, struct replica_peer_stats *out,
                        uint64_t now_us);

#endif
