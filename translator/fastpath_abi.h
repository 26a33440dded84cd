/* What the fast path's program in the kernel and the translator share: keys, values and settings of
 * the maps.
 *
 * Plain data of fixed layout without padding. Addresses, ports and identifiers are in network
 * order, as in packets. A flow has one entry in each direction; an entry holds exactly what the
 * slow path would write.
 *
 * The maps outlive the daemon, and another version of it may find them. It takes over those only
 * whose settings begin with its own FASTPATH_LAYOUT: whoever changes a key, a value, or what one of
 * their fields means, counts the layout up.
 */
#ifndef SA_NAT64_FASTPATH_ABI_H
#define SA_NAT64_FASTPATH_ABI_H

#include <linux/types.h>

/* Of flows6, flows4 and stamps. "N64", so that no other first word is taken for it, and a number.
 */
#define FASTPATH_LAYOUT 0x4e363401u

/* Stateful flows carry the ports (ICMP echo: the identifier twice). Stateless mappings have no
 * ports and no protocol: they hold for every packet between two addresses. */
struct fastpath_key6 {
	__u32 src[4], dst[4];
	__u16 src_port, dst_port;
	__u8 proto; /* as in the IPv6 header; 0: any */
	__u8 unused[3];
};

struct fastpath_key4 {
	__u32 src, dst;
	__u16 src_port, dst_port;
	__u8 proto; /* as in the IPv4 header; 0: any */
	__u8 unused[3];
};

/* The IPv4 side of a flow, for packets from IPv6. */
struct fastpath_to4 {
	__u32 src, dst;
	__u16 src_port, dst_port;
	__u32 index;  /* of the flow's stamp */
	__u16 ident;  /* added to the identification's counter before it is permuted */
	__u16 bucket; /* of the identification's counter, below FASTPATH_IDENT_BUCKETS */
};

/* The IPv6 side of a flow, for packets from IPv4. */
struct fastpath_to6 {
	__u32 src[4], dst[4];
	__u16 src_port, dst_port;
	__u32 index;
};

/* Settings, the only entry of their map; a reload rewrites it. */
struct fastpath_settings {
	__u32 layout; /* FASTPATH_LAYOUT; comes first in every version */
	__u32 mtu4, mtu6, lowest_ipv6_mtu;
	__s32 override_tos; /* -1: copy */
	__u8 zeroize_traffic_class;
	__u8 inbound_refresh; /* packets from IPv4 move the stamp of UDP and ICMP */
	__u8 stateless;       /* keys without ports */
	__u8 unused;
	__u8 ident_round[4][256]; /* as in ident.h */
};

#define FASTPATH_IDENT_BUCKETS 4096

enum fastpath_direction { FASTPATH_64, FASTPATH_46, FASTPATH_DIRECTIONS };

/* Counters of one processor: translated packets and bytes as they came in. */
struct fastpath_counters {
	__u64 packets[FASTPATH_DIRECTIONS], bytes[FASTPATH_DIRECTIONS];
};

#endif
