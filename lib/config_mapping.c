/* Values that map one family to the other: pool6, pool4, bib, eam and the lines of an eam-file.
 *
 * A line is taken apart into words here and judged by itself; whether two lines claim the same
 * address or port is config_overlap.c's question, for which the place of every entry is kept beside
 * it.
 */
#include "lib/config_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PORT_MIN_DEFAULT 1024
#define WORDS_MAX        4

/* A value cut at its blanks. */
struct words {
	char text[CONFIG_LINE_MAX + 1];
	char *at[WORDS_MAX];
	size_t count; /* WORDS_MAX also stands for more */
};

static void words_split(const char *value, struct words *words)
{
	char *rest = NULL;

	words->count = 0;
	snprintf(words->text, sizeof(words->text), "%s", value);
	for (char *word = strtok_r(words->text, " \t", &rest); word && words->count < WORDS_MAX;
	     word = strtok_r(NULL, " \t", &rest))
		words->at[words->count++] = word;
}

/* Append to one of the instance's lists and remember where the entry stands. */
static void entry_append(struct config_reader *reader, void *list, size_t *count, size_t size,
                         const void *entry, struct config_origins *origins)
{
	if (config_append(reader, list, count, size, entry))
		config_append(reader, &origins->at, &origins->count, sizeof(reader->origin),
		              &reader->origin);
}

/* ---- pool6 ---- */

/* Whether the prefix may translate addresses (RFC 6052 section 2.2); if not, say why. */
static bool pool6_check(struct config_reader *reader, const struct prefix6 *prefix)
{
	static const struct prefix6 well_known = { { { { 0, 0x64, 0xff, 0x9b } } }, 96 };

	if (prefix->len < 32 || prefix->len > 96 || prefix->len % 8 != 0 ||
	    (prefix->len > 64 && prefix->len < 96)) {
		config_refuse(reader, "prefix length %u is not one of 32, 40, 48, 56, 64, 96",
		              prefix->len);
		return false;
	}
	if (!config_prefix6_is_usable(prefix)) {
		config_refuse(reader, "the prefix holds addresses that no host can have");
		return false;
	}
	if (prefix->len == 96 && prefix->addr.s6_addr[8] != 0) {
		config_refuse(reader,
		              "bits 64 to 71 of a /96 have to be zero (RFC 6052 section 2.2)");
		return false;
	}
	if (prefix->len < 96 && prefix6_covers(prefix, &well_known)) {
		config_refuse(reader,
		              "the well-known prefix is 64:ff9b::/96 and has no other length");
		return false;
	}
	return true;
}

static void pool6_parse(struct config_reader *reader, const struct config_key *key, void *section,
                        const char *value)
{
	struct config_instance *instance = section;
	struct config_pool6 pool6 = { 0 };
	struct words words;

	(void)key;
	words_split(value, &words);
	if (words.count != 1 && (words.count != 3 || strcmp(words.at[1], "for") != 0)) {
		config_refuse(reader, "not PREFIX or PREFIX for RANGE, such as 64:ff9b::/96 or "
		                      "2001:db8:64::/96 for 10.0.0.0/8");
		return;
	}
	if (!config_parse_prefix6(reader, words.at[0], &pool6.prefix) ||
	    !pool6_check(reader, &pool6.prefix))
		return;
	if (words.count == 3 && !config_parse_prefix4(reader, words.at[2], &pool6.range))
		return;
	if (instance->pool6_count == CONFIG_POOL6_MAX)
		config_refuse(reader, "more than %d prefixes in one instance", CONFIG_POOL6_MAX);
	else
		entry_append(reader, &instance->pool6, &instance->pool6_count, sizeof(pool6),
		             &pool6, &reader->trace->pool6);
}

static void pool6_print(const struct config_key *key, const void *section, FILE *out)
{
	const struct config_instance *instance = section;
	char prefix[ADDRESS_STRLEN], range[ADDRESS_STRLEN];

	for (size_t i = 0; i < instance->pool6_count; i++) {
		const struct config_pool6 *pool6 = &instance->pool6[i];

		fprintf(out, "%s = %s", key->name, prefix6_format(&pool6->prefix, prefix));
		if (pool6->range.len > 0)
			fprintf(out, " for %s", prefix4_format(&pool6->range, range));
		fputc('\n', out);
	}
}

