/* See metrics.h: the table. */
#include "cli/metrics.h"

/* clang-format off */
#define SYNC_STATES   "starting joining in-sync alone"
#define PEER_STATES   "in-sync alone joining starting never-heard not-accepted lost"
#define HEALTH_STATES "starting warming up degraded down drained"
#define BFD_STATES    "up down init admin-down silent unknown"

#define STATUS(field)   METRIC_OF_STATUS, offsetof(SaNat64__Control__StatusReply, field)
#define STATS(field)    METRIC_OF_STATS, offsetof(SaNat64__Control__StatsReply, field)
#define FEED(field)     METRIC_OF_FEED, offsetof(SaNat64__Control__Feed, field)
#define LOG(field)      METRIC_OF_LOG, offsetof(SaNat64__Control__SessionLog, field)
#define COLLECTOR(field) METRIC_OF_COLLECTOR, offsetof(SaNat64__Control__Collector, field)
#define HEALTH(field)   METRIC_OF_HEALTH, offsetof(SaNat64__Control__HealthInstance, field)
#define PROBE(field)    METRIC_OF_PROBE, offsetof(SaNat64__Control__Probe, field)
#define BFD(field)      METRIC_OF_BFD, offsetof(SaNat64__Control__BfdPeer, field)
#define LINK(field)     METRIC_OF_LINK, offsetof(SaNat64__Control__PeersReply, field)
#define SYNC(field)     METRIC_OF_SYNC, offsetof(SaNat64__Control__SyncInstance, field)
#define PEER(field)     METRIC_OF_PEER, offsetof(SaNat64__Control__Peer, field)

#define ROW(...) ROW_(__VA_ARGS__)
#define ROW_(name_, type_, unit_, shape_, source_, offset_, fixed_, words_, help_) \
	{ .name = name_, .type = METRIC_##type_, .unit = unit_, .source = source_, .shape = METRIC_##shape_, \
	  .offset = offset_, .fixed = fixed_, .words = words_, .help = help_ }

#define COUNTER(name_, shape_, place, help_)              ROW(name_, COUNTER, "", shape_, place, "", "", help_)
#define COUNTER_OF(name_, shape_, place, fixed_, help_)   ROW(name_, COUNTER, "", shape_, place, fixed_, "", help_)
#define BYTES_COUNTER(name_, shape_, place, help_)        ROW(name_, COUNTER, "bytes", shape_, place, "", "", help_)
#define GAUGE(name_, shape_, place, help_)                ROW(name_, GAUGE, "", shape_, place, "", "", help_)
#define GAUGE_OF(name_, shape_, place, fixed_, help_)     ROW(name_, GAUGE, "", shape_, place, fixed_, "", help_)
#define BYTES(name_, place, help_)                        ROW(name_, GAUGE, "bytes", U64, place, "", "", help_)
#define SECONDS(name_, place, help_)                      ROW(name_, GAUGE, "seconds", US, place, "", "", help_)
#define SECONDS_OF(name_, place, fixed_, help_)           ROW(name_, GAUGE, "seconds", US, place, fixed_, "", help_)
#define STATE(name_, place, words_, help_)                ROW(name_, GAUGE, "", STATE, place, "", words_, help_)
#define IS_WORD(name_, place, words_, help_)              ROW(name_, GAUGE, "", IS_WORD, place, "", words_, help_)

#define QUEUE_HELP   "Sessions that wait to be sent, by urgency, or for the translator."
#define PROBE_LOST   "Probes that were not answered, by the direction in which they were lost."
#define PROBE_TIME   "What the newest answered probe took in each direction."
#define FLAGGED_HELP "Whether the peer runs with another configuration: of its prefixes or pools, or of anything else that should agree."
#define STRANGE_HELP "Datagrams on the sync link that belong to no instance here: of another cluster, another version, or from beyond a router."
#define UNUSED_HELP  "Datagrams that were not accepted, by reason."
#define REFUSED_HELP "Records of peers that could not be entered, by reason."

