/* This box's replicas, one for each instance that has sessions, and the datagrams of all of them.
 *
 * A datagram that came in goes through the checks of proto/SYNC.md section 3, each with a counter,
 * to the replica of its instance; what replicas want to send is sealed and taken out one datagram
 * at a time, instance by instance in turn. Pure: bytes and `now` in, bytes out.
 *
 * Every instance has an epoch of its own: all share one key, and a nonce is an epoch and a number.
 * Instances come and go while the box runs (reload.h); one that stays keeps its place in memory.
 */
#ifndef SA_NAT64_SYNCD_BOX_H
#define SA_NAT64_SYNCD_BOX_H

#include "lib/config.h"
#include "syncd/replica.h"
#include "syncd/seal.h"

#define BOX_DATAGRAM_MAX 9000 /* the largest sync-mtu */

struct box_feed {
	bool attached;                       /* by feed_server.h */
	uint64_t prefixes_hash, config_hash; /* of the configuration that the translator runs */
	uint64_t messages;                   /* of the translator */
	uint64_t malformed;                  /* records of it that were out of range */
	uint64_t overflows, conflicts;       /* as it says */
};

struct box_instance {
	char name[CONFIG_NAME_MAX];
	uint32_t id;                         /* its name in the header */
	uint32_t sessions_max;               /* of each node */
	uint64_t prefixes_hash, config_hash; /* of the configuration that this program read */
	uint8_t epoch[SEAL_EPOCH_LEN];
	struct replica *replica; /* owned */
	struct box_feed feed;
	uint64_t bad_seals;
	uint64_t bad_seal_us[REPLICA_NODES]; /* when last, by the node that the header names */
};

enum box_verdict {
	BOX_TAKEN,
	BOX_NOT_OURS,
	BOX_OTHER_VERSION,
	BOX_OTHER_CLUSTER,
	BOX_OTHER_INSTANCE, /* none of that name is replicated here */
	BOX_NOT_ADMITTED,   /* see replica_admit() */
	BOX_BAD_SEAL,
	BOX_MALFORMED,
	BOX_VERDICTS,
};

struct box_random {
	void (*fill)(void *context, void *buf, size_t len); /* bytes that nobody can guess */
	void *context;
};

struct box {
	char cluster[CONFIG_NAME_MAX];
	uint8_t node;                               /* own id */
	char names[REPLICA_NODES][CONFIG_NAME_MAX]; /* of the nodes; "" where there is none */
	struct seal_keys keys;
	struct box_random random;
	size_t ip_overhead; /* bytes of IP and UDP headers */
	size_t datagram_max;
	struct box_instance **instances; /* owned, and so is the array */
	size_t count;
	size_t turn; /* whose turn it is to send */
	uint64_t verdicts[BOX_VERDICTS];
	uint8_t other_major[REPLICA_NODES]; /* last foreign version of each node; 0: none */
	uint64_t other_major_us[REPLICA_NODES];
	uint8_t payload[BOX_DATAGRAM_MAX];
};

/* A box of the configuration's cluster, with a replica for every stateful instance; self is its
 * node. NULL when memory ends. Of what is given random alone is kept; its context must outlive the
 * box. */
struct box *box_new(const struct config *config, const struct config_node *self,
                    const uint8_t file_key[SEAL_FILE_KEY_LEN], const struct box_random *random,
                    uint64_t now_us);
void box_free(struct box *box); /* NULL accepted */

/* Whether a box replicates such an instance: it has sessions. NULL accepted. */
bool box_is_for(const struct config_instance *instance);

/* An instance as it would be in the box, which does not have it yet. The caller owns it. NULL when
 * memory ends. */
struct box_instance *box_instance_new(const struct box *box, const struct config *config,
                                      const struct config_instance *from, uint64_t now_us);
void box_instance_free(struct box_instance *instance); /* NULL accepted */

/* NULL when none of that name is replicated here. */
struct box_instance *box_find(const struct box *box, const char *name);

/* The instance's configuration is another one now: the peers and its translator are measured by it.
 */
void box_reconfigure(struct box_instance *instance, uint64_t prefixes_hash, uint64_t config_hash);

/* The translator runs another configuration than this program. */
bool box_feed_differs(const struct box_instance *instance);

/* A datagram from the group, any bytes at all. Counted under its verdict. */
enum box_verdict box_receive(struct box *box, const uint8_t *datagram, size_t len, uint64_t now_us);

/* The next datagram to send, at most BOX_DATAGRAM_MAX bytes; 0: nothing may be sent now. What was
 * returned counts as sent. */
size_t box_poll(struct box *box, uint8_t *datagram, uint64_t now_us);

/* When box_poll() is worth calling again if nothing else happens. */
uint64_t box_next_us(const struct box *box);

/* Every replica says goodbye with its next datagram. */
void box_goodbye(struct box *box);

#endif
