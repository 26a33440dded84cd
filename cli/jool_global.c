/* See jool.h: the keys of "global" (documentation "usr-flags-global"), each a row of one table. */
#include "cli/jool.h"
#include "lib/rfc6052.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct global_row {
	const char *name;
	unsigned modes;
	void (*take)(struct jool *jool, const struct json_node *node, const struct global_row *row);
	const char *key;         /* of ours; NULL: none */
	int64_t min, max;        /* of numbers, and of durations in milliseconds */
	const char *note;        /* what to say; NULL: nothing */
	const char *when_absent; /* where the defaults differ; NULL: they do not */
};

static void take_yes_no(struct jool *jool, const struct json_node *node,
                        const struct global_row *row)
{
	if (!json_is_boolean(node->value))
		jool_refuse(jool, node, row->name, "true or false");
	else
		import_put(jool->import, node->line, "%s = %s", row->key,
		           json_is_true(node->value) ? "yes" : "no");
}

/* Keep a number within what we accept. */
static int64_t clamp(struct jool *jool, const struct json_node *node, const struct global_row *row,
                     int64_t value)
{
	int64_t kept = value < row->min ? row->min : value > row->max ? row->max : value;
	char buf[80];

	if (kept != value)
		import_note(jool->import, node->line,
		            "%s = %s: %s has narrower bounds here; it becomes the %s that is "
		            "accepted",
		            row->name, jool_value_text(node, buf, sizeof(buf)), row->key,
		            kept < value ? "largest" : "smallest");
	return kept;
}

static void take_number(struct jool *jool, const struct json_node *node,
                        const struct global_row *row)
{
	if (!json_is_integer(node->value) || json_integer_value(node->value) < 0)
		jool_refuse(jool, node, row->name, "a number");
	else
		import_put(jool->import, node->line, "%s = %" PRId64, row->key,
		           clamp(jool, node, row, json_integer_value(node->value)));
}

/* Read "[[HH:]MM:]SS[.mmm]". Returns milliseconds, or -1. */
static int64_t timeout_parse(const char *text)
{
	int64_t total = 0, unit = 100;
	int fields = 0;

	while (true) {
		int64_t field = 0;

		if (*text < '0' || *text > '9' || ++fields > 3)
			return -1;
		while (*text >= '0' && *text <= '9' && field < 1000000)
			field = 10 * field + (*text++ - '0');
		total = 60 * total + field;
		if (*text != ':')
			break;
		text++;
	}
	total *= 1000;
	if (*text == '.' && text[1] >= '0' && text[1] <= '9')
		for (text++; *text >= '0' && *text <= '9' && unit > 0; unit /= 10)
			total += unit * (*text++ - '0');
	return *text == '\0' ? total : -1;
}

static void take_timeout(struct jool *jool, const struct json_node *node,
                         const struct global_row *row)
{
	const char *text = json_string_value(node->value);
	int64_t ms = text ? timeout_parse(text) : -1;

	if (ms < 0) {
		jool_refuse(jool, node, row->name,
		            "a time like \"2:00:00\", \"5:00\" or \"6.500\"");
		return;
	}
	ms = clamp(jool, node, row, ms);
	if (ms % 1000)
		import_put(jool->import, node->line, "%s = %" PRId64 "ms", row->key, ms);
	else if (ms % 60000)
		import_put(jool->import, node->line, "%s = %" PRId64 "s", row->key, ms / 1000);
	else if (ms % 3600000)
		import_put(jool->import, node->line, "%s = %" PRId64 "m", row->key, ms / 60000);
	else
		import_put(jool->import, node->line, "%s = %" PRId64 "h", row->key, ms / 3600000);
}

/* No counterpart, whatever the value is. */
static void take_note(struct jool *jool, const struct json_node *node, const struct global_row *row)
{
	char buf[80];

	import_note(jool->import, node->line, "%s = %s: %s", row->name,
	            jool_value_text(node, buf, sizeof(buf)), row->note);
}

/* Something is to be said only when it is on, or only when it is off. */
static void take_note_if(struct jool *jool, const struct json_node *node,
                         const struct global_row *row, json_type type)
{
	if (!json_is_boolean(node->value))
		jool_refuse(jool, node, row->name, "true or false");
	else if (json_typeof(node->value) == type)
		take_note(jool, node, row);
}

static void take_note_if_on(struct jool *jool, const struct json_node *node,
                            const struct global_row *row)
{
	take_note_if(jool, node, row, JSON_TRUE);
}

static void take_note_if_off(struct jool *jool, const struct json_node *node,
                             const struct global_row *row)
{
	take_note_if(jool, node, row, JSON_FALSE);
}