const struct metric metrics[] = {
	ROW_("build", INFO, "", VERSION, METRIC_OF_BUILD, 0, "", "", "The release of the program that prints these metrics."),
	ROW_("up", GAUGE, "", UP, METRIC_OF_PROGRAMS, 0, "", "", "Whether the program answers on its control socket."),
	ROW_("start_time_seconds", GAUGE, "seconds", STARTED, METRIC_OF_PROGRAMS, 0, "", "", "When the program was started, since the epoch; its counters began at 0 then."),
	ROW_("instance", INFO, "", INSTANCE, METRIC_OF_STATUS, 0, "", "", "The kind of the instance and the network namespace that its translator runs in."),

	ROW("translated_packets", COUNTER, "", DIRECTIONS, STATS(packets), "", "", "Packets translated, by either path."),
	BYTES_COUNTER("translated_bytes", DIRECTIONS, STATS(bytes), "Bytes of the packets translated, as they came."),
	ROW_("dropped_packets", COUNTER, "", DROPS, METRIC_OF_STATS, 0, "", "", "Packets dropped, by reason."),
	COUNTER("icmp_errors_sent", DIRECTIONS, STATS(errors_sent), "ICMP errors that the translator sent about packets of a direction."),
	COUNTER("icmp_errors_limited", DIRECTIONS, STATS(errors_limited), "ICMP errors that icmp-error-rate kept back."),
	IS_WORD("fast_path_enabled", STATUS(fast_path), "on", "Whether the fast path is on."),
	COUNTER("fast_path_packets", DIRECTIONS, STATS(fast_packets), "Packets of translated_packets that took the fast path."),
	GAUGE("fast_path_flows", U32, STATS(fast_held), "Sessions and stateless mappings in the fast path."),
	COUNTER("fast_path_flows_installed", U64, STATS(fast_installed), "Sessions entered into the fast path."),
	COUNTER("fast_path_flows_refused", U64, STATS(fast_refused), "Sessions that the fast path had no room for."),
	COUNTER("fast_path_reattached", U64, STATS(fast_reattached), "How often others took the fast path off the device."),

	GAUGE("sessions", PROTOCOLS, STATUS(sessions), "Sessions held."),
	GAUGE("sessions_limit", U32, STATUS(sessions_max), "The most sessions that there can be (max-sessions)."),
	COUNTER("sessions_created", PROTOCOLS, STATS(sessions_created), "Sessions created."),
	COUNTER("sessions_expired", PROTOCOLS, STATS(sessions_expired), "Sessions that ended."),
	GAUGE("bindings", U64, STATUS(bindings), "Bindings held, static ones included."),
	GAUGE("static_bindings", U32, STATUS(static_bindings), "Static bindings held."),
	COUNTER("bindings_created", PROTOCOLS, STATS(bindings_created), "Bindings created."),
	GAUGE("pool4_ports_used", PROTOCOLS, STATUS(pool4_used), "Ports and identifiers of pool4 in use by this node."),
	GAUGE("pool4_ports", PROTOCOLS, STATUS(pool4_ports), "Ports and identifiers of pool4 that this node may hand out."),
	GAUGE("limited_hosts", U32, STATS(hosts), "Hosts with sessions, counted under max-sessions-per-host only."),
	GAUGE("fragments", U32, STATS(fragments), "Fragments held."),
	GAUGE("fragments_limit", U32, STATS(fragments_max), "The most fragments that can be held (max-fragments)."),
	GAUGE("stored_syns", U32, STATS(stored_syns), "SYNs from IPv4 that wait for one from IPv6."),
	GAUGE("stored_syns_limit", U32, STATS(stored_syns_max), "The most SYNs that can wait (max-stored-syns)."),
	COUNTER("tcp_probes", U64, STATS(tcp_probes), "Probe segments sent on idle TCP sessions before they end."),
	BYTES("table_bytes", STATUS(table_bytes), "Address space of the translator's tables."),
	BYTES("resident_memory_bytes", STATUS(resident_bytes), "Resident memory of the translator's process."),
	GAUGE("state_is_kept", FLAG, STATUS(state_is_kept), "Whether sessions outlive the translator's process."),

	COUNTER("session_log_written", U64, LOG(written), "Records of the session log written to the journal or the file."),
	COUNTER("session_log_lost", U64, LOG(lost), "Records of the session log that nobody got, or that the journal or the file refused."),
	GAUGE("session_log_waiting", U32, LOG(waiting), "Records of the session log that wait to be written."),
	GAUGE("session_log_collector_up", FLAG, COLLECTOR(up), "Whether an IPFIX collector takes records."),
	COUNTER("session_log_collector_written", U64, COLLECTOR(written), "Records that arrived at an IPFIX collector, as far as that can be known."),
	COUNTER("session_log_collector_lost", U64, COLLECTOR(lost), "Records that an IPFIX collector was not sent for want of room in its queue."),
	GAUGE("session_log_collector_waiting", U32, COLLECTOR(waiting), "Records that wait for an IPFIX collector, or for its word that they arrived."),

	ROW("health_state", GAUGE, "", HEALTH_STATE, STATUS(health), "", HEALTH_STATES, "1 for the state of the instance, 0 for the others; without sa-nat64-healthd as the translator says."),
	SECONDS("health_state_age_seconds", HEALTH(since_us), "How long the instance has been in its state."),
	GAUGE("serving", FLAG, HEALTH(serving), "Whether the routers are told to send traffic here."),
	COUNTER("falls", U64, HEALTH(falls), "How often the instance stopped serving without an order."),
	SECONDS("hold_down_seconds", HEALTH(serves_in_us), "What is left of the hold-down before the instance serves again."),
	GAUGE("uplink_carrier", FLAG, HEALTH(carrier), "Whether the link towards the routers has a carrier."),
	STATE("bfd_state", BFD(state), BFD_STATES, "1 for the state of the BFD session with a router, 0 for the others."),
	SECONDS("bfd_detection_seconds", BFD(detection_us), "After how long the router takes this box for dead; 0 when unknown."),
	COUNTER("probes_sent", U64, PROBE(sent), "Packets sent through the translator and back to see whether it works."),
	COUNTER("probes_answered", U64, PROBE(answered), "Probes that came back."),
	COUNTER_OF("probes_lost", U64, PROBE(lost_6to4), "direction=\"6to4\"", PROBE_LOST),
	COUNTER_OF("probes_lost", U64, PROBE(lost_4to6), "direction=\"4to6\"", PROBE_LOST),
	SECONDS_OF("probe_latency_seconds", PROBE(latency_6to4_us), "direction=\"6to4\"", PROBE_TIME),
	SECONDS_OF("probe_latency_seconds", PROBE(latency_4to6_us), "direction=\"4to6\"", PROBE_TIME),
	SECONDS("probe_latency_worst_seconds", PROBE(latency_max_us), "The longest that a probe took there and back within the last minute."),
	SECONDS("probe_silence_seconds", PROBE(silent_us), "Since the newest answered probe was sent."),

	GAUGE("feed_attached", FLAG, FEED(attached), "Whether sa-nat64-syncd hears of the translator's sessions."),
	COUNTER("feed_records_told", U64, FEED(told), "Records of sessions told to sa-nat64-syncd."),
	COUNTER("feed_records_entered", U64, FEED(entered), "Records of peers entered by the translator."),
	COUNTER("feed_records_refused", U64, FEED(refused), "Records of peers that the translator could not enter."),
	COUNTER("feed_conflicts", U64, FEED(conflicts), "Records of peers that met another binding here."),
	COUNTER("feed_overflows", U64, FEED(overflows), "Changes that found the queue towards sa-nat64-syncd full."),
	GAUGE("feed_queue", U32, FEED(queue), "Changes that wait for sa-nat64-syncd."),
	GAUGE("feed_copies", U64, FEED(copies), "Sessions held that other nodes own."),

	ROW("sync_link_up", GAUGE, "", IS_EMPTY, LINK(link), "", "", "Whether the interface of the exchange can be used."),
	COUNTER_OF("sync_strange_datagrams", U64, LINK(foreign), "reason=\"foreign\"", STRANGE_HELP),
	COUNTER_OF("sync_strange_datagrams", U64, LINK(other_version), "reason=\"other-version\"", STRANGE_HELP),
	COUNTER_OF("sync_strange_datagrams", U64, LINK(not_local), "reason=\"not-local\"", STRANGE_HELP),
	STATE("sync_state", SYNC(state), SYNC_STATES, "1 for the state of the replication of an instance, 0 for the others."),
	GAUGE("sync_sessions", U64, SYNC(sessions), "Sessions that sa-nat64-syncd knows."),
	GAUGE("sync_own_sessions", U64, SYNC(own), "Sessions of sync_sessions that this node owns."),
	GAUGE_OF("sync_queue", U64, SYNC(queue_repair), "queue=\"repair\"", QUEUE_HELP),
	GAUGE_OF("sync_queue", U64, SYNC(queue_news), "queue=\"news\"", QUEUE_HELP),
	GAUGE_OF("sync_queue", U64, SYNC(queue_bulk), "queue=\"bulk\"", QUEUE_HELP),
	GAUGE_OF("sync_queue", U64, SYNC(queue_translator), "queue=\"translator\"", QUEUE_HELP),
	COUNTER("sync_sent_datagrams", U64, SYNC(sent_datagrams), "Datagrams sent to the peers."),
	BYTES_COUNTER("sync_sent_bytes", U64, SYNC(sent_bytes), "Bytes of the datagrams sent to the peers."),
	COUNTER("sync_sent_sessions", U64, SYNC(sent_sessions), "Records of sessions sent to the peers."),
	COUNTER("sync_received_datagrams", U64, SYNC(received_datagrams), "Datagrams received from peers and accepted."),
	BYTES_COUNTER("sync_received_bytes", U64, SYNC(received_bytes), "Bytes of the datagrams received from peers."),
	COUNTER("sync_received_sessions", U64, SYNC(received_sessions), "Records of sessions received from peers."),
	COUNTER("sync_resent", U64, SYNC(resent), "Datagrams whose content peers asked for again."),
	COUNTER_OF("sync_unused_datagrams", U64, SYNC(duplicates), "reason=\"duplicate\"", UNUSED_HELP),
	COUNTER_OF("sync_unused_datagrams", U64, SYNC(replays), "reason=\"replay\"", UNUSED_HELP),
	COUNTER_OF("sync_unused_datagrams", U64, SYNC(bad_seals), "reason=\"bad-seal\"", UNUSED_HELP),
	COUNTER_OF("sync_unused_datagrams", U64, SYNC(malformed), "reason=\"malformed\"", UNUSED_HELP),
	COUNTER_OF("sync_unused_datagrams", U64, SYNC(unaccepted), "reason=\"not-accepted\"", UNUSED_HELP),
	COUNTER_OF("sync_refused_records", U64, SYNC(refused), "reason=\"refused\"", REFUSED_HELP),
	COUNTER_OF("sync_refused_records", U64, SYNC(conflicts), "reason=\"conflict\"", REFUSED_HELP),
	COUNTER_OF("sync_refused_records", U64, SYNC(no_room), "reason=\"no-room\"", REFUSED_HELP),
	COUNTER("sync_feed_overflows", U64, SYNC(feed_overflows), "How often the translator's queue was full, as sa-nat64-syncd was told."),
	BYTES("sync_memory_bytes", SYNC(memory_bytes), "Memory of sa-nat64-syncd for the instance."),
	STATE("sync_peer_state", PEER(state), PEER_STATES, "1 for the state of a peer, 0 for the others."),
	SECONDS("sync_peer_lag_seconds", PEER(lag_us), "How far this box is behind the peer's news."),
	SECONDS("sync_peer_silence_seconds", PEER(silent_us), "Since the peer was last heard."),
	COUNTER("sync_peer_datagrams", U64, PEER(datagrams), "Datagrams of the peer."),
	COUNTER("sync_peer_missing_datagrams", U64, PEER(missing), "Datagrams of the peer that did not come by themselves and were asked for again."),
	COUNTER("sync_peer_lost_datagrams", U64, PEER(lost), "Datagrams of the peer that were given up; digests repair what stood in them."),
	COUNTER("sync_peer_asked_sessions", U64, PEER(asked), "Sessions that the peer asked for again."),
	GAUGE("sync_peer_sessions", U64, PEER(sessions), "Sessions that the peer holds."),
	GAUGE("sync_peer_copies", U64, PEER(copies), "Sessions of the peer's own that are held here."),
	ROW("sync_peer_differs", GAUGE, "", FLAG, PEER(prefixes_differ), "part=\"prefixes\"", "", FLAGGED_HELP),
	ROW("sync_peer_differs", GAUGE, "", FLAG, PEER(config_differs), "part=\"rest\"", "", FLAGGED_HELP),
};
/* clang-format on */

const size_t metrics_count = sizeof(metrics) / sizeof(metrics[0]);
