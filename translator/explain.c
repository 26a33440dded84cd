/* See explain.h. A built packet is headers and zeros: the payload adds nothing to its checksum. */
#include "translator/explain.h"

#include "translator/checksum.h"
#include "translator/packet.h"

#include <errno.h>
#include <string.h>

#define EXPLAIN_TTL        64
#define IP4_HEADER_LEN     20
#define IP6_HEADER_LEN     40
#define TCP_HEADER_LEN     20
#define UDP_HEADER_LEN     8
#define ICMP_HEADER_LEN    8
#define ICMP4_ECHO         8
#define ICMP6_ECHO         128
#define EXPLAIN_TCP_WINDOW 65535

static size_t transport_header_len(const struct explain_fields *fields)
{
	switch (fields->protocol) {
	case IPPROTO_TCP:
		return TCP_HEADER_LEN;
	case IPPROTO_UDP:
		return UDP_HEADER_LEN;
	case IPPROTO_ICMP:
		return fields->ipv6 ? 0 : ICMP_HEADER_LEN;
	case IPPROTO_ICMPV6:
		return fields->ipv6 ? ICMP_HEADER_LEN : 0;
	default:
		return 0;
	}
}

size_t explain_length_min(const struct explain_fields *fields)
{
	return (fields->ipv6 ? IP6_HEADER_LEN : IP4_HEADER_LEN) + transport_header_len(fields);
}

static void write_ip4(const struct explain_fields *fields, uint8_t *ip, size_t len)
{
	uint16_t sum;

	ip[0] = 0x45;
	store_be16(ip + 2, (uint16_t)len);
	ip[6] = 0x40; /* don't fragment, as nearly everything on the Internet */
	ip[8] = fields->ttl ? fields->ttl : EXPLAIN_TTL;
	ip[9] = fields->protocol;
	store_be32(ip + 12, fields->src4);
	store_be32(ip + 16, fields->dst4);
	sum = checksum_finish(checksum_add(0, ip, IP4_HEADER_LEN));
	memcpy(ip + 10, &sum, sizeof(sum));
}

static void write_ip6(const struct explain_fields *fields, uint8_t *ip, size_t len)
{
	ip[0] = 0x60;
	store_be16(ip + 4, (uint16_t)(len - IP6_HEADER_LEN));
	ip[6] = fields->protocol;
	ip[7] = fields->ttl ? fields->ttl : EXPLAIN_TTL;
	memcpy(ip + 8, &fields->src6, sizeof(fields->src6));
	memcpy(ip + 24, &fields->dst6, sizeof(fields->dst6));
}

/* Running sum of the pseudo-header; ICMPv4 has none. */
static uint64_t pseudo_sum(const struct explain_fields *fields, size_t l4_len)
{
	if (fields->ipv6)
		return checksum_pseudo6(&fields->src6, &fields->dst6, fields->protocol,
		                        (uint32_t)l4_len);
	if (fields->protocol == IPPROTO_ICMP)
		return 0;
	return checksum_pseudo4(fields->src4, fields->dst4, fields->protocol, (uint32_t)l4_len);
}

/* Write the transport header; returns the offset of its checksum field. */
static size_t write_transport(const struct explain_fields *fields, uint8_t *l4, size_t l4_len)
{
	switch (fields->protocol) {
	case IPPROTO_TCP:
		store_be16(l4, fields->src_port);
		store_be16(l4 + 2, fields->dst_port);
		l4[12] = TCP_HEADER_LEN / 4 << 4;
		l4[13] = fields->tcp_flags;
		store_be16(l4 + 14, EXPLAIN_TCP_WINDOW);
		return 16;
	case IPPROTO_UDP:
		store_be16(l4, fields->src_port);
		store_be16(l4 + 2, fields->dst_port);
		store_be16(l4 + 4, (uint16_t)l4_len);
		return 6;
	default:
		l4[0] = fields->ipv6 ? ICMP6_ECHO : ICMP4_ECHO;
		store_be16(l4 + 4, fields->src_port);
		store_be16(l4 + 6, 1);
		return 2;
	}
}

int explain_build(const struct explain_fields *fields, struct explain *explain)
{
	size_t ip_len = fields->ipv6 ? IP6_HEADER_LEN : IP4_HEADER_LEN;
	size_t header_len = transport_header_len(fields);
	size_t len = fields->length ? fields->length : ip_len + header_len;
	size_t max = fields->ipv6 ? IP6_HEADER_LEN + 65535 : 65535;
	uint8_t *l4 = explain->packet + ip_len;

	if (len < ip_len + header_len || len > max)
		return -ERANGE;
	memset(explain->packet, 0, len);
	explain->len = len;
	if (fields->ipv6)
		write_ip6(fields, explain->packet, len);
	else
		write_ip4(fields, explain->packet, len);
	if (header_len > 0) {
		size_t offset = write_transport(fields, l4, len - ip_len);
		uint64_t sum = pseudo_sum(fields, len - ip_len);
		uint16_t field = checksum_finish(checksum_add(sum, l4, header_len));

		if (field == 0 && fields->protocol == IPPROTO_UDP)
			field = 0xffff;
		memcpy(l4 + offset, &field, sizeof(field));
	}
	return 0;
}

static void on_emit(void *context, const struct virtio_net_hdr *vnet, const struct iovec *iov,
                    int count)
{
	struct explain *explain = context;
	uint8_t head[PACKET_SUMMARY_HEAD];
	size_t len = 0;

	(void)vnet;
	for (int i = 0; i < count; i++) {
		size_t room = sizeof(head) - len;
		size_t part = iov[i].iov_len < room ? iov[i].iov_len : room;

		memcpy(head + len, iov[i].iov_base, part);
		len += part;
	}
	if (explain->count < EXPLAIN_PACKETS_MAX &&
	    packet_summarize(head, len, &explain->packets[explain->count]))
		explain->count++;
	else
		explain->left_out++;
}

void explain_run(struct translator *t, struct explain *explain, uint64_t now_us)
{
	struct translator_io io = { .emit = on_emit, .context = explain };

	explain->trace.count = 0;
	explain->count = 0;
	explain->left_out = 0;
	explain->verdict = translator_explain(t, explain->packet, explain->len, now_us,
	                                      &explain->trace, &io);
}
