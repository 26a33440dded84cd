/* The fast path: a tc program on the TUN's egress that translates packets of known flows in place
 * and hands them to the same device's ingress.
 *
 * It takes a packet only when it can do exactly what the slow path would do; everything else goes
 * on to the daemon untouched (TC_ACT_OK). Helpers that may refuse run before anything is changed
 * for good. Kernel 6.1 and later.
 */
#include "translator/fast_trace.bpf.h"
#include "translator/fastpath_abi.h"

#include <linux/bpf.h>
#include <linux/icmpv6.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define IP4_FRAGMENT  0x3fff /* more fragments, offset */
#define HEADERS_LEN   60     /* IPv6 and TCP without options */
#define PORTS_LEN     8      /* of a transport header, what is surely there */
#define IP4_DF        0x4000
#define DF_LIMIT      1260 /* RFC 7915 section 5.1 */
#define TCP_SLOW      0x07 /* FIN, SYN, RST belong to the state machine */
#define ECHO4_REQUEST 8
#define ECHO4_REPLY   0
#define ECHO6_REQUEST 128
#define ECHO6_REPLY   129

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct fastpath_key6);
	__type(value, struct fastpath_to4);
	__uint(max_entries, 1); /* set before loading */
} flows6 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct fastpath_key4);
	__type(value, struct fastpath_to6);
	__uint(max_entries, 1);
} flows4 SEC(".maps");

/* Seconds of the monotonic clock at which a flow was last used. Elements of an array lie eight
 * bytes apart, however small they are: so must those of the daemon, who maps it. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 1);
} stamps SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct fastpath_settings);
	__uint(max_entries, 1);
} settings SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, struct fastpath_counters);
	__uint(max_entries, 1);
} counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u32);
	__uint(max_entries, FASTPATH_IDENT_BUCKETS);
} idents SEC(".maps");

/* What was found out about a packet's transport header. */
struct transport {
	__u16 src_port, dst_port; /* network order */
	__u32 wire_len;           /* transport header and payload of one packet on the wire */
	__u32 checksum_offset;    /* of the checksum, from the transport header */
	__u8 echo;                /* ICMP: type of the echo message */
};

static __always_inline void count(enum fastpath_direction direction, __u32 len)
{
	__u32 zero = 0;
	struct fastpath_counters *mine = bpf_map_lookup_elem(&counters, &zero);

	if (!mine)
		return;
	mine->packets[direction]++;
	mine->bytes[direction] += len;
}

/* Written only when the second changes, so that busy flows share no dirty cache lines. */
static __always_inline void stamp(__u32 index)
{
	__u64 now = bpf_ktime_get_coarse_ns() / 1000000000;
	__u64 *last = bpf_map_lookup_elem(&stamps, &index);

	if (last && *last != now)
		*last = now;
}

/* The transport header at offset l4 of a packet of len bytes. False: not for the fast path. */
static __always_inline int parse_transport(struct __sk_buff *skb, __u8 proto, __u32 l4, __u32 len,
                                           struct transport *out)
{
	const __u8 *start = (void *)(long)skb->data;
	void *header = (void *)(start + l4), *end = (void *)(long)skb->data_end;
	struct tcphdr *tcp = header;
	struct udphdr *udp = header;
	struct icmp6hdr *icmp = header; /* the same layout in both families */
	__u32 header_len;

	out->wire_len = len - l4;
	if (proto == IPPROTO_TCP) {
		if ((void *)(tcp + 1) > end)
			return 0;
		header_len = tcp->doff * 4;
		if (header_len < sizeof(*tcp) || header_len > len - l4 ||
		    ((__u8 *)tcp)[13] & TCP_SLOW)
			return 0;
		out->src_port = tcp->source;
		out->dst_port = tcp->dest;
		out->checksum_offset = 16;
		if (skb->gso_size && header_len + skb->gso_size < out->wire_len)
			out->wire_len = header_len + skb->gso_size;
		return 1;
	}
	if (skb->gso_size)
		return 0;
	if (proto == IPPROTO_UDP) {
		if ((void *)(udp + 1) > end || udp->check == 0)
			return 0;
		if (bpf_ntohs(udp->len) < sizeof(*udp) || bpf_ntohs(udp->len) > len - l4)
			return 0;
		out->src_port = udp->source;
		out->dst_port = udp->dest;
		out->checksum_offset = 6;
		return 1;
	}
	if ((void *)(icmp + 1) > end)
		return 0;
	out->echo = icmp->icmp6_type;
	out->src_port = out->dst_port = icmp->icmp6_identifier;
	out->checksum_offset = 2;
	return 1;
}