const struct config_type config_type_pool6 = { pool6_parse, pool6_print };

/* ---- ports ---- */

/* Parse "N" or "N-M", each from least to 65535; what names them in messages ("port", "identifier").
 */
static bool range_parse(struct config_reader *reader, const char *text, uint64_t least,
                        const char *what, uint16_t *min, uint16_t *max)
{
	char first[CONFIG_LINE_MAX + 1];
	uint64_t from = 0, to = 0;
	char *dash;

	snprintf(first, sizeof(first), "%s", text);
	dash = strchr(first, '-');
	if (dash)
		*dash = '\0';
	if (config_parse_number(first, UINT16_MAX, &from) < 0 || from < least ||
	    config_parse_number(dash ? dash + 1 : first, UINT16_MAX, &to) < 0 || to < least) {
		config_refuse(reader, "'%s' is no %s or range such as 1024-65535, from %u to 65535",
		              text, what, (unsigned)least);
		return false;
	}
	if (from > to) {
		config_refuse(reader, "the range %s is upside down; write %u-%u", text,
		              (unsigned)to, (unsigned)from);
		return false;
	}
	*min = (uint16_t)from;
	*max = (uint16_t)to;
	return true;
}

static void range_print(uint16_t min, unsigned count, FILE *out)
{
	fprintf(out, "%u", min);
	if (count > 1)
		fprintf(out, "-%u", min + count - 1);
}

/* ---- pool4 ---- */

static void pool4_parse(struct config_reader *reader, const struct config_key *key, void *section,
                        const char *value)
{
	struct config_instance *instance = section;
	struct config_pool4 pool4 = { .port_min = PORT_MIN_DEFAULT, .port_max = UINT16_MAX };
	struct words words;

	(void)key;
	words_split(value, &words);
	if (words.count < 1 || words.count > 2) {
		config_refuse(reader, "not PREFIX [PORTS], such as 198.51.100.0/28 1024-65535");
		return;
	}
	if (!config_parse_prefix4(reader, words.at[0], &pool4.prefix))
		return;
	if (!config_prefix4_is_usable(&pool4.prefix)) {
		config_refuse(reader,
		              "no host can have these addresses: 0.0.0.0/8, 127.0.0.0/8 and "
		              "224.0.0.0/3 are no public addresses");
		return;
	}
	if (words.count == 2 &&
	    !range_parse(reader, words.at[1], 1, "port", &pool4.port_min, &pool4.port_max))
		return;
	entry_append(reader, &instance->pool4, &instance->pool4_count, sizeof(pool4), &pool4,
	             &reader->trace->pool4);
}

static void pool4_print(const struct config_key *key, const void *section, FILE *out)
{
	const struct config_instance *instance = section;
	char buf[ADDRESS_STRLEN];

	for (size_t i = 0; i < instance->pool4_count; i++) {
		const struct config_pool4 *pool4 = &instance->pool4[i];

		fprintf(out, "%s = %s %u-%u\n", key->name, prefix4_format(&pool4->prefix, buf),
		        pool4->port_min, pool4->port_max);
	}
}

const struct config_type config_type_pool4 = { pool4_parse, pool4_print };

/* ---- bib ---- */

/* One side of a binding: an address and its ports. */
struct bib_side {
	char address[ADDRESS_STRLEN];
	uint16_t min, max;
};

/* Take "ADDRESS:PORTS" apart, with brackets around the address when open is '['. */
static bool bib_side_parse(struct config_reader *reader, const char *text, char open, uint8_t proto,
                           struct bib_side *side)
{
	const char *colon = open == '[' ? strstr(text, "]:") : strrchr(text, ':');
	const char *start = open == '[' ? text + 1 : text;
	bool icmp = proto == IPPROTO_ICMP;
	size_t len;

	if (!colon || (open == '[' && text[0] != '[') || colon < start ||
	    (size_t)(colon - start) >= sizeof(side->address)) {
		config_refuse(reader, "'%s' is not %s", text,
		              open == '[' ? "[ADDRESS6]:PORT" : "ADDRESS4:PORT");
		return false;
	}
	len = (size_t)(colon - start);
	memcpy(side->address, start, len);
	side->address[len] = '\0';
	return range_parse(reader, colon + (open == '[' ? 2 : 1), icmp ? 0 : 1,
	                   icmp ? "identifier" : "port", &side->min, &side->max);
}

