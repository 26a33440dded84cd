/* Everything that can stand on the command line of sa-nat64: one table of options, one structure
 * that they fill.
 *
 * Options may stand before or behind the command. Each row of the table names the commands it
 * belongs to, how its argument is written, its parser and its help line; --help is printed from it.
 */
#ifndef SA_NAT64_OPTIONS_H
#define SA_NAT64_OPTIONS_H

#include "cli/colour.h"
#include "lib/address.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Sets of commands; each command has one bit: CLI_STATUS, ... */
enum cli_number {
#define X(name, word, argument, exits, find, run, help) CLI_NUMBER_##name,
#include "cli/commands.def"
#undef X
	CLI_COMMANDS,
};
enum cli_set {
#define X(name, word, argument, exits, find, run, help) CLI_##name = 1u << CLI_NUMBER_##name,
#include "cli/commands.def"
#undef X
};
#define CLI_GLOBAL (1u << CLI_COMMANDS) /* no command: options that may stand in front of one */
#define CLI_ANY    0xffffffffu

/* Those that take the name of an instance as their argument, too. */
#define CLI_OF_INSTANCE (CLI_HEALTH | CLI_DRAIN | CLI_UNDRAIN | CLI_RELOAD | CLI_FRR_CONFIG)

/* Those that print configuration for a program, which is their argument. */
#define CLI_OF_PROGRAM (CLI_DNS64 | CLI_PREF64)

/* Those that read a file of another program, which is their argument. */
#define CLI_OF_FILE (CLI_IMPORT_JOOL | CLI_IMPORT_TAYGA)

#define CLI_DRAIN_REASON_MAX 100 /* bytes */

/* Of a pool or table in use: the defaults of check, and what top marks. */
#define CLI_WARNING_PERCENT  80
#define CLI_CRITICAL_PERCENT 95

/* Of top, which changes it by keys, too. */
#define CLI_INTERVAL_MIN_US 200000
#define CLI_INTERVAL_MAX_US 60000000

#define CLI_LOGS_MAX 64 /* files that --log names */

/* An address of either family as the control protocol wants it. */
struct cli_address {
	uint8_t bytes[16];
	uint8_t len; /* 4, 16, or 0 when not given */
};

/* A prefix of either family. */
struct cli_prefix {
	struct cli_address address;
	uint8_t len;
};

/* bib add, bib remove: one binding. */
enum cli_bib_action { CLI_BIB_LIST, CLI_BIB_ADD, CLI_BIB_REMOVE };

struct cli_bib_change {
	enum cli_bib_action action;
	const char *proto;              /* NULL until read */
	struct cli_address host, pool4; /* without length until read */
	uint16_t host_port, pool4_port;
};

struct cli_options {
	unsigned command;        /* CLI_...; 0 when none was given */
	const char *config_path; /* NULL when not given, as all strings here */
	const char *rundir;      /* never NULL */
	const char *instance;
	bool json, help, version, check_config;
	enum colour_when color;

	bool all; /* stats */

	/* metrics */
	const char *format;
	bool list;

	/* check */
	uint8_t warning_percent, critical_percent; /* of pools and tables in use */
	uint32_t lag_ms;                           /* of a peer */

	/* top */
	uint64_t interval_us;
	uint64_t batch; /* samples; 0: the screen */

	/* drain, undrain */
	const char *reason;
	uint32_t wait_s;

	bool dry_run; /* reload */

	/* frr-config; pref64: the interface alone */
	const char *node, *interface;

	/* dns64, pref64 */
	const char *program; /* to print for */
	uint32_t interval_s; /* between router advertisements */

	/* import-jool, import-tayga */
	const char *file; /* to read; "-" for standard input */
	const char *mode; /* "nat64" or "siit" */

	/* sync-key */
	const char *key_path; /* NULL when not given */
	bool force, check_key;

	/* sessions, bib */
	const char *list_proto, *state;
	bool has_host;
	struct prefix6 host;
	struct cli_prefix pool4, remote;
	uint16_t port;    /* 0 when not given */
	uint64_t limit;   /* 0 when not given */
	uint64_t idle_us; /* 0 when not given */
	bool count;       /* how many, instead of which */
	struct cli_bib_change bib_change;

	/* who; also list_proto */
	struct cli_address public; /* len 0 until read */
	uint16_t public_port;
	const char *at; /* as it was written */
	int64_t at_us;
	uint64_t within_us;
	const char *logs[CLI_LOGS_MAX];
	size_t log_count;

	/* pool4; also pool4 */
	bool each_address;

	/* trace; also list_proto, port and limit */
	struct cli_prefix addresses[2];
	size_t address_count;
	const char *direction, *verdict, *path, *pcapng;
	bool drops;
	uint32_t snaplen; /* 0 when not given */

	/* explain */
	struct cli_address from, to;
	const char *hex;
	const char *transport; /* the option that chose the protocol: "--tcp" */
	bool is_icmp;          /* --icmp: the protocol follows from the family */
	uint8_t protocol;
	uint16_t source_port, destination_port;
	uint8_t tcp_flags; /* 0 when not given */
	uint32_t length;
	uint8_t ttl;
};

/* Read the command line. Returns 0, or 2 after one line on err that says what is wrong and what is
 * right. Strings in *out point into argv. */
int options_read(int argc, char **argv, struct cli_options *out, FILE *err);

/* Print what sa-nat64 understands; of one command when command is not 0. */
void options_help(unsigned command, FILE *out);

#endif
