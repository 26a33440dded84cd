/* A tayga.conf (manual page of TAYGA 0.9.2, and what later versions up to 0.9.6 added): one table
 * of directives.
 *
 * TAYGA gives each host an IPv4 address of its own. Without dynamic-pool that is mode siit here.
 * With it, hosts get addresses for a while, which here is mode nat64, where they share them by
 * ports; a map of a single address is then a static binding of all its ports.
 */
#include "cli/import.h"

#include "cli/ranges4.h"
#include "lib/rfc6052.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define WORDS_MAX    10 /* of a line, as TAYGA has it */
#define LINE_MAX_LEN 510
#define BOUND_MAX    16 /* hosts with static bindings: three times 65535 of each */

struct map {
	unsigned line;
	struct prefix4 prefix4;
	struct prefix6 prefix6;
};

struct tayga {
	struct import *import;
	unsigned line; /* being read */
	const struct directive *directive;
	char **args;
	size_t arg_count;

	/* What was found; the line of each, 0: not given. */
	unsigned tun_line, address4_line, address6_line, prefix_line, pool_line, wkpf_line,
		mtu_line, checksum_line;
	char tun[16];
	uint32_t address4;
	struct in6_addr address6;
	struct prefix6 prefix;
	struct prefix4 pool;
	bool allows_private, drops_checksum_zero;
	unsigned mtu;
	struct map *maps; /* owned */
	size_t map_count;
};

struct directive {
	const char *name;
	size_t args; /* at least */
	void (*take)(struct tayga *tayga);
	const char *note; /* what to say */
};

static void refuse(struct tayga *tayga, const char *wanted)
{
	import_error(tayga->import, tayga->line, "%s %.60s: wanted is %s", tayga->directive->name,
	             tayga->args[0], wanted);
}

/* Note that a directive was given. Returns false after an error if it was before. */
static bool once(struct tayga *tayga, unsigned *line)
{
	if (*line)
		import_error(tayga->import, tayga->line, "%s: is given in line %u already",
		             tayga->directive->name, *line);
	else
		*line = tayga->line;
	return *line == tayga->line;
}

/* 1, 0, or -1 after an error. */
static int yes_or_no(struct tayga *tayga)
{
	static const char *const words[][2] = {
		{ "yes", "no" }, { "true", "false" }, { "on", "off" }, { "1", "0" }
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcasecmp(tayga->args[0], words[i][0]) == 0)
			return 1;
		if (strcasecmp(tayga->args[0], words[i][1]) == 0)
			return 0;
	}
	refuse(tayga, "yes or no");
	return -1;
}

static void take_tun(struct tayga *tayga)
{
	size_t len = strlen(tayga->args[0]);

	if (!once(tayga, &tayga->tun_line))
		return;
	if (len >= sizeof(tayga->tun))
		refuse(tayga, "an interface of at most 15 characters");
	else
		memcpy(tayga->tun, tayga->args[0], len + 1);
}

static void take_address4(struct tayga *tayga)
{
	if (once(tayga, &tayga->address4_line) &&
	    address4_parse(tayga->args[0], &tayga->address4) < 0)
		refuse(tayga, "an IPv4 address");
}

static void take_address6(struct tayga *tayga)
{
	if (once(tayga, &tayga->address6_line) &&
	    address6_parse(tayga->args[0], &tayga->address6) < 0)
		refuse(tayga, "an IPv6 address");
}

static void take_prefix(struct tayga *tayga)
{
	if (!once(tayga, &tayga->prefix_line))
		return;
	if (!strchr(tayga->args[0], '/') || prefix6_parse(tayga->args[0], &tayga->prefix) < 0 ||
	    !rfc6052_length_is_valid(tayga->prefix.len))
		refuse(tayga, "an IPv6 prefix of 32, 40, 48, 56, 64 or 96 bits");
}

static void take_pool(struct tayga *tayga)
{
	if (!once(tayga, &tayga->pool_line))
		return;
	if (!strchr(tayga->args[0], '/') || prefix4_parse(tayga->args[0], &tayga->pool) < 0 ||
	    tayga->pool.len > 31)
		refuse(tayga, "an IPv4 prefix of at most 31 bits");
}

static void take_wkpf(struct tayga *tayga)
{
	if (once(tayga, &tayga->wkpf_line))
		tayga->allows_private = yes_or_no(tayga) == 0;
}

