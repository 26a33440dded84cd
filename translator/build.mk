# core-srcs: the pure part (bytes, tables and now in; verdict and bytes out), also linked into tests, fuzzers and bench.
core-srcs := \
	translator/eam.c translator/special4.c translator/icmp_map.c translator/pmtu.c \
	translator/verdict.c translator/trace.c translator/table_memory.c \
	translator/checksum.c translator/packet.c translator/offload.c translator/transport.c \
	translator/xlat_parts.c translator/xlat_error.c translator/xlat46.c translator/xlat64.c \
	translator/wheel.c translator/bib.c translator/tally.c translator/session.c translator/tcp_fsm.c \
	translator/port_rest.c translator/port_blocks.c translator/pool4.c translator/ident.c translator/syn_store.c translator/fragment.c \
	translator/admit.c translator/stateless.c translator/stateful.c translator/stateful_flow.c translator/stateful_life.c translator/stateful_fast.c translator/fast_explain.c \
	translator/adopt.c translator/bind.c translator/session_log.c translator/log_ring.c translator/ipfix.c translator/ipfix_queue.c translator/restore.c translator/feed.c translator/feed_message.c translator/feed_apply.c \
	translator/output.c translator/icmp_error.c translator/own.c translator/translator.c \
	translator/packet_summary.c translator/explain.c translator/trace_filter.c translator/tracers.c translator/watch.c translator/watermarks.c \
	translator/control_answer.c translator/control_fill.c translator/control_list.c translator/control_trace.c \
	translator/control_pool4.c translator/control_capabilities.c
# translator-srcs: the edges (device, sockets, clock, main), only in the program.
translator-srcs := \
	translator/main.c translator/options.c translator/loop.c translator/tun.c translator/tun_store.c translator/fd_store.c translator/routes.c translator/locals.c translator/guard.c translator/forwarding.c \
	translator/fastpath.c translator/fastpath_takeover.c translator/fastpath_prove.c translator/fastpath_mappings.c \
	translator/fast_trace.c translator/trace_stream.c translator/control.c translator/state.c translator/feed_link.c \
	translator/log_line.c translator/log_writer.c translator/collector.c
# bpf-srcs: programs for the kernel, built by clang and turned into a skeleton that fastpath.c includes.
bpf-srcs := translator/fastpath.bpf.c
