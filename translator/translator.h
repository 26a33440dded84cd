/* One instance of the translator: configuration, tables and counters, and the single way in for
 * packets.
 *
 * This is the pure core of sa-nat64-translator: bytes, tables and `now` in; verdict and bytes out.
 * It opens nothing, reads no clock and is driven by one thread. The edges (TUN, sd-event loop,
 * control socket) own it and call it. All times are microseconds of a monotonic clock that the
 * caller passes down.
 */
#ifndef SA_NAT64_TRANSLATOR_H
#define SA_NAT64_TRANSLATOR_H

#include "lib/config.h"
#include "translator/log_ring.h"
#include "translator/packet.h"
#include "translator/session.h"
#include "translator/trace.h"
#include "translator/verdict.h"

#include <linux/virtio_net.h>
#include <sys/uio.h>

/* Writable bytes that must stand in front of every packet given to translator_input(): the header
 * may grow. */
#define TRANSLATOR_HEADROOM 64

/* Longest packet given or sent: an IPv6 header and 65,535 bytes. */
#define TRANSLATOR_PACKET_MAX (40 + 65535)

struct tracers;
struct translator;

/* A session as the fast path knows it. Addresses in host order where they are IPv4, ports and
 * identifiers in host order; for ICMP host_port is the identifier inside, pool4_port outside, and
 * remote_port 0. */
struct translator_flow {
	enum l4_proto proto;
	struct in6_addr host6, remote6;
	uint32_t pool4, remote4;
	uint16_t host_port, pool4_port, remote_port;
};

/* The fast path, as far as the core uses it. All NULL: there is none. */
struct translator_fast {
	/* Enter a session under its index (1..max-sessions): 0, or -errno when it does not fit. */
	int (*install)(void *context, uint32_t index, const struct translator_flow *flow);
	void (*remove)(void *context, const struct translator_flow *flow);
	/* When a packet last took the session, in us of the core's clock, rounded up to a second; 0
	 * = never. */
	uint64_t (*last_used)(void *context, uint32_t index);
	/* Stateless: packets between these two addresses are translated so. */
	void (*learn64)(void *context, const struct in6_addr *src6, const struct in6_addr *dst6,
	                uint32_t src4, uint32_t dst4);
	void (*learn46)(void *context, uint32_t src4, uint32_t dst4, const struct in6_addr *src6,
	                const struct in6_addr *dst6);
	/* Stateless: forget all that was learned. */
	void (*forget)(void *context);
	/* Stateless: how many of them are entered. */
	uint32_t (*held)(void *context);
	/* Packets and bytes translated by the fast path since it was opened; [TRANSLATOR_64],
	 * [TRANSLATOR_46]. */
	void (*counters)(void *context, uint64_t packets[2], uint64_t bytes[2]);
	void *context;
};

/* Memory for bindings and sessions that outlives the process. A successor enters again what is
 * whole: sealed entries with sensible contents (entry_seal.h); nothing in it is believed. */
struct translator_memory {
	void *bindings, *sessions; /* as many bytes as translator_memory_size() says, aligned to 8:
	                              zeroed, or left by a translator with the same fingerprint */
	uint8_t key[16];           /* random; as old as the memory */
	bool restore;              /* there may be something in it */
};

/* What a translator found in its memory. */
struct translator_restored {
	uint32_t sessions, bindings; /* that go on; bindings without static ones */
	uint32_t torn;               /* bindings and sessions that were not whole */
	uint32_t refused; /* those without a place in the configuration, or without each other */
};

/* What the core needs from the world around it. */
struct translator_io {
	/* Send one packet: vnet header and count pieces that follow each other. The pieces are
	 * valid only during the call. */
	void (*emit)(void *context, const struct virtio_net_hdr *vnet, const struct iovec *iov,
	             int count);
	/* Whether addr4 is one of this host's own IPv4 addresses. NULL: none is. */
	bool (*is_local4)(void *context, uint32_t addr4);
	/* Whether addr6 is one of its IPv6 addresses, so that it may send probes. NULL: none is. */
	bool (*is_local6)(void *context, const struct in6_addr *addr6);
	/* A drop that operators want to know of (verdict_is_noted()), for the log; called for every
	 * such packet. NULL: nobody listens. */
	void (*note)(void *context, enum verdict verdict, const struct packet *packet);
	void *context;
	struct translator_fast fast;
	/* Used until translator_free(); the struct itself only during translator_new(). NULL: the
	 * tables take memory of their own. */
	const struct translator_memory *memory;
	/* Where records for the session log go (log-sessions), until translator_free(). NULL:
	 * nowhere. */
	struct log_ring *log;
};