/* Checksums are sums of 32-bit words here, in 64 bits: so few words never overflow them. What goes
 * away is added as its complement (RFC 1624). For some ten words cheaper than bpf_csum_diff. */
static __always_inline __u64 add_words(__u64 sum, const __u32 *words, int count)
{
	int i;

	for (i = 0; i < count; i++)
		sum += words[i];
	return sum;
}

static __always_inline __u64 subtract_words(__u64 sum, const __u32 *words, int count)
{
	int i;

	for (i = 0; i < count; i++)
		sum += (__u32)~words[i];
	return sum;
}

/* A sum as the checksum helpers take it. */
static __always_inline __u32 fold32(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	return (__u32)(sum + (sum >> 32));
}

static __always_inline __u16 fold16(__u64 sum)
{
	__u32 half = fold32(sum);

	half = (half & 0xffff) + (half >> 16);
	return (__u16)(half + (half >> 16));
}

/* Of an IPv4 header without options. 0xffff: its checksum is right. */
static __always_inline __u16 header_sum(const struct iphdr *ip4)
{
	__u32 words[5];

	__builtin_memcpy(words, ip4, sizeof(words));
	return fold16(add_words(0, words, 5));
}

/* Two words: type, code and the place of the checksum, then identifier and sequence. */
static __always_inline __u64 echo_difference(__u64 sum, __u8 old_type, __u8 new_type, __u16 old_id,
                                             __u16 new_id)
{
	__u32 from[2] = { bpf_htonl((__u32)old_type << 24),
		          bpf_htonl((__u32)bpf_ntohs(old_id) << 16) };
	__u32 to[2] = { bpf_htonl((__u32)new_type << 24),
		        bpf_htonl((__u32)bpf_ntohs(new_id) << 16) };

	return add_words(subtract_words(sum, from, 2), to, 2);
}

/* Ports, or the echo message's type and identifier, into a transport header. */
static __always_inline void write_ports(void *header, __u8 proto, __u16 src_port, __u16 dst_port,
                                        __u8 echo)
{
	__u16 *ports = header;

	if (proto == IPPROTO_ICMP) {
		*(__u8 *)header = echo;
		ports[2] = src_port;
		return;
	}
	ports[0] = src_port;
	ports[1] = dst_port;
}

/* Correct the transport checksum. addresses: difference that the new addresses make, for ICMP the
 * whole difference. The helper knows what the field holds when the device is to compute it. */
static __always_inline long correct_checksum(struct __sk_buff *skb, __u8 proto, __u32 l4,
                                             const struct transport *transport, __u16 src_port,
                                             __u16 dst_port, __u32 addresses)
{
	__u32 old_ports = (__u32)transport->src_port | (__u32)transport->dst_port << 16;
	__u32 new_ports = (__u32)src_port | (__u32)dst_port << 16;
	__u32 checksum = l4 + transport->checksum_offset;
	__u64 mangled = proto == IPPROTO_UDP ? BPF_F_MARK_MANGLED_0 : 0;
	long refused;

	if (proto == IPPROTO_ICMP)
		return bpf_l4_csum_replace(skb, checksum, 0, addresses, 0);
	refused = bpf_l4_csum_replace(skb, checksum, 0, addresses, BPF_F_PSEUDO_HDR | mangled);
	if (refused || old_ports == new_ports)
		return refused;
	return bpf_l4_csum_replace(skb, checksum, 0, fold32((__u64)new_ports + (__u32)~old_ports),
	                           mangled);
}

/* ---- IPv6 to IPv4 ---- */

/* The next identification of a flow: a counter through a permutation, as in ident.c, but with
 * random tables of its own for the few packets that the slow path numbers of the same flow. */
