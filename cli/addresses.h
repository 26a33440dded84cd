/* Addresses as they come in control messages, as text. */
#ifndef SA_NAT64_ADDRESSES_H
#define SA_NAT64_ADDRESSES_H

#include <protobuf-c/protobuf-c.h>

/* Print 4 or 16 bytes in network order into buf (ADDRESS_STRLEN bytes); any other length as "?".
 * Returns buf. */
const char *addresses_format(const ProtobufCBinaryData *address, char *buf);

#endif
