# Each NAME is tests/unit/test_NAME.c, a cmocka program linked with lib, proto and the translator's core.
unit-tests :=
unit-tests += checksum packet transport tcp_fsm wheel bib session pool4 fragment syn_store ident rate_limit
unit-tests += port_rest
unit-tests += lifetimes limits offload adopt matcher fastpath
unit-tests += address config config_memory rfc6052 eam special4 icmp_map pmtu
# Files shared by several unit tests, and program sources outside the core that are tested directly.
unit-support-srcs := tests/unit/gateway.c tests/unit/fake_fast.c tests/unit/feed_side.c tests/unit/raw_packet.c tests/vectors/packet_view.c tests/vectors/hex.c tests/vectors/matcher.c
unit-link-srcs :=
# It puts an allocator of its own in front of the real one.
$(out)/unit/config_memory: LDFLAGS += -Wl,--wrap=calloc,--wrap=realloc,--wrap=reallocarray,--wrap=strdup
unit-tests += control_answer control_pool4 watermarks
unit-tests += list_page pace
unit-link-srcs += cli/list_page.c cli/pace.c
unit-tests += control_socket cli cli_health findings log
unit-link-srcs += cli/options.c cli/option_rows.c cli/colour.c cli/suggest.c cli/hex.c cli/findings.c cli/sync.c cli/health.c
unit-tests += conformance_addresses conformance_icmp conformance_state
unit-tests += conformance_fragments conformance_headers conformance_refusals
unit-tests += probe
unit-tests += fast_explain fast_flows
unit-tests += arena
unit-tests += record seal
unit-tests += config_hash sync_key node_name
unit-tests += trace tracers pcapng
unit-link-srcs += translator/fast_trace.c cli/pcapng.c
unit-tests += restore state
unit-link-srcs += translator/state.c
unit-tests += replica window mirror
unit-tests += box
unit-tests += health health_histories healthd_probe healthd_answer link_view asker
unit-support-srcs += tests/unit/health_side.c
unit-link-srcs += healthd/link_view.c healthd/asker.c healthd/drained.c
unit-support-srcs += tests/unit/two_boxes.c
unit-tests += feed feed_apply feed_link feed_pair
unit-tests += session_log bind
unit-tests += feed_message feed_server syncd_answer
unit-link-srcs += translator/feed_link.c
unit-link-srcs += syncd/feed_server.c syncd/group.c syncd/group_socket.c
unit-tests += bfd_peers
unit-link-srcs += $(healthd-frr-srcs)
unit-tests += frr_plan
unit-tests += vtysh
unit-tests += netns
unit-support-srcs += tests/unit/netns_world.c
unit-tests += pool6_export
unit-tests += import
unit-link-srcs += $(cli-import-srcs) cli/pool6_export.c