/* Bytes of bindings and sessions that a translator_memory needs for a nat64 instance. */
void translator_memory_size(const struct config_instance *config, size_t *bindings,
                            size_t *sessions);

/* 16 bytes that differ when entries would mean something else: by the configuration's pool6,
 * static bindings and max-sessions, and by the layout of entries. Of the rest each entry is judged
 * by itself, as at a reload. */
void translator_memory_fingerprint(const struct config_instance *config, uint8_t fingerprint[16]);

/* Build the tables of an instance; prints nothing. seed: 32 random bytes for hashes, ports and
 * identifiers; pool4_key: 16 bytes, equal on all boxes of the cluster, that decide which pool4
 * address a host gets; node_id below node_count. config must live as long as the translator.
 * Returns NULL when memory ends (errno set). */
struct translator *translator_new(const struct config_instance *config, unsigned node_id,
                                  unsigned node_count, const uint8_t seed[32],
                                  const uint8_t pool4_key[16], const struct translator_io *io,
                                  uint64_t now_us);
void translator_free(struct translator *t); /* NULL accepted */

/* What translator_new() found in io->memory. */
struct translator_restored translator_restored(const struct translator *t);

/* Translate one packet as it came from the device: len bytes at packet, which are changed, with
 * TRANSLATOR_HEADROOM writable bytes in front. Everything that is to be sent goes through io->emit
 * before the call returns. */
enum verdict translator_input(struct translator *t, uint8_t *packet, size_t len,
                              const struct virtio_net_hdr *vnet, uint64_t now_us);

/* io->is_local4 says yes to more addresses than before: take flows to them out of the fast path,
 * for packets to them are refused from now on (unless allow-local-addresses). Goes once through all
 * sessions. */
void translator_local4_grew(struct translator *t);

/* Let time pass: expire sessions, fragments, stored SYNs and resting ports. Bounded work per call;
 * call it at least every 100 ms. */
void translator_tick(struct translator *t, uint64_t now_us);

/* Use of pool4 or the table passed a mark: make a record of that kind in the session log, if there
 * is one. kind LOG_EVENT_KINDS makes none. */
void translator_log_mark(struct translator *t, enum log_event_kind kind, enum l4_proto proto,
                         uint32_t limit);

/* What translator_input() would do with this packet, step by step, without sending, storing or
 * counting anything. io (may be NULL): its emit gets what would have been sent. packet needs the
 * same headroom and is changed. */
enum verdict translator_explain(struct translator *t, uint8_t *packet, size_t len, uint64_t now_us,
                                struct trace *trace, const struct translator_io *io);

/* Take over sessions, resting ports and counters of old, which ran another configuration of the
 * same instance: what still fits goes on, what does not is left behind. t must be fresh. Returns
 * how many sessions were left behind. */
uint32_t translator_adopt(struct translator *t, const struct translator *old, uint64_t now_us);

/* Make a session of a flow that the fast path kept from an earlier process. Returns its index, 0
 * when the configuration has no place for it. */
uint32_t translator_restore(struct translator *t, const struct translator_flow *flow,
                            uint64_t last_used_us, uint64_t now_us);

/* Whether a flow that the fast path kept is that of the session with this index (any number), which
 * may stay there. It counts as being there from now on. */
bool translator_keep_fast(struct translator *t, uint32_t index, const struct translator_flow *flow);

/* Restored sessions count as being in the fast path if they were. This takes that from those which
 * translator_keep_fast() did not meet, at most limit of them per call; *cursor begins with 0.
 * Returns whether there are more. */
bool translator_forget_unproven(struct translator *t, uint32_t *cursor, uint32_t limit);

/* Whether a session with this index (any number) is in the fast path, with this flow. */
bool translator_has_fast(const struct translator *t, uint32_t index,
                         const struct translator_flow *flow);