static void take_mtu(struct tayga *tayga)
{
	unsigned long mtu;
	char *end;

	if (!once(tayga, &tayga->mtu_line))
		return;
	mtu = strtoul(tayga->args[0], &end, 10);
	if (tayga->args[0][0] < '0' || tayga->args[0][0] > '9' || *end || mtu < 1280 || mtu > 65535)
		refuse(tayga, "bytes from 1280 to 65535");
	else
		tayga->mtu = (unsigned)mtu;
}

static void take_checksum(struct tayga *tayga)
{
	const char *word = tayga->args[0];

	if (!once(tayga, &tayga->checksum_line))
		return;
	if (strncasecmp(word, "dr", 2) == 0)
		tayga->drops_checksum_zero = true;
	else if (strncasecmp(word, "fwd", 3) == 0 || strncasecmp(word, "forw", 4) == 0)
		import_note(tayga->import, tayga->line,
		            "udp-cksum-mode %s: no packet leaves without a checksum here; it is "
		            "computed",
		            word);
	else if (strncasecmp(word, "calc", 4) != 0)
		refuse(tayga, "drop, calc or fwd");
}

static void take_map(struct tayga *tayga)
{
	struct map map = { .line = tayga->line };
	struct map *maps;

	if (prefix4_parse(tayga->args[0], &map.prefix4) < 0 ||
	    prefix6_parse(tayga->args[1], &map.prefix6) < 0) {
		import_error(tayga->import, tayga->line,
		             "map %.60s %.60s: wanted are an IPv4 and an IPv6 address, or prefixes "
		             "without bits behind their lengths",
		             tayga->args[0], tayga->args[1]);
		return;
	}
	if (32 - map.prefix4.len != 128 - map.prefix6.len) {
		import_error(tayga->import, tayga->line,
		             "map %.60s %.60s: wanted are prefixes of the same size",
		             tayga->args[0], tayga->args[1]);
		return;
	}
	maps = reallocarray(tayga->maps, tayga->map_count + 1, sizeof(*maps));
	if (!maps) {
		import_error(tayga->import, tayga->line, "out of memory");
		return;
	}
	tayga->maps = maps;
	maps[tayga->map_count++] = map;
}

static void take_note(struct tayga *tayga)
{
	import_note(tayga->import, tayga->line, "%s %.60s: %s", tayga->directive->name,
	            tayga->arg_count > 0 ? tayga->args[0] : "", tayga->directive->note);
}

static void take_fragments(struct tayga *tayga)
{
	if (yes_or_no(tayga) == 1)
		take_note(tayga);
}

/* clang-format off */
static const struct directive directives[] = {
	{ "tun-device", 1, take_tun, NULL },
	{ "ipv4-addr", 1, take_address4, NULL },
	{ "ipv6-addr", 1, take_address6, NULL },
	{ "prefix", 1, take_prefix, NULL },
	{ "dynamic-pool", 1, take_pool, NULL },
	{ "map", 2, take_map, NULL },
	{ "wkpf-strict", 1, take_wkpf, NULL },
	{ "offlink-mtu", 1, take_mtu, NULL },
	{ "udp-cksum-mode", 1, take_checksum, NULL },
	{ "strict-frag-hdr", 1, take_fragments,
	  "a packet that is no fragment never gets a Fragment header here (RFC 7915 section 4)" },
	{ "data-dir", 1, take_note,
	  "left out; sessions outlive a restart by themselves, the mappings of dynamic.map are not taken over" },
	{ "map-file", 1, take_note,
	  "not read; append its lines to a copy of this file and import that, or write them without \"map\" into an eam-file" },
	{ "log", 0, take_note,
	  "left out; `sa-nat64 stats` counts every reason, `sa-nat64 trace` shows packets" },
	{ "workers", 1, take_note, "left out; established flows are translated on all CPUs by fast-path" },
	{ "tun-up", 1, take_note, "left out; the translator always brings the device up" },
	{ "tun-ip", 1, take_note, "left out; the device needs no address here" },
	{ "tun-route", 1, take_note,
	  "left out; the translator sets the routes of pool6, pool4 and eam, others are yours" },
};
/* clang-format on */