static const struct bib_proto {
	const char *name;
	uint8_t number;
} bib_protos[] = {
	{ "tcp", IPPROTO_TCP },
	{ "udp", IPPROTO_UDP },
	{ "icmp", IPPROTO_ICMP },
};

#define BIB_PROTOS (sizeof(bib_protos) / sizeof(bib_protos[0]))

static const struct bib_proto *bib_proto_find(const char *name)
{
	for (size_t i = 0; i < BIB_PROTOS; i++) {
		if (strcmp(name, bib_protos[i].name) == 0)
			return &bib_protos[i];
	}
	return NULL;
}

/* Judge the addresses and ports of the two sides and put them together. */
static bool bib_join(struct config_reader *reader, const struct bib_side *side6,
                     const struct bib_side *side4, struct config_bib *bib)
{
	struct prefix6 host6 = { .len = 128 };
	struct prefix4 host4 = { .len = 32 };
	unsigned count6 = side6->max - side6->min + 1U, count4 = side4->max - side4->min + 1U;

	if (address6_parse(side6->address, &host6.addr) < 0) {
		config_refuse(reader, "'%s' is not an IPv6 address", side6->address);
		return false;
	}
	if (address4_parse(side4->address, &host4.addr) < 0) {
		config_refuse(reader, "'%s' is not an IPv4 address", side4->address);
		return false;
	}
	if (!config_prefix6_is_usable(&host6) || !config_prefix4_is_usable(&host4)) {
		config_refuse(reader, "no host can have the address %s",
		              config_prefix4_is_usable(&host4) ? side6->address : side4->address);
		return false;
	}
	if (count6 != count4) {
		config_refuse(
			reader,
			"%u on the IPv6 side but %u on the IPv4 side; both have to be as many",
			count6, count4);
		return false;
	}
	if (count6 > UINT16_MAX) {
		config_refuse(reader, "%u identifiers; at most 65535 fit one line", count6);
		return false;
	}
	bib->addr6 = host6.addr;
	bib->addr4 = host4.addr;
	bib->port6 = side6->min;
	bib->port4 = side4->min;
	bib->count = (uint16_t)count6;
	return true;
}

static void bib_parse(struct config_reader *reader, const struct config_key *key, void *section,
                      const char *value)
{
	struct config_instance *instance = section;
	const struct bib_proto *proto;
	struct bib_side side6, side4;
	struct config_bib bib = { 0 };
	struct words words;

	(void)key;
	words_split(value, &words);
	if (words.count != 3) {
		config_refuse(reader, "not PROTOCOL [ADDRESS6]:PORT ADDRESS4:PORT, such as "
		                      "tcp [2001:db8:7::80]:443 198.51.100.1:443");
		return;
	}
	proto = bib_proto_find(words.at[0]);
	if (!proto) {
		config_refuse(reader, "'%s' is not one of tcp, udp, icmp", words.at[0]);
		return;
	}
	bib.proto = proto->number;
	if (bib_side_parse(reader, words.at[1], '[', proto->number, &side6) &&
	    bib_side_parse(reader, words.at[2], ':', proto->number, &side4) &&
	    bib_join(reader, &side6, &side4, &bib))
		entry_append(reader, &instance->bib, &instance->bib_count, sizeof(bib), &bib,
		             &reader->trace->bib);
}

static const char *bib_proto_name(uint8_t number)
{
	size_t i = 0;

	while (i < BIB_PROTOS - 1 && bib_protos[i].number != number)
		i++;
	return bib_protos[i].name;
}

static void bib_print(const struct config_key *key, const void *section, FILE *out)
{
	const struct config_instance *instance = section;
	char addr6[ADDRESS_STRLEN], addr4[ADDRESS_STRLEN];

	for (size_t i = 0; i < instance->bib_count; i++) {
		const struct config_bib *bib = &instance->bib[i];

		fprintf(out, "%s = %s [%s]:", key->name, bib_proto_name(bib->proto),
		        address6_format(&bib->addr6, addr6));
		range_print(bib->port6, bib->count, out);
		fprintf(out, " %s:", address4_format(bib->addr4, addr4));
		range_print(bib->port4, bib->count, out);
		fputc('\n', out);
	}
}