static __always_inline __u16 next_ident(const struct fastpath_settings *set,
                                        const struct fastpath_to4 *to)
{
	__u32 bucket = to->bucket;
	__u32 *counter = bpf_map_lookup_elem(&idents, &bucket);
	__u16 value;
	__u8 left, right, swap;
	int i;

	if (!counter)
		return 0;
	value = (__u16)(__sync_fetch_and_add(counter, 1) + to->ident);
	left = value >> 8;
	right = (__u8)value;
	for (i = 0; i < 4; i++) {
		swap = left ^ set->ident_round[i][right];
		left = right;
		right = swap;
	}
	return (__u16)left << 8 | right;
}

static __always_inline int echo4(__u8 type6)
{
	if (type6 == ECHO6_REQUEST)
		return ECHO4_REQUEST;
	return type6 == ECHO6_REPLY ? ECHO4_REPLY : -1;
}

/* What the IPv4 header gets from the IPv6 header and the flow; identification and checksum come
 * last. */
static __always_inline struct iphdr header4(const struct ipv6hdr *ip6,
                                            const struct fastpath_settings *set,
                                            const struct fastpath_to4 *to, __u32 len,
                                            __u32 wire_len)
{
	struct iphdr ip4 = {
		.version = 4,
		.ihl = 5,
		.tot_len = bpf_htons((__u16)(len - 20)),
		.ttl = ip6->hop_limit - 1,
		.protocol = ip6->nexthdr == IPPROTO_ICMPV6 ? IPPROTO_ICMP : ip6->nexthdr,
		.saddr = to->src,
		.daddr = to->dst,
	};

	ip4.tos = (__u8)(bpf_ntohl(*(const __be32 *)ip6) >> 20);
	if (set->override_tos >= 0)
		ip4.tos = (__u8)set->override_tos;
	if (wire_len + sizeof(ip4) > DF_LIMIT)
		ip4.frag_off = bpf_htons(IP4_DF);
	return ip4;
}

/* What the new addresses, for ICMP also type, identifier and the lost pseudo-header, do to the
 * checksum. */
static __always_inline __u32 difference64(const struct fastpath_key6 *key,
                                          const struct fastpath_to4 *to, __u8 proto,
                                          const struct transport *transport, __u8 echo,
                                          __u16 identifier, __u32 l4_len)
{
	__u32 pseudo[2] = { bpf_htonl(l4_len), bpf_htonl(IPPROTO_ICMPV6) };
	__u64 sum = subtract_words(subtract_words(0, key->src, 4), key->dst, 4);

	if (proto != IPPROTO_ICMPV6)
		return fold32(sum + to->src + to->dst);
	sum = subtract_words(sum, pseudo, 2);
	return fold32(echo_difference(sum, transport->echo, echo, transport->src_port, identifier));
}

static __always_inline int translate64(struct __sk_buff *skb, const struct fastpath_settings *set)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	struct ipv6hdr *ip6 = data;
	struct fastpath_key6 key = {};
	struct fastpath_to4 *to;
	struct transport transport = {};
	struct iphdr ip4, *out;
	__u32 len = skb->len;
	__u16 src_port, dst_port;
	__u8 proto;
	__u32 difference;
	int echo = 0;

	if ((void *)(ip6 + 1) > end || ip6->version != 6 || ip6->hop_limit <= 1)
		return TC_ACT_OK;
	if (bpf_ntohs(ip6->payload_len) + sizeof(*ip6) != len || len - 20 > 65535)
		return TC_ACT_OK;
	proto = ip6->nexthdr;
	if (proto != IPPROTO_TCP && proto != IPPROTO_UDP && proto != IPPROTO_ICMPV6)
		return TC_ACT_OK;
	if (!parse_transport(skb, proto, sizeof(*ip6), len, &transport))
		return TC_ACT_OK;
	if (proto == IPPROTO_ICMPV6)
		echo = echo4(transport.echo);
	if (echo < 0)
		return TC_ACT_OK;
	__builtin_memcpy(key.src, &ip6->saddr, 32);
	if (!set->stateless) {
		key.src_port = transport.src_port;
		key.dst_port = transport.dst_port;
		key.proto = proto;
	}
	to = bpf_map_lookup_elem(&flows6, &key);
	if (!to || transport.wire_len + sizeof(ip4) > set->mtu4)
		return TC_ACT_OK;
	src_port = set->stateless ? transport.src_port : to->src_port;
	dst_port = set->stateless ? transport.dst_port : to->dst_port;
	ip4 = header4(ip6, set, to, len, transport.wire_len);
	difference = difference64(&key, to, proto, &transport, (__u8)echo, src_port,
	                          len - sizeof(*ip6));
	if (bpf_skb_change_proto(skb, bpf_htons(ETH_P_IP), 0))
		return TC_ACT_OK;
	ip4.id = bpf_htons(next_ident(set, to));
	ip4.check = (__u16)~header_sum(&ip4);
	out = (void *)(long)skb->data;
	if ((__u8 *)(out + 1) + PORTS_LEN > (__u8 *)(long)skb->data_end)
		return TC_ACT_SHOT;
	*out = ip4;
	write_ports(out + 1, ip4.protocol, src_port, dst_port, (__u8)echo);
	if (correct_checksum(skb, ip4.protocol, sizeof(ip4), &transport, src_port, dst_port,
	                     difference))
		return TC_ACT_SHOT;
	count(FASTPATH_64, len);
	stamp(to->index);
	return bpf_redirect(skb->ifindex, BPF_F_INGRESS);
}

