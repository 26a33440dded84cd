/* The configuration file (INI, one for all boxes) as checked, plain data.
 *
 * config_load() and config_parse() read the text with libinih, look every key up in one table
 * (parser, range, default, help line, reload rule), check what one key alone cannot tell (overlaps,
 * mode, completeness) and report *every* problem as "FILE:LINE: message" with the value and what is
 * accepted. A struct config that was returned is complete and consistent; nobody else checks it
 * again. All durations are microseconds, addresses in host order.
 */
#ifndef SA_NAT64_CONFIG_H
#define SA_NAT64_CONFIG_H

#include "lib/address.h"

#include <stdio.h>

#define CONFIG_PATH_DEFAULT          "/etc/sa-nat64/sa-nat64.conf"
#define CONFIG_RUNDIR_DEFAULT        "/run/sa-nat64"
#define CONFIG_SYNC_KEY_FILE_DEFAULT "/etc/sa-nat64/sync.key"
#define CONFIG_NAME_MAX \
	32 /* cluster, node, instance names: letters, digits, '-', '_', '.'; NUL included */
#define CONFIG_POOL6_MAX \
	16 /* pool6 lines of one instance; a session stores the index in one byte */
#define CONFIG_POOL4_MAX     65536 /* IPv4 addresses in all pool4 ranges of one instance */
#define CONFIG_PLATEAUS_MAX  32
#define CONFIG_LOG_IPFIX_MAX 4 /* collectors of one instance */

enum config_mode { CONFIG_MODE_NAT64, CONFIG_MODE_SIIT };
enum config_filtering { CONFIG_FILTERING_ENDPOINT_INDEPENDENT, CONFIG_FILTERING_ADDRESS_DEPENDENT };
enum config_hairpin { CONFIG_HAIRPIN_OFF, CONFIG_HAIRPIN_SIMPLE, CONFIG_HAIRPIN_INTRINSIC };
enum config_fast_path { CONFIG_FAST_PATH_AUTO, CONFIG_FAST_PATH_ON, CONFIG_FAST_PATH_OFF };
enum config_udp_zero { CONFIG_UDP_ZERO_COMPUTE, CONFIG_UDP_ZERO_DROP };
enum config_log_sessions {
	CONFIG_LOG_SESSIONS_OFF,
	CONFIG_LOG_SESSIONS_SESSIONS,
	CONFIG_LOG_SESSIONS_BLOCKS
};
enum config_removed { CONFIG_REMOVED_KILL, CONFIG_REMOVED_DRAIN };
enum config_withdraw { CONFIG_WITHDRAW_SILENCE, CONFIG_WITHDRAW_ADMIN_DOWN };
enum config_attach {
	CONFIG_ATTACH_NONE,
	CONFIG_ATTACH_MACVLAN,
	CONFIG_ATTACH_VETH,
	CONFIG_ATTACH_MOVE
};

enum config_section {
	CONFIG_SECTION_CLUSTER,
	CONFIG_SECTION_HEALTH,
	CONFIG_SECTION_NODE,
	CONFIG_SECTION_INSTANCE,
	CONFIG_SECTION_NETWORK,
	CONFIG_SECTION_KINDS
};
extern const char *const config_section_names[CONFIG_SECTION_KINDS]; /* "cluster", ... */

/* Classes of ICMP errors that the translator may originate; key icmp-errors = yes | no | list of
 * their names. */
enum config_icmp_class {
	CONFIG_ICMP_TIME_EXCEEDED,     /* "time-exceeded": 11/0, 3/0 */
	CONFIG_ICMP_TOO_BIG,           /* "too-big": 3/4, 2/0 */
	CONFIG_ICMP_UNREACHABLE,       /* "unreachable": 3/x, 1/x */
	CONFIG_ICMP_PARAMETER_PROBLEM, /* "parameter-problem": 4/x */
	CONFIG_ICMP_CLASSES
};

