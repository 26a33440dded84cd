/* A kernel made of lists: what is seen of it goes into the pure part of sa-nat64-netns, and the
 * steps that come out are done to it, by the rules of the real one.
 */
#ifndef SA_NAT64_TESTS_NETNS_WORLD_H
#define SA_NAT64_TESTS_NETNS_WORLD_H

#include "netns/difference.h"

#define WORLD_LINKS     32
#define WORLD_ADDRESSES 64
#define WORLD_ROUTES    16
#define WORLD_SYSCTLS   64

struct world {
	const struct plan *plan;
	struct seen seen; /* its lists are those below */
	struct seen_link links[2][WORLD_LINKS];
	struct seen_address addresses[2][WORLD_ADDRESSES];
	struct seen_route routes[2][WORLD_ROUTES];
	struct seen_sysctl sysctls[WORLD_SYSCTLS];
	int next_index;
};

/* A box with the interfaces lo, eth0, eth3 (both up, hardware) and the bridge br0. */
void world_init(struct world *world, const struct plan *plan);

struct seen_link *world_add_link(struct world *world, struct seen_space *space, const char *name,
                                 const char *kind);
struct seen_link *world_link(struct seen_space *space, const char *name);
void world_remove_link(struct seen_space *space, const char *name);
void world_add_address(struct seen_space *space, int index, const char *text);
void world_remove_address(struct seen_space *space, int index, const struct net_address *address);

/* Do one step, and fail the test when the real kernel would refuse it. */
void world_do(struct world *world, const struct step *step);

/* The same rules for the first `count` steps of the difference; returns how many steps it has. */
size_t world_do_some(struct world *world, size_t count);

/* Everything as text, to be compared. */
const char *world_text(const struct world *world, char *buf, size_t size);

#endif
