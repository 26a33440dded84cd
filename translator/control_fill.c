#include "translator/control_fill.h"

#include <stdio.h>
#include <string.h>

void control_fill_verdict(enum verdict verdict, uint64_t count, SaNat64__Control__Verdict *out)
{
	const struct verdict_info *info = verdict_info(verdict);

	sa_nat64__control__verdict__init(out);
	out->name = (char *)info->name;
	out->count = count;
	out->drop = verdict_is_drop(verdict);
	out->source = (char *)info->source;
	out->sentence = (char *)info->sentence;
}

void control_fill_packet(const struct packet_summary *packet, uint8_t *addresses,
                         SaNat64__Control__Packet *out)
{
	size_t len = packet->ipv6 ? 16 : 4;

	sa_nat64__control__packet__init(out);
	if (packet->ipv6) {
		memcpy(addresses, &packet->src6, len);
		memcpy(addresses + len, &packet->dst6, len);
	} else {
		store_be32(addresses, packet->src4);
		store_be32(addresses + len, packet->dst4);
	}
	out->source = control_bytes(addresses, len);
	out->destination = control_bytes(addresses + len, len);
	out->protocol = packet->protocol;
	out->length = packet->length;
	out->ttl = packet->ttl;
	out->has_ports = packet->has_ports;
	out->source_port = packet->src_port;
	out->destination_port = packet->dst_port;
	out->fragment = packet->fragment;
	out->fragment_offset = packet->fragment_offset;
	out->more_fragments = packet->more_fragments;
	out->icmp = packet->has_icmp;
	out->tcp_flags = packet->tcp_flags;
	out->icmp_type = packet->icmp_type;
	out->icmp_code = packet->icmp_code;
}

const char *control_path_name(bool is_fast)
{
	return is_fast ? "fast" : "slow";
}

char *control_path_reason(const char *why_off, const char *reason, char *buf)
{
	(void)snprintf(buf, CONTROL_REASON_LEN, "%s%s", why_off ? "no fast path: " : "",
	               why_off  ? why_off
	               : reason ? reason
	                        : "");
	return buf;
}

const char *control_direction_name(bool from_ipv6)
{
	return from_ipv6 ? "6to4" : "4to6";
}