struct config_cluster {
	char name[CONFIG_NAME_MAX]; /* "sa-nat64" when not given */
	char *sync_interface;       /* NULL: no replication */
	char *sync_group;           /* text of the group address, checked */
	uint16_t sync_port;
	char *sync_key_file;
	uint64_t sync_min_age_us;
	uint16_t sync_mtu;  /* bytes, IP and UDP headers included */
	uint64_t sync_rate; /* bits a second, of one instance */
	uint64_t sync_wait_us;
	char **metrics_listen; /* "ADDRESS:PORT" or "[ADDRESS]:PORT", checked */
	size_t metrics_listen_count;
};

/* What sa-nat64-healthd goes by, the same for all instances of a box. */
struct config_health {
	uint64_t bfd_interval_us;
	uint8_t bfd_multiplier; /* 2..255 */
	enum config_withdraw bfd_withdraw;
	uint64_t probe_interval_us;
	uint64_t probe_timeout_us; /* two intervals or more */
	uint64_t restart_grace_us;
	uint64_t hold_down_us, hold_down_max_us;
	uint64_t sync_limit_us;
	uint64_t vtysh_timeout_us;
};

struct config_node {
	char name[CONFIG_NAME_MAX];
	uint8_t id; /* 0..15, unique */
};

struct config_pool6 {
	struct prefix6 prefix; /* length 32, 40, 48, 56, 64 or 96 */
	struct prefix4 range;  /* "for RANGE"; 0.0.0.0/0 when not given */
};

struct config_pool4 {
	struct prefix4 prefix;
	uint16_t port_min, port_max; /* 1..65535, min <= max; 1024-65535 when not given */
};

struct config_bib {
	uint8_t proto; /* IPPROTO_TCP, IPPROTO_UDP or IPPROTO_ICMP */
	struct in6_addr addr6;
	uint32_t addr4;
	uint16_t port6, port4; /* first port, or ICMP identifier */
	uint16_t count;        /* consecutive ports on both sides, 1 or more */
};

struct config_eam {
	struct prefix4 prefix4;
	struct prefix6 prefix6; /* 32 - prefix4.len <= 128 - prefix6.len */
};

struct config_instance {
	char name[CONFIG_NAME_MAX];
	enum config_mode mode;
	struct config_pool6 *pool6; /* in nat64 mode at least one: 64:ff9b::/96 when not given */
	size_t pool6_count;
	struct prefix4 destinations;
	struct config_pool4 *pool4;
	size_t pool4_count;
	enum config_removed pool4_removed;
	struct config_bib *bib;
	size_t bib_count;
	struct config_eam *eam; /* eam and eam-file together */
	size_t eam_count;
	char primary[CONFIG_NAME_MAX]; /* node name or "" */
	struct prefix4 probe4;         /* see lib/probe_address.h */
	char tun[16];

	bool has_address4, has_address6; /* given in the file */
	uint32_t address4;
	struct in6_addr address6;
	struct prefix4 *rfc6791_pool4;
	size_t rfc6791_pool4_count;
	struct prefix4 *denylist4;
	size_t denylist4_count;
	struct prefix4 *non_global4; /* key non-global4: replaces the built-in list of
	                                special-purpose addresses */
	size_t non_global4_count;    /* 0: the built-in list */
	bool allow_private_with_wkp;
	bool allow_local_addresses; /* translate towards this host's own IPv4 addresses */

	uint32_t mtu4, mtu6;                        /* 68..65535 and 1280..65535 */
	uint32_t lowest_ipv6_mtu;                   /* 1280..65535 */
	uint16_t mtu_plateaus[CONFIG_PLATEAUS_MAX]; /* descending */
	size_t mtu_plateaus_count;
	bool zeroize_traffic_class;
	int override_tos; /* -1: no; else 0..255 */
	enum config_udp_zero udp_checksum_zero;
	int mss_clamp; /* 0 off, -1 auto, else 536..65495 */

	bool icmp_errors[CONFIG_ICMP_CLASSES];
	uint32_t icmp_error_rate; /* a second, for each class and family; 0 = no limit */
	uint32_t icmp_error_burst;
	bool icmp_interface_info; /* RFC 5837 object as RFC 6791 section 4 asks */
	enum config_hairpin eam_hairpin_mode;