/* ---- IPv4 to IPv6 ---- */

static __always_inline int echo6(__u8 type4)
{
	if (type4 == ECHO4_REQUEST)
		return ECHO6_REQUEST;
	return type4 == ECHO4_REPLY ? ECHO6_REPLY : -1;
}

static __always_inline struct ipv6hdr header6(const struct iphdr *ip4,
                                              const struct fastpath_settings *set,
                                              const struct fastpath_to6 *to, __u32 len)
{
	struct ipv6hdr ip6 = {
		.payload_len = bpf_htons((__u16)(len - sizeof(*ip4))),
		.nexthdr = ip4->protocol == IPPROTO_ICMP ? IPPROTO_ICMPV6 : ip4->protocol,
		.hop_limit = ip4->ttl - 1,
	};
	__u32 traffic_class = set->zeroize_traffic_class ? 0 : ip4->tos;

	*(__be32 *)&ip6 = bpf_htonl(6u << 28 | traffic_class << 20);
	__builtin_memcpy(&ip6.saddr, to->src, 32);
	return ip6;
}

static __always_inline __u32 difference46(const struct fastpath_key4 *key,
                                          const struct fastpath_to6 *to, __u8 proto,
                                          const struct transport *transport, __u8 echo,
                                          __u16 identifier, __u32 l4_len)
{
	__u32 addresses[2] = { key->src, key->dst };
	__u32 pseudo[2] = { bpf_htonl(l4_len), bpf_htonl(IPPROTO_ICMPV6) };
	__u64 sum = add_words(add_words(0, to->src, 4), to->dst, 4);

	if (proto != IPPROTO_ICMP)
		return fold32(subtract_words(sum, addresses, 2));
	sum = add_words(sum, pseudo, 2);
	return fold32(echo_difference(sum, transport->echo, echo, transport->src_port, identifier));
}

/* The largest IPv6 packet that may leave whole. */
static __always_inline __u32 limit6(const struct iphdr *ip4, const struct fastpath_settings *set)
{
	if (ip4->frag_off & bpf_htons(IP4_DF) || set->lowest_ipv6_mtu > set->mtu6)
		return set->mtu6;
	return set->lowest_ipv6_mtu;
}

