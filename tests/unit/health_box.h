/* A box of three instances, all of them well, as sa-nat64-healthd answers about it: "lower" with
 * two BFD peers, "upper" and "siit". Orders are carried out. */
#ifndef SA_NAT64_TESTS_HEALTH_BOX_H
#define SA_NAT64_TESTS_HEALTH_BOX_H

#include "healthd/answer.h"
#include "tests/unit/health_side.h"

#define HEALTH_BOX_INSTANCES 3
#define HEALTH_BOX_PEERS     2

struct health_box {
	struct answer_box box;
	struct health health[HEALTH_BOX_INSTANCES];
	struct health_facts facts[HEALTH_BOX_INSTANCES];
	struct probe slow, fast; /* of each; one went through the former */
	struct bfd_peer_state bfd[HEALTH_BOX_PEERS];
	const char *bfd_problem;
	bool bfd_split;
	int order_result; /* what an order returns */
	uint64_t now_us;
};

/* The box refers to *out, which therefore stays where it is. */
void health_box_open(struct health_box *out);

#endif