	enum config_filtering filtering;
	bool drop_externally_initiated_tcp;
	bool drop_icmpv6_info;
	bool inbound_refresh; /* packets from IPv4 refresh UDP and ICMP sessions */
	uint64_t tcp_est_timeout_us, tcp_init_timeout_us, tcp_trans_timeout_us, tcp_syn_timeout_us;
	uint64_t udp_timeout_us, icmp_timeout_us, fragment_timeout_us;
	uint64_t port_reuse_delay_us;

	uint32_t max_sessions;          /* 1..64 million */
	uint32_t max_sessions_per_host; /* 0 = no limit */
	uint8_t host_prefix_length;     /* 32..128 */
	uint32_t max_stored_syns;
	uint32_t max_fragments;
	enum config_log_sessions log_sessions;
	bool log_destinations;
	char *log_file;   /* NULL: none */
	bool log_journal; /* log-file = journal */
	char **log_ipfix; /* as lib/collector_address.h reads them */
	size_t log_ipfix_count;
	enum config_fast_path fast_path;
};

struct config_network {
	char instance[CONFIG_NAME_MAX];
	char node[CONFIG_NAME_MAX];
	char *namespace_name; /* "nat64-INSTANCE" when not given */
	enum config_attach attach;
	char *attach_interface; /* NULL for CONFIG_ATTACH_VETH without a bridge, CONFIG_ATTACH_NONE
	                         */
	char **address;         /* "ADDRESS/LEN", checked */
	size_t address_count;
	char **gateway; /* addresses, checked */
	size_t gateway_count;
	char **bfd_peer; /* addresses, checked */
	size_t bfd_peer_count;
};

struct config {
	struct config_cluster cluster;
	struct config_health health;
	struct config_node *nodes;
	size_t node_count;
	struct config_instance *instances;
	size_t instance_count;
	struct config_network *networks;
	size_t network_count;
};

/* Read and check FILE. Errors and warnings ("FILE:LINE: warning: ...") go to err, every one of
 * them. Returns 0 and a configuration that the caller frees, -EINVAL when the text is refused, or
 * the -errno of opening or reading (reported on err as well). */
int config_load(const char *path, FILE *err, struct config **out);

/* The same for text in memory (len bytes, need not end in NUL); name stands in messages.
 * Relative and absolute eam-file names are opened as usual. */
int config_parse(const char *text, size_t len, const char *name, FILE *err, struct config **out);

/* NULL is accepted. */
void config_free(struct config *config);

/* NULL when there is none of that name. */
const struct config_instance *config_instance_find(const struct config *config, const char *name);
const struct config_node *config_node_find(const struct config *config, const char *name);
const struct config_network *config_network_find(const struct config *config, const char *instance,
                                                 const char *node);

/* Where the session log goes beside collectors: the journal also when nothing is named. */
enum config_log_target { CONFIG_LOG_NOWHERE, CONFIG_LOG_JOURNAL, CONFIG_LOG_FILE };
enum config_log_target config_log_target(const struct config_instance *instance);

/* Print the configuration as a file that config_load() reads back to an equal one. */
void config_print(const struct config *config, FILE *out);

/* Two sections of one kind, and which of their keys are looked at. */
struct config_pair {
	enum config_section kind;
	const void *a, *b;        /* struct config_cluster, config_health, ... */
	const char *const *among; /* names, NULL behind the last one; NULL: all keys */
};

/* Print to out the names of the keys that differ between the two, with text before and behind each.
 * Returns how many there are; -ENOMEM when memory ends. */
int config_differing_keys(const struct config_pair *pair, const char *before, const char *behind,
                          FILE *out);

/* The same for those of them whose change needs a restart. */
int config_restart_keys(const struct config_pair *pair, const char *before, const char *behind,
                        FILE *out);

/* Print every key with its range, default, reload rule and help line, from the key table. */
void config_help(FILE *out);

#endif
