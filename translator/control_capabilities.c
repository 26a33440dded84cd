/* See control_capabilities.h. A row's function says its value; one that has nothing to say in a
 * mode is left out there. */
#include "translator/control_capabilities.h"

#include "lib/version.h"
#include "translator/core.h"

#define NAT64 (1u << CONFIG_MODE_NAT64)
#define SIIT  (1u << CONFIG_MODE_SIIT)
#define BOTH  (NAT64 | SIIT)

typedef void fill(const struct translator *t, SaNat64__Control__Capability *out);

static void set_flag(SaNat64__Control__Capability *out, bool flag)
{
	out->value_case = SA_NAT64__CONTROL__CAPABILITY__VALUE_FLAG;
	out->flag = flag;
}

static void set_number(SaNat64__Control__Capability *out, uint64_t number)
{
	out->value_case = SA_NAT64__CONTROL__CAPABILITY__VALUE_NUMBER;
	out->number = number;
}

static void set_text(SaNat64__Control__Capability *out, const char *text)
{
	out->value_case = SA_NAT64__CONTROL__CAPABILITY__VALUE_TEXT;
	out->text = (char *)text;
}

static void yes(const struct translator *t, SaNat64__Control__Capability *out)
{
	(void)t;
	set_flag(out, true);
}

static void no(const struct translator *t, SaNat64__Control__Capability *out)
{
	(void)t;
	set_flag(out, false);
}

static void flavor(const struct translator *t, SaNat64__Control__Capability *out)
{
	if (t->config->mode == CONFIG_MODE_NAT64)
		set_text(out, "nat64");
	else
		set_text(out, t->config->eam_count > 0 ? "eam" : "siit");
}

static void protocols(const struct translator *t, SaNat64__Control__Capability *out)
{
	set_text(out, t->config->mode == CONFIG_MODE_NAT64 ? "tcp udp icmp" : "all");
}

/* A row leaves out ports that could be had. */
static void restricted_ports(const struct translator *t, SaNat64__Control__Capability *out)
{
	bool is_restricted = false;

	for (size_t i = 0; i < t->config->pool4_count; i++)
		is_restricted |= t->config->pool4[i].port_min > 1 ||
		                 t->config->pool4[i].port_max < UINT16_MAX;
	set_flag(out, is_restricted);
}

static void port_blocks(const struct translator *t, SaNat64__Control__Capability *out)
{
	set_flag(out, t->config->log_sessions == CONFIG_LOG_SESSIONS_BLOCKS);
}

static void any_filtering(const struct translator *t, SaNat64__Control__Capability *out)
{
	set_flag(out, t->config->filtering != CONFIG_FILTERING_ADDRESS_DEPENDENT);
}

static void address_filtering(const struct translator *t, SaNat64__Control__Capability *out)
{
	set_flag(out, t->config->filtering == CONFIG_FILTERING_ADDRESS_DEPENDENT);
}

/* Stateless: each fragment is translated as it comes, in whatever order. */
static void fragments(const struct translator *t, SaNat64__Control__Capability *out)
{
	set_text(out, t->config->mode == CONFIG_MODE_SIIT || t->config->max_fragments > 0
	                      ? "out-of-order"
	                      : "in-order");
}

static void max_sessions(const struct translator *t, SaNat64__Control__Capability *out)
{
	set_number(out, t->config->max_sessions);
}

static void max_sessions_per_host(const struct translator *t, SaNat64__Control__Capability *out)
{
	set_number(out, t->config->max_sessions_per_host);
}

static void host_prefix_length(const struct translator *t, SaNat64__Control__Capability *out)
{
	set_number(out, t->config->host_prefix_length);
}

static void max_fragments(const struct translator *t, SaNat64__Control__Capability *out)
{
	set_number(out, t->config->max_fragments);
}

static void max_stored_syns(const struct translator *t, SaNat64__Control__Capability *out)
{
	set_number(out, t->config->max_stored_syns);
}

static void pool4_addresses(const struct translator *t, SaNat64__Control__Capability *out)
{
	set_number(out, pool4_addresses_count(t->pool4));
}

static void pool4_ports(const struct translator *t, SaNat64__Control__Capability *out)
{
	set_number(out, pool4_owned(t->pool4));
}

static void port_reuse_delay(const struct translator *t, SaNat64__Control__Capability *out)
{
	set_number(out, t->config->port_reuse_delay_us / 1000000);
}

static void mappings(const struct translator *t, SaNat64__Control__Capability *out)
{
	set_number(out, t->config->eam_count);
}

