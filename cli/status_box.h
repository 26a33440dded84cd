/* What `status` and `top` ask once for all instances of the box. */
#ifndef SA_NAT64_STATUS_BOX_H
#define SA_NAT64_STATUS_BOX_H

#include "cli/instances.h"

struct status_box {
	const struct instance *syncd, *healthd;    /* NULL: not expected on this box */
	const SaNat64__Control__PeersReply *peers; /* NULL: syncd has a problem, or there is none */
	const SaNat64__Control__HealthReply *health; /* the same of healthd */
};

/* replies has a place for each of BOX_DAEMONS, and stays what it points into. */
struct status_box status_box_of(const struct instances *instances,
                                SaNat64__Control__Reply *const *replies);

#endif
