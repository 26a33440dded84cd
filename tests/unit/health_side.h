/* An instance as the tests of its health see it: a configuration, and facts when all is well. */
#ifndef SA_NAT64_TESTS_HEALTH_SIDE_H
#define SA_NAT64_TESTS_HEALTH_SIDE_H

#include "healthd/health.h"

#define MS      UINT64_C(1000)
#define SECOND  UINT64_C(1000000)
#define NEVER   UINT64_MAX
#define START   (UINT64_C(86400) * SECOND)
#define TIMEOUT (125 * MS)
#define GRACE   (200 * MS)

extern const struct config_health health_side_config;

struct health_facts health_side_good(void);

#endif
