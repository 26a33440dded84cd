/* The multicast socket on sync-interface: whole datagrams in and out, in batches.
 *
 * The interface may come later, go down, vanish, be renamed or be made again under its name:
 * group_check(), called a few times a second, finds out and joins again; until then what is sent
 * and what still comes is thrown away, as a cut cable would. One socket lives as long as the group,
 * so its large buffers are asked for once, while the program is privileged; nothing later needs a
 * privilege.
 *
 * Only what comes from the interface, to the group, with hop limit 255 (so it was not routed) is
 * handed on.
 */
#ifndef SA_NAT64_SYNCD_GROUP_H
#define SA_NAT64_SYNCD_GROUP_H

#include "lib/config.h"

#define GROUP_DATAGRAM_MAX 9000

struct group;

/* Make the socket; it is not on the interface yet. 0, or -errno and a sentence in why (size bytes).
 * The strings of cluster must outlive the group. */
int group_new(const struct config_cluster *cluster, struct group **out, char *why, size_t size);
void group_free(struct group *group); /* NULL accepted */

/* To poll: readable always, writable while group_is_blocked(). */
int group_fd(const struct group *group);

/* Look at the interface; join or leave when it came or went. */
void group_check(struct group *group);

/* "" while datagrams can be sent and received, else why not, for people. */
const char *group_link(const struct group *group);

struct group_stats {
	uint64_t not_local; /* other interface or destination, or hop limit below 255 */
	uint64_t unsent;    /* thrown away: no interface, or the kernel refused */
	uint64_t unheard;   /* came while the interface could not be used */
	uint64_t joined;    /* how often the interface was joined */
};
const struct group_stats *group_stats(const struct group *group);

typedef void group_datagram_fn(void *context, const uint8_t *datagram, size_t len);

/* Hand on one batch of what has come in. True: there may be more. */
bool group_receive(struct group *group, group_datagram_fn *take, void *context);

/* Room for the next datagram to send (GROUP_DATAGRAM_MAX bytes), NULL while the batch before waits
 * for the socket; then how long it became. */
uint8_t *group_place(struct group *group);
void group_put(struct group *group, size_t len);

/* Send what was put. */
void group_flush(struct group *group);

/* The socket takes nothing now; flush again when it is writable. */
bool group_is_blocked(const struct group *group);

/* What is known of a datagram that came in. */
struct group_arrival {
	struct in6_addr destination; /* IPv4: mapped */
	unsigned interface;
	int hop_limit; /* -1: not known */
	bool truncated;
};

/* Whether to hand it on. Pure. */
bool group_accepts(const struct group_arrival *arrival, const struct in6_addr *group_address,
                   unsigned interface);

#endif
