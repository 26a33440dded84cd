/* Which path a packet takes, for `sa-nat64 explain`: what fastpath.bpf.c leaves to the slow path,
 * in words and in its order, and whether the packet's session is in the fast path.
 *
 * Pure. The reasons that lie in the packet itself are one table; it has to follow the program in
 * the kernel, which can only say that it declined.
 */
#include "translator/core.h"

#define IP4_HEADER_LEN 20
#define IP6_HEADER_LEN 40
#define TCP_SLOW       (TCP_FLAG_FIN | TCP_FLAG_SYN | TCP_FLAG_RST)

/* A packet as it came from the device. */
struct arrival {
	const struct config_instance *config;
	struct packet p;
	size_t len; /* with what follows the IP packet */
};

static bool has_bytes_behind(const struct arrival *a)
{
	return a->p.len != a->len;
}

static bool is_dying(const struct arrival *a)
{
	return a->p.ttl <= 1;
}

static bool has_options(const struct arrival *a)
{
	return a->p.version == 4 && a->p.l4_offset > IP4_HEADER_LEN;
}

static bool is_piece(const struct arrival *a)
{
	return a->p.is_fragment;
}

static bool has_extensions(const struct arrival *a)
{
	return a->p.version == 6 && a->p.l4_offset > IP6_HEADER_LEN;
}

static bool is_other_protocol(const struct arrival *a)
{
	return a->p.proto != IPPROTO_TCP && a->p.proto != IPPROTO_UDP && !packet_is_icmp(&a->p);
}

static bool changes_tcp_state(const struct arrival *a)
{
	return a->p.proto == IPPROTO_TCP && a->p.tcp_flags & TCP_SLOW;
}

static bool has_no_udp_checksum(const struct arrival *a)
{
	return transport_udp_checksum_is_zero(&a->p);
}

static bool is_icmp_error(const struct arrival *a)
{
	return packet_is_icmp_error(&a->p);
}

static bool is_other_icmp(const struct arrival *a)
{
	return packet_is_icmp(&a->p) && !packet_is_echo(&a->p);
}

static bool is_too_large(const struct arrival *a)
{
	const struct config_instance *config = a->config;
	uint32_t limit = config->mtu6;

	if (a->p.version == 6)
		return a->p.l4_len + IP4_HEADER_LEN > config->mtu4;
	if (!a->p.dont_fragment && config->lowest_ipv6_mtu < limit)
		limit = config->lowest_ipv6_mtu;
	return a->p.l4_len + IP6_HEADER_LEN > limit;
}

static const struct {
	bool (*applies)(const struct arrival *a);
	const char *reason;
} reasons[] = {
	{ has_bytes_behind, "bytes behind the end of the IP packet" },
	{ is_dying, "TTL or hop limit of 1 or less" },
	{ has_options, "IPv4 options" },
	{ is_piece, "fragment" },
	{ has_extensions, "extension header" },
	{ is_other_protocol, "neither TCP, UDP nor ICMP" },
	{ changes_tcp_state, "TCP SYN, FIN or RST" },
	{ has_no_udp_checksum, "UDP without checksum" },
	{ is_icmp_error, "ICMP error" },
	{ is_other_icmp, "ICMP other than echo" },
	{ is_too_large, "larger than the MTU: cut or answered" },
};

const char *fast_declines(const struct translator *t, uint8_t *packet, size_t len)
{
	struct arrival a = { .config = t->config, .len = len };
	size_t i;

	if (!t->io.fast.counters)
		return "there is no fast path";
	if (packet_parse(packet, (uint32_t)len, PACKET_WHOLE, &a.p) != VERDICT_OK)
		return "malformed packet";
	if (!a.p.fragment_offset && packet_parse_transport(&a.p, PACKET_WHOLE) != VERDICT_OK)
		return "malformed packet";
	for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].applies(&a))
			return reasons[i].reason;
	return NULL;
}

struct fast_choice fast_explain(const struct translator *t, enum verdict verdict, uint8_t version,
                                const char *declined)
{
	const char *lacks;

	if (declined)
		return (struct fast_choice){ false, declined };
	if (verdict == VERDICT_HAIRPINNED)
		return (struct fast_choice){ false, "hairpin: needs two translations" };
	if (t->is_slow_probe)
		return (struct fast_choice){ false, "a probe of the slow path" };
	if (t->config->mode == CONFIG_MODE_SIIT && verdict == VERDICT_TRANSLATED)
		return (struct fast_choice){ true,
			                     "from the second packet between these addresses on" };
	if (t->config->mode == CONFIG_MODE_SIIT)
		return (struct fast_choice){ false, "not to be translated" };
	if (!t->session_at_hand)
		return (struct fast_choice){ false, "no session" };
	lacks = fast_lacks(t, t->session_at_hand, version == 6 ? TRANSLATOR_64 : TRANSLATOR_46);
	return (struct fast_choice){ !lacks, lacks };
}
