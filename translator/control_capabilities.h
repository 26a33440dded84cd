/* What an instance can do as it is configured, by the names of RFC 8512 (container capabilities)
 * where that has one, and its limits. Pure; one table. */
#ifndef SA_NAT64_CONTROL_CAPABILITIES_H
#define SA_NAT64_CONTROL_CAPABILITIES_H

#include "proto/control.pb-c.h"
#include "translator/translator.h"

#define CONTROL_CAPABILITIES_MAX 48

struct control_capabilities {
	SaNat64__Control__CapabilitiesReply reply;
	SaNat64__Control__Capability rows[CONTROL_CAPABILITIES_MAX];
	SaNat64__Control__Capability *pointers[CONTROL_CAPABILITIES_MAX];
};

/* Fill the rows that an instance of this mode has. Strings are constants or the configuration's. */
void control_capabilities_fill(const struct translator *t, struct control_capabilities *out);

#endif