/* When a session ends if no packet comes, in us; the fast path's packets count. */
uint64_t translator_session_expiry(const struct translator *t, uint32_t index);

/* For how long no packet came, in us: the idle time of its state less what is left of it until
 * expires_us, which is its translator_session_expiry(). */
uint64_t translator_session_idle(const struct translator *t, uint32_t index, uint64_t expires_us,
                                 uint64_t now_us);

/* Show every packet to tracers from now on; NULL: to nobody. Not owned. Returns 0 or -ENOMEM. */
int translator_watch(struct translator *t, struct tracers *tracers);

/* The device refused a packet that the core emitted (counted as VERDICT_DEVICE_WRITE). */
void translator_count_write_error(struct translator *t);

/* The fast path was taken off the device by others, and attached again. */
void translator_count_reattached(struct translator *t);

enum translator_direction { TRANSLATOR_64, TRANSLATOR_46, TRANSLATOR_DIRECTIONS };

struct translator_counters {
	uint64_t verdicts[VERDICT_COUNT]; /* one for each packet that came in, and one more for what
	                                     leaves a store or expires there */
	uint64_t packets[TRANSLATOR_DIRECTIONS],
		bytes[TRANSLATOR_DIRECTIONS]; /* translated; as came in, IP headers included */
	uint64_t errors_sent[TRANSLATOR_DIRECTIONS];    /* ICMP errors originated, by the side the
	                                                   offender came from */
	uint64_t errors_limited[TRANSLATOR_DIRECTIONS]; /* not sent because of icmp-error-rate */
	uint64_t sessions_created[L4_PROTOS], sessions_expired[L4_PROTOS];
	uint64_t bindings_created[L4_PROTOS];
	uint64_t ports_exhausted[L4_PROTOS]; /* bindings that found no port in pool4 */
	uint64_t tcp_probes;
	uint64_t
		fast_packets[TRANSLATOR_DIRECTIONS]; /* of packets: those that took the fast path */
	uint64_t fast_installed,
		fast_refused;     /* sessions entered there, and those it had no room for */
	uint64_t fast_reattached; /* how often others took it off the device */
};

struct translator_stats {
	struct translator_counters counters;
	uint64_t started_us; /* when the counters began */
	uint32_t sessions[L4_PROTOS], bindings[L4_PROTOS], static_bindings;
	uint32_t sessions_max;
	uint32_t hosts,
		host_limit; /* IPv6 hosts with sessions, sessions one may have; 0 without a limit */
	uint64_t pool4_ports[L4_PROTOS],
		pool4_used[L4_PROTOS]; /* owned by this node; used includes resting ones */
	uint32_t stored_syns, stored_syns_max, fragments, fragments_max; /* held now */
	uint32_t fast_held;    /* sessions or stateless mappings in the fast path */
	uint64_t memory_bytes; /* address space of all tables */
};
void translator_stats(const struct translator *t, struct translator_stats *out);

/* A binding as an operator names it, in host order. */
struct translator_binding {
	enum l4_proto proto;
	struct in6_addr host;
	uint32_t pool4;
	uint16_t host_port, pool4_port; /* or ICMP identifiers */
};

#define TRANSLATOR_ERROR_LEN    400
#define TRANSLATOR_UNBIND_LIMIT 4096

/* Add a static binding that lasts as long as this translator. Returns 0, or -errno with a
 * sentence in error (TRANSLATOR_ERROR_LEN bytes): -EINVAL, -EEXIST something else stands there,
 * -EBUSY, -ENOSPC. */
int translator_bind(struct translator *t, const struct translator_binding *wanted, char *error);

/* End a binding, static or dynamic, by its public side, and its sessions, at most
 * TRANSLATOR_UNBIND_LIMIT of them (*ended). Returns 0, -EAGAIN when there are more, or -EINVAL with
 * a sentence: it is not there, in the configuration, or another node's. */
int translator_unbind(struct translator *t, const struct translator_binding *named, uint64_t now_us,
                      uint32_t *ended, char *error);

const struct config_instance *translator_config(const struct translator *t);

/* The session and binding tables, for listing; NULL in siit mode. */
const struct session_table *translator_sessions(const struct translator *t);

/* The IPv6 address that stands for the remote end of a session. */
struct in6_addr translator_session_dst6(const struct translator *t, const struct session *session);

#endif
