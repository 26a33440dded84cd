/* Judges what came out against what a vector expects, as packets.py does for the black box
 * (README.md here).
 *
 * An expectation is "drop" or a list of objects, each of a kind: packet, icmp-error, fragments,
 * absent. Every object takes the outputs it describes; nothing may be left over.
 */
#ifndef SA_NAT64_TESTS_MATCHER_H
#define SA_NAT64_TESTS_MATCHER_H

#include "tests/vectors/hex.h"

#include <jansson.h>
#include <stdbool.h>

#define MATCHER_WHY_LEN 160

/* What the translator sent. side: "v4" or "v6". */
struct output {
	uint64_t at_us;
	const char *side;
	struct bytes packet;
};

#define MATCHER_OUTPUTS_MAX 64

struct outputs {
	size_t count;
	struct output output[MATCHER_OUTPUTS_MAX];
};

enum matcher_result {
	MATCHER_FAILED = -2,
	MATCHER_EXPECTED = -1, /* the preferred outcome */
			       /* 0 and above: index of the alternative that fits */
};

/* Judge outs against one step (a vector or a setup step) whose last input packet is input. On
 * failure why says where the preferred outcome differs. */
int matcher_step(const json_t *step, const struct outputs *outs, const struct bytes *input,
                 char why[MATCHER_WHY_LEN]);

#endif