static void take_pool6(struct jool *jool, const struct json_node *node,
                       const struct global_row *row)
{
	const char *text = json_string_value(node->value);
	struct prefix6 prefix;
	char buf[ADDRESS_STRLEN];

	if (json_is_null(node->value))
		return;
	if (!text) {
		jool_refuse(jool, node, row->name, "a prefix like \"64:ff9b::/96\", or null");
		return;
	}
	if (!jool_prefix_is_good(jool, node->line, row->name, text, prefix6_parse(text, &prefix)))
		return;
	import_put(jool->import, node->line, "%s = %s", row->key, prefix6_format(&prefix, buf));
	if (rfc6052_is_well_known(&prefix))
		import_note(jool->import, node->line,
		            "pool6 = %s: private and other non-global IPv4 addresses behind this "
		            "prefix are dropped here (RFC 6052 section 3.1), Jool carries them; "
		            "allow-private-with-wkp = yes carries them, too",
		            buf);
}

static void take_rfc6791(struct jool *jool, const struct json_node *node,
                         const struct global_row *row)
{
	const char *text = json_string_value(node->value);
	struct prefix4 prefix;
	char buf[ADDRESS_STRLEN];

	if (json_is_null(node->value))
		return;
	if (!text)
		jool_refuse(jool, node, row->name, "a prefix, or null");
	else if (jool_prefix_is_good(jool, node->line, row->name, text,
	                             prefix4_parse(text, &prefix)))
		import_put(jool->import, node->line, "%s = %s", row->key,
		           prefix4_format(&prefix, buf));
}

static void take_override(struct jool *jool, const struct json_node *node,
                          const struct global_row *row)
{
	if (!json_is_boolean(node->value))
		jool_refuse(jool, node, row->name, "true or false");
	jool->override_line = node->line;
	jool->overrides_tos = json_is_true(node->value);
}

static void take_tos(struct jool *jool, const struct json_node *node, const struct global_row *row)
{
	jool->tos_line = node->line;
	jool->tos = json_integer_value(node->value);
	if (!json_is_integer(node->value) || jool->tos < row->min || jool->tos > row->max)
		jool_refuse(jool, node, row->name, "a number from 0 to 255");
}

static void take_filtering(struct jool *jool, const struct json_node *node,
                           const struct global_row *row)
{
	if (!json_is_boolean(node->value))
		jool_refuse(jool, node, row->name, "true or false");
	else
		import_put(jool->import, node->line, "%s = %s-%s", row->key,
		           json_is_true(node->value) ? "address" : "endpoint",
		           json_is_true(node->value) ? "dependent" : "independent");
}

static void take_checksum(struct jool *jool, const struct json_node *node,
                          const struct global_row *row)
{
	if (!json_is_boolean(node->value))
		jool_refuse(jool, node, row->name, "true or false");
	else
		import_put(jool->import, node->line, "%s = %s", row->key,
		           json_is_true(node->value) ? "compute" : "drop");
}

static void take_hairpin(struct jool *jool, const struct json_node *node,
                         const struct global_row *row)
{
	static const char *const words[][2] = {
		{ "off", "off" },
		{ "none", "off" },
		{ "simple", "simple" },
		{ "intrinsic", "intrinsic" },
	};
	const char *text = json_string_value(node->value);

	for (size_t i = 0; text && i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcasecmp(text, words[i][0]) == 0) {
			import_put(jool->import, node->line, "%s = %s", row->key, words[i][1]);
			return;
		}
	}
	jool_refuse(jool, node, row->name, "\"off\", \"simple\" or \"intrinsic\"");
}

static void take_logging(struct jool *jool, const struct json_node *node,
                         const struct global_row *row)
{
	bool is_on = json_is_true(node->value);

	if (!json_is_boolean(node->value))
		jool_refuse(jool, node, row->name, "true or false");
	else if (!is_on)
		return;
	jool->log_line = node->line;
	if (strcmp(row->name, "logging-bib") == 0)
		jool->logs_bindings = true;
	else
		jool->logs_sessions = true;
}

static int falling(const void *a, const void *b)
{
	return *(const int *)b - *(const int *)a;
}

