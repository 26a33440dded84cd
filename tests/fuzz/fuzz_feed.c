/* Any bytes as a translator's messages: no crash, and what the replica makes of them is in range.
 *
 * The input is cut into messages by a length byte (times 8) before each. The first goes to the
 * reader of hellos, the others to an attached replica.
 */
#include "syncd/feed_message.h"
#include "tests/unit/two_boxes.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TALK_US 50000

static const uint8_t *cut(const uint8_t **data, size_t *size, size_t *len)
{
	const uint8_t *message = *data + 1;

	*len = (size_t) * *data * 8;
	*len = *len < *size - 1 ? *len : *size - 1;
	*data += 1 + *len;
	*size -= 1 + *len;
	return message;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct arena *arena;
	static uint8_t out[FEED_MESSAGE_MAX];
	struct two_boxes pair;
	struct box_instance *lower;
	struct feed_hello hello;
	size_t len;

	if (!arena)
		arena = arena_new(FEED_MESSAGE_ARENA);
	if (!arena || size == 0)
		return 0;
	two_boxes_open(&pair, 1);
	lower = box_find(pair.box[0], "lower");
	replica_attach(lower->replica, pair.now_us);
	if (feed_message_hello(arena, data, size, &hello) == FEED_OK &&
	    strlen(hello.instance) >= sizeof(hello.instance))
		abort();
	while (size > 0) {
		const uint8_t *message = cut(&data, &size, &len);

		(void)feed_message_apply(arena, lower, 0, message, len, pair.now_us);
		two_boxes_run(&pair, TALK_US);
	}
	while ((len = feed_message_write_records(arena, lower, 0, out, pair.now_us)) > 0)
		if (len > FEED_MESSAGE_MAX)
			abort();
	two_boxes_close(&pair);
	return 0;
}
