/* Answers of sa-nat64-syncd to the command line (PeersRequest, ResyncRequest,
 * ConfigRequest, ReloadRequest in proto/control.proto). Pure; lib/control_server.h moves the bytes.
 */
#ifndef SA_NAT64_SYNCD_ANSWER_H
#define SA_NAT64_SYNCD_ANSWER_H

#include "lib/running_config.h"
#include "syncd/box.h"

/* What an answer says besides what the box knows. Strings are not owned. */
struct answer_facts {
	const char *interface, *group;
	uint16_t port;
	const char *link;   /* "" or why the interface cannot be used */
	uint64_t not_local; /* see struct group_stats */
	uint64_t uptime_us;
	struct running_config *running; /* answers about the configuration */
	/* Have the translator of an instance tell all that it has again. */
	void (*rescan)(void *context, const struct box_instance *instance);
	void *context;
};

/* Answer one request: len bytes, any at all. Writes the reply to the size bytes at reply and
 * returns its length; 0 when it is none that could be answered. */
size_t syncd_answer(struct box *box, const struct answer_facts *facts, const uint8_t *request,
                    size_t len, uint8_t *reply, size_t size, uint64_t now_us);

#endif
