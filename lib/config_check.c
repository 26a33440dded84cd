/* What one line alone cannot tell: defaults, missing keys, keys of the other mode, names that have
 * to match.
 *
 * Runs once when the whole text is read, so the order of lines and sections never matters.
 */
#include "lib/config_internal.h"

#include <inttypes.h>
#include <string.h>

static const char *const mode_names[] = {
	[CONFIG_MODE_NAT64] = "nat64",
	[CONFIG_MODE_SIIT] = "siit",
};

static unsigned mode_bit(enum config_mode mode)
{
	return mode == CONFIG_MODE_NAT64 ? CONFIG_IN_NAT64 : CONFIG_IN_SIIT;
}

bool config_key_in_mode(const struct config_key *key, enum config_mode mode)
{
	return key->modes == 0 || (key->modes & mode_bit(mode));
}

bool config_fallback_in_mode(const struct config_key *key, enum config_mode mode)
{
	return key->fallback_modes == 0 || (key->fallback_modes & mode_bit(mode));
}

/* The instance's mode; for other kinds of section any, as their keys hold in all. */
static enum config_mode mode_of(const struct config_reader *reader,
                                const struct config_trace *trace)
{
	return trace->kind == CONFIG_SECTION_INSTANCE ? reader->config->instances[trace->index].mode
	                                              : CONFIG_MODE_NAT64;
}

/* Set what the section does not give. Defaults are parsed like values; they are never refused. */
static void defaults_fill(struct config_reader *reader, const struct config_trace *trace)
{
	enum config_mode mode = mode_of(reader, trace);

	for (size_t i = 0; i < config_keys_count; i++) {
		const struct config_key *key = &config_keys[i];

		if (key->section != trace->kind || trace->key_line[i] != 0 || !key->fallback ||
		    (key->flags & CONFIG_KEY_DERIVED) || !config_fallback_in_mode(key, mode))
			continue;
		reader->origin = trace->origin;
		reader->key = key;
		reader->value = key->fallback;
		key->type->parse(reader, key, config_section_of(reader, trace), key->fallback);
	}
}

/* Report keys that are missing, and those that only the other mode has. */
static void keys_check(struct config_reader *reader, const struct config_trace *trace)
{
	enum config_mode mode = mode_of(reader, trace);
	char title[CONFIG_SECTION_STRLEN];

	for (size_t i = 0; i < config_keys_count; i++) {
		const struct config_key *key = &config_keys[i];
		struct config_origin origin = { trace->origin.file, trace->key_line[i] };

		if (key->section != trace->kind)
			continue;
		if (origin.line == 0 && (key->flags & CONFIG_KEY_REQUIRED))
			config_error_at(reader, &trace->origin, "%s lacks the key '%s', %s",
			                config_section_title(reader, trace, title), key->name,
			                key->help);
		if (origin.line != 0 && !config_key_in_mode(key, mode))
			config_error_at(
				reader, &origin,
				"%s belongs to mode = %s, but %s has mode = %s; remove it or "
				"change the mode",
				key->name,
				mode_names[mode == CONFIG_MODE_NAT64 ? CONFIG_MODE_SIIT
			                                             : CONFIG_MODE_NAT64],
				config_section_title(reader, trace, title), mode_names[mode]);
	}
}

static void node_check(struct config_reader *reader, const struct config_trace *trace)
{
	const struct config_node *node = &reader->config->nodes[trace->index];
	struct config_origin origin = { trace->origin.file, config_trace_line(trace, "id") };

	if (origin.line == 0 || config_trace_refused(trace, "id"))
		return;
	for (const struct config_trace *other = reader->traces; other < trace; other++) {
		const struct config_node *earlier;

		if (other->kind != CONFIG_SECTION_NODE || config_trace_line(other, "id") == 0 ||
		    config_trace_refused(other, "id"))
			continue;
		earlier = &reader->config->nodes[other->index];
		if (earlier->id != node->id)
			continue;
		config_error_at(reader, &origin, "id = %u: [node %s] has this id already (line %u)",
		                node->id, earlier->name, config_trace_line(other, "id"));
		return;
	}
}