const struct config_type config_type_bib = { bib_parse, bib_print };

/* ---- eam ---- */

static void eam_parse(struct config_reader *reader, const struct config_key *key, void *section,
                      const char *value)
{
	struct config_instance *instance = section;
	struct config_eam eam = { 0 };
	struct words words;

	(void)key;
	words_split(value, &words);
	if (words.count != 2) {
		config_refuse(reader,
		              "not PREFIX4 PREFIX6, such as 203.0.113.0/28 2001:db8:10::/124");
		return;
	}
	if (!config_parse_prefix4(reader, words.at[0], &eam.prefix4) ||
	    !config_parse_prefix6(reader, words.at[1], &eam.prefix6))
		return;
	if (32 - eam.prefix4.len > 128 - eam.prefix6.len) {
		config_refuse(
			reader,
			"%d bits behind the IPv4 prefix do not fit into the %d behind the IPv6 "
			"prefix; "
			"lengthen the one or shorten the other",
			32 - eam.prefix4.len, 128 - eam.prefix6.len);
		return;
	}
	entry_append(reader, &instance->eam, &instance->eam_count, sizeof(eam), &eam,
	             &reader->trace->eam);
}

static void eam_print(const struct config_key *key, const void *section, FILE *out)
{
	const struct config_instance *instance = section;
	char buf4[ADDRESS_STRLEN], buf6[ADDRESS_STRLEN];

	for (size_t i = 0; i < instance->eam_count; i++)
		fprintf(out, "%s = %s %s\n", key->name,
		        prefix4_format(&instance->eam[i].prefix4, buf4),
		        prefix6_format(&instance->eam[i].prefix6, buf6));
}

const struct config_type config_type_eam = { eam_parse, eam_print };

/* ---- eam-file ---- */

/* Open for reading without waiting for what is no regular file (a FIFO, a terminal). Descriptor or
 * -errno. */
static int regular_open(const char *path)
{
	struct stat st;
	int fd;

	/* Looked at before it is opened, because opening alone makes some devices act; and again,
	 * in case it changed. */
	if (stat(path, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return -EINVAL;
	}
	return fd;
}

/* Parse all lines of the eam-file, each reported with the file's own name. */
static void eam_lines_parse(struct config_reader *reader, const char *name, const char *text,
                            size_t len, struct config_instance *instance)
{
	const struct config_origin outer = reader->origin;
	const struct config_key *key = reader->key;
	struct config_text lines = { .next = text, .end = text + len, .origin = { .file = name } };
	char line[CONFIG_LINE_MAX + 1];

	reader->key = NULL;
	reader->value = line;
	while (!reader->no_memory && config_next_line(reader, &lines, line)) {
		if (line[0] != '\0')
			eam_parse(reader, key, instance, line);
	}
	reader->origin = outer;
}

static void eam_file_parse(struct config_reader *reader, const struct config_key *key,
                           void *section, const char *value)
{
	char *name, *text = NULL;
	size_t len = 0;
	int result, fd = regular_open(value);

	(void)key;
	if (fd == -EINVAL) {
		config_refuse(reader, "not a regular file");
		return;
	}
	if (fd < 0) {
		config_refuse(reader, "cannot open the file: %s", strerror(-fd));
		return;
	}
	result = config_read_all(fd, &text, &len);
	close(fd);
	if (result < 0) {
		config_refuse(reader, "cannot read the file: %s", strerror(-result));
		return;
	}
	name = strdup(value);
	if (!name ||
	    !config_append(reader, &reader->files, &reader->file_count, sizeof(name), &name)) {
		reader->no_memory = true;
		free(name);
	} else {
		eam_lines_parse(reader, name, text, len, section);
	}
	free(text);
}

/* The pairs of the file are printed among the eam lines. */
static void eam_file_print(const struct config_key *key, const void *section, FILE *out)
{
	(void)key;
	(void)section;
	(void)out;
}

const struct config_type config_type_eam_file = { eam_file_parse, eam_file_print };
