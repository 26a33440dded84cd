/* Rewriting transport headers: ports and identifiers, checksums by difference, MSS. Works on whole
 * packets, first pieces and quotes alike: a field that a cut-off quote does not hold is left out.
 * Running sums are those of checksum.h.
 */
#ifndef SA_NAT64_TRANSPORT_H
#define SA_NAT64_TRANSPORT_H

#include "translator/offload.h"

/* TCP and UDP: write the ports and update the checksum for them and for the change of the
 * addresses' running sum. A UDP checksum of zero stays zero; one that becomes zero is sent as ffff
 * (RFC 768). offload: NULL for quotes. */
void transport_rewrite(struct packet *p, const struct offload *offload, uint64_t old_addresses,
                       uint64_t new_addresses, uint16_t src_port, uint16_t dst_port);

/* ICMP echo: write type and identifier and update the checksum, into which the pseudo-header of
 * IPv6 enters or from which it leaves (running sum 0 on the IPv4 side). */
void transport_rewrite_echo(struct packet *p, uint8_t type, uint16_t identifier,
                            uint64_t old_pseudo, uint64_t new_pseudo);

/* IPv4 UDP without checksum, whole: compute it, as if the sender had (RFC 7915 section 4.5). */
void transport_compute_udp4(struct packet *p);

/* Whether a UDP header's checksum field is there and zero. */
bool transport_udp_checksum_is_zero(const struct packet *p);

/* Lower the MSS option of a SYN to at most mss; never raises it, never adds it. offload tells
 * whether the checksum covers it. */
void transport_clamp_mss(struct packet *p, const struct offload *offload, uint16_t mss);

#endif
