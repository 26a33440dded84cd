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
	__u8 inbound_refresh;     /* packets from IPv4 move the stamp of UDP and ICMP */
	__u8 stateless;           /* keys without ports */
	__u8 trace;               /* somebody wants to see packets: struct fastpath_trace */
	__u8 ident_round[4][256]; /* as in ident.h */
};

#define FASTPATH_IDENT_BUCKETS 4096

enum fastpath_direction { FASTPATH_64, FASTPATH_46, FASTPATH_DIRECTIONS };

/* Counters of one processor: translated packets and bytes as they came in. */
struct fastpath_counters {
	__u64 packets[FASTPATH_DIRECTIONS], bytes[FASTPATH_DIRECTIONS];
};

/* ---- tracing ---- */

#define FASTPATH_SNAP_MAX     2048   /* bytes of a packet that can be seen */
#define FASTPATH_EVENTS_BYTES 524288 /* of events that wait for the daemon */

#define FASTPATH_TRACE_TCP  0x01
#define FASTPATH_TRACE_UDP  0x02
#define FASTPATH_TRACE_ICMP 0x04

#define FASTPATH_TRACE_64 0x01
#define FASTPATH_TRACE_46 0x02

/* A prefix that an address before or after translation has to lie in. */
struct fastpath_prefix {
	__u32 addr[4], mask[4]; /* network order; bits of addr outside mask are 0 */
	__u8 family;            /* 4, 6, or 0: every packet passes */
	__u8 unused[3];
};

/* Which packets to report, if settings say so at all. */
struct fastpath_trace {
	__u64 lost; /* events without room, so far */
	__u32 snaplen;
	__u16 port;      /* network order; 0: any */
	__u8 protocols;  /* FASTPATH_TRACE_TCP and so on */
	__u8 directions; /* FASTPATH_TRACE_64 and so on */
	struct fastpath_prefix prefixes[2];
};

/* A packet of the fast path. out_len 0: it was lost, because the kernel refused to write it. Of the
 * bytes only as many are sent as were captured: first those of the packet that came in. */
struct fastpath_event {
	__u64 time_ns; /* monotonic */
	__u32 in_len, out_len;
	__u32 in_captured, out_captured;
	__u8 bytes[2 * FASTPATH_SNAP_MAX];
};

#endif
