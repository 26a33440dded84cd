#include "translator/packet_summary.h"

static void summarize_transport(struct packet *packet, struct packet_summary *out)
{
	if (packet_parse_transport(packet, PACKET_QUOTE) != VERDICT_OK)
		return;
	out->has_icmp = packet_is_icmp(packet);
	out->has_ports = packet->proto == IPPROTO_TCP || packet->proto == IPPROTO_UDP ||
	                 packet_is_echo(packet);
	out->src_port = packet->src_port;
	out->dst_port = packet->dst_port;
	out->tcp_flags = packet->proto == IPPROTO_TCP ? packet->tcp_flags : 0;
	out->icmp_type = packet->icmp_type;
	out->icmp_code = packet->icmp_code;
}

bool packet_summarize(uint8_t *head, size_t len, struct packet_summary *out)
{
	struct packet packet;

	if (packet_parse(head, (uint32_t)len, PACKET_QUOTE, &packet) != VERDICT_OK)
		return false;
	*out = (struct packet_summary){
		.ipv6 = packet.version == 6,
		.src6 = packet.src6,
		.dst6 = packet.dst6,
		.src4 = packet.src4,
		.dst4 = packet.dst4,
		.protocol = packet.proto,
		.ttl = packet.ttl,
		.length = packet.claimed_len,
		.fragment = packet.is_fragment,
		.more_fragments = packet.more,
		.fragment_offset = packet.fragment_offset,
	};
	if (packet.fragment_offset == 0)
		summarize_transport(&packet, out);
	return true;
}
