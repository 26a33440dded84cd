/* Tracing in the fast path's program: what a packet was before and after, for the daemon.
 *
 * Included by fastpath.bpf.c only. trace_before() looks at a packet that is about to be translated,
 * trace_after() at what became of it; a packet that was left to the slow path is the daemon's to
 * report. The filter is coarse where several traces run at once: the daemon filters exactly. Both
 * run on one processor without interruption by another packet, so that one scratch place each is
 * enough.
 */
#ifndef SA_NAT64_FAST_TRACE_BPF_H
#define SA_NAT64_FAST_TRACE_BPF_H

#include "translator/fastpath_abi.h"

#include <linux/bpf.h>
#include <linux/in.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

#define TRACE_HEAD_LEN  48 /* an IP header and the ports behind it */
#define TRACE_PORTS_LEN 8  /* of a transport header: ports, or ICMP type and identifier */
#define TRACE_OFF_IP6   8  /* of the two addresses in an IPv6 header */
#define TRACE_OFF_IP4   12

struct trace_scratch {
	struct fastpath_event event;
	__u8 spare[FASTPATH_SNAP_MAX]; /* so that the verifier sees room behind any snaplen */
	__u8 in[TRACE_HEAD_LEN], out[TRACE_HEAD_LEN];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, FASTPATH_EVENTS_BYTES);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, struct trace_scratch);
	__uint(max_entries, 1);
} trace_scratch SEC(".maps");

/* Written by the daemon, which maps it; lost is the program's. */
volatile struct fastpath_trace tracing;

static __always_inline int trace_protocol(__u8 proto)
{
	__u32 bit = proto == IPPROTO_TCP   ? FASTPATH_TRACE_TCP
	            : proto == IPPROTO_UDP ? FASTPATH_TRACE_UDP
	                                   : FASTPATH_TRACE_ICMP;

	return tracing.protocols & bit;
}

/* Copy the first bytes of a packet, at most snaplen, to where *at says in the event. Returns how
 * many. */
static __always_inline __u32 trace_copy(struct __sk_buff *skb, __u8 *to)
{
	__u32 len = skb->len, most = tracing.snaplen;

	if (len > most)
		len = most;
	if (len > FASTPATH_SNAP_MAX)
		len = FASTPATH_SNAP_MAX;
	if (len == 0)
		return 0;
	len--;
	asm volatile(""
	             : "+r"(len)); /* so that the verifier of 6.1 knows: 1 to FASTPATH_SNAP_MAX */
	len = (len & (FASTPATH_SNAP_MAX - 1)) + 1;
	return bpf_skb_load_bytes(skb, 0, to, len) ? 0 : len;
}

static __always_inline int trace_load_head(struct __sk_buff *skb, __u8 version, __u8 *head)
{
	return version == 6 ? bpf_skb_load_bytes(skb, 0, head, 40 + TRACE_PORTS_LEN)
	                    : bpf_skb_load_bytes(skb, 0, head, 20 + TRACE_PORTS_LEN);
}

/* Whether one of the two addresses at pair lies in the prefix; words: of an address. */
static __always_inline int trace_has_address(const volatile struct fastpath_prefix *prefix,
                                             const void *addresses, int words)
{
	const __u32 *pair = addresses;
	__u32 source = 0, destination = 0;
	int i;

	for (i = 0; i < words; i++) {
		source |= (pair[i] ^ prefix->addr[i]) & prefix->mask[i];
		destination |= (pair[words + i] ^ prefix->addr[i]) & prefix->mask[i];
	}
	return !source || !destination;
}

static __always_inline int trace_has_prefix(int index, const __u8 *six, const __u8 *four)
{
	const volatile struct fastpath_prefix *prefix = &tracing.prefixes[index];

	if (prefix->family == 6)
		return trace_has_address(prefix, six + TRACE_OFF_IP6, 4);
	if (prefix->family == 4)
		return trace_has_address(prefix, four + TRACE_OFF_IP4, 1);
	return 1;
}

/* l4: transport header, proto 1 or 58 for an echo. */
static __always_inline int trace_has_port(const void *l4, __u8 proto)
{
	const __u16 *words = l4;
	__u16 port = tracing.port;

	if (proto != IPPROTO_TCP && proto != IPPROTO_UDP)
		return words[2] == port;
	return words[0] == port || words[1] == port;
}

static __always_inline int trace_wants(const __u8 *six, const __u8 *four)
{
	__u8 proto = four[9];

	if (tracing.port && !trace_has_port(six + 40, proto) && !trace_has_port(four + 20, proto))
		return 0;
	return trace_has_prefix(0, six, four) && trace_has_prefix(1, six, four);
}

static __always_inline void trace_send(struct trace_scratch *scratch)
{
	__u64 len = sizeof(scratch->event) - sizeof(scratch->event.bytes) +
	            scratch->event.in_captured + scratch->event.out_captured;

	if (len > sizeof(scratch->event))
		len = sizeof(scratch->event);
	asm volatile("" : "+r"(len));
	if (len > sizeof(scratch->event) ||
	    bpf_ringbuf_output(&events, &scratch->event, len, BPF_RB_NO_WAKEUP))
		__sync_fetch_and_add(&tracing.lost, 1);
}

/* Remember a packet as it came. NULL: it is of no interest. */
static __always_inline struct trace_scratch *trace_before(struct __sk_buff *skb, __u8 version)
{
	__u32 zero = 0;
	struct trace_scratch *scratch = bpf_map_lookup_elem(&trace_scratch, &zero);

	if (!scratch ||
	    !(tracing.directions & (version == 6 ? FASTPATH_TRACE_64 : FASTPATH_TRACE_46)))
		return NULL;
	if (trace_load_head(skb, version, scratch->in) ||
	    !trace_protocol(scratch->in[version == 6 ? 6 : 9]))
		return NULL;
	scratch->event.time_ns = bpf_ktime_get_ns();
	scratch->event.in_len = skb->len;
	scratch->event.in_captured = trace_copy(skb, scratch->event.bytes);
	return scratch;
}

/* Report what became of it: action is the program's answer to the kernel. */
static __always_inline void trace_after(struct __sk_buff *skb, struct trace_scratch *scratch,
                                        __u8 version, int action)
{
	__u64 at = scratch->event.in_captured;

	asm volatile("" : "+r"(at)); /* its bound, in one register, for the verifier of 6.1 */
	at &= 2 * FASTPATH_SNAP_MAX - 1;
	scratch->event.out_len = scratch->event.out_captured = 0;
	if (action == TC_ACT_REDIRECT) {
		if (trace_load_head(skb, version == 6 ? 4 : 6, scratch->out) ||
		    !trace_wants(version == 6 ? scratch->in : scratch->out,
		                 version == 6 ? scratch->out : scratch->in))
			return;
		scratch->event.out_len = skb->len;
		scratch->event.out_captured = trace_copy(skb, scratch->event.bytes + at);
	}
	trace_send(scratch);
}

#endif