static void network_check(struct config_reader *reader, const struct config_trace *trace)
{
	struct config_network *network = &reader->config->networks[trace->index];
	char name[CONFIG_NAME_MAX + 8], title[CONFIG_SECTION_STRLEN];

	config_section_title(reader, trace, title);
	if (!config_instance_find(reader->config, network->instance))
		config_error_at(reader, &trace->origin,
		                "%s: there is no [instance %s] in this file", title,
		                network->instance);
	if (!config_node_find(reader->config, network->node))
		config_error_at(reader, &trace->origin, "%s: there is no [node %s] in this file",
		                title, network->node);
	if (network->bfd_peer_count && strchr(network->instance, '.'))
		config_error_at(reader, &trace->origin,
		                "%s: bfd-peer needs FRR, which takes no '.' in the name of a "
		                "pathspace; give the instance a name without '.', or leave out "
		                "bfd-peer",
		                title);
	if (!network->namespace_name) {
		snprintf(name, sizeof(name), "nat64-%s", network->instance);
		config_text_store(reader, &network->namespace_name, name);
	}
}

/* A binding to an address that is itself a translation of IPv4 could never be reached. */
static void bib_targets_check(struct config_reader *reader, const struct config_trace *trace,
                              const struct config_instance *instance)
{
	char addr[ADDRESS_STRLEN], prefix[ADDRESS_STRLEN];

	for (size_t i = 0; i < instance->bib_count; i++) {
		const struct in6_addr *addr6 = &instance->bib[i].addr6;

		for (size_t j = 0; j < instance->pool6_count; j++) {
			if (!prefix6_has(&instance->pool6[j].prefix, addr6))
				continue;
			config_error_at(
				reader, &trace->bib.at[i],
				"bib: %s lies in pool6 %s; bind the address of an IPv6 host",
				address6_format(addr6, addr),
				prefix6_format(&instance->pool6[j].prefix, prefix));
		}
	}
}

static void pool4_size_check(struct config_reader *reader, const struct config_trace *trace,
                             const struct config_instance *instance)
{
	uint64_t total = 0;

	for (size_t i = 0; i < instance->pool4_count; i++) {
		total += (uint64_t)1 << (32 - instance->pool4[i].prefix.len);
		if (total <= CONFIG_POOL4_MAX)
			continue;
		config_error_at(reader, &trace->pool4.at[i],
		                "pool4: with this line [instance %s] has %" PRIu64
		                " addresses; at most %d are accepted",
		                instance->name, total, CONFIG_POOL4_MAX);
		return;
	}
}

/* Whether there is something to translate with. Keys that were given but refused count: that was
 * reported. */
static void instance_completeness_check(struct config_reader *reader,
                                        const struct config_trace *trace,
                                        const struct config_instance *instance)
{
	if (instance->mode == CONFIG_MODE_NAT64 && config_trace_line(trace, "pool4") == 0 &&
	    config_trace_line(trace, "bib") == 0)
		config_error_at(reader, &trace->origin,
		                "[instance %s] has neither pool4 nor bib; mode = nat64 needs IPv4 "
		                "addresses, such as pool4 = 198.51.100.0/28",
		                instance->name);
	if (instance->mode == CONFIG_MODE_SIIT && config_trace_line(trace, "pool6") == 0 &&
	    config_trace_line(trace, "eam") == 0 && config_trace_line(trace, "eam-file") == 0)
		config_error_at(
			reader, &trace->origin,
			"[instance %s] has neither pool6 nor eam; mode = siit needs one of them, "
			"such as pool6 = 2001:db8:64::/96",
			instance->name);
}

/* It holds the addresses that lib/probe_address.h counts. */
static void probe4_check(struct config_reader *reader, const struct config_trace *trace,
                         const struct config_instance *instance)
{
	struct config_origin origin = { trace->origin.file, config_trace_line(trace, "probe4") };

	if (origin.line != 0 && !config_trace_refused(trace, "probe4") && instance->probe4.len > 30)
		config_error_at(reader, &origin,
		                "probe4: a /%u has no room for three addresses; give a /30 or a "
		                "shorter one",
		                instance->probe4.len);
}