static const struct directive *directive_find(const char *name)
{
	for (size_t i = 0; i < sizeof(directives) / sizeof(directives[0]); i++)
		if (strcasecmp(directives[i].name, name) == 0)
			return &directives[i];
	return NULL;
}

/* ---- lines ---- */

static void take_words(struct tayga *tayga, char **words, size_t count)
{
	tayga->directive = directive_find(words[0]);
	tayga->args = words + 1;
	tayga->arg_count = count - 1;
	if (!tayga->directive)
		import_note(tayga->import, tayga->line,
		            "%.60s: left out; TAYGA 0.9.6 has no such directive", words[0]);
	else if (tayga->arg_count < tayga->directive->args)
		import_error(tayga->import, tayga->line, "%s: has no value",
		             tayga->directive->name);
	else
		tayga->directive->take(tayga);
}

static void take_line(struct tayga *tayga, const char *start, size_t len)
{
	char line[LINE_MAX_LEN + 1], *words[WORDS_MAX + 1], *rest = line, *word;
	size_t count = 0;

	if (len > LINE_MAX_LEN) {
		import_error(tayga->import, tayga->line, "the line has more than %d characters",
		             LINE_MAX_LEN);
		return;
	}
	memcpy(line, start, len);
	line[len] = '\0';
	while (count <= WORDS_MAX && (word = strsep(&rest, " \t\r")) && *word != '#')
		if (*word)
			words[count++] = word;
	if (count > WORDS_MAX)
		import_error(tayga->import, tayga->line, "the line has more than %d words",
		             WORDS_MAX);
	else if (count > 0)
		take_words(tayga, words, count);
}

/* ---- what is made of them ---- */

static bool is_nat64(const struct tayga *tayga)
{
	return tayga->pool_line && tayga->prefix_line;
}

static void put_addresses(struct tayga *tayga)
{
	struct import *import = tayga->import;
	char buf[ADDRESS_STRLEN];

	if (tayga->tun_line)
		import_put(import, tayga->tun_line, "tun = %s", tayga->tun);
	if (tayga->address4_line)
		import_put(import, tayga->address4_line, "address4 = %s",
		           address4_format(tayga->address4, buf));
	if (tayga->address6_line) {
		import_put(import, tayga->address6_line, "address6 = %s",
		           address6_format(&tayga->address6, buf));
	} else if (tayga->address4_line && tayga->prefix_line) {
		struct in6_addr address6 = rfc6052_embed(&tayga->prefix, tayga->address4);

		import_put(import, tayga->address4_line, "address6 = %s",
		           address6_format(&address6, buf));
	}
}

static void put_rest(struct tayga *tayga)
{
	struct import *import = tayga->import;
	char buf[ADDRESS_STRLEN];

	if (tayga->prefix_line)
		import_put(import, tayga->prefix_line, "pool6 = %s",
		           prefix6_format(&tayga->prefix, buf));
	if (tayga->allows_private && tayga->prefix_line && rfc6052_is_well_known(&tayga->prefix))
		import_put(import, tayga->wkpf_line, "allow-private-with-wkp = yes");
	if (tayga->mtu_line)
		import_put(import, tayga->mtu_line, "lowest-ipv6-mtu = %u", tayga->mtu);
	if (tayga->checksum_line)
		import_put(import, tayga->checksum_line, "udp-checksum-zero = %s",
		           tayga->drops_checksum_zero ? "drop" : "compute");
}

static void put_eams(struct tayga *tayga)
{
	char buf4[ADDRESS_STRLEN], buf6[ADDRESS_STRLEN];

	for (size_t i = 0; i < tayga->map_count; i++)
		import_put(tayga->import, tayga->maps[i].line, "eam = %s %s",
		           prefix4_format(&tayga->maps[i].prefix4, buf4),
		           prefix6_format(&tayga->maps[i].prefix6, buf6));
}

/* A map of one host as bindings of all its ports and identifiers. */
static void put_bound(struct tayga *tayga, const struct map *map)
{
	char buf4[ADDRESS_STRLEN], buf6[ADDRESS_STRLEN];

	(void)address4_format(map->prefix4.addr, buf4);
	(void)address6_format(&map->prefix6.addr, buf6);
	import_put(tayga->import, map->line, "bib = tcp [%s]:1-65535 %s:1-65535", buf6, buf4);
	import_put(tayga->import, map->line, "bib = udp [%s]:1-65535 %s:1-65535", buf6, buf4);
	import_put(tayga->import, map->line, "bib = icmp [%s]:1-65535 %s:1-65535", buf6, buf4);
}

