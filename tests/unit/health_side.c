#include "tests/unit/health_side.h"

const struct config_health health_side_config = {
	.probe_interval_us = 25 * MS,
	.probe_timeout_us = TIMEOUT,
	.restart_grace_us = GRACE,
	.hold_down_us = 5 * SECOND,
	.hold_down_max_us = 60 * SECOND,
	.sync_limit_us = 120 * SECOND,
};

struct health_facts health_side_good(void)
{
	return (struct health_facts){ .instance = "lower",
		                      .pid = 77,
		                      .process_runs = true,
		                      .answers = true,
		                      .probed = true,
		                      .is_placed = true,
		                      .slow = { 25 * MS, 25 * MS },
		                      .fast = { 25 * MS, 25 * MS },
		                      .carrier = true,
		                      .addressed = true,
		                      .sync = HEALTH_SYNC_WHOLE,
		                      .bfd_wanted = true };
}