/* The list as ours has to be: falling, each once, from 68 on. */
static void put_plateaus(struct jool *jool, const struct json_node *node, int *mtus, size_t count,
                         const char *key)
{
	char text[CONFIG_PLATEAUS_MAX * 6 + 1] = "";
	size_t len = 0, kept = 0;

	qsort(mtus, count, sizeof(*mtus), falling);
	for (size_t i = 0; i < count && kept < CONFIG_PLATEAUS_MAX; i++) {
		if (mtus[i] < 68 || (i > 0 && mtus[i] == mtus[i - 1]))
			continue;
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%d", kept ? "," : "",
		                        mtus[i]);
		kept++;
	}
	if (kept < count)
		import_note(jool->import, node->line,
		            "mtu-plateaus: values below 68, repeated ones and those behind the "
		            "first %d are left out",
		            CONFIG_PLATEAUS_MAX);
	if (kept > 0)
		import_put(jool->import, node->line, "%s = %s", key, text);
}

static void take_plateaus(struct jool *jool, const struct json_node *node,
                          const struct global_row *row)
{
	int mtus[256];
	size_t count = 0;

	if (!json_is_array(node->value) || node->count > sizeof(mtus) / sizeof(mtus[0])) {
		jool_refuse(jool, node, row->name, "a list of at most 256 numbers");
		return;
	}
	for (size_t i = 0; i < node->count; i++) {
		const struct json_node *child = &node->children[i];
		int64_t mtu = json_integer_value(child->value);

		if (!json_is_integer(child->value) || mtu < row->min || mtu > row->max)
			jool_refuse(jool, child, row->name, "a number from 0 to 65535");
		else
			mtus[count++] = (int)mtu;
	}
	put_plateaus(jool, node, mtus, count, row->key);
}

static const char no_joold[] = "there is no joold here; boxes exchange sessions by "
			       "sync-interface in [cluster], which has its own limits";

#define DAY_MS 86400000

/* clang-format off */
static const struct global_row global_rows[] = {
	{ "pool6", JOOL_BOTH, take_pool6, "pool6", 0, 0, NULL, NULL },
	{ "manually-enabled", JOOL_BOTH, take_note_if_off, NULL, 0, 0,
	  "there is no pause here; do not start the translator, or use `sa-nat64 drain` where routers listen", NULL },
	{ "lowest-ipv6-mtu", JOOL_BOTH, take_number, "lowest-ipv6-mtu", 1280, 65535, NULL, NULL },
	{ "logging-debug", JOOL_BOTH, take_note_if_on, NULL, 0, 0, "use `sa-nat64 trace` while you look", NULL },
	{ "trace", JOOL_BOTH, take_note_if_on, NULL, 0, 0, "use `sa-nat64 trace` while you look", NULL },
	{ "zeroize-traffic-class", JOOL_BOTH, take_yes_no, "zeroize-traffic-class", 0, 0, NULL, NULL },
	{ "override-tos", JOOL_BOTH, take_override, NULL, 0, 0, NULL, NULL },
	{ "tos", JOOL_BOTH, take_tos, NULL, 0, 255, NULL, NULL },
	{ "mtu-plateaus", JOOL_BOTH, take_plateaus, "mtu-plateaus", 0, 65535, NULL, NULL },
	{ "address-dependent-filtering", JOOL_NAT64, take_filtering, "filtering", 0, 0, NULL, NULL },
	{ "drop-icmpv6-info", JOOL_NAT64, take_yes_no, "drop-icmpv6-info", 0, 0, NULL, NULL },
	{ "drop-externally-initiated-tcp", JOOL_NAT64, take_yes_no, "drop-externally-initiated-tcp", 0, 0, NULL, NULL },
	{ "udp-timeout", JOOL_NAT64, take_timeout, "udp-timeout", 100, DAY_MS, NULL, NULL },
	{ "tcp-est-timeout", JOOL_NAT64, take_timeout, "tcp-est-timeout", 100, DAY_MS, NULL,
	  "is not given: Jool has 2:00:00, here it is 2h4m (RFC 6146 section 4)" },
	{ "tcp-trans-timeout", JOOL_NAT64, take_timeout, "tcp-trans-timeout", 100, DAY_MS, NULL, NULL },
	{ "icmp-timeout", JOOL_NAT64, take_timeout, "icmp-timeout", 100, DAY_MS, NULL, NULL },
	{ "maximum-simultaneous-opens", JOOL_NAT64, take_number, "max-stored-syns", 0, 1048576, NULL,
	  "is not given: Jool has 10, max-stored-syns here is 4096" },
	{ "source-icmpv6-errors-better", JOOL_NAT64, take_note_if_off, NULL, 0, 0,
	  "translated errors always come from the IPv4 router behind pool6 here, as with true", NULL },
	{ "f-args", JOOL_NAT64, take_note, NULL, 0, 0,
	  "a host keeps one public address here, whatever it speaks to, and its ports are random", NULL },
	{ "handle-rst-during-fin-rcv", JOOL_NAT64, take_note, NULL, 0, 0,
	  "an RST never prolongs a session here (RFC 7857 section 7.1); there is nothing to choose", NULL },
	{ "logging-bib", JOOL_NAT64, take_logging, NULL, 0, 0, NULL, NULL },
	{ "logging-session", JOOL_NAT64, take_logging, NULL, 0, 0, NULL, NULL },
	{ "ss-enabled", JOOL_NAT64, take_note_if_on, NULL, 0, 0, no_joold, NULL },
	{ "ss-flush-asap", JOOL_NAT64, take_note, NULL, 0, 0, no_joold, NULL },
	{ "ss-flush-deadline", JOOL_NAT64, take_note, NULL, 0, 0, no_joold, NULL },
	{ "ss-capacity", JOOL_NAT64, take_note, NULL, 0, 0, no_joold, NULL },
	{ "ss-max-payload", JOOL_NAT64, take_note, NULL, 0, 0, no_joold, NULL },
	{ "ss-max-sessions-per-packet", JOOL_NAT64, take_note, NULL, 0, 0, no_joold, NULL },
	{ "amend-udp-checksum-zero", JOOL_SIIT, take_checksum, "udp-checksum-zero", 0, 0, NULL,
	  "is not given: Jool drops IPv4 UDP packets without a checksum, here it is computed; udp-checksum-zero = drop drops them" },
	{ "eam-hairpin-mode", JOOL_SIIT, take_hairpin, "eam-hairpin-mode", 0, 0, NULL, NULL },
	{ "randomize-rfc6791-addresses", JOOL_SIIT, take_note_if_off, NULL, 0, 0,
	  "addresses of rfc6791-pool4 are not chosen by hop limit here", NULL },
	{ "rfc6791v4-prefix", JOOL_SIIT, take_rfc6791, "rfc6791-pool4", 0, 0, NULL, NULL },
	{ "rfc6791v6-prefix", JOOL_SIIT, take_note, NULL, 0, 0,
	  "there is no such pool here; IPv4 routers without a mapping need a pool6 that covers them", NULL },
};
/* clang-format on */

