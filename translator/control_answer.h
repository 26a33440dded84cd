/* Answers to control messages (proto/control.proto): bytes of a request in, bytes of a reply out.
 *
 * Pure, so that it is tested and fuzzed without a socket; control.h gives it one. What the core
 * cannot know (names, namespace, the process) comes in a struct control_identity.
 */
#ifndef SA_NAT64_CONTROL_ANSWER_H
#define SA_NAT64_CONTROL_ANSWER_H

#include "lib/running_config.h"
#include "translator/tracers.h"
#include "translator/translator.h"

/* See Collector and SessionLog; problem: NULL for none. */
struct control_collector {
	const char *name, *problem;
	uint64_t written, lost;
	uint32_t waiting;
	bool is_up;
};

struct control_session_log {
	uint64_t written, lost;
	uint32_t waiting;
	const char *target, *problem;
	uint32_t domain;
	struct control_collector collectors[CONFIG_LOG_IPFIX_MAX];
	size_t collector_count;
};

/* Who answers. Strings are not owned and must outlive the answers. */
struct control_identity {
	const char *cluster, *node;
	const char *namespace_name; /* see StatusReply.namespace */
	uint32_t pid;
	uint64_t (*resident_bytes)(void);         /* of the process, 0 when unknown; for status */
	const char *fast_path, *fast_path_reason; /* "on" or "off", and why it is off */
	const char *down_reason;                  /* why no packets get here; NULL: they do */
	const char *state_file;                   /* see StatusReply.state_file */
	bool state_is_kept;
	const char *feed_reason; /* why no sa-nat64-syncd is told of sessions; NULL: one is */
	const struct control_session_log *session_log; /* NULL without log-sessions */
	struct running_config *running; /* answers about the configuration; a reload may end t */
	struct tracers *tracers; /* a request for a trace adds to them: see tracers_newest() */
};

/* Answer the len bytes at request for t at now_us. Writes at most size bytes to reply and returns
 * how many; 0 only when not even an error fits, or memory ended. */
size_t control_answer(struct translator *t, const struct control_identity *identity,
                      uint64_t now_us, const uint8_t *request, size_t len, uint8_t *reply,
                      size_t size);

#endif