static void session_log(const struct translator *t, SaNat64__Control__Capability *out)
{
	static const char *const names[] = { [CONFIG_LOG_SESSIONS_OFF] = "off",
		                             [CONFIG_LOG_SESSIONS_SESSIONS] = "sessions",
		                             [CONFIG_LOG_SESSIONS_BLOCKS] = "blocks" };

	set_text(out, names[t->config->log_sessions]);
}

static void replication(const struct translator *t, SaNat64__Control__Capability *out)
{
	set_flag(out, t->feed != NULL);
}

/* clang-format off */
static const struct row {
	unsigned modes;
	const char *name, *source;
	fill *fill;
	const char *meaning;
} rows[] = {
	{ BOTH,  "nat-flavor", "RFC 8512", flavor, "stateful NAT64, or stateless translation with or without explicit mappings" },
	{ BOTH,  "transport-protocols", "RFC 8512", protocols, "that are translated" },
	{ NAT64, "restricted-port-support", "RFC 8512", restricted_ports, "some ports of pool4 are not handed out" },
	{ BOTH,  "static-mapping-support", "RFC 8512", yes, "bindings or address mappings by configuration" },
	{ NAT64, "port-randomization-support", "RFC 8512", yes, "ports cannot be guessed" },
	{ NAT64, "port-range-allocation-support", "RFC 8512", port_blocks, "hosts get blocks of ports of their own" },
	{ NAT64, "port-preservation-suport", "RFC 8512", no, "a port keeps its range (0-1023 or above), not its number" },
	{ NAT64, "port-parity-preservation-support", "RFC 8512", yes, "odd ports stay odd while there are odd ones" },
	{ NAT64, "address-roundrobin-support", "RFC 8512", no, "an address is chosen by the host, not in turn" },
	{ NAT64, "paired-address-pooling-support", "RFC 8512", yes, "a host has one public address for everything" },
	{ NAT64, "endpoint-independent-mapping-support", "RFC 8512", yes, "one public port whatever the destination" },
	{ NAT64, "address-dependent-mapping-support", "RFC 8512", no, "another public port for each remote address" },
	{ NAT64, "address-and-port-dependent-mapping-support", "RFC 8512", no, "another public port for each remote port" },
	{ NAT64, "endpoint-independent-filtering-support", "RFC 8512", any_filtering, "anybody reaches a binding" },
	{ NAT64, "address-dependent-filtering", "RFC 8512", address_filtering, "only remote addresses that the host spoke to reach it" },
	{ NAT64, "address-and-port-dependent-filtering", "RFC 8512", no, "only remote ports that the host spoke to reach it" },
	{ BOTH,  "fragment-behavior", "RFC 8512", fragments, "fragments are translated in whatever order they come, or in order only" },
	{ NAT64, "max-sessions", "sa-nat64", max_sessions, "at once" },
	{ NAT64, "max-sessions-per-host", "sa-nat64", max_sessions_per_host, "at once; 0: no limit" },
	{ NAT64, "host-prefix-length", "sa-nat64", host_prefix_length, "of IPv6 networks that share that limit" },
	{ NAT64, "max-fragments", "sa-nat64", max_fragments, "held at once" },
	{ NAT64, "max-stored-syns", "sa-nat64", max_stored_syns, "held at once" },
	{ NAT64, "pool4-addresses", "sa-nat64", pool4_addresses, "public addresses" },
	{ NAT64, "pool4-ports", "sa-nat64", pool4_ports, "that this node hands out, of each protocol" },
	{ NAT64, "port-reuse-delay", "sa-nat64", port_reuse_delay, "seconds that a port rests" },
	{ SIIT,  "explicit-mappings", "sa-nat64", mappings, "pairs of eam and eam-file" },
	{ NAT64, "session-log", "sa-nat64", session_log, "what is written of sessions" },
	{ NAT64, "replication", "sa-nat64", replication, "other boxes hold copies of the sessions" },
};
/* clang-format on */

_Static_assert(sizeof(rows) / sizeof(rows[0]) <= CONTROL_CAPABILITIES_MAX, "room for each row");

void control_capabilities_fill(const struct translator *t, struct control_capabilities *out)
{
	sa_nat64__control__capabilities_reply__init(&out->reply);
	out->reply.version = (char *)sa_nat64_version;
	out->reply.rows = out->pointers;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		SaNat64__Control__Capability *row = &out->rows[out->reply.n_rows];

		if (!(rows[i].modes & 1u << t->config->mode))
			continue;
		sa_nat64__control__capability__init(row);
		row->name = (char *)rows[i].name;
		row->source = (char *)rows[i].source;
		row->meaning = (char *)rows[i].meaning;
		rows[i].fill(t, row);
		out->pointers[out->reply.n_rows++] = row;
	}
}
