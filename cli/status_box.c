#include "cli/status_box.h"

struct status_box status_box_of(const struct instances *instances,
                                SaNat64__Control__Reply *const *replies)
{
	const struct instance *syncd = &instances->daemons[BOX_SYNCD];
	const struct instance *healthd = &instances->daemons[BOX_HEALTHD];

	return (struct status_box){
		.syncd = syncd->is_expected ? syncd : NULL,
		.healthd = healthd->is_expected ? healthd : NULL,
		.peers = replies[BOX_SYNCD] ? replies[BOX_SYNCD]->peers : NULL,
		.health = replies[BOX_HEALTHD] ? replies[BOX_HEALTHD]->health : NULL,
	};
}
