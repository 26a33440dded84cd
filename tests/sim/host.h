/* A translator as replication sees it: bindings of public ports to hosts, sessions over them, and
 * what SYNC.md sections 2, 5 and 8 have it tell and do. Small enough to be looked through.
 *
 * One public address; PORTS ports in blocks of 64, each to two remote addresses at most.
 */
#ifndef SA_NAT64_TESTS_SIM_HOST_H
#define SA_NAT64_TESTS_SIM_HOST_H

#include "syncd/replica.h"
#include "tests/unit/prng.h"

#define HOST_PORTS      512
#define HOST_REMOTES    2
#define HOST_FIRST_PORT 1024
#define HOST_GRACE_US   UINT64_C(1000000)

struct host_session {
	bool live;
	bool used; /* packets came since it was last told of */
	uint8_t owner, state;
	uint32_t version, lifetime_s, client;
	uint64_t expires_us, told_us; /* told_us: the end that was told */
};

struct host {
	uint8_t node, nodes;
	bool running, attached;
	bool serving;      /* its replica was in sync since it was last empty */
	bool contact;      /* with every peer, and in sync */
	uint64_t alone_us; /* when there was no contact last */
	bool emptied;      /* it has lost everything once */
	uint64_t now_us;
	uint32_t version_floor; /* of gone sessions */
	struct host_session sessions[HOST_PORTS][HOST_REMOTES];
	uint32_t clients[HOST_PORTS];  /* who the port is bound to; 0: nobody */
	uint64_t freed_us[HOST_PORTS]; /* when its last session ended; 0: never used */
	struct replica *replica;       /* what it tells; NULL: nobody listens */
};

void host_init(struct host *host, uint8_t node, uint8_t nodes);

/* Everything is lost. */
void host_empty(struct host *host);

/* The connection to a replica is there: everything is told. It is gone: host_detach(). */
void host_attach(struct host *host, struct replica *replica);
void host_detach(struct host *host);

/* A new flow of a client. Returns the port that was handed out, or -1. */
int host_open(struct host *host, struct prng *prng, uint32_t client);

/* A packet of a session, a change of its state, its end. */
void host_packet(struct host *host, unsigned port, unsigned remote);
void host_change(struct host *host, unsigned port, unsigned remote, uint8_t state);
void host_close(struct host *host, unsigned port, unsigned remote);

/* What the replica has for it, at most limit records; sessions whose end has come. */
void host_apply(struct host *host, unsigned limit);
void host_expire(struct host *host);

struct replica_key host_key(unsigned port, unsigned remote);

#endif
