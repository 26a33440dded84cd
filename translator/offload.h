/* Checksum and segmentation offload of the TUN (virtio_net_hdr): what a super-packet will be on the
 * wire, and how the description follows when the IP header changes.
 *
 * Segment sizes, not the size of the super-packet, decide about MTU, DF and cutting. A partial
 * checksum holds the sum of the pseudo-header only and is completed by the device that sends the
 * packet.
 */
#ifndef SA_NAT64_OFFLOAD_H
#define SA_NAT64_OFFLOAD_H

#include "translator/packet.h"

#include <linux/virtio_net.h>

/* Linux 5.17 headers know it; the device has it from 6.2 on */
#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4 5
#endif

struct offload {
	bool partial_checksum; /* of TCP or UDP */
	bool ecn;              /* VIRTIO_NET_HDR_GSO_ECN */
	uint16_t segment_len;  /* transport payload of each segment; 0 = no super-packet */
};

/* Check the device's description against a parsed packet. A checksum that is partial for anything
 * but whole TCP and UDP is completed here. VERDICT_OK, or VERDICT_MALFORMED_TRANSPORT when
 * description and packet do not fit together. */
enum verdict offload_accept(const struct virtio_net_hdr *vnet, struct packet *p,
                            struct offload *offload);

/* Bytes of transport header and payload that one packet on the wire carries at most. */
uint32_t offload_wire_l4_len(const struct offload *offload, const struct packet *p);

/* Complete a partial checksum of proto in the l4_len bytes at l4. */
void offload_complete_checksum(struct offload *offload, uint8_t proto, uint8_t *l4,
                               uint32_t l4_len);

/* The description of a translated packet: IP version, header length and protocol as they leave. */
struct virtio_net_hdr offload_describe(const struct offload *offload, uint8_t version,
                                       uint32_t l4_offset, uint8_t proto, const uint8_t *l4);

#endif
