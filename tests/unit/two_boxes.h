/* Two boxes of one cluster that hear each other, without sockets and with a virtual clock. */
#ifndef SA_NAT64_TESTS_TWO_BOXES_H
#define SA_NAT64_TESTS_TWO_BOXES_H

#include "syncd/box.h"
#include "tests/unit/prng.h"

struct two_boxes {
	struct box *box[2]; /* nodes gw-a (id 0) and gw-b (id 1) */
	uint64_t now_us;
	struct prng random;
};

/* Both replicate the instances "lower" and "upper", under one key. Aborts when memory ends. */
void two_boxes_open(struct two_boxes *pair, uint64_t seed);
void two_boxes_close(struct two_boxes *pair);

/* Let us pass; what each sends reaches the other. */
void two_boxes_run(struct two_boxes *pair, uint64_t us);

/* A configuration of gw-a and gw-b, whose instances are the sections of that text; the caller frees
 * it. Aborts when it has errors. */
struct config *two_boxes_config(const char *cluster, const char *instances);

#define TWO_BOXES_LOWER                                                         \
	"[instance lower]\npool4 = 198.51.100.0/28\ndestinations = 0.0.0.0/1\n" \
	"max-sessions = 1000\n"
#define TWO_BOXES_UPPER                                                                  \
	"[instance upper]\ntun = upper\npool4 = 198.51.100.16/28\nmax-sessions = 1000\n" \
	"destinations = 128.0.0.0/1\n"
#define TWO_BOXES_SIIT                                                         \
	"[instance siit]\nmode = siit\ntun = siit\npool6 = 2001:db8:64::/96\n" \
	"eam = 203.0.113.10 2001:db8:10::10\n"

/* A box of the same cluster's node `id` under another key or name; the caller frees it. */
struct box *two_boxes_stranger(struct two_boxes *pair, unsigned id, const char *cluster,
                               const uint8_t key[SEAL_FILE_KEY_LEN]);

extern const uint8_t two_boxes_key[SEAL_FILE_KEY_LEN];

/* TCP session number `number` of `owner`, version 1, that lives for two hours from now. */
struct replica_session two_boxes_session(const struct two_boxes *pair, uint32_t number,
                                         uint8_t owner);

#endif
