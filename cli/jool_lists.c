/* See jool.h: pool4 and bib of jool, eamt and denylist4 of jool_siit. */
#include "cli/jool.h"
#include "cli/jool_pool4.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define POOL4_PORT_MIN 61001 /* of an entry without a port range */
#define POOL4_PORT_MAX 65535

/* Call take for each entry of a list. */
static void take_list(struct jool *jool, const char *name,
                      void (*take)(struct jool *jool, const struct json_node *node))
{
	const struct json_node *list = jool_member(jool->root, name);

	if (list && !json_is_array(list->value)) {
		jool_refuse(jool, list, name, "a list");
		return;
	}
	for (size_t i = 0; list && i < list->count; i++)
		take(jool, &list->children[i]);
}

/* Whether an entry is an object; says so if not. */
static bool entry_is_object(struct jool *jool, const struct json_node *node, const char *name)
{
	if (json_is_object(node->value))
		return true;
	jool_refuse(jool, node, name, "an object");
	return false;
}

static void take_eam(struct jool *jool, const struct json_node *node)
{
	static const char *const names[] = { "ipv6 prefix", "ipv4 prefix", NULL };
	char buf4[ADDRESS_STRLEN], buf6[ADDRESS_STRLEN];
	const char *text4, *text6;
	struct prefix4 prefix4;
	struct prefix6 prefix6;

	if (!entry_is_object(jool, node, "eamt"))
		return;
	jool_tell_unknown(jool, node, "eamt", names);
	text6 = jool_text_member(jool, node, "eamt", names[0]);
	text4 = jool_text_member(jool, node, "eamt", names[1]);
	if (text4 && text6 &&
	    jool_prefix_is_good(jool, node->line, names[0], text6,
	                        prefix6_parse(text6, &prefix6)) &&
	    jool_prefix_is_good(jool, node->line, names[1], text4, prefix4_parse(text4, &prefix4)))
		import_put(jool->import, node->line, "eam = %s %s", prefix4_format(&prefix4, buf4),
		           prefix6_format(&prefix6, buf6));
}

static void take_denied(struct jool *jool, const struct json_node *node)
{
	const char *text = json_string_value(node->value);
	struct prefix4 prefix;
	char buf[ADDRESS_STRLEN];

	if (!text)
		jool_refuse(jool, node, "denylist4", "a prefix");
	else if (jool_prefix_is_good(jool, node->line, "denylist4", text,
	                             prefix4_parse(text, &prefix)))
		import_put(jool->import, node->line, "denylist4 = %s",
		           prefix4_format(&prefix, buf));
}

/* Returns false after an error. */
static bool read_proto(struct jool *jool, const struct json_node *node, const char *where,
                       enum jool_proto *out)
{
	const char *text = jool_text_member(jool, node, where, "protocol");

	for (int proto = 0; text && proto < JOOL_PROTOS; proto++) {
		if (strcasecmp(text, jool_proto_names[proto]) == 0) {
			*out = (enum jool_proto)proto;
			return true;
		}
	}
	if (text)
		import_error(jool->import, node->line,
		             "%s: protocol \"%.60s\" is none of TCP, UDP, ICMP", where, text);
	return false;
}

/* Read a decimal number up to 65535 and what must stand behind it. Returns where that begins, or
 * NULL. */
static const char *port_parse(const char *text, const char *behind, uint16_t *out)
{
	unsigned value = 0;

	if (*text < '0' || *text > '9')
		return NULL;
	for (; *text >= '0' && *text <= '9'; text++) {
		value = 10 * value + (unsigned)(*text - '0');
		if (value > 65535)
			return NULL;
	}
	*out = (uint16_t)value;
	return strchr(behind, *text) ? text : NULL; /* the NUL is always among them */
}

/* Split "ADDRESS#PORT". Returns false after an error. */
static bool read_transport(struct jool *jool, const struct json_node *node, const char *name,
                           char *address, uint16_t *port)
{
	const char *text = jool_text_member(jool, node, "bib", name);
	size_t len = text ? strcspn(text, "#") : 0;

	if (!text)
		return false;
	if (len < ADDRESS_STRLEN && text[len] == '#' && port_parse(text + len + 1, "", port)) {
		(void)snprintf(address, ADDRESS_STRLEN, "%.*s", (int)len, text);
		return true;
	}
	import_error(jool->import, node->line, "bib: %s \"%.60s\" is not ADDRESS#PORT", name, text);
	return false;
}

static void take_bib(struct jool *jool, const struct json_node *node)
{
	static const char *const names[] = { "ipv6 address", "ipv4 address", "protocol", NULL };
	static const char *const protos[JOOL_PROTOS] = { "tcp", "udp", "icmp" };
	char buf6[ADDRESS_STRLEN], buf4[ADDRESS_STRLEN];
	struct in6_addr address6;
	uint16_t port6, port4;
	enum jool_proto proto;
	uint32_t address4;

	if (!entry_is_object(jool, node, "bib"))
		return;
	jool_tell_unknown(jool, node, "bib", names);
	if (!read_proto(jool, node, "bib", &proto) ||
	    !read_transport(jool, node, names[0], buf6, &port6) ||
	    !read_transport(jool, node, names[1], buf4, &port4))
		return;
	if (jool_prefix_is_good(jool, node->line, names[0], buf6,
	                        address6_parse(buf6, &address6)) &&
	    jool_prefix_is_good(jool, node->line, names[1], buf4, address4_parse(buf4, &address4)))
		import_put(jool->import, node->line, "bib = %s [%s]:%u %s:%u", protos[proto],
		           address6_format(&address6, buf6), port6, address4_format(address4, buf4),
		           port4);
}

