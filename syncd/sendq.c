#include "syncd/sendq.h"

/* Of twenty datagrams bulk comes first in one, repair in five, news in the others. What a class
 * does not use falls to the next in its row. */
#define TURNS 20

static const enum sendq_class orders[][SENDQ_CLASSES - 1] = {
	{ SENDQ_NEWS, SENDQ_REPAIR, SENDQ_BULK },
	{ SENDQ_REPAIR, SENDQ_NEWS, SENDQ_BULK },
	{ SENDQ_BULK, SENDQ_REPAIR, SENDQ_NEWS },
};

static const uint8_t turns[TURNS] = { 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 2 };

void sendq_init(struct sendq *queue, struct mirror *mirror)
{
	*queue = (struct sendq){ .mirror = mirror };
}

static void join(struct sendq *queue, enum sendq_class class, uint32_t index)
{
	mirror_at(queue->mirror, index)->queue = (uint8_t) class;
	mirror_append(queue->mirror, &queue->lists[class], MIRROR_IN_SEND, index);
}

static void leave(struct sendq *queue, enum sendq_class class, uint32_t index)
{
	mirror_at(queue->mirror, index)->queue = SENDQ_NONE;
	mirror_remove(queue->mirror, &queue->lists[class], MIRROR_IN_SEND, index);
}

void sendq_news(struct sendq *queue, uint32_t index, uint64_t now_us)
{
	if (mirror_at(queue->mirror, index)->queue != SENDQ_NONE)
		return;
	if (queue->lists[SENDQ_NEWS].count == 0)
		queue->news_since_us = now_us;
	join(queue, SENDQ_NEWS, index);
}

void sendq_repair(struct sendq *queue, uint32_t index)
{
	enum sendq_class class = mirror_at(queue->mirror, index)->queue;

	if (class == SENDQ_REPAIR)
		return;
	if (class == SENDQ_NEWS)
		leave(queue, SENDQ_NEWS, index);
	join(queue, SENDQ_REPAIR, index);
	queue->repair_in++;
}

uint32_t sendq_take(struct sendq *queue, enum sendq_class class, uint64_t now_us)
{
	uint32_t index = queue->lists[class].head;

	if (!index)
		return 0;
	leave(queue, class, index);
	if (class == SENDQ_REPAIR)
		queue->repair_out++;
	else
		queue->news_since_us = now_us;
	return index;
}

uint32_t sendq_first(const struct sendq *queue, enum sendq_class class)
{
	return queue->lists[class].head;
}

uint32_t sendq_count(const struct sendq *queue, enum sendq_class class)
{
	return queue->lists[class].count;
}

const enum sendq_class *sendq_order(struct sendq *queue)
{
	queue->turn = (queue->turn + 1) % TURNS;
	return orders[turns[queue->turn]];
}
