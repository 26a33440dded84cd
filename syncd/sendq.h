/* What waits to be sent: two sets of entries of a mirror, repair and news, and the order in which
 * they and the bulk of snapshots take turns. An entry stands in one of the sets at most once; its
 * state is read when it is sent. Source: proto/SYNC.md, section 7.
 */
#ifndef SA_NAT64_SYNCD_SENDQ_H
#define SA_NAT64_SYNCD_SENDQ_H

#include "syncd/mirror.h"

#define SENDQ_WAIT_US UINT64_C(5000) /* news wait for company at most this long */

enum sendq_class { SENDQ_NONE, SENDQ_REPAIR, SENDQ_NEWS, SENDQ_BULK, SENDQ_CLASSES };

struct sendq {
	struct mirror *mirror;                   /* not owned */
	struct mirror_list lists[SENDQ_CLASSES]; /* SENDQ_REPAIR and SENDQ_NEWS */
	uint64_t news_since_us;                  /* the oldest news may wait since then */
	uint64_t repair_in, repair_out;          /* entries that ever joined and left repair */
	uint32_t turn;
};

void sendq_init(struct sendq *queue, struct mirror *mirror);

/* Into news, unless it waits in one of the sets already. */
void sendq_news(struct sendq *queue, uint32_t index, uint64_t now_us);

/* Into repair; out of news if it waits there. Entries leave repair in the order of their coming. */
void sendq_repair(struct sendq *queue, uint32_t index);

/* Take out the oldest of a set; 0 when it is empty. */
uint32_t sendq_take(struct sendq *queue, enum sendq_class class, uint64_t now_us);
uint32_t sendq_first(const struct sendq *queue, enum sendq_class class);

uint32_t sendq_count(const struct sendq *queue, enum sendq_class class);

/* The classes in the order in which the next datagram is to be filled, and the turn goes on. */
const enum sendq_class *sendq_order(struct sendq *queue);

#endif
