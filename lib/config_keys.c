/* The one table of all configuration keys.
 *
 * Parsing, defaults, checks of the mode, printing, help and the reference in docs/configuration.md
 * all come from it. A key that is added here exists everywhere; rows stand in the order in which
 * they are printed.
 */
#include "lib/config_internal.h"

#include <assert.h>

#define SECOND ((uint64_t)1000000)
#define HOUR   (3600 * SECOND)

#define FIELD(kind, member)                               \
	.offset = offsetof(struct config_##kind, member), \
	.size = sizeof(((struct config_##kind *)0)->member)
#define LIST(kind, member)                                              \
	.offset = offsetof(struct config_##kind, member),               \
	.count_offset = offsetof(struct config_##kind, member##_count), \
	.flags = CONFIG_KEY_REPEATS

static const struct config_word mode_words[] = {
	{ "nat64", CONFIG_MODE_NAT64 },
	{ "siit", CONFIG_MODE_SIIT },
	{ NULL, 0 },
};

static const struct config_word removed_words[] = {
	{ "kill", CONFIG_REMOVED_KILL },
	{ "drain", CONFIG_REMOVED_DRAIN },
	{ NULL, 0 },
};

static const struct config_word withdraw_words[] = {
	{ "silence", CONFIG_WITHDRAW_SILENCE },
	{ "admin-down", CONFIG_WITHDRAW_ADMIN_DOWN },
	{ NULL, 0 },
};

static const struct config_word filtering_words[] = {
	{ "endpoint-independent", CONFIG_FILTERING_ENDPOINT_INDEPENDENT },
	{ "address-dependent", CONFIG_FILTERING_ADDRESS_DEPENDENT },
	{ NULL, 0 },
};

static const struct config_word hairpin_words[] = {
	{ "off", CONFIG_HAIRPIN_OFF },
	{ "simple", CONFIG_HAIRPIN_SIMPLE },
	{ "intrinsic", CONFIG_HAIRPIN_INTRINSIC },
	{ NULL, 0 },
};

static const struct config_word fast_path_words[] = {
	{ "auto", CONFIG_FAST_PATH_AUTO },
	{ "on", CONFIG_FAST_PATH_ON },
	{ "off", CONFIG_FAST_PATH_OFF },
	{ NULL, 0 },
};

static const struct config_word udp_zero_words[] = {
	{ "compute", CONFIG_UDP_ZERO_COMPUTE },
	{ "drop", CONFIG_UDP_ZERO_DROP },
	{ NULL, 0 },
};

static const struct config_word log_sessions_words[] = {
	{ "off", CONFIG_LOG_SESSIONS_OFF },
	{ "sessions", CONFIG_LOG_SESSIONS_SESSIONS },
	{ "blocks", CONFIG_LOG_SESSIONS_BLOCKS },
	{ NULL, 0 },
};

static const struct config_word override_tos_words[] = { { "no", -1 }, { NULL, 0 } };
static const struct config_word mss_clamp_words[] = { { "off", 0 }, { "auto", -1 }, { NULL, 0 } };

/* clang-format off */
#define HEALTH(key)   .section = CONFIG_SECTION_HEALTH, .name = key, .agree = CONFIG_AGREE_NOTHING
#define NODE(key, what) \
	.section = CONFIG_SECTION_NODE, .name = key, .agree = CONFIG_AGREE_##what
#define INSTANCE(key, what) \
	.section = CONFIG_SECTION_INSTANCE, .name = key, .agree = CONFIG_AGREE_##what
/* Boxes with other keys of [cluster] do not hear each other; [network] is of one box. */
#define CLUSTER(key)  .section = CONFIG_SECTION_CLUSTER, .name = key, .agree = CONFIG_AGREE_NOTHING
#define NETWORK(key)  .section = CONFIG_SECTION_NETWORK, .name = key, .agree = CONFIG_AGREE_NOTHING

const struct config_key config_keys[] = {
	{ CLUSTER("name"), .type = &config_type_name, FIELD(cluster, name), .syntax = "NAME",
	  .fallback = "sa-nat64", .flags = CONFIG_KEY_RESTART,
	  .help = "the name that all boxes of the cluster share" },
	{ CLUSTER("sync-interface"), .type = &config_type_link, FIELD(cluster, sync_interface),
	  .syntax = "INTERFACE", .flags = CONFIG_KEY_RESTART,
	  .help = "the interface on which boxes exchange sessions; without it there is no "
	          "replication" },
	{ CLUSTER("sync-group"), .type = &config_type_group, FIELD(cluster, sync_group),
	  .syntax = "ADDRESS", .fallback = "ff02::6464", .flags = CONFIG_KEY_RESTART,
	  .help = "the multicast group of the exchange, IPv6 or IPv4" },
	{ CLUSTER("sync-port"), .type = &config_type_number, FIELD(cluster, sync_port), .min = 1,
	  .max = 65535, .fallback = "6464", .flags = CONFIG_KEY_RESTART,
	  .help = "the UDP port of the exchange" },
	{ CLUSTER("sync-key-file"), .type = &config_type_path, FIELD(cluster, sync_key_file),
	  .syntax = "PATH", .fallback = CONFIG_SYNC_KEY_FILE_DEFAULT, .flags = CONFIG_KEY_RESTART,
	  .help = "the file with the secret that seals the exchange" },
	{ CLUSTER("sync-min-age"), .type = &config_type_duration, FIELD(cluster, sync_min_age_us),
	  .min = 0, .max = HOUR, .fallback = "2s",
	  .help = "how old a UDP or ICMP session is when the other boxes are told of it; most are "
	          "gone sooner" },
	{ CLUSTER("sync-mtu"), .type = &config_type_number, FIELD(cluster, sync_mtu), .min = 576,
	  .max = 9000, .fallback = "1400", .flags = CONFIG_KEY_RESTART,
	  .help = "bytes that a datagram of the exchange may have, IP and UDP headers included" },
	{ CLUSTER("sync-rate"), .type = &config_type_rate, FIELD(cluster, sync_rate),
	  .min = 1000000, .max = UINT64_C(100000000000), .fallback = "200M",
	  .flags = CONFIG_KEY_RESTART,
	  .help = "bits a second that a box sends in the exchange of one instance at most" },
	{ CLUSTER("sync-wait"), .type = &config_type_duration, FIELD(cluster, sync_wait_us),
	  .min = 0, .max = HOUR, .fallback = "5s", .flags = CONFIG_KEY_RESTART,
	  .help = "how long a box that starts waits for others before it serves alone" },
	{ CLUSTER("metrics-listen"), .type = &config_type_listen, LIST(cluster, metrics_listen),
	  .syntax = "ADDRESS:PORT",
	  .help = "where sa-nat64-exporter answers Prometheus, an IPv6 address in brackets; an "
	          "address that this box does not have does no harm; without it nobody listens" },

	{ HEALTH("bfd-interval"), .type = &config_type_duration, FIELD(health, bfd_interval_us),
	  .min = SECOND / 100, .max = 10 * SECOND, .fallback = "50ms",
	  .help = "how often BFD packets are sent to the routers, and wanted from them" },
	{ HEALTH("bfd-multiplier"), .type = &config_type_number, FIELD(health, bfd_multiplier),
	  .min = 2, .max = 255, .fallback = "3",
	  .help = "BFD packets in a row that have to be missing before the other side is taken for "
	          "dead" },
	{ HEALTH("bfd-withdraw"), .type = &config_type_choice, FIELD(health, bfd_withdraw),
	  .words = withdraw_words, .fallback = "silence",
	  .help = "how an instance that must not serve tells the routers: by sending no more BFD "
	          "packets, or by AdminDown, which is faster, but leaves static routes in place on "
	          "some routers (FRR 10.7)" },
	{ HEALTH("probe-interval"), .type = &config_type_duration, FIELD(health, probe_interval_us),
	  .min = SECOND / 200, .max = 10 * SECOND, .fallback = "25ms",
	  .help = "how often a packet is sent through each instance and back" },
	{ HEALTH("probe-timeout"), .type = &config_type_duration, FIELD(health, probe_timeout_us),
	  .min = SECOND / 50, .max = 60 * SECOND, .fallback = "125ms",
	  .help = "an instance is down when the newest probe that came back was sent longer ago" },
	{ HEALTH("restart-grace"), .type = &config_type_duration, FIELD(health, restart_grace_us),
	  .min = 0, .max = 60 * SECOND, .fallback = "200ms",
	  .help = "the same for an instance whose translator has ended, if it is longer: a restart "
	          "takes less, and what the fast path carries does not notice" },
	{ HEALTH("hold-down"), .type = &config_type_duration, FIELD(health, hold_down_us),
	  .min = 0, .max = HOUR, .fallback = "5s",
	  .help = "how long an instance that was down has to be well before it serves again; it "
	          "doubles each time that it falls soon after" },
	{ HEALTH("hold-down-max"), .type = &config_type_duration, FIELD(health, hold_down_max_us),
	  .min = 0, .max = HOUR, .fallback = "1m",
	  .help = "the longest hold-down" },
	{ HEALTH("sync-limit"), .type = &config_type_duration, FIELD(health, sync_limit_us),
	  .min = 0, .max = HOUR, .fallback = "2m",
	  .help = "how long an instance that is well waits for the sessions of the other boxes "
	          "before it serves without them" },
	{ HEALTH("vtysh-timeout"), .type = &config_type_duration, FIELD(health, vtysh_timeout_us),
	  .min = SECOND / 20, .max = 60 * SECOND, .fallback = "1s",
	  .help = "how long a call of vtysh may take before it is ended" },

	{ NODE("id", REST), .type = &config_type_number, FIELD(node, id), .min = 0, .max = 15,
	  .flags = CONFIG_KEY_REQUIRED | CONFIG_KEY_RESTART,
	  .help = "the number of the box, different on each; it selects the box's share of every "
	          "port pool" },

	{ INSTANCE("mode", REST), .type = &config_type_choice, FIELD(instance, mode), .words = mode_words,
	  .fallback = "nat64", .flags = CONFIG_KEY_RESTART,
	  .help = "stateful translation (RFC 6146) or stateless (RFC 7915)" },
	{ INSTANCE("pool6", PREFIXES), .type = &config_type_pool6, .syntax = "PREFIX6 [for PREFIX4]",
	  .fallback = "64:ff9b::/96", .fallback_modes = CONFIG_IN_NAT64,
	  .flags = CONFIG_KEY_REPEATS,
	  .help = "a translation prefix of 32, 40, 48, 56, 64 or 96 bits (RFC 6052), for all IPv4 "
	          "addresses or those of a range; up to 16" },
	{ INSTANCE("destinations", PREFIXES), .type = &config_type_prefix4, FIELD(instance, destinations),
	  .syntax = "PREFIX4", .fallback = "0.0.0.0/0",
	  .help = "the IPv4 destinations that the instance serves" },
	{ INSTANCE("pool4", REST), .type = &config_type_pool4, .syntax = "PREFIX4 [PORT-PORT]",
	  .modes = CONFIG_IN_NAT64, .flags = CONFIG_KEY_REPEATS,
	  .help = "IPv4 addresses and ports for IPv6 hosts; ports are 1024-65535 when not given; "
	          "up to 65536 addresses" },
	{ INSTANCE("pool4-removed", NOTHING), .type = &config_type_choice, FIELD(instance, pool4_removed),
	  .words = removed_words, .modes = CONFIG_IN_NAT64, .fallback = "kill",
	  .help = "what a reload does to the sessions of addresses and ports that left pool4: end them, "
	          "or let them go on until they expire" },
	{ INSTANCE("bib", REST), .type = &config_type_bib,
	  .syntax = "tcp|udp|icmp [ADDRESS6]:PORT ADDRESS4:PORT", .modes = CONFIG_IN_NAT64,
	  .flags = CONFIG_KEY_REPEATS,
	  .help = "a static binding: makes a port of an IPv6 host reachable from IPv4; a range "
	          "such as 8000-8099 on both sides binds as many; icmp takes echo identifiers" },
	{ INSTANCE("eam", REST), .type = &config_type_eam, .syntax = "PREFIX4 PREFIX6",
	  .modes = CONFIG_IN_SIIT, .flags = CONFIG_KEY_REPEATS,
	  .help = "an explicit address mapping (RFC 7757); the IPv6 side has at least as many "
	          "bits behind its prefix" },
	{ INSTANCE("eam-file", NOTHING), .type = &config_type_eam_file, .syntax = "PATH",
	  .modes = CONFIG_IN_SIIT, .flags = CONFIG_KEY_REPEATS,
	  .help = "a file with one eam a line" },
	{ INSTANCE("primary", NOTHING), .type = &config_type_name, FIELD(instance, primary),
	  .syntax = "NODE",
	  .help = "the box that serves the instance when all are well" },
	{ INSTANCE("probe4", NOTHING), .type = &config_type_prefix4, FIELD(instance, probe4),
	  .syntax = "PREFIX4", .fallback = "192.0.0.0/30",
	  .help = "addresses of the namespace itself, used for nothing else: sa-nat64-healthd sends "
	          "its probes to the first two, in siit mode from the third" },
	{ INSTANCE("tun", NOTHING), .type = &config_type_interface, FIELD(instance, tun),
	  .syntax = "INTERFACE", .fallback = "nat64", .flags = CONFIG_KEY_RESTART,
	  .help = "the TUN device that carries the packets" },
	{ INSTANCE("address4", NOTHING), .type = &config_type_address4, .syntax = "ADDRESS4",
	  .help = "the translator's own IPv4 address: it answers ping and is the source of ICMP "
	          "errors" },
	{ INSTANCE("address6", NOTHING), .type = &config_type_address6, .syntax = "ADDRESS6",
	  .help = "the translator's own IPv6 address: it answers ping and is the source of ICMPv6 "
	          "errors" },
	{ INSTANCE("rfc6791-pool4", NOTHING), .type = &config_type_prefixes4, LIST(instance, rfc6791_pool4),
	  .syntax = "PREFIX4", .modes = CONFIG_IN_SIIT,
	  .help = "IPv4 sources for ICMPv6 errors of routers that have no IPv4 address "
	          "(RFC 6791)" },
	{ INSTANCE("denylist4", REST), .type = &config_type_prefixes4, LIST(instance, denylist4),
	  .syntax = "PREFIX4",
	  .help = "IPv4 addresses that are never translated by pool6" },
	{ INSTANCE("non-global4", REST), .type = &config_type_prefixes4, LIST(instance, non_global4),
	  .syntax = "PREFIX4",
	  .help = "replaces the built-in list (RFC 6890) of addresses that 64:ff9b::/96 must not "
	          "carry" },
	{ INSTANCE("allow-private-with-wkp", REST), .type = &config_type_yes_no,
	  FIELD(instance, allow_private_with_wkp), .fallback = "no",
	  .help = "translate private and other non-global IPv4 addresses in 64:ff9b::/96 too, "
	          "against RFC 6052 section 3.1" },
	{ INSTANCE("allow-local-addresses", NOTHING), .type = &config_type_yes_no,
	  FIELD(instance, allow_local_addresses), .fallback = "no",
	  .help = "translate towards this host's own IPv4 addresses" },
	{ INSTANCE("mtu4", NOTHING), .type = &config_type_number, FIELD(instance, mtu4), .min = 68,
	  .max = 65535, .fallback = "1500",
	  .help = "bytes that a packet may have on the IPv4 side" },
	{ INSTANCE("mtu6", NOTHING), .type = &config_type_number, FIELD(instance, mtu6), .min = 1280,
	  .max = 65535, .fallback = "1500",
	  .help = "bytes that a packet may have on the IPv6 side" },
	{ INSTANCE("lowest-ipv6-mtu", NOTHING), .type = &config_type_number,
	  FIELD(instance, lowest_ipv6_mtu), .min = 1280, .max = 65535, .fallback = "1280",
	  .help = "IPv4 packets that may be fragmented are cut to this size (RFC 7915 section 4)" },
	{ INSTANCE("mtu-plateaus", NOTHING), .type = &config_type_plateaus, .min = 68, .max = 65535,
	  .syntax = "N,N,...", .fallback = "65535,32000,17914,8166,4352,2002,1492,1006,508,296,68",
	  .help = "guesses for routers that report no MTU (RFC 1191 section 7.1), falling, from "
	          "68 to 65535, up to 32" },
	{ INSTANCE("zeroize-traffic-class", NOTHING), .type = &config_type_yes_no,
	  FIELD(instance, zeroize_traffic_class), .fallback = "no",
	  .help = "send IPv6 packets with traffic class 0 instead of the IPv4 TOS; breaks ECN" },
	{ INSTANCE("override-tos", NOTHING), .type = &config_type_choice, FIELD(instance, override_tos),
	  .words = override_tos_words, .min = 0, .max = 255, .fallback = "no",
	  .help = "send IPv4 packets with this TOS instead of the IPv6 traffic class; breaks ECN" },
	{ INSTANCE("udp-checksum-zero", NOTHING), .type = &config_type_choice,
	  FIELD(instance, udp_checksum_zero), .words = udp_zero_words, .fallback = "compute",
	  .help = "what happens to IPv4 UDP packets without a checksum" },
	{ INSTANCE("mss-clamp", NOTHING), .type = &config_type_choice, FIELD(instance, mss_clamp),
	  .words = mss_clamp_words, .min = 536, .max = 65495, .fallback = "off",
	  .help = "lower the MSS of TCP SYNs: to what mtu4 and mtu6 carry, or to a number of "
	          "bytes" },
	{ INSTANCE("icmp-errors", NOTHING), .type = &config_type_icmp,
	  .syntax = "yes | no | time-exceeded, too-big, unreachable, parameter-problem",
	  .fallback = "yes",
	  .help = "which ICMP errors the translator sends itself; translated ones always pass" },
	{ INSTANCE("icmp-error-rate", NOTHING), .type = &config_type_number,
	  FIELD(instance, icmp_error_rate), .min = 0, .max = 1000000, .fallback = "1000",
	  .help = "own ICMP errors a second, for each class and family; 0 is no limit" },
	{ INSTANCE("icmp-error-burst", NOTHING), .type = &config_type_number,
	  FIELD(instance, icmp_error_burst), .min = 1, .max = 1000000, .fallback = "200",
	  .help = "own ICMP errors that may be sent at once before the rate holds" },
	{ INSTANCE("icmp-interface-info", NOTHING), .type = &config_type_yes_no,
	  FIELD(instance, icmp_interface_info), .fallback = "no",
	  .help = "name the IPv6 router in translated ICMP errors (RFC 5837 object, RFC 6791 "
	          "section 4)" },
	{ INSTANCE("eam-hairpin-mode", NOTHING), .type = &config_type_choice,
	  FIELD(instance, eam_hairpin_mode), .words = hairpin_words, .modes = CONFIG_IN_SIIT,
	  .fallback = "intrinsic",
	  .help = "how two hosts that both have an eam reach each other (RFC 7757 section 4)" },
	{ INSTANCE("filtering", REST), .type = &config_type_choice, FIELD(instance, filtering),
	  .words = filtering_words, .modes = CONFIG_IN_NAT64, .fallback = "endpoint-independent",
	  .help = "which IPv4 hosts may send to a binding: all, or those that were sent to" },
	{ INSTANCE("drop-externally-initiated-tcp", REST), .type = &config_type_yes_no,
	  FIELD(instance, drop_externally_initiated_tcp), .modes = CONFIG_IN_NAT64,
	  .fallback = "no",
	  .help = "refuse TCP connections from IPv4 to dynamic bindings" },
	{ INSTANCE("drop-icmpv6-info", NOTHING), .type = &config_type_yes_no,
	  FIELD(instance, drop_icmpv6_info), .modes = CONFIG_IN_NAT64, .fallback = "no",
	  .help = "drop ICMPv6 informational messages (ping) from IPv6 hosts" },
	{ INSTANCE("inbound-refresh", REST), .type = &config_type_yes_no,
	  FIELD(instance, inbound_refresh), .modes = CONFIG_IN_NAT64, .fallback = "yes",
	  .help = "packets from IPv4 keep UDP and ICMP sessions alive, not only those from IPv6" },
	{ INSTANCE("tcp-est-timeout", REST), .type = &config_type_duration,
	  FIELD(instance, tcp_est_timeout_us), .min = SECOND / 10, .max = 24 * HOUR,
	  .modes = CONFIG_IN_NAT64, .fallback = "2h4m", .floor_us = 7440 * SECOND,
	  .floor_source = "2h4m of RFC 5382 REQ-5; idle connections that are still in use will "
	                  "break",
	  .help = "idle time of an established TCP connection" },
	{ INSTANCE("tcp-init-timeout", REST), .type = &config_type_duration,
	  FIELD(instance, tcp_init_timeout_us), .min = SECOND / 10, .max = 24 * HOUR,
	  .modes = CONFIG_IN_NAT64, .fallback = "4m", .floor_us = 240 * SECOND,
	  .floor_source = "4m of RFC 5382 REQ-5; connections that open slowly will break",
	  .help = "idle time of a TCP connection that opens" },
	{ INSTANCE("tcp-trans-timeout", REST), .type = &config_type_duration,
	  FIELD(instance, tcp_trans_timeout_us), .min = SECOND / 10, .max = 24 * HOUR,
	  .modes = CONFIG_IN_NAT64, .fallback = "4m", .floor_us = 240 * SECOND,
	  .floor_source = "4m of RFC 5382 REQ-5; connections that close slowly will break",
	  .help = "idle time of a TCP connection that closes, or does not answer the probe" },
	{ INSTANCE("tcp-syn-timeout", NOTHING), .type = &config_type_duration,
	  FIELD(instance, tcp_syn_timeout_us), .min = SECOND / 10, .max = 24 * HOUR,
	  .modes = CONFIG_IN_NAT64, .fallback = "6s", .floor_us = 6 * SECOND,
	  .floor_source = "6s of RFC 6146 section 4; simultaneous opens may fail",
	  .help = "how long a SYN from IPv4 is kept for a SYN from IPv6 to meet it" },
	{ INSTANCE("udp-timeout", REST), .type = &config_type_duration, FIELD(instance, udp_timeout_us),
	  .min = SECOND / 10, .max = 24 * HOUR, .modes = CONFIG_IN_NAT64, .fallback = "5m",
	  .floor_us = 120 * SECOND,
	  .floor_source = "120s of RFC 4787 REQ-5; peers that pause longer lose their session",
	  .help = "idle time of a UDP session" },
	{ INSTANCE("icmp-timeout", REST), .type = &config_type_duration, FIELD(instance, icmp_timeout_us),
	  .min = SECOND / 10, .max = 24 * HOUR, .modes = CONFIG_IN_NAT64, .fallback = "1m",
	  .floor_us = 60 * SECOND,
	  .floor_source = "60s of RFC 5508 REQ-2; late echo replies are lost",
	  .help = "idle time of an ICMP echo session" },
	{ INSTANCE("fragment-timeout", NOTHING), .type = &config_type_duration,
	  FIELD(instance, fragment_timeout_us), .min = SECOND / 10, .max = 24 * HOUR,
	  .fallback = "2s", .floor_us = 2 * SECOND,
	  .floor_source = "2s of RFC 6146 section 4; fragments that arrive out of order may be "
	                  "lost",
	  .help = "how long fragments wait for the first one" },
	{ INSTANCE("port-reuse-delay", NOTHING), .type = &config_type_duration,
	  FIELD(instance, port_reuse_delay_us), .min = 0, .max = 24 * HOUR,
	  .modes = CONFIG_IN_NAT64, .fallback = "120s",
	  .help = "how long a freed port rests before another host gets it (RFC 6888 REQ-8)" },
	{ INSTANCE("max-sessions", REST), .type = &config_type_number, FIELD(instance, max_sessions),
	  .min = 1, .max = 67108864, .modes = CONFIG_IN_NAT64, .fallback = "1000000",
	  .flags = CONFIG_KEY_RESTART,
	  .help = "sessions of all protocols; memory for them is set aside at start" },
	{ INSTANCE("max-sessions-per-host", REST), .type = &config_type_number,
	  FIELD(instance, max_sessions_per_host), .min = 0, .max = 67108864,
	  .modes = CONFIG_IN_NAT64, .fallback = "0",
	  .help = "sessions of one IPv6 host; 0 is no limit" },
	{ INSTANCE("host-prefix-length", REST), .type = &config_type_number,
	  FIELD(instance, host_prefix_length), .min = 32, .max = 128, .modes = CONFIG_IN_NAT64,
	  .fallback = "64", .flags = CONFIG_KEY_RESTART,
	  .help = "bits of an IPv6 address that make one host for max-sessions-per-host" },
	{ INSTANCE("max-stored-syns", NOTHING), .type = &config_type_number,
	  FIELD(instance, max_stored_syns), .min = 0, .max = 1048576, .modes = CONFIG_IN_NAT64,
	  .fallback = "4096", .flags = CONFIG_KEY_RESTART,
	  .help = "SYNs from IPv4 that may wait for a SYN from IPv6" },
	{ INSTANCE("max-fragments", NOTHING), .type = &config_type_number, FIELD(instance, max_fragments),
	  .min = 16, .max = 1048576, .fallback = "4096", .flags = CONFIG_KEY_RESTART,
	  .help = "fragments that may wait for the first one" },
	{ INSTANCE("log-sessions", NOTHING), .type = &config_type_choice, FIELD(instance, log_sessions),
	  .words = log_sessions_words, .modes = CONFIG_IN_NAT64, .fallback = "off",
	  .help = "log who had which public port and when: each port, or blocks of 64 ports, which "
	          "hosts then have for themselves (RFC 6888 REQ-12 to REQ-14); docs/logging.md" },
	{ INSTANCE("log-destinations", NOTHING), .type = &config_type_yes_no,
	  FIELD(instance, log_destinations), .modes = CONFIG_IN_NAT64, .fallback = "no",
	  .help = "log-sessions = sessions writes every session with the address it goes to; needed "
	          "only where servers do not log source ports" },
	{ INSTANCE("log-file", NOTHING), .type = &config_type_log_file, .syntax = "PATH | journal",
	  .modes = CONFIG_IN_NAT64,
	  .help = "log-sessions writes JSON lines to this file, or into the journal; records go to "
	          "log-file and to each log-ipfix, and to the journal where neither is given" },
	{ INSTANCE("log-ipfix", NOTHING), .type = &config_type_collectors, LIST(instance, log_ipfix),
	  .syntax = "[tcp:|udp:]ADDRESS:PORT", .modes = CONFIG_IN_NAT64,
	  .help = "log-sessions sends IPFIX records (RFC 8158) to this collector, which is reached "
	          "from the instance's namespace; an IPv6 address in brackets; TCP when not given; "
	          "up to 4" },
	{ INSTANCE("fast-path", NOTHING), .type = &config_type_choice, FIELD(instance, fast_path),
	  .words = fast_path_words, .fallback = "auto", .flags = CONFIG_KEY_RESTART,
	  .help = "translate established flows in the kernel: if it can, or do not start, or never" },

	{ NETWORK("namespace"), .type = &config_type_namespace, FIELD(network, namespace_name),
	  .syntax = "NAME", .fallback = "nat64-INSTANCE",
	  .flags = CONFIG_KEY_DERIVED | CONFIG_KEY_RESTART,
	  .help = "the network namespace of the instance" },
	{ NETWORK("attach"), .type = &config_type_attach,
	  .syntax = "veth [BRIDGE] | macvlan INTERFACE | move INTERFACE",
	  .flags = CONFIG_KEY_RESTART,
	  .help = "how the namespace is connected" },
	{ NETWORK("address"), .type = &config_type_ifaddrs,
	  .offset = offsetof(struct config_network, address),
	  .count_offset = offsetof(struct config_network, address_count),
	  .syntax = "ADDRESS/LENGTH", .flags = CONFIG_KEY_REPEATS | CONFIG_KEY_RESTART,
	  .help = "an address of the uplink in the namespace" },
	{ NETWORK("gateway"), .type = &config_type_addresses,
	  .offset = offsetof(struct config_network, gateway),
	  .count_offset = offsetof(struct config_network, gateway_count), .syntax = "ADDRESS",
	  .flags = CONFIG_KEY_REPEATS | CONFIG_KEY_RESTART,
	  .help = "the next hop of a default route in the namespace" },
	{ NETWORK("bfd-peer"), .type = &config_type_addresses,
	  .offset = offsetof(struct config_network, bfd_peer),
	  .count_offset = offsetof(struct config_network, bfd_peer_count), .syntax = "ADDRESS",
	  .flags = CONFIG_KEY_REPEATS,
	  .help = "a router that learns by BFD whether the instance serves; the first IPv6 and the "
	          "first IPv4 address are one router, which gets both families or none, and so on" },
};
/* clang-format on */

const size_t config_keys_count = sizeof(config_keys) / sizeof(config_keys[0]);

static_assert(sizeof(config_keys) / sizeof(config_keys[0]) <= CONFIG_KEYS_MAX,
              "struct config_trace has a line for each key");