#define GLOBAL_ROWS (sizeof(global_rows) / sizeof(global_rows[0]))

static const struct global_row *row_find(const char *name)
{
	for (size_t i = 0; i < GLOBAL_ROWS; i++)
		if (strcasecmp(global_rows[i].name, name) == 0)
			return &global_rows[i];
	return NULL;
}

unsigned jool_global_modes(const char *name)
{
	const struct global_row *row = row_find(name);

	return row ? row->modes : 0;
}

static void take_global(struct jool *jool, const struct json_node *node)
{
	const struct global_row *row = row_find(node->key);

	if (strcasecmp(node->key, "comment") == 0)
		return;
	if (!row)
		import_note(jool->import, node->line,
		            "global.%.60s: left out; Jool 4.1 has no such key", node->key);
	else if (!(row->modes & jool->mode))
		import_error(jool->import, node->line, "global.%s: belongs to %s", row->name,
		             row->modes == JOOL_SIIT ? "jool_siit, but this is a file of jool"
		                                     : "jool, but this is a file of jool_siit");
	else
		row->take(jool, node, row);
}

/* What several keys make together. */
static void finish_global(struct jool *jool)
{
	if (jool->overrides_tos)
		import_put(jool->import, jool->override_line, "override-tos = %" PRId64, jool->tos);
	else if (jool->tos > 0)
		import_note(jool->import, jool->tos_line,
		            "tos = %" PRId64 ": left out; it has no effect without override-tos",
		            jool->tos);
	if (jool->logs_sessions || jool->logs_bindings)
		import_put(jool->import, jool->log_line, "log-sessions = sessions");
	if (jool->logs_sessions)
		import_put(jool->import, jool->log_line, "log-destinations = yes");
}

void jool_take_globals(struct jool *jool)
{
	const struct json_node *global = jool_member(jool->root, "global");

	if (global && !json_is_object(global->value)) {
		jool_refuse(jool, global, "global", "an object");
		return;
	}
	for (size_t i = 0; global && i < global->count; i++)
		take_global(jool, &global->children[i]);
	for (size_t i = 0; i < GLOBAL_ROWS; i++)
		if (global_rows[i].when_absent && (global_rows[i].modes & jool->mode) &&
		    (!global || !jool_member(global, global_rows[i].name)))
			import_note(jool->import, global ? global->line : 0, "%s %s",
			            global_rows[i].name, global_rows[i].when_absent);
	finish_global(jool);
}