static void put_bindings(struct tayga *tayga)
{
	size_t bound = 0;

	for (size_t i = 0; i < tayga->map_count; i++) {
		const struct map *map = &tayga->maps[i];

		if (map->prefix4.len < 32 || bound++ >= BOUND_MAX) {
			import_note(tayga->import, map->line,
			            "map: left out; beside dynamic-pool only single addresses can "
			            "be mapped here, and at most %d; make an instance of mode siit "
			            "with this one as eam and with a prefix of its own",
			            BOUND_MAX);
			continue;
		}
		put_bound(tayga, map);
		import_note(tayga->import, map->line,
		            "map: TCP, UDP and ping of the host keep its IPv4 address; other "
		            "protocols pass in mode siit only");
	}
}

/* The pool without the addresses that TAYGA does not give to hosts. Returns 0 or -ENOMEM. */
static int pool_ranges(const struct tayga *tayga, struct ranges4 *out)
{
	struct range4 pool = range4_of(&tayga->pool);
	struct range4 own = { tayga->address4, (uint64_t)tayga->address4 + 1 };
	int error = ranges4_add(out, pool);

	if (error == 0)
		error = ranges4_remove(out, (struct range4){ pool.first, pool.first + 1 });
	if (error == 0 && tayga->address4_line)
		error = ranges4_remove(out, own);
	for (size_t i = 0; i < tayga->map_count && error == 0; i++)
		error = ranges4_remove(out, range4_of(&tayga->maps[i].prefix4));
	return error;
}

static void put_pool(struct tayga *tayga)
{
	struct ranges4 ranges = { .count = 0 };
	char buf[ADDRESS_STRLEN];
	struct prefix4 prefix;
	int error = pool_ranges(tayga, &ranges);

	if (error < 0)
		import_error(tayga->import, tayga->pool_line, "out of memory");
	for (size_t i = 0; i < ranges.count && error == 0; i++)
		while (range4_take_prefix(&ranges.at[i], &prefix))
			import_put(tayga->import, tayga->pool_line, "pool4 = %s",
			           prefix4_format(&prefix, buf));
	ranges4_fini(&ranges);
	import_note(tayga->import, tayga->pool_line,
	            "dynamic-pool: TAYGA lends a host a whole IPv4 address; here all hosts share "
	            "these addresses by TCP and UDP ports and ping identifiers (mode nat64), so a "
	            "few are enough, and nobody reaches a host from IPv4 without a bib");
}

/* Whether there is anything that could be translated; says so if not. */
static bool is_whole(struct tayga *tayga)
{
	if (tayga->pool_line && !tayga->prefix_line)
		import_note(tayga->import, tayga->pool_line,
		            "dynamic-pool: left out; without a prefix hosts reach mapped addresses "
		            "only, and those only from an address that is mapped, too");
	if (tayga->prefix_line || tayga->map_count > 0)
		return true;
	import_error(tayga->import, 0, "neither prefix nor map: nothing would be translated");
	return false;
}

/* Values that were refused are not there, so that nothing is made of the rest. */
static void put(struct tayga *tayga, const char *name)
{
	bool nat64 = is_nat64(tayga);

	if (import_has_errors(tayga->import) || !is_whole(tayga))
		return;
	import_begin_instance(tayga->import, 0, name, NULL, "tayga");
	import_put(tayga->import, 0, "mode = %s", nat64 ? "nat64" : "siit");
	put_addresses(tayga);
	put_rest(tayga);
	if (nat64) {
		put_pool(tayga);
		put_bindings(tayga);
	} else {
		put_eams(tayga);
	}
}

void import_tayga(struct import *import, const char *text, size_t len, const char *name)
{
	struct tayga tayga = { .import = import };
	const char *end = text + len;

	if (memchr(text, '\0', len)) {
		import_error(import, 0, "no text: it holds a byte 0");
		return;
	}
	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *stop = newline ? newline : end;

		tayga.line++;
		take_line(&tayga, text, (size_t)(stop - text));
		text = stop + (newline != NULL);
	}
	put(&tayga, name);
	free(tayga.maps);
}
