#include "cli/packets.h"

#include "cli/addresses.h"
#include "lib/address.h"

#define PROTO_LEN 16

const char *packets_proto_name(uint32_t protocol, char *buf)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	case IPPROTO_ICMP:
		return "icmp";
	case IPPROTO_ICMPV6:
		return "icmp6";
	default:
		(void)snprintf(buf, PROTO_LEN, "%u", (unsigned)protocol);
		return buf;
	}
}

static void put_endpoint(struct out *out, const char *key, const SaNat64__Control__Packet *packet,
                         const ProtobufCBinaryData *address, uint32_t port)
{
	char buf[ADDRESS_STRLEN];

	if (packet->has_ports && !packet->icmp)
		out_endpoint(out, key, addresses_format(address, buf), (uint16_t)port);
	else
		out_address(out, key, addresses_format(address, buf));
}

void packets_put_ends(struct out *out, const SaNat64__Control__Packet *packet)
{
	put_endpoint(out, "source", packet, &packet->source, packet->source_port);
	put_endpoint(out, "destination", packet, &packet->destination, packet->destination_port);
}

void packets_put_note(struct out *out, const SaNat64__Control__Packet *packet)
{
	char note[120] = "";
	size_t len = 0;

	if (packet->icmp)
		len = (size_t)snprintf(note, sizeof(note), "type %u code %u",
		                       (unsigned)packet->icmp_type, (unsigned)packet->icmp_code);
	if (packet->icmp && packet->has_ports)
		len += (size_t)snprintf(note + len, sizeof(note) - len, " id %u",
		                        (unsigned)packet->source_port);
	if (packet->fragment)
		(void)snprintf(note + len, sizeof(note) - len, "%sfragment at %u%s",
		               len ? ", " : "", (unsigned)packet->fragment_offset,
		               packet->more_fragments ? ", more follow" : ", the last");
	out_text(out, "note", note);
}
