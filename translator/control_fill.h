/* Parts of control messages that several answers have: a verdict, a packet, the path it took. Pure.
 */
#ifndef SA_NAT64_CONTROL_FILL_H
#define SA_NAT64_CONTROL_FILL_H

#include "proto/control.pb-c.h"
#include "translator/packet_summary.h"

#define CONTROL_REASON_LEN    240
#define CONTROL_ADDRESSES_LEN 32 /* room for both addresses of a packet */

/* Strings of *out are constants. */
void control_fill_verdict(enum verdict verdict, uint64_t count, SaNat64__Control__Verdict *out);

/* addresses: CONTROL_ADDRESSES_LEN bytes that live as long as *out. */
void control_fill_packet(const struct packet_summary *packet, uint8_t *addresses,
                         SaNat64__Control__Packet *out);

/* "fast" or "slow". */
const char *control_path_name(bool is_fast);

/* Why a packet takes that path, to buf (CONTROL_REASON_LEN bytes), which is returned. why_off: why
 * there is no fast path at all, which the core does not know; NULL when there is one. reason may be
 * NULL. */
char *control_path_reason(const char *why_off, const char *reason, char *buf);

/* "6to4" or "4to6", by the family that packets come in. */
const char *control_direction_name(bool from_ipv6);

static inline ProtobufCBinaryData control_bytes(uint8_t *data, size_t len)
{
	return (ProtobufCBinaryData){ .len = len, .data = data };
}

#endif
