/* A packet as explain and trace print it. */
#ifndef SA_NAT64_PACKETS_H
#define SA_NAT64_PACKETS_H

#include "cli/out.h"
#include "proto/control.pb-c.h"

/* "tcp", "udp", "icmp", "icmp6", or the number in buf (16 bytes). */
const char *packets_proto_name(uint32_t protocol, char *buf);

/* Put the values "source" and "destination" of a packet. */
void packets_put_ends(struct out *out, const SaNat64__Control__Packet *packet);

/* Put the value "note": what has none of its own, ICMP type and identifier, the place of a
 * fragment. */
void packets_put_note(struct out *out, const SaNat64__Control__Packet *packet);

#endif
