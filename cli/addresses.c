/* See addresses.h. */
#include "cli/addresses.h"

#include "lib/address.h"

#include <string.h>

const char *addresses_format(const ProtobufCBinaryData *address, char *buf)
{
	struct in6_addr addr6;
	uint32_t addr4 = 0;

	if (address->len == sizeof(addr6)) {
		memcpy(&addr6, address->data, sizeof(addr6));
		return address6_format(&addr6, buf);
	}
	if (address->len != sizeof(addr4)) {
		memcpy(buf, "?", 2);
		return buf;
	}
	for (size_t i = 0; i < sizeof(addr4); i++)
		addr4 = addr4 << 8 | address->data[i];
	return address4_format(addr4, buf);
}
