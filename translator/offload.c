#include "translator/offload.h"

#include "translator/checksum.h"

#include <string.h>

#define TCP_CHECKSUM_OFFSET 16
#define UDP_CHECKSUM_OFFSET 6

static uint32_t checksum_offset(uint8_t proto)
{
	return proto == IPPROTO_TCP ? TCP_CHECKSUM_OFFSET : UDP_CHECKSUM_OFFSET;
}

static bool is_tcp_or_udp(uint8_t proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP;
}

/* A checksum the device was asked to complete, in a packet that cannot be passed on that way. */
static enum verdict complete_foreign(const struct virtio_net_hdr *vnet, struct packet *p)
{
	uint32_t field = (uint32_t)vnet->csum_start + vnet->csum_offset;
	uint16_t sum;

	if (vnet->csum_start > p->len || field + 2 > p->len)
		return VERDICT_MALFORMED_TRANSPORT;
	sum = checksum_finish(
		checksum_add(0, p->data + vnet->csum_start, p->len - vnet->csum_start));
	memcpy(p->data + field, &sum, sizeof(sum));
	return VERDICT_OK;
}

/* A super-packet whose checksum was verified on the way in: make it partial, as its segments need
 * it. */
static void make_partial(const struct packet *p, struct offload *offload)
{
	uint16_t sum = checksum_fold(
		p->version == 4 ? checksum_pseudo4(p->src4, p->dst4, p->proto, p->l4_len)
				: checksum_pseudo6(&p->src6, &p->dst6, p->proto, p->l4_len));

	memcpy(p->data + p->l4_offset + checksum_offset(p->proto), &sum, sizeof(sum));
	offload->partial_checksum = true;
}

static enum verdict accept_segments(const struct virtio_net_hdr *vnet, const struct packet *p,
                                    struct offload *offload)
{
	uint8_t type = vnet->gso_type & (uint8_t)~VIRTIO_NET_HDR_GSO_ECN;
	bool fits =
		(type == VIRTIO_NET_HDR_GSO_TCPV4 && p->version == 4 && p->proto == IPPROTO_TCP) ||
		(type == VIRTIO_NET_HDR_GSO_TCPV6 && p->version == 6 && p->proto == IPPROTO_TCP) ||
		(type == VIRTIO_NET_HDR_GSO_UDP_L4 && p->proto == IPPROTO_UDP);

	if (!fits || vnet->gso_size == 0 || p->is_fragment || !p->transport_header_len)
		return VERDICT_MALFORMED_TRANSPORT;
	if (!offload->partial_checksum)
		make_partial(p, offload);
	offload->segment_len = vnet->gso_size;
	offload->ecn = vnet->gso_type & VIRTIO_NET_HDR_GSO_ECN;
	return VERDICT_OK;
}

enum verdict offload_accept(const struct virtio_net_hdr *vnet, struct packet *p,
                            struct offload *offload)
{
	enum verdict verdict;

	memset(offload, 0, sizeof(*offload));
	if (vnet->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) {
		offload->partial_checksum = is_tcp_or_udp(p->proto) && !p->is_fragment &&
		                            vnet->csum_start == p->l4_offset &&
		                            vnet->csum_offset == checksum_offset(p->proto) &&
		                            p->transport_header_len;
		if (!offload->partial_checksum) {
			verdict = complete_foreign(vnet, p);
			if (verdict != VERDICT_OK)
				return verdict;
		}
	}
	if (vnet->gso_type == VIRTIO_NET_HDR_GSO_NONE)
		return VERDICT_OK;
	return accept_segments(vnet, p, offload);
}

uint32_t offload_wire_l4_len(const struct offload *offload, const struct packet *p)
{
	uint32_t segment = p->transport_header_len + offload->segment_len;

	if (offload->segment_len == 0 || segment > p->l4_len)
		return p->l4_len;
	return segment;
}

void offload_complete_checksum(struct offload *offload, uint8_t proto, uint8_t *l4, uint32_t l4_len)
{
	uint16_t sum;

	if (!offload->partial_checksum)
		return;
	sum = checksum_finish(checksum_add(0, l4, l4_len));
	if (proto == IPPROTO_UDP && sum == 0)
		sum = 0xffff;
	memcpy(l4 + checksum_offset(proto), &sum, sizeof(sum));
	offload->partial_checksum = false;
}

static uint8_t segment_type(const struct offload *offload, uint8_t version, uint8_t proto)
{
	if (proto == IPPROTO_UDP)
		return VIRTIO_NET_HDR_GSO_UDP_L4;
	return (uint8_t)((version == 4 ? VIRTIO_NET_HDR_GSO_TCPV4 : VIRTIO_NET_HDR_GSO_TCPV6) |
	                 (offload->ecn ? VIRTIO_NET_HDR_GSO_ECN : 0));
}

struct virtio_net_hdr offload_describe(const struct offload *offload, uint8_t version,
                                       uint32_t l4_offset, uint8_t proto, const uint8_t *l4)
{
	struct virtio_net_hdr vnet = { 0 };
	uint32_t header_len;

	if (!offload->partial_checksum)
		return vnet;
	vnet.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	vnet.csum_start = (uint16_t)l4_offset;
	vnet.csum_offset = (uint16_t)checksum_offset(proto);
	if (offload->segment_len == 0)
		return vnet;
	header_len = proto == IPPROTO_TCP ? (l4[12] >> 4) * 4u : 8;
	vnet.hdr_len = (uint16_t)(l4_offset + header_len);
	vnet.gso_type = segment_type(offload, version, proto);
	vnet.gso_size = offload->segment_len;
	return vnet;
}