/* ---- pool4 ---- */

static bool read_ports(struct jool *jool, const struct json_node *node, struct jool_pool4 *out)
{
	const struct json_node *range = jool_member(node, "port range");
	const char *text = range ? json_string_value(range->value) : NULL, *rest;

	out->port_min = POOL4_PORT_MIN;
	out->port_max = POOL4_PORT_MAX;
	if (!range)
		return true;
	rest = text ? port_parse(text, "-", &out->port_min) : NULL;
	out->port_max = out->port_min;
	if (rest && *rest == '-')
		rest = port_parse(rest + 1, "", &out->port_max);
	if (rest && out->port_min <= out->port_max)
		return true;
	jool_refuse(jool, range, "port range", "ports like \"61001-65535\"");
	return false;
}

/* What of an entry has no counterpart. */
static void tell_pool4(struct jool *jool, const struct json_node *node)
{
	static const char *const names[] = { "mark",       "protocol",       "prefix",
		                             "port range", "max-iterations", NULL };
	const struct json_node *mark = jool_member(node, "mark");
	const struct json_node *iterations = jool_member(node, "max-iterations");
	char buf[80];

	jool_tell_unknown(jool, node, "pool4", names);
	if (mark && (!json_is_integer(mark->value) || json_integer_value(mark->value) < 0 ||
	             json_integer_value(mark->value) > UINT32_MAX))
		jool_refuse(jool, mark, "mark", "a number from 0 to 4294967295");
	else if (mark && json_integer_value(mark->value) > 0)
		import_note(jool->import, mark->line,
		            "pool4.mark = %s: there are no marks here, all hosts share the pool; "
		            "an instance for each group of hosts keeps them apart",
		            jool_value_text(mark, buf, sizeof(buf)));
	if (iterations)
		import_note(jool->import, iterations->line,
		            "pool4.max-iterations = %s: left out; the search for a port is bounded "
		            "here by itself",
		            jool_value_text(iterations, buf, sizeof(buf)));
}

/* Returns false after an error. */
static bool read_pool4(struct jool *jool, const struct json_node *node, struct jool_pool4 *out)
{
	const char *text;

	if (!entry_is_object(jool, node, "pool4"))
		return false;
	tell_pool4(jool, node);
	text = jool_text_member(jool, node, "pool4", "prefix");
	out->line = node->line;
	return text && read_proto(jool, node, "pool4", &out->proto) &&
	       jool_prefix_is_good(jool, node->line, "prefix", text,
	                           prefix4_parse(text, &out->prefix)) &&
	       read_ports(jool, node, out);
}

static void put_pool4(struct jool *jool, const struct json_node *list, struct jool_pool4 *entries)
{
	size_t count = 0;
	int put;

	for (size_t i = 0; i < list->count; i++)
		count += read_pool4(jool, &list->children[i], &entries[count]);
	put = count > 0 ? jool_pool4_put(jool->import, entries, count) : 0;
	if (put < 0)
		import_error(jool->import, list->line, "pool4: out of memory");
	else if (put > 0)
		import_note(jool->import, list->line,
		            "pool4: Jool shares these addresses with the box; here no interface of "
		            "the box may carry them, and routers send them to it "
		            "(docs/migrating-from-jool.md, \"Addresses\")");
}

static void take_pool4(struct jool *jool)
{
	const struct json_node *list = jool_member(jool->root, "pool4");
	const struct json_node *bib = jool_member(jool->root, "bib");
	struct jool_pool4 *entries;

	if (list && !json_is_array(list->value)) {
		jool_refuse(jool, list, "pool4", "a list");
		return;
	}
	if (!list || list->count == 0) {
		if (!bib || bib->count == 0)
			import_error(jool->import, list ? list->line : 0,
			             "no pool4: Jool takes ports 61001-65535 of the box's own "
			             "addresses then, but here the pool needs addresses of its "
			             "own; write them into the file");
		return;
	}
	if (list->count > JOOL_POOL4_MAX) {
		import_error(jool->import, list->line, "pool4: more than %d entries",
		             JOOL_POOL4_MAX);
		return;
	}
	entries = calloc(list->count, sizeof(*entries));
	if (entries)
		put_pool4(jool, list, entries);
	else
		import_error(jool->import, list->line, "pool4: out of memory");
	free(entries);
}

void jool_take_lists(struct jool *jool)
{
	if (jool->mode == JOOL_NAT64) {
		take_pool4(jool);
		take_list(jool, "bib", take_bib);
		return;
	}
	take_list(jool, "eamt", take_eam);
	take_list(jool, "denylist4", take_denied);
	take_list(jool, "blacklist4", take_denied); /* as Jool 4.0 spelled it */
}
