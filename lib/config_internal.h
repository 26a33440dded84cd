/* What the files of the configuration share: the key table's row, the reader's state, the ways to
 * report.
 *
 * config.c reads lines and feeds them to libinih, config_keys.c is the table; config_value.c,
 * config_text.c, config_address.c and config_mapping.c hold the value types that its rows name,
 * each a parser with its printer; config_check.c and config_overlap.c check what one line alone
 * cannot tell; config_print.c walks the table to print. A parser reports what it refuses to the
 * reader and goes on, so that one run names every problem of the file.
 */
#ifndef SA_NAT64_CONFIG_INTERNAL_H
#define SA_NAT64_CONFIG_INTERNAL_H

#include "lib/config.h"

#define CONFIG_LINE_MAX \
	196 /* characters of a line without its comment; libinih's own buffer holds 199 */
#define CONFIG_SECTIONS_MAX 4096 /* sections of one file */
#define CONFIG_KEYS_MAX     96   /* rows of the key table */

#define CONFIG_DURATION_STRLEN 48
#define CONFIG_SECTION_STRLEN  (2 * CONFIG_NAME_MAX + 16)

/* Bits for the modes of an instance in which something holds. */
enum config_modes { CONFIG_IN_NAT64 = 1, CONFIG_IN_SIIT = 2 };

enum config_key_flags {
	CONFIG_KEY_REPEATS = 1,  /* may be given more than once */
	CONFIG_KEY_REQUIRED = 2, /* has no default and must be given */
	CONFIG_KEY_RESTART = 4,  /* a change needs a restart; without the flag a reload is enough */
	CONFIG_KEY_DERIVED =
		8 /* the default only describes what the code works out from other values */
};

/* What two boxes of a cluster have to agree on (config_hash.h): every row chooses. */
enum config_agreement {
	CONFIG_AGREE_UNDECIDED,
	CONFIG_AGREE_PREFIXES, /* sessions of a box with another value make no sense here */
	CONFIG_AGREE_REST,     /* they may not fit, or live another time */
	CONFIG_AGREE_NOTHING,
};

/* A place in a file; the name belongs to the reader. */
struct config_origin {
	const char *file;
	unsigned line;
};

struct config_key;
struct config_reader;

/* Kind of value: parse stores into the section's struct or reports to the reader, print writes
 * whole lines "KEY = VALUE" (none when there is nothing to print) that parse reads back to the
 * same. */
struct config_type {
	void (*parse)(struct config_reader *reader, const struct config_key *key, void *section,
	              const char *value);
	void (*print)(const struct config_key *key, const void *section, FILE *out);
};

/* One of the words that stand for a value; lists end with a NULL name. */
struct config_word {
	const char *name;
	int value;
};

/* One row of the table. section, name, type and help are always set. */
struct config_key {
	enum config_section section;
	const char *name;
	const struct config_type *type;
	size_t offset;       /* of the field in the section's struct */
	size_t size;         /* bytes of an integer field or a text array */
	size_t count_offset; /* of a list's count */
	const char *syntax;  /* value as the help shows it; NULL: made from words and range */
	const struct config_word *words; /* words accepted instead of, or besides, numbers */
	uint64_t min, max;    /* of numbers, and of durations in microseconds; both 0: no numbers */
	const char *fallback; /* default as text; NULL: none */
	unsigned fallback_modes; /* modes that have the default; 0: all */
	unsigned modes;          /* modes in which the key may stand; 0: all */
	unsigned flags;          /* enum config_key_flags */
	enum config_agreement agree;
	uint64_t floor_us;        /* a duration below is accepted with a warning */
	const char *floor_source; /* the floor, who demands it, and what a lower value breaks */
	const char *help;
};

/* Rows in the order in which they are printed; config_keys_count of them. */
extern const struct config_key config_keys[];
extern const size_t config_keys_count;

struct config_origins {
	struct config_origin *at;
	size_t count;
};

/* Where a section and its keys stand; kept until the whole file is checked. */
struct config_trace {
	enum config_section kind;
	size_t index; /* in the configuration's array of that kind */
	struct config_origin origin;
	unsigned key_line[CONFIG_KEYS_MAX]; /* first line of each row of the table; 0: not given */
	bool key_refused[CONFIG_KEYS_MAX];  /* given, but its value was refused */
	/* One place for each entry of the instance's lists. */
	struct config_origins pool6, pool4, bib, eam;
};

