/* The steps from what is there to what should be, pure: none when all is well, so that doing them
 * twice changes nothing and what was half built is completed.
 *
 * They come in the order in which they can be done without interrupting what stays: new addresses
 * and routes before old ones go. A step that depends on another one of the same list names what it
 * needs, not its index.
 */
#ifndef SA_NAT64_NETNS_DIFFERENCE_H
#define SA_NAT64_NETNS_DIFFERENCE_H

#include "netns/seen.h"

enum step_kind {
	STEP_SPACE_MAKE,
	STEP_NIC_RESTORE, /* a NIC in the box that was, or was to be, moved: name and alias again */
	STEP_NIC_RETURN,  /* a NIC goes back to the box */
	STEP_UPLINK_DELETE,
	STEP_HOST_END_DELETE,
	STEP_SYSCTL_SET,
	STEP_LOOPBACK_UP,
	STEP_PARENT_UP,
	STEP_MACVLAN_MAKE,
	STEP_VETH_MAKE,
	STEP_NIC_MOVE,
	STEP_NIC_RENAME, /* it is in the namespace under another name */
	STEP_UPLINK_MARK,
	STEP_HOST_END_JOIN, /* into the bridge, or out of one */
	STEP_HOST_END_UP,
	STEP_ADDRESS_DELETE,
	STEP_ADDRESS_ADD,
	STEP_UPLINK_UP,
	STEP_ROUTE_SET,
	STEP_ROUTE_DELETE,
	STEP_SPACE_REMOVE,
	STEP_KINDS
};

#define STEP_WHAT_MAX 160

struct step {
	enum step_kind kind;
	char what[STEP_WHAT_MAX];       /* "the address 192.0.2.2/24 on uplink0" */
	char device[16];                /* the link that it is done to, by name */
	struct mark mark;               /* of NIC_* and UPLINK_MARK */
	enum plan_device where;         /* of ADDRESS_* */
	struct net_address address;     /* of ADDRESS_* */
	const struct plan_route *route; /* of ROUTE_SET */
	struct seen_route old;          /* of ROUTE_DELETE */
	const struct plan_sysctl *sysctl;
};

struct steps {
	struct step *list;
	size_t count, room;
};

/* Embedded, released by steps_fini(). They point into plan. 0 or -ENOMEM. */
int difference(const struct plan *plan, const struct seen *seen, struct steps *out);

/* What `down` has to do for an instance of that name; space is its namespace's name. */
int difference_down(const char *instance, const char *space, const struct seen *seen,
                    struct steps *out);

void steps_fini(struct steps *steps);

/* "made", "cannot make" and "to be made": how a step of that kind is told about. */
struct step_words {
	const char *done, *failed, *due;
};
const struct step_words *step_words(enum step_kind kind);

/* Why the uplink that is there is not the planned one, for a person; NULL when it is or when there
 * is none. buf has STEP_WHAT_MAX bytes. */
const char *uplink_misfit(const struct plan *plan, const struct seen *seen, char *buf);

/* Hardware in the uplink's place that nobody marked: it can neither be deleted nor given back. */
bool uplink_is_strange(const struct plan *plan, const struct seen *seen);

#endif
