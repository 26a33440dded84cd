/* The messages of the feed (proto/feed.proto), between a translator of this box and its replica.
 * Pure; feed_server.h moves the bytes.
 *
 * Within a message what is gone comes before sessions, on both ways, so that a public port whose
 * session ended can be taken by another one in the same message.
 */
#ifndef SA_NAT64_SYNCD_FEED_MESSAGE_H
#define SA_NAT64_SYNCD_FEED_MESSAGE_H

#include "lib/arena.h"
#include "syncd/box.h"

#define FEED_MESSAGE_VERSION 1
#define FEED_MESSAGE_MAX     32768
#define FEED_MESSAGE_ARENA   (4u << 20) /* any message unpacks into that */

struct feed_hello {
	char instance[CONFIG_NAME_MAX];
	char program[32]; /* version, for people */
	uint32_t node;
	uint64_t prefixes_hash, config_hash;
};

enum feed_verdict {
	FEED_OK,
	FEED_MALFORMED,
	FEED_OTHER_VERSION,
	FEED_NO_HELLO, /* the first message has to be one */
};

/* Read the first message of a translator. *out is filled for FEED_OK only. */
enum feed_verdict feed_message_hello(struct arena *arena, const uint8_t *message, size_t len,
                                     struct feed_hello *out);

/* Read a later message and tell the replica. Records out of range are counted and left out. */
enum feed_verdict feed_message_apply(struct arena *arena, struct box_instance *instance,
                                     uint8_t node, const uint8_t *message, size_t len,
                                     uint64_t now_us);

/* Each writes one message, at most FEED_MESSAGE_MAX bytes, and returns its length. */
size_t feed_message_write_hello(const struct box *box, const struct box_instance *instance,
                                uint8_t *message);
size_t feed_message_write_contact(const struct box_instance *instance, uint8_t *message);
size_t feed_message_write_scan_request(uint8_t *message);
size_t feed_message_write_all_told(uint8_t *message);

/* The next records that the replica has for the translator; 0 when there are none. The arena gives
 * room for the time of the call. */
size_t feed_message_write_records(struct arena *arena, struct box_instance *instance, uint8_t node,
                                  uint8_t *message, uint64_t now_us);

#endif
