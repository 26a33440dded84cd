/* See option_rows.h: the parsers, and at the end the table. */
#include "cli/option_rows.h"

#include "cli/when.h"
#include "lib/bfd_peers.h"
#include "lib/config.h"
#include "lib/node_name.h"
#include "lib/utf8.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/* Returns false unless text is a decimal number from min to max and nothing else. */
static bool number_parse(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
	unsigned long long value;
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno != 0 || *end != '\0' || value < min || value > max)
		return false;
	*out = value;
	return true;
}

static void address4_set(struct cli_address *address, uint32_t addr4)
{
	address->len = 4;
	for (int i = 0; i < 4; i++)
		address->bytes[i] = (uint8_t)(addr4 >> (24 - 8 * i));
}

#define CLI_WITHIN_MAX_US (UINT64_C(86400) * 1000000)

static const char *set_config(struct cli_options *options, const char *value)
{
	options->config_path = value;
	return value[0] ? NULL : "the name of a file";
}

static const char *set_rundir(struct cli_options *options, const char *value)
{
	options->rundir = value;
	return value[0] ? NULL : "the name of a directory";
}

/* Whether it is one as the configuration has them: of an instance or a node. */
static bool is_name(const char *value)
{
	static const char accepted[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "0123456789-_.";

	return value[0] && value[0] != '.' && strlen(value) < CONFIG_NAME_MAX &&
	       value[strspn(value, accepted)] == '\0';
}

const char *option_set_instance(struct cli_options *options, const char *value)
{
	if (!is_name(value))
		return "an instance name: up to 31 letters, digits, '-', '_' or '.'";
	if (options->instance && strcmp(options->instance, value) != 0)
		return "one instance only; leave it out for all";
	options->instance = value;
	return NULL;
}

static const char *set_json(struct cli_options *options, const char *value)
{
	(void)value;
	options->json = true;
	return NULL;
}

static const char *set_color(struct cli_options *options, const char *value)
{
	return colour_when_parse(value, &options->color) ? NULL : "auto, always or never";
}

static const char *set_check_config(struct cli_options *options, const char *value)
{
	(void)value;
	options->check_config = true;
	return NULL;
}

static const char *set_help(struct cli_options *options, const char *value)
{
	(void)value;
	options->help = true;
	return NULL;
}

static const char *set_version(struct cli_options *options, const char *value)
{
	(void)value;
	options->version = true;
	return NULL;
}

static const char *set_all(struct cli_options *options, const char *value)
{
	(void)value;
	options->all = true;
	return NULL;
}

static const char *set_percent(uint8_t *percent, const char *value)
{
	uint64_t number;

	if (!number_parse(value, 1, 100, &number))
		return "percent, from 1 to 100";
	*percent = (uint8_t)number;
	return NULL;
}

static const char *set_warning(struct cli_options *options, const char *value)
{
	return set_percent(&options->warning_percent, value);
}

static const char *set_critical(struct cli_options *options, const char *value)
{
	return set_percent(&options->critical_percent, value);
}

static const char *set_lag(struct cli_options *options, const char *value)
{
	uint64_t lag_ms;

	if (!number_parse(value, 1, 3600000, &lag_ms))
		return "milliseconds, from 1 to 3600000";
	options->lag_ms = (uint32_t)lag_ms;
	return NULL;
}

static const char *set_reason(struct cli_options *options, const char *value)
{
	size_t len = strlen(value);

	if (!utf8_is_line(value))
		return "one line of UTF-8 without control characters";
	if (len == 0 || len > CLI_DRAIN_REASON_MAX)
		return "a sentence of at most 100 bytes";
	options->reason = value;
	return NULL;
}

static const char *set_mode(struct cli_options *options, const char *value)
{
	options->mode = value;
	return strcmp(value, "nat64") == 0 || strcmp(value, "siit") == 0 ? NULL : "nat64 or siit";
}

/* What radvd takes for MaxRtrAdvInterval. */
static const char *set_interval(struct cli_options *options, const char *value)
{
	uint64_t interval_s;

	if (!number_parse(value, 4, 1800, &interval_s))
		return "seconds, from 4 to 1800";
	options->interval_s = (uint32_t)interval_s;
	return NULL;
}

/* "0.2", "5": of decimals, as many as microseconds have. */
static const char *set_pause(struct cli_options *options, const char *value)
{
	static const char right[] = "seconds, from 0.2 to 60, like 0.5";
	uint64_t interval_us = 0, unit_us = 1000000;
	size_t whole = strspn(value, "0123456789");
	const char *rest = value + whole;

	if (whole == 0 || whole > 2)
		return right;
	for (size_t i = 0; i < whole; i++)
		interval_us = interval_us * 10 + (uint64_t)(value[i] - '0') * unit_us;
	if (*rest == '.' && rest[1])
		for (rest++; *rest >= '0' && *rest <= '9' && unit_us > 1; rest++)
			interval_us += (uint64_t)(*rest - '0') * (unit_us /= 10);
	if (*rest || interval_us < CLI_INTERVAL_MIN_US || interval_us > CLI_INTERVAL_MAX_US)
		return right;
	options->interval_us = interval_us;
	return NULL;
}

static const char *set_batch(struct cli_options *options, const char *value)
{
	return number_parse(value, 1, UINT64_MAX, &options->batch) ? NULL
	                                                           : "how many samples, from 1 up";
}

static const char *set_wait(struct cli_options *options, const char *value)
{
	uint64_t wait_s;

	if (!number_parse(value, 0, 3600, &wait_s))
		return "seconds, from 0 to 3600";
	options->wait_s = (uint32_t)wait_s;
	return NULL;
}

static const char *set_node(struct cli_options *options, const char *value)
{
	options->node = value;
	return is_name(value) ? NULL : "a node name: up to 31 letters, digits, '-', '_' or '.'";
}

static const char *set_interface(struct cli_options *options, const char *value)
{
	options->interface = value;
	for (const char *c = value; *c; c++)
		if (*c <= ' ' || *c == '/' || *c == 127 || c - value >= 15)
			return "an interface: up to 15 characters without blanks";
	return value[0] ? NULL : "an interface: up to 15 characters without blanks";
}

static const char *set_force(struct cli_options *options, const char *value)
{
	(void)value;
	options->force = true;
	return NULL;
}

static const char *set_check_key(struct cli_options *options, const char *value)
{
	(void)value;
	options->check_key = true;
	return NULL;
}

static bool is_proto(const char *value)
{
	return strcmp(value, "tcp") == 0 || strcmp(value, "udp") == 0 || strcmp(value, "icmp") == 0;
}

static const char *set_list_proto(struct cli_options *options, const char *value)
{
	options->list_proto = value;
	return is_proto(value) ? NULL : "tcp, udp or icmp";
}

static const char *set_host(struct cli_options *options, const char *value)
{
	options->has_host = true;
	switch (prefix6_parse(value, &options->host)) {
	case 0:
		return NULL;
	case -ERANGE:
		return "a prefix without bits behind its length, like 2001:db8::/64";
	default:
		return "an IPv6 address or prefix, like 2001:db8::5 or 2001:db8::/64";
	}
}

static const char *set_prefix4(struct cli_prefix *prefix, const char *value)
{
	struct prefix4 parsed;

	switch (prefix4_parse(value, &parsed)) {
	case 0:
		break;
	case -ERANGE:
		return "a prefix without bits behind its length, like 192.0.2.0/24";
	default:
		return "an IPv4 address or prefix, like 192.0.2.1 or 192.0.2.0/24";
	}
	if (parsed.len == 0)
		return "a prefix of 1 bit or more; leave it out for all addresses";
	address4_set(&prefix->address, parsed.addr);
	prefix->len = parsed.len;
	return NULL;
}

const char *option_set_pool4(struct cli_options *options, const char *value)
{
	return set_prefix4(&options->pool4, value);
}

static const char *set_remote(struct cli_options *options, const char *value)
{
	return set_prefix4(&options->remote, value);
}

static const char *set_port(struct cli_options *options, const char *value)
{
	uint64_t port;

	if (!number_parse(value, 1, 65535, &port))
		return "a port or ICMP identifier from 1 to 65535";
	options->port = (uint16_t)port;
	return NULL;
}

/* "ADDRESS4:PORT" or "[ADDRESS6]:PORT". False when it is not one. */
static bool endpoint_parse(const char *value, struct cli_address *address, uint16_t *port)
{
	bool has_brackets = value[0] == '[';
	const char *end = strrchr(value, ':'), *start = value + has_brackets;
	char text[ADDRESS_STRLEN];
	struct in6_addr addr6;
	uint32_t addr4;
	uint64_t number;
	size_t len;

	if (!end || end == value || (has_brackets && end[-1] != ']') ||
	    !number_parse(end + 1, 0, 65535, &number))
		return false;
	len = (size_t)(end - has_brackets - start);
	if (len >= sizeof(text))
		return false;
	memcpy(text, start, len);
	text[len] = '\0';
	if (has_brackets && address6_parse(text, &addr6) == 0) {
		address->len = sizeof(addr6);
		memcpy(address->bytes, &addr6, sizeof(addr6));
	} else if (!has_brackets && address4_parse(text, &addr4) == 0) {
		address4_set(address, addr4);
	} else {
		return false;
	}
	*port = (uint16_t)number;
	return true;
}

const char *option_set_bib_change(struct cli_options *options, const char *value)
{
	struct cli_bib_change *change = &options->bib_change;
	struct cli_address address = { .len = 0 };
	bool needs_host = change->action == CLI_BIB_ADD && change->host.len == 0;
	uint16_t port;

	if (change->action == CLI_BIB_LIST) {
		change->action = strcmp(value, "add") == 0      ? CLI_BIB_ADD
		                 : strcmp(value, "remove") == 0 ? CLI_BIB_REMOVE
		                                                : CLI_BIB_LIST;
		return change->action == CLI_BIB_LIST ? "add or remove, or nothing to list them"
		                                      : NULL;
	}
	if (!change->proto) {
		change->proto = value;
		return is_proto(value) ? NULL : "tcp, udp or icmp";
	}
	if (!endpoint_parse(value, &address, &port) || address.len != (needs_host ? 16 : 4) ||
	    change->pool4.len)
		return change->pool4.len ? "nothing more"
		       : needs_host      ? "the host and its port, like [2001:db8:7::80]:443"
		                         : "the public address and port, like 198.51.100.1:443";
	*(needs_host ? &change->host : &change->pool4) = address;
	*(needs_host ? &change->host_port : &change->pool4_port) = port;
	return NULL;
}

static const char *set_state(struct cli_options *options, const char *value)
{
	options->state = value;
	return value[0] ? NULL : "a TCP state, like ESTABLISHED";
}

static const char *set_idle(struct cli_options *options, const char *value)
{
	return when_parse_duration(value, &options->idle_us) == 0 && options->idle_us > 0
	               ? NULL
	               : "a duration from 1s up, like 90s, 5m or 2h4m";
}

static const char *set_count(struct cli_options *options, const char *value)
{
	(void)value;
	options->count = true;
	return NULL;
}

static const char *set_limit(struct cli_options *options, const char *value)
{
	return number_parse(value, 1, UINT64_MAX, &options->limit) ? NULL : "a number from 1 up";
}

static const char *set_address(struct cli_address *address, const char *value)
{
	struct in6_addr addr6;
	uint32_t addr4;

	if (address6_parse(value, &addr6) == 0) {
		address->len = sizeof(addr6);
		memcpy(address->bytes, &addr6, sizeof(addr6));
		return NULL;
	}
	if (address4_parse(value, &addr4) < 0)
		return "an address, like 2001:db8::5, 64:ff9b::192.0.2.1 or 192.0.2.1";
	address4_set(address, addr4);
	return NULL;
}

static const char *set_from(struct cli_options *options, const char *value)
{
	return set_address(&options->from, value);
}

static const char *set_to(struct cli_options *options, const char *value)
{
	return set_address(&options->to, value);
}

/* "SOURCE:DESTINATION" */
static const char *set_ports(struct cli_options *options, const char *value)
{
	static const char right[] = "two ports from 0 to 65535, source first, like 40000:443";
	const char *colon = strchr(value, ':');
	uint64_t source, destination;
	char first[8];

	if (!colon || (size_t)(colon - value) >= sizeof(first))
		return right;
	memcpy(first, value, (size_t)(colon - value));
	first[colon - value] = '\0';
	if (!number_parse(first, 0, 65535, &source) ||
	    !number_parse(colon + 1, 0, 65535, &destination))
		return right;
	options->source_port = (uint16_t)source;
	options->destination_port = (uint16_t)destination;
	return NULL;
}

static const char *set_transport(struct cli_options *options, const char *name, uint8_t protocol)
{
	if (options->transport)
		return "given only once, and one of --tcp, --udp, --icmp, --proto";
	options->transport = name;
	options->protocol = protocol;
	return NULL;
}

static const char *set_tcp(struct cli_options *options, const char *value)
{
	const char *wrong = set_transport(options, "--tcp", IPPROTO_TCP);

	return wrong ? wrong : set_ports(options, value);
}

static const char *set_udp(struct cli_options *options, const char *value)
{
	const char *wrong = set_transport(options, "--udp", IPPROTO_UDP);

	return wrong ? wrong : set_ports(options, value);
}

static const char *set_icmp(struct cli_options *options, const char *value)
{
	const char *wrong = set_transport(options, "--icmp", IPPROTO_ICMP);
	uint64_t identifier;

	if (wrong)
		return wrong;
	if (!number_parse(value, 0, 65535, &identifier))
		return "the identifier of an echo request, from 0 to 65535";
	options->is_icmp = true;
	options->source_port = (uint16_t)identifier;
	return NULL;
}

static const char *set_protocol(struct cli_options *options, const char *value)
{
	const char *wrong;
	uint64_t protocol;

	if (!number_parse(value, 0, 255, &protocol))
		return "a protocol number from 0 to 255, like 50 for ESP";
	wrong = set_transport(options, "--proto", (uint8_t)protocol);
	return wrong;
}

static const char *set_flags(struct cli_options *options, const char *value)
{
	static const char *const flags[] = {
		"fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr"
	};
	const char *word = value;

	while (true) {
		size_t len = strcspn(word, ",+|"), bit = 0;

		while (bit < 8 && (len != 3 || strncasecmp(word, flags[bit], len) != 0))
			bit++;
		if (bit == 8)
			return "TCP flags with commas between them: fin, syn, rst, psh, ack, urg, ece, cwr";
		options->tcp_flags |= (uint8_t)(1U << bit);
		if (word[len] == '\0')
			return NULL;
		word += len + 1;
	}
}

static const char *set_length(struct cli_options *options, const char *value)
{
	uint64_t length;

	if (!number_parse(value, 20, 40 + 65535, &length))
		return "bytes of the whole packet, from 20 to 65575";
	options->length = (uint32_t)length;
	return NULL;
}

static const char *set_ttl(struct cli_options *options, const char *value)
{
	uint64_t ttl;

	if (!number_parse(value, 1, 255, &ttl))
		return "a TTL or hop limit from 1 to 255";
	options->ttl = (uint8_t)ttl;
	return NULL;
}

static const char *set_hex(struct cli_options *options, const char *value)
{
	options->hex = value;
	return value[0] ? NULL : "the bytes of a packet, or - for standard input";
}

static const char *set_prefix(struct cli_options *options, const char *value)
{
	static const char right[] =
		"an address or prefix of either family, like 2001:db8::/64 or 192.0.2.1";
	struct cli_prefix *out = &options->addresses[options->address_count];
	struct prefix6 prefix6;
	struct prefix4 prefix4;
	int error = prefix6_parse(value, &prefix6), error4 = prefix4_parse(value, &prefix4);

	if (options->address_count == sizeof(options->addresses) / sizeof(options->addresses[0]))
		return "given at most twice: one for each end";
	if (error == -ERANGE || error4 == -ERANGE)
		return "a prefix without bits behind its length, like 2001:db8::/64";
	if (error < 0 && error4 < 0)
		return right;
	options->address_count++;
	if (error < 0) {
		address4_set(&out->address, prefix4.addr);
		out->len = prefix4.len;
		return NULL;
	}
	out->address.len = sizeof(prefix6.addr);
	memcpy(out->address.bytes, &prefix6.addr, sizeof(prefix6.addr));
	out->len = prefix6.len;
	return NULL;
}

static const char *set_direction(struct cli_options *options, const char *value)
{
	options->direction = value;
	if (strcmp(value, "6to4") == 0 || strcmp(value, "4to6") == 0)
		return NULL;
	return "6to4 or 4to6";
}

static const char *set_path(struct cli_options *options, const char *value)
{
	options->path = value;
	return strcmp(value, "fast") == 0 || strcmp(value, "slow") == 0 ? NULL : "fast or slow";
}

static const char *set_verdict(struct cli_options *options, const char *value)
{
	options->verdict = value;
	return value[0] ? NULL : "a verdict, like no-session; `sa-nat64 stats --all` lists them";
}

static const char *set_drops(struct cli_options *options, const char *value)
{
	(void)value;
	options->drops = true;
	return NULL;
}

static const char *set_pcapng(struct cli_options *options, const char *value)
{
	options->pcapng = value;
	return value[0] ? NULL : "the name of a file, or - for standard output";
}

static const char *set_snaplen(struct cli_options *options, const char *value)
{
	uint64_t snaplen;

	if (!number_parse(value, 1, 2048, &snaplen))
		return "bytes of each packet, from 1 to 2048";
	options->snaplen = (uint32_t)snaplen;
	return NULL;
}

static const char *set_format(struct cli_options *options, const char *value)
{
	options->format = value;
	return strcmp(value, "openmetrics") == 0 || strcmp(value, "prometheus") == 0
	               ? NULL
	               : "openmetrics or prometheus";
}

static const char *set_list(struct cli_options *options, const char *value)
{
	(void)value;
	options->list = true;
	return NULL;
}

const char *option_set_public(struct cli_options *options, const char *value)
{
	if (!endpoint_parse(value, &options->public, &options->public_port) ||
	    options->public.len != 4)
		return "a public IPv4 address and port, like 198.51.100.7:40123; of ICMP the port "
		       "is the echo identifier";
	return NULL;
}

static const char *set_at(struct cli_options *options, const char *value)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	options->at = value;
	return when_parse(value, (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000,
	                  &options->at_us);
}

static const char *set_within(struct cli_options *options, const char *value)
{
	return when_parse_duration(value, &options->within_us) == 0 &&
	                       options->within_us <= CLI_WITHIN_MAX_US
	               ? NULL
	               : "a duration up to 1d, like 5s or 2m; 0s for not at all";
}

static const char *set_log(struct cli_options *options, const char *value)
{
	if (options->log_count == CLI_LOGS_MAX)
		return "at most 64 files; name the one that is written, its rotated ones are found";
	options->logs[options->log_count++] = value;
	return value[0] ? NULL : "the name of a file";
}

static const char *set_each_address(struct cli_options *options, const char *value)
{
	(void)value;
	options->each_address = true;
	return NULL;
}

static const char *set_dry_run(struct cli_options *options, const char *value)
{
	(void)value;
	options->dry_run = true;
	return NULL;
}

#define CLI_LISTS (CLI_SESSIONS | CLI_BIB)
#define CLI_FINDS (CLI_ANY & ~(CLI_SYNC_KEY | CLI_FRR_CONFIG | CLI_OF_FILE))
#define CLI_ASKS  (CLI_FINDS & ~CLI_OF_PROGRAM)

/* clang-format off */
const struct option_row option_rows[] = {
	{ CLI_ANY, 'c', "config", "FILE", "the configuration file (" CONFIG_PATH_DEFAULT ")", set_config },
	{ CLI_FINDS, 'r', "run-dir", "DIR", "where the sockets are (" CONFIG_RUNDIR_DEFAULT ")", set_rundir },
	{ CLI_FINDS | CLI_FRR_CONFIG, 'i', "instance", "NAME", "ask this instance only", option_set_instance },
	{ CLI_ASKS & ~CLI_METRICS, 0, "json", NULL, "print JSON", set_json },
	{ CLI_ANY, 0, "color", "WHEN", "auto, always or never: colours of what is shown", set_color },
	{ CLI_ANY, 't', "check-config", NULL, "check the configuration file and exit with 0 or 2", set_check_config },
	{ CLI_ANY, 'h', "help", NULL, "print this, or the options of a command", set_help },
	{ CLI_ANY, 'V', "version", NULL, "print the version", set_version },
	{ CLI_STATS, 0, "all", NULL, "counters that are zero, too", set_all },
	{ CLI_TOP, 0, "interval", "SECONDS", "between two looks, from 0.2 to 60 (1)", set_pause },
	{ CLI_TOP, 0, "batch", "N", "print N samples and end; needs no terminal", set_batch },
	{ CLI_METRICS, 0, "format", "FORMAT", "openmetrics, or the older prometheus", set_format },
	{ CLI_METRICS, 0, "list", NULL, "what there is, as a table in Markdown", set_list },
	{ CLI_CHECK, 0, "warning", "PERCENT", "of a pool or table in use (80)", set_warning },
	{ CLI_CHECK, 0, "critical", "PERCENT", "of a pool or table in use (95)", set_critical },
	{ CLI_CHECK, 0, "lag", "MS", "of a peer, that is worth a warning (1000)", set_lag },
	{ CLI_DRAIN, 0, "reason", "TEXT", "why, for all who look at status", set_reason },
	{ CLI_DRAIN | CLI_UNDRAIN, 0, "wait", "SECONDS", "for the routers to be told (5); 0: not at all", set_wait },
	{ CLI_RELOAD, 0, "dry-run", NULL, "say what would happen; change nothing", set_dry_run },
	{ CLI_FRR_CONFIG, 'n', "node", "NAME", "of this box (" NODE_NAME_FILE ", or the host name)", set_node },
	{ CLI_FRR_CONFIG, 0, "interface", "NAME", "towards the routers (" BFD_UPLINK ")", set_interface },
	{ CLI_PREF64, 0, "interface", "NAME", "towards the hosts", set_interface },
	{ CLI_PREF64, 0, "interval", "SECONDS", "between router advertisements, at most (600)", set_interval },
	{ CLI_OF_FILE, 0, "name", "NAME", "of the instance to make", option_set_instance },
	{ CLI_IMPORT_JOOL, 0, "mode", "MODE", "nat64 for a file of jool, siit for one of jool_siit", set_mode },
	{ CLI_SYNC_KEY, 0, "check", NULL, "say whether FILE would be accepted; make nothing", set_check_key },
	{ CLI_SYNC_KEY, 0, "force", NULL, "replace FILE", set_force },
	{ CLI_LISTS | CLI_TRACE | CLI_WHO, 0, "proto", "PROTO", "tcp, udp or icmp", set_list_proto },
	{ CLI_LISTS, 0, "host", "PREFIX", "IPv6 host, or the prefix around it", set_host },
	{ CLI_LISTS, 0, "pool4", "PREFIX", "public IPv4 address, or the prefix around it", option_set_pool4 },
	{ CLI_LISTS | CLI_TRACE, 0, "port", "N", "port or ICMP identifier, on any side", set_port },
	{ CLI_SESSIONS, 0, "remote", "PREFIX", "remote IPv4 address, or the prefix around it", set_remote },
	{ CLI_SESSIONS, 0, "state", "STATE", "TCP state: ESTABLISHED, TRANS, V6_INIT, ...", set_state },
	{ CLI_SESSIONS, 0, "idle", "DURATION", "without a packet for so long: 90s, 5m, 2h4m", set_idle },
	{ CLI_LISTS, 0, "limit", "N", "stop after N rows", set_limit },
	{ CLI_LISTS, 0, "count", NULL, "only say how many there are", set_count },
	{ CLI_WHO, 0, "at", "TIME", "then, not now: \"2026-11-21 14:03:05 UTC\", -2h, ...", set_at },
	{ CLI_WHO, 0, "within", "DURATION", "by which clocks may differ (5s)", set_within },
	{ CLI_WHO, 0, "log", "FILE", "a session log, and its rotated ones; may repeat", set_log },
	{ CLI_POOL4, 0, "addresses", NULL, "a row for each address", set_each_address },
	{ CLI_TRACE, 0, "address", "PREFIX", "on any side; twice for both ends of a flow", set_prefix },
	{ CLI_TRACE, 0, "direction", "DIR", "6to4 or 4to6: where packets come from", set_direction },
	{ CLI_TRACE, 0, "path", "PATH", "fast or slow", set_path },
	{ CLI_TRACE, 0, "drops", NULL, "dropped packets only", set_drops },
	{ CLI_TRACE, 0, "verdict", "NAME", "packets with this verdict, like no-session", set_verdict },
	{ CLI_TRACE, 0, "limit", "N", "end after N packets", set_limit },
	{ CLI_TRACE, 0, "pcapng", "FILE", "write them to FILE, - for standard output", set_pcapng },
	{ CLI_TRACE, 0, "snaplen", "N", "bytes of each packet to write (256)", set_snaplen },
	{ CLI_EXPLAIN, 0, "from", "ADDRESS", "source of the packet", set_from },
	{ CLI_EXPLAIN, 0, "to", "ADDRESS", "destination of the packet, of the same family", set_to },
	{ CLI_EXPLAIN, 0, "tcp", "S:D", "a TCP segment from port S to port D", set_tcp },
	{ CLI_EXPLAIN, 0, "udp", "S:D", "a UDP datagram from port S to port D", set_udp },
	{ CLI_EXPLAIN, 0, "icmp", "ID", "an echo request with identifier ID", set_icmp },
	{ CLI_EXPLAIN, 0, "proto", "N", "any other protocol, by number", set_protocol },
	{ CLI_EXPLAIN, 0, "flags", "FLAGS", "TCP flags, like syn or fin,ack (syn)", set_flags },
	{ CLI_EXPLAIN, 0, "length", "N", "bytes of the whole packet (headers alone)", set_length },
	{ CLI_EXPLAIN, 0, "ttl", "N", "TTL or hop limit (64)", set_ttl },
	{ CLI_EXPLAIN, 0, "hex", "BYTES", "packet from its IP header on; - for standard input", set_hex },
};
/* clang-format on */

const size_t option_count = sizeof(option_rows) / sizeof(option_rows[0]);