static __always_inline int translate46(struct __sk_buff *skb, const struct fastpath_settings *set)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	struct iphdr *ip4 = data;
	struct fastpath_key4 key = {};
	struct fastpath_to6 *to;
	struct transport transport = {};
	struct ipv6hdr ip6, *out;
	__u32 len = skb->len;
	__u16 src_port, dst_port;
	__u8 proto;
	__u32 difference;
	int echo = 0;

	if ((void *)(ip4 + 1) > end || ip4->version != 4 || ip4->ihl != 5 || ip4->ttl <= 1)
		return TC_ACT_OK;
	if (bpf_ntohs(ip4->tot_len) != len || ip4->frag_off & bpf_htons(IP4_FRAGMENT) ||
	    header_sum(ip4) != 0xffff)
		return TC_ACT_OK;
	proto = ip4->protocol;
	if (proto != IPPROTO_TCP && proto != IPPROTO_UDP && proto != IPPROTO_ICMP)
		return TC_ACT_OK;
	if (!parse_transport(skb, proto, sizeof(*ip4), len, &transport))
		return TC_ACT_OK;
	if (proto == IPPROTO_ICMP)
		echo = echo6(transport.echo);
	if (echo < 0)
		return TC_ACT_OK;
	key.src = ip4->saddr;
	key.dst = ip4->daddr;
	if (!set->stateless) {
		key.src_port = transport.src_port;
		key.dst_port = transport.dst_port;
		key.proto = proto;
	}
	to = bpf_map_lookup_elem(&flows4, &key);
	if (!to || transport.wire_len + sizeof(ip6) > limit6(ip4, set))
		return TC_ACT_OK;
	src_port = set->stateless ? transport.src_port : to->src_port;
	dst_port = set->stateless ? transport.dst_port : to->dst_port;
	if (proto == IPPROTO_ICMP)
		src_port = dst_port; /* the identifier */
	ip6 = header6(ip4, set, to, len);
	difference = difference46(&key, to, proto, &transport, (__u8)echo, src_port,
	                          len - sizeof(*ip4));
	if (bpf_skb_change_proto(skb, bpf_htons(ETH_P_IPV6), 0))
		return TC_ACT_OK;
	out = (void *)(long)skb->data;
	if ((__u8 *)(out + 1) + PORTS_LEN > (__u8 *)(long)skb->data_end)
		return TC_ACT_SHOT;
	*out = ip6;
	write_ports(out + 1, proto, src_port, dst_port, (__u8)echo);
	if (correct_checksum(skb, proto, sizeof(ip6), &transport, src_port, dst_port, difference))
		return TC_ACT_SHOT;
	count(FASTPATH_46, len);
	if (set->inbound_refresh || proto == IPPROTO_TCP)
		stamp(to->index);
	return bpf_redirect(skb->ifindex, BPF_F_INGRESS);
}

static __always_inline int translate(struct __sk_buff *skb, const struct fastpath_settings *set)
{
	/* Headers in reach; super-packets keep their payload in fragments. */
	long want = skb->len < HEADERS_LEN ? skb->len : HEADERS_LEN;
	if ((long)skb->data_end - (long)skb->data < want && bpf_skb_pull_data(skb, want))
		return TC_ACT_OK;
	if (skb->protocol == bpf_htons(ETH_P_IPV6))
		return translate64(skb, set);
	if (skb->protocol == bpf_htons(ETH_P_IP))
		return translate46(skb, set);
	return TC_ACT_OK;
}

/* ---- the programs ---- */

int fastpath(struct __sk_buff *skb);
int fastpath_traced(struct __sk_buff *skb);

/* The same, seen by somebody. */
SEC("tc")
int fastpath_traced(struct __sk_buff *skb)
{
	__u32 zero = 0;
	const struct fastpath_settings *set = bpf_map_lookup_elem(&settings, &zero);
	__u8 version = skb->protocol == bpf_htons(ETH_P_IPV6) ? 6 : 4;
	struct trace_scratch *scratch;
	int action;

	if (!set)
		return TC_ACT_OK;
	scratch = trace_before(skb, version);
	action = translate(skb, set);
	if (scratch && action != TC_ACT_OK)
		trace_after(skb, scratch, version, action);
	return action;
}

/* Where the program goes on while somebody looks. The kernel empties it when the daemon ends. */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, int(void *));
} traced SEC(".maps") = { .values = { [0] = (void *)&fastpath_traced } };

SEC("tc")
int fastpath(struct __sk_buff *skb)
{
	__u32 zero = 0;
	const struct fastpath_settings *set = bpf_map_lookup_elem(&settings, &zero);

	if (!set)
		return TC_ACT_OK;
	if (__builtin_expect(set->trace, 0))
		bpf_tail_call(skb, &traced, 0);
	return translate(skb, set);
}

char _license[] SEC("license") = "Dual BSD/GPL";
