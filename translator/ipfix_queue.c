#include "translator/ipfix_queue.h"

#include "translator/table_memory.h"

#include <stdlib.h>
#include <string.h>

/* The three count up for ever, first <= next <= last; the place is their remainder. */
struct ipfix_queue {
	struct ipfix_message *messages;
	uint32_t size;              /* a power of two */
	uint32_t first, next, last; /* that has not arrived; to be sent; behind the last one */
	bool is_begun;              /* the message at `next` is being sent */
	uint32_t waiting;           /* records */
};

struct ipfix_queue *ipfix_queue_new(uint32_t messages)
{
	struct ipfix_queue *queue = calloc(1, sizeof(*queue));

	if (!queue)
		return NULL;
	queue->size = table_memory_buckets(messages);
	queue->messages = table_memory_new(queue->size, sizeof(*queue->messages));
	if (queue->messages)
		return queue;
	free(queue);
	return NULL;
}

void ipfix_queue_free(struct ipfix_queue *queue)
{
	if (!queue)
		return;
	table_memory_free(queue->messages, queue->size, sizeof(*queue->messages));
	free(queue);
}

static struct ipfix_message *message_at(const struct ipfix_queue *queue, uint32_t place)
{
	return &queue->messages[place & (queue->size - 1)];
}

/* The last message, when len bytes more may join it. */
static struct ipfix_message *find_open(const struct ipfix_queue *queue, size_t len)
{
	uint32_t unsent = queue->last - queue->next;
	struct ipfix_message *message;

	if (unsent == 0 || (unsent == 1 && queue->is_begun))
		return NULL;
	message = message_at(queue, queue->last - 1);
	return sizeof(message->bytes) - message->len >= len ? message : NULL;
}

bool ipfix_queue_add(struct ipfix_queue *queue, const struct ipfix_body *body)
{
	struct ipfix_message *message = find_open(queue, body->len);

	if (!message) {
		if (queue->last - queue->first == queue->size)
			return false;
		message = message_at(queue, queue->last++);
		message->len = IPFIX_HEADER_LEN;
		message->records = 0;
	}
	memcpy(message->bytes + message->len, body->bytes, body->len);
	message->len = (uint16_t)(message->len + body->len);
	message->records = (uint16_t)(message->records + body->records);
	queue->waiting += body->records;
	return true;
}

struct ipfix_message *ipfix_queue_next(struct ipfix_queue *queue)
{
	if (queue->next == queue->last)
		return NULL;
	queue->is_begun = true;
	return message_at(queue, queue->next);
}

void ipfix_queue_sent(struct ipfix_queue *queue, uint64_t end)
{
	message_at(queue, queue->next++)->end = end;
	queue->is_begun = false;
}

uint32_t ipfix_queue_arrived(struct ipfix_queue *queue, uint64_t end)
{
	uint32_t records = 0;

	while (queue->first != queue->next && message_at(queue, queue->first)->end <= end)
		records += message_at(queue, queue->first++)->records;
	queue->waiting -= records;
	return records;
}

void ipfix_queue_rewind(struct ipfix_queue *queue)
{
	queue->next = queue->first;
	queue->is_begun = false;
}

uint32_t ipfix_queue_waiting(const struct ipfix_queue *queue)
{
	return queue->waiting;
}