/* A text that is read line by line. */
struct config_text {
	const char *next, *end;
	struct config_origin origin; /* of the line read last */
};

/* State of one run of config_parse(). */
struct config_reader {
	struct config *config;
	FILE *err;
	struct config_origin origin;  /* of the line being read */
	const struct config_key *key; /* key and value being read, for messages; key may be NULL */
	const char *value;
	struct config_trace *traces; /* all sections in the order of the file */
	size_t trace_count;
	struct config_trace *trace; /* the present section; NULL outside of any */
	bool section_refused;       /* lines up to the next section are skipped */
	char **files;               /* names of eam-files that origins point to */
	size_t file_count;
	size_t errors;
	bool no_memory; /* the run ends with -ENOMEM */
};

/* Report an error: about the value being read ("FILE:LINE: KEY = VALUE: ..."), or about a place. */
__attribute__((format(printf, 2, 3))) void config_refuse(struct config_reader *reader,
                                                         const char *format, ...);
__attribute__((format(printf, 3, 4))) void config_error_at(struct config_reader *reader,
                                                           const struct config_origin *origin,
                                                           const char *format, ...);
/* Report a warning about the place. */
__attribute__((format(printf, 3, 4))) void config_warn_at(struct config_reader *reader,
                                                          const struct config_origin *origin,
                                                          const char *format, ...);

/* Append item (size bytes) to the array whose address is in *list; count elements before.
 * Returns whether there was memory; if not, the reader knows. */
bool config_append(struct config_reader *reader, void *list, size_t *count, size_t size,
                   const void *item);

/* Copy the next line, without comment, surrounding blanks and line end, into buf (CONFIG_LINE_MAX +
 * 1 bytes) and set the reader's origin to it. A line that cannot be read is reported and comes out
 * empty. False at the end of the text. */
bool config_next_line(struct config_reader *reader, struct config_text *text, char *buf);

/* Read all of an open file into *text (malloc'ed, owned by the caller) and *len.
 * Returns 0, -EFBIG above 64 MiB, -ENOMEM or the -errno of read(). */
int config_read_all(int fd, char **text, size_t *len);

/* Begin the section whose line is given (and overwritten): what follows belongs to it, or is
 * skipped if the line was refused. */
void config_section_begin(struct config_reader *reader, char *line);

/* The struct config_* of the section. */
void *config_section_of(const struct config_reader *reader, const struct config_trace *trace);

/* The row's field in the section's struct, and the count of its list. */
static inline void *config_field(const struct config_key *key, void *section)
{
	return (char *)section + key->offset;
}

static inline const void *config_const_field(const struct config_key *key, const void *section)
{
	return (const char *)section + key->offset;
}

static inline size_t *config_count(const struct config_key *key, void *section)
{
	void *count = (char *)section + key->count_offset;

	return (size_t *)count;
}

static inline size_t config_const_count(const struct config_key *key, const void *section)
{
	const void *count = (const char *)section + key->count_offset;

	return *(const size_t *)count;
}

/* Put a copy of value into a char * field in place of what is there; without memory the reader
 * knows. */
void config_text_store(struct config_reader *reader, char **field, const char *value);

/* Line of the key of that name in the section, 0 when it was not given; and whether its value was
 * refused, so that nothing more can be said about it. */
unsigned config_trace_line(const struct config_trace *trace, const char *key);
bool config_trace_refused(const struct config_trace *trace, const char *key);

/* Print the section's line, "[node NAME]", into buf (CONFIG_SECTION_STRLEN bytes); return buf. */
const char *config_section_title(const struct config_reader *reader,
                                 const struct config_trace *trace, char *buf);

/* Whether the row may stand, or has its default, in an instance of that mode. */
bool config_key_in_mode(const struct config_key *key, enum config_mode mode);
bool config_fallback_in_mode(const struct config_key *key, enum config_mode mode);

/* Fill in defaults and check all sections by themselves and against each other. */
void config_check_all(struct config_reader *reader);

