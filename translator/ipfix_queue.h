/* IPFIX messages on their way to one collector: those that wait, and those that were sent and may
 * have to be sent again.
 *
 * A ring of fixed size. What is added joins the last message that was not begun, as long as it
 * fits, so that a collector that is away does not fill the ring with small messages. A message goes
 * when it is known to have arrived; when a connection breaks, all that is left of it is sent again,
 * so a record arrives at least once, or is lost here and counted by the caller.
 */
#ifndef SA_NAT64_IPFIX_QUEUE_H
#define SA_NAT64_IPFIX_QUEUE_H

#include "translator/ipfix.h"

struct ipfix_message {
	uint64_t end; /* of a sent one: bytes of the connection up to its end */
	uint16_t len, records;
	uint8_t bytes[IPFIX_MESSAGE_MAX]; /* the header is written by whoever sends it */
};

struct ipfix_queue;

/* Room for at least that many messages. NULL when memory ends. Pages are taken when they are
 * used. */
struct ipfix_queue *ipfix_queue_new(uint32_t messages);
void ipfix_queue_free(struct ipfix_queue *queue); /* NULL accepted */

/* Add a body. False: there is no room. */
bool ipfix_queue_add(struct ipfix_queue *queue, const struct ipfix_body *body);

/* The next message to send, or NULL. Nothing joins it any more, until ipfix_queue_rewind(). */
struct ipfix_message *ipfix_queue_next(struct ipfix_queue *queue);

/* The message that ipfix_queue_next() gave was sent, up to that byte of the connection. */
void ipfix_queue_sent(struct ipfix_queue *queue, uint64_t end);

/* All up to that byte have arrived. Returns how many records that were. */
uint32_t ipfix_queue_arrived(struct ipfix_queue *queue, uint64_t end);

/* The connection is broken: what has not arrived is to be sent again. */
void ipfix_queue_rewind(struct ipfix_queue *queue);

/* Records that have not arrived. */
uint32_t ipfix_queue_waiting(const struct ipfix_queue *queue);

#endif
