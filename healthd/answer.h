/* Answers of sa-nat64-healthd to the command line (HealthRequest, DrainRequest,
 * ConfigRequest, ReloadRequest in proto/control.proto). Pure; lib/control_server.h moves the bytes.
 */
#ifndef SA_NAT64_HEALTHD_ANSWER_H
#define SA_NAT64_HEALTHD_ANSWER_H

#include "healthd/health.h"
#include "healthd/probe.h"
#include "lib/bfd_peers.h"
#include "lib/running_config.h"

/* An instance as it is now. Nothing is owned. */
struct answer_instance {
	const char *name;
	const struct health *health;
	const struct probe *slow, *fast;
	const char *probe_problem;
	uint32_t pid; /* 0: it does not run */
	const char *interface;
	bool carrier;
	const char *sync; /* as SyncInstance.state, "" without replication */
	const struct bfd_peer_state *bfd;
	size_t bfd_count;
	const char *bfd_problem;
	bool bfd_split;
};

enum answer_order { ANSWER_DRAIN, ANSWER_UNDRAIN };

/* The box, by the number of the instance: 0 to count - 1. */
struct answer_box {
	const char *node;
	uint64_t uptime_us;
	size_t count;
	struct running_config
		*running; /* answers about the configuration; a reload may change all */
	void (*view)(void *context, size_t index, struct answer_instance *out);
	/* Carry it out at once. 0, or -errno when it would not outlive a restart; it counts then
	 * all the same. reason is "" or a sentence. */
	int (*order)(void *context, size_t index, enum answer_order order, const char *reason);
	void *context;
};

/* Answer one request: len bytes, any at all. Writes the reply to the size bytes at reply and
 * returns its length; 0 when it is none that could be answered. */
size_t healthd_answer(const struct answer_box *box, const uint8_t *request, size_t len,
                      uint8_t *reply, size_t size, uint64_t now_us);

#endif