/* Blocks have no destinations, and what is off writes nothing. */
static void log_check(struct config_reader *reader, const struct config_trace *trace,
                      const struct config_instance *instance)
{
	static const char *const targets[] = { "log-file", "log-ipfix" };
	struct config_origin origin = { trace->origin.file,
		                        config_trace_line(trace, "log-destinations") };

	if (instance->log_destinations && instance->log_sessions == CONFIG_LOG_SESSIONS_BLOCKS)
		config_error_at(reader, &origin,
		                "log-destinations = yes needs log-sessions = sessions: a block of "
		                "ports has no destination");
	if (instance->log_destinations && instance->log_sessions == CONFIG_LOG_SESSIONS_OFF)
		config_warn_at(reader, &origin,
		               "log-destinations = yes without log-sessions = sessions: nothing is "
		               "logged");
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		origin.line = config_trace_line(trace, targets[i]);
		if (origin.line != 0 && instance->log_sessions == CONFIG_LOG_SESSIONS_OFF)
			config_warn_at(reader, &origin,
			               "%s without log-sessions: nothing is logged", targets[i]);
	}
}

static void instance_check(struct config_reader *reader, const struct config_trace *trace)
{
	const struct config_instance *instance = &reader->config->instances[trace->index];
	struct config_origin primary = { trace->origin.file, config_trace_line(trace, "primary") };
	struct config_origin lowest = { trace->origin.file,
		                        config_trace_line(trace, "lowest-ipv6-mtu") };

	instance_completeness_check(reader, trace, instance);
	if (instance->primary[0] != '\0' && !config_node_find(reader->config, instance->primary))
		config_error_at(reader, &primary,
		                "primary = %s: there is no [node %s] in this file",
		                instance->primary, instance->primary);
	if (lowest.line != 0 && !config_trace_refused(trace, "mtu6") &&
	    instance->lowest_ipv6_mtu > instance->mtu6)
		config_warn_at(reader, &lowest,
		               "lowest-ipv6-mtu = %" PRIu32 " is above mtu6 = %" PRIu32
		               "; packets are cut for mtu6",
		               instance->lowest_ipv6_mtu, instance->mtu6);
	probe4_check(reader, trace, instance);
	log_check(reader, trace, instance);
	pool4_size_check(reader, trace, instance);
	bib_targets_check(reader, trace, instance);
	config_check_overlaps(reader, trace, instance);
}

/* [cluster] and [health] have their defaults even when the file does not have them. */
static void section_ensure(struct config_reader *reader, enum config_section kind)
{
	struct config_trace trace = { .kind = kind, .origin = reader->origin };

	for (size_t i = 0; i < reader->trace_count; i++) {
		if (reader->traces[i].kind == kind)
			return;
	}
	config_append(reader, &reader->traces, &reader->trace_count, sizeof(trace), &trace);
}

/* An answer needs time to come. */
static void health_check(struct config_reader *reader, const struct config_trace *trace)
{
	const struct config_health *health = &reader->config->health;
	struct config_origin origin = trace->origin;

	if (config_trace_line(trace, "probe-timeout"))
		origin.line = config_trace_line(trace, "probe-timeout");
	else if (config_trace_line(trace, "probe-interval"))
		origin.line = config_trace_line(trace, "probe-interval");
	if (health->probe_timeout_us < 2 * health->probe_interval_us)
		config_error_at(reader, &origin,
		                "probe-timeout is less than two times probe-interval: one lost "
		                "probe would move the traffic");
	if (health->hold_down_max_us < health->hold_down_us)
		config_error_at(reader, &origin, "hold-down-max is less than hold-down");
}

void config_check_all(struct config_reader *reader)
{
	section_ensure(reader, CONFIG_SECTION_CLUSTER);
	section_ensure(reader, CONFIG_SECTION_HEALTH);
	for (size_t i = 0; i < reader->trace_count && !reader->no_memory; i++) {
		struct config_trace *trace = &reader->traces[i];

		reader->trace = trace;
		defaults_fill(reader, trace);
		if (reader->no_memory)
			return;
		/* Without a mode nobody knows which keys belong. */
		if (trace->kind == CONFIG_SECTION_INSTANCE && config_trace_refused(trace, "mode"))
			continue;
		keys_check(reader, trace);
		if (trace->kind == CONFIG_SECTION_NODE)
			node_check(reader, trace);
		else if (trace->kind == CONFIG_SECTION_INSTANCE)
			instance_check(reader, trace);
		else if (trace->kind == CONFIG_SECTION_NETWORK)
			network_check(reader, trace);
		else if (trace->kind == CONFIG_SECTION_HEALTH)
			health_check(reader, trace);
	}
	if (!reader->no_memory)
		config_check_shared_pool4(reader);
}
