#include "lib/version.h"

const char sa_nat64_version[] = SA_NAT64_VERSION_STRING;