/* Check an instance's pool6, pool4, bib and eam lists for entries that claim the same. */
void config_check_overlaps(struct config_reader *reader, const struct config_trace *trace,
                           const struct config_instance *instance);

/* Check that no two instances hand out the same pool4 ports. */
void config_check_shared_pool4(struct config_reader *reader);

/* Strict decimal number (or 0x and hexadecimal digits), nothing around it. 0 or -EINVAL, also above
 * max. */
int config_parse_number(const char *text, uint64_t max, uint64_t *out);

/* Duration such as 2h4m, 300s, 500ms; a plain number is seconds. 0 or -EINVAL. */
int config_parse_duration(const char *text, uint64_t *out_us);

/* Parse a prefix that is part of the value being read; refuse the value and return false when it is
 * none. */
bool config_parse_prefix4(struct config_reader *reader, const char *text, struct prefix4 *out);
bool config_parse_prefix6(struct config_reader *reader, const char *text, struct prefix6 *out);

/* Whether no address of the prefix is one that no host can have on the Internet side: IPv4 0/8,
 * 127/8 and 224/3; IPv6 ::/127, ::ffff:0:0/96, fe80::/10 and ff00::/8. */
bool config_prefix4_is_usable(const struct prefix4 *prefix);
bool config_prefix6_is_usable(const struct prefix6 *prefix);

/* Bits a second such as 200M, 1G, 64k; a plain number is bits. 0 or -EINVAL. */
int config_parse_rate(const char *text, uint64_t *out);

/* Print the rate as config_parse_rate() reads it; buf has room for CONFIG_DURATION_STRLEN. */
const char *config_format_rate(uint64_t rate, char *buf);

/* Print the duration as config_parse_duration() reads it; milliseconds are the finest unit. buf has
 * room for CONFIG_DURATION_STRLEN. */
const char *config_format_duration(uint64_t us, char *buf);

/* Whether text may name a cluster, node or instance, and whether it may name a network interface.
 */
bool config_name_is_valid(const char *text);
bool config_interface_is_valid(const char *text);

/* Value types, by the field that they fill. */
extern const struct config_type config_type_number;   /* uint8_t to uint64_t by size */
extern const struct config_type config_type_duration; /* uint64_t, microseconds */
extern const struct config_type config_type_rate;     /* uint64_t, bits a second */
extern const struct config_type
	config_type_choice; /* int or enum: a word or a number in the range */
extern const struct config_type config_type_yes_no;    /* bool */
extern const struct config_type config_type_name;      /* char[CONFIG_NAME_MAX] */
extern const struct config_type config_type_interface; /* char[16] */
extern const struct config_type config_type_link;      /* char *, name of an interface */
extern const struct config_type config_type_path;      /* char * */
extern const struct config_type config_type_log_file;  /* struct config_instance, log_file */
extern const struct config_type config_type_group;     /* char *, multicast address */
extern const struct config_type config_type_namespace; /* char * */
extern const struct config_type config_type_address4;  /* struct config_instance, address4 */
extern const struct config_type config_type_address6;  /* struct config_instance, address6 */
extern const struct config_type config_type_prefix4;   /* struct prefix4 */
extern const struct config_type config_type_prefixes4; /* struct prefix4 * and count */
extern const struct config_type config_type_addresses; /* char ** and count, ADDRESS */
extern const struct config_type config_type_listen;    /* char ** and count, ADDRESS:PORT */
extern const struct config_type
	config_type_collectors; /* char ** and count, see lib/collector_address.h */
extern const struct config_type config_type_ifaddrs;  /* char ** and count, ADDRESS/LEN */
extern const struct config_type config_type_plateaus; /* struct config_instance, mtu_plateaus */
extern const struct config_type config_type_icmp;     /* struct config_instance, icmp_errors */
extern const struct config_type config_type_attach;   /* struct config_network, attach */
extern const struct config_type config_type_pool6;    /* struct config_instance, pool6 */
extern const struct config_type config_type_pool4;    /* struct config_instance, pool4 */
extern const struct config_type config_type_bib;      /* struct config_instance, bib */
extern const struct config_type config_type_eam;      /* struct config_instance, eam */
extern const struct config_type config_type_eam_file; /* struct config_instance, eam */

#endif
