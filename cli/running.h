/* What runs on this box, put together from what its programs say they run with.
 *
 * A section is that of the program that goes by it: [instance X] of X's translator, [health] and
 * [network] of sa-nat64-healthd, [cluster] and [node] of sa-nat64-syncd. Where that daemon does not
 * run nobody goes by its sections; they are then as the first translator has read them, and the
 * [network] sections of an instance as its own has. An instance that does not answer is left out
 * with its [network] sections, so that the rest is a whole configuration. With one instance alone
 * (-i) everything is as its translator has read it.
 *
 * Pure: no program is asked here.
 */
#ifndef SA_NAT64_RUNNING_H
#define SA_NAT64_RUNNING_H

#include "lib/config.h"

#include <stdint.h>
#include <stdio.h>

enum running_role { RUNNING_TRANSLATOR, RUNNING_SYNCD, RUNNING_HEALTHD };

/* A program that answered. Nothing is owned. */
struct running_program {
	enum running_role role;
	const char *name;  /* of the instance, or of the daemon */
	const char *title; /* "instance NAME", or the name of the daemon */
	struct config *config;
	uint64_t age_us; /* since it was read */
};

/* Of one section: as config_print() prints them, one behind the other. */
struct running_section {
	enum config_section kind;
	const void *section;                /* struct config_cluster, ... */
	const char *name, *second;          /* behind the kind; "" for none */
	const struct running_program *from; /* who says so */
};

struct running {
	struct config config; /* its arrays are owned, what is in them is the programs' */
	struct running_section *sections;
	size_t section_count;
};

/* Put together what the programs say: translators in their order, then daemons; at least one of
 * them. 0 or -ENOMEM; to be freed after either. */
int running_gather(const struct running_program *programs, size_t count, struct running *out);
void running_free(struct running *running);

/* Two programs that go by different values of one section. */
struct running_difference {
	const struct running_section *section;
	const struct running_program *other;   /* than section->from */
	const struct running_program *earlier; /* which of the two has read its file earlier */
	char keys[300];     /* with ", " between them; "" when it has no such section */
	bool needs_restart; /* a reload will not do */
};

/* Call found() for each. 0 or -ENOMEM. */
int running_compare(const struct running *running, const struct running_program *programs,
                    size_t count,
                    void (*found)(void *context, const struct running_difference *difference),
                    void *context);

#endif
