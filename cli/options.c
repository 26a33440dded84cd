/* See options.h. */
#include "cli/options.h"

#include "cli/option_rows.h"
#include "cli/suggest.h"
#include "lib/config.h"

#include <string.h>

struct command_row {
	unsigned command;
	const char *name;
	const char *help;
	const char *argument; /* how it is called in help; NULL: none */
	const char *exits;
};

static const char exits[] = "exit status: 0 done, 1 failed or an instance is down,\n"
			    "             2 wrong arguments or configuration\n";
static const char order_exits[] =
	"exit status: 0 the routers were told, 1 failed or not told in time,\n"
	"             2 wrong arguments or configuration\n";
static const char check_exits[] = "exit status: 0 all is well, 1 warning, 2 critical, 3 unknown,\n"
				  "             also for wrong arguments or configuration\n";

static const char metrics_exits[] = "exit status: 0 done, also when not all programs answer,\n"
				    "             1 none of them does, 2 wrong arguments or "
				    "configuration\n";

static const char reload_exits[] =
	"exit status: 0 done, or nothing to do, 1 refused and nothing changed, or failed,\n"
	"             2 wrong arguments, or errors in the configuration file\n";

static const struct command_row commands[] = {
#define X(name, word, argument, exits, find, run, help) { CLI_##name, word, help, argument, exits },
#include "cli/commands.def"
#undef X
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static const struct {
	unsigned command;
	const char *arguments;
} examples[] = {
#define X(name, arguments) { CLI_##name, arguments },
#include "cli/examples.def"
#undef X
};

/* An option as it was written: "--limit=5", "--limit 5" or "-c FILE". */
struct written {
	const char *text; /* for messages */
	const char *name; /* long name, or NULL */
	size_t name_len;
	char letter;
	const char *value; /* behind = or the letter; NULL: none yet */
};

static struct written written_read(const char *arg)
{
	struct written out = { .text = arg };

	if (arg[1] == '-') {
		out.name = arg + 2;
		out.name_len = strcspn(out.name, "=");
		if (out.name[out.name_len] == '=')
			out.value = out.name + out.name_len + 1;
	} else {
		out.letter = arg[1];
		if (arg[2] != '\0')
			out.value = arg + 2;
	}
	return out;
}

static bool row_matches(const struct option_row *row, const struct written *written)
{
	if (!written->name)
		return row->letter == written->letter;
	return strlen(row->name) == written->name_len &&
	       strncmp(row->name, written->name, written->name_len) == 0;
}

/* The row that written means within a set of commands. */
static const struct option_row *row_find(const struct written *written, unsigned within)
{
	for (size_t i = 0; i < option_count; i++)
		if ((option_rows[i].commands & within) && row_matches(&option_rows[i], written))
			return &option_rows[i];
	return NULL;
}

/* NULL for none of them. */
static const struct command_row *command_find(unsigned command)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (commands[i].command == command)
			return &commands[i];
	return NULL;
}

static const char *command_name(unsigned command)
{
	const struct command_row *row = command_find(command);

	return row ? row->name : "";
}

static void complain_unknown(const struct written *written, unsigned command, FILE *err)
{
	const struct option_row *elsewhere = row_find(written, CLI_ANY);
	const char *names[OPTION_COUNT_MAX], *nearest;
	char name[40];
	size_t count = 0;

	(void)fprintf(err, "sa-nat64: ");
	if (elsewhere && command) {
		(void)fprintf(err, "%s has no option --%s; see `sa-nat64 %s --help`\n",
		              command_name(command), elsewhere->name, command_name(command));
		return;
	}
	if (elsewhere) {
		(void)fprintf(err, "--%s belongs to a command and stands behind it\n",
		              elsewhere->name);
		return;
	}
	for (size_t i = 0; i < option_count; i++)
		if (!command || (option_rows[i].commands & command))
			names[count++] = option_rows[i].name;
	(void)snprintf(name, sizeof(name), "%.*s", (int)written->name_len,
	               written->name ? written->name : "");
	nearest = suggest_nearest(name, names, count);
	(void)fprintf(err, "unknown option %s; ", written->text);
	if (nearest)
		(void)fprintf(err, "did you mean --%s?\n", nearest);
	else
		(void)fprintf(err, "see `sa-nat64 %s%s--help`\n", command_name(command),
		              command ? " " : "");
}

/* Read the option at argv[*i]; *i ends at the last argument that belongs to it. Returns 0 or 2. */
static int option_read(char **argv, int *i, struct cli_options *out, FILE *err)
{
	struct written written = written_read(argv[*i]);
	const struct option_row *row;
	const char *accepted;

	row = row_find(&written, out->command ? out->command : CLI_GLOBAL);
	if (!row) {
		complain_unknown(&written, out->command, err);
		return 2;
	}
	if (!row->argument && written.value) {
		(void)fprintf(err, "sa-nat64: --%s takes no value, but %s gives one\n", row->name,
		              written.text);
		return 2;
	}
	if (row->argument && !written.value)
		written.value = argv[*i + 1] ? argv[++*i] : NULL;
	if (row->argument && !written.value) {
		(void)fprintf(err, "sa-nat64: --%s wants a value: --%s %s\n", row->name, row->name,
		              row->argument);
		return 2;
	}
	accepted = row->set(out, written.value);
	if (accepted) {
		(void)fprintf(err, "sa-nat64: --%s %s: wanted is %s\n", row->name,
		              written.value[0] ? written.value : "\"\"", accepted);
		return 2;
	}
	return 0;
}

/* A word behind the command. Returns 0 or 2. */
static int argument_read(const char *word, struct cli_options *out, FILE *err)
{
	const char *command = command_name(out->command), *accepted;

	if (out->command == CLI_SYNC_KEY && !out->key_path && word[0] != '\0') {
		out->key_path = word;
		return 0;
	}
	if ((out->command & CLI_OF_PROGRAM) && !out->program && word[0] != '\0') {
		out->program = word;
		return 0;
	}
	if ((out->command & CLI_OF_FILE) && !out->file && word[0] != '\0') {
		out->file = word;
		return 0;
	}
	if (!(out->command & (CLI_OF_INSTANCE | CLI_BIB | CLI_POOL4 | CLI_WHO)) ||
	    (out->command == CLI_POOL4 && out->pool4.len) ||
	    (out->command == CLI_WHO && out->public.len)) {
		(void)fprintf(err,
		              "sa-nat64: %s takes no argument \"%s\"; see `sa-nat64 %s --help`\n",
		              command, word, command);
		return 2;
	}
	accepted = out->command == CLI_BIB     ? option_set_bib_change(out, word)
	           : out->command == CLI_POOL4 ? option_set_pool4(out, word)
	           : out->command == CLI_WHO   ? option_set_public(out, word)
	                                       : option_set_instance(out, word);
	if (accepted)
		(void)fprintf(err, "sa-nat64: %s %s: wanted is %s\n", command,
		              word[0] ? word : "\"\"", accepted);
	return accepted ? 2 : 0;
}

static int command_read(const char *word, struct cli_options *out, FILE *err)
{
	const char *names[COMMAND_COUNT], *nearest;

	if (out->command)
		return argument_read(word, out, err);
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		names[i] = commands[i].name;
		if (strcmp(word, commands[i].name) == 0) {
			out->command = commands[i].command;
			return 0;
		}
	}
	nearest = suggest_nearest(word, names, COMMAND_COUNT);
	(void)fprintf(err, "sa-nat64: unknown command \"%s\"; ", word);
	if (nearest)
		(void)fprintf(err, "did you mean `sa-nat64 %s`?\n", nearest);
	else
		(void)fprintf(err, "see `sa-nat64 --help`\n");
	return 2;
}

static bool has_fields(const struct cli_options *options)
{
	return options->from.len || options->to.len || options->transport || options->tcp_flags ||
	       options->length || options->ttl;
}

/* What is wrong with the options of explain as a whole; NULL when nothing is. */
static const char *check_explain(const struct cli_options *options)
{
	if (options->hex)
		return has_fields(options)
		               ? "--hex gives the whole packet; leave out the other options"
		               : NULL;
	if (options->from.len == 0 || options->to.len == 0)
		return "give --from ADDRESS and --to ADDRESS, or a packet with --hex BYTES";
	if (options->from.len != options->to.len)
		return "--from and --to must both be IPv6 or both IPv4 addresses: "
		       "a packet on its way to the translator has one family";
	if (!options->transport)
		return "say what the packet carries: --tcp S:D, --udp S:D, --icmp ID or --proto N";
	if (options->tcp_flags && options->protocol != IPPROTO_TCP)
		return "--flags belongs to --tcp";
	return NULL;
}

/* The same for trace. */
static const char *check_trace(const struct cli_options *options)
{
	if (options->pcapng && options->json)
		return "--pcapng writes packets instead of printing them; leave out --json";
	if (options->snaplen && !options->pcapng)
		return "--snaplen belongs to --pcapng";
	if (options->drops && options->verdict)
		return "--verdict names one kind already; leave out --drops";
	return NULL;
}

/* The same for check. */
static const char *check_check(const struct cli_options *options)
{
	return options->warning_percent > options->critical_percent
	               ? "--warning must not be above --critical"
	               : NULL;
}

/* The same for top. */
static const char *check_top(const struct cli_options *options)
{
	return options->json && !options->batch
	               ? "--json prints samples; say how many with --batch N"
	               : NULL;
}

/* The same for sync-key. */
static const char *check_sync_key(const struct cli_options *options)
{
	return options->force && options->check_key
	               ? "--check makes nothing that --force could replace; leave out one of them"
	               : NULL;
}

/* The same for bib. */
static const char *check_bib(const struct cli_options *options)
{
	const struct cli_bib_change *change = &options->bib_change;

	if (change->action == CLI_BIB_LIST)
		return NULL;
	if (options->list_proto || options->has_host || options->pool4.len || options->port ||
	    options->limit || options->count)
		return "options that choose what is listed do not go with add and remove";
	if (change->pool4.len)
		return NULL;
	return change->action == CLI_BIB_ADD ? "wanted is bib add PROTO HOST PUBLIC, like "
	                                       "bib add tcp [2001:db8:7::80]:443 198.51.100.1:443"
	                                     : "wanted is bib remove PROTO PUBLIC, like "
	                                       "bib remove tcp 198.51.100.1:443";
}

/* The same for who. */
static const char *check_who(const struct cli_options *options)
{
	if (options->public.len == 0)
		return "wanted is who ADDRESS:PORT, like who 198.51.100.7:40123";
	if (!options->at && options->log_count > 0)
		return "--log is read for a time that has passed; name it with --at TIME";
	return NULL;
}

static const char *check(const struct cli_options *options)
{
	switch (options->command) {
	case CLI_WHO:
		return check_who(options);
	case CLI_CHECK:
		return check_check(options);
	case CLI_BIB:
		return check_bib(options);
	case CLI_EXPLAIN:
		return check_explain(options);
	case CLI_TRACE:
		return check_trace(options);
	case CLI_TOP:
		return check_top(options);
	case CLI_SYNC_KEY:
		return check_sync_key(options);
	default:
		return NULL;
	}
}

int options_read(int argc, char **argv, struct cli_options *out, FILE *err)
{
	*out = (struct cli_options){
		.rundir = CONFIG_RUNDIR_DEFAULT,
		.warning_percent = CLI_WARNING_PERCENT,
		.critical_percent = CLI_CRITICAL_PERCENT,
		.lag_ms = 1000,
		.interval_us = 1000000,
		.wait_s = 5,
		.interval_s = 600,
		.within_us = 5 * UINT64_C(1000000),
	};
	for (int i = 1; i < argc; i++) {
		bool is_option = argv[i][0] == '-' && argv[i][1] != '\0';
		int error = is_option ? option_read(argv, &i, out, err)
		                      : command_read(argv[i], out, err);

		if (error)
			return error;
	}
	if (!out->help && !out->version && check(out)) {
		(void)fprintf(err, "sa-nat64: %s: %s\n", command_name(out->command), check(out));
		return 2;
	}
	return 0;
}

static void help_option(const struct option_row *row, FILE *out)
{
	char left[40];

	(void)snprintf(left, sizeof(left), "%c%c%s --%s%s%s", row->letter ? '-' : ' ',
	               row->letter ? row->letter : ' ', row->letter ? "," : " ", row->name,
	               row->argument ? " " : "", row->argument ? row->argument : "");
	(void)fprintf(out, "  %-24s %s\n", left, row->help);
}

/* The options that belong to one command, under a title. */
static void help_command(const struct command_row *command, FILE *out)
{
	bool titled = false;

	for (size_t i = 0; i < option_count; i++) {
		if ((option_rows[i].commands & CLI_GLOBAL) ||
		    !(option_rows[i].commands & command->command))
			continue;
		if (!titled)
			(void)fprintf(out, "\noptions of %s\n", command->name);
		titled = true;
		help_option(&option_rows[i], out);
	}
}

static void help_examples(unsigned command, FILE *out)
{
	const char *title = "\nexamples\n";

	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
		if (examples[i].command != command)
			continue;
		(void)fprintf(out, "%s  $ sa-nat64 %s\n", title, examples[i].arguments);
		title = "";
	}
}

/* Options that belong to more than one command. */
static void help_global(unsigned within, FILE *out)
{
	(void)fprintf(out, "\noptions of every command\n");
	for (size_t i = 0; i < option_count; i++)
		if ((option_rows[i].commands & CLI_GLOBAL) && (option_rows[i].commands & within))
			help_option(&option_rows[i], out);
}

static void help_all(FILE *out)
{
	(void)fprintf(out, "usage: sa-nat64 [OPTION...] COMMAND [OPTION...]\n\n"
	                   "Asks the running programs of this box.\n\ncommands\n");
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		(void)fprintf(out, "  %-24s %s\n", commands[i].name, commands[i].help);
	(void)fprintf(out, "\n`sa-nat64 COMMAND --help` says more of one.\n");
	help_global(CLI_ANY, out);
	(void)fprintf(out, "\n%s", exits);
}

void options_help(unsigned command, FILE *out)
{
	const struct command_row *row = command_find(command);

	if (!row) {
		help_all(out);
		return;
	}
	(void)fprintf(out, "usage: sa-nat64 %s [OPTION...]%s%s\n\n%s\n", row->name,
	              row->argument ? " " : "", row->argument ? row->argument : "", row->help);
	help_examples(command, out);
	help_command(row, out);
	help_global(command, out);
	(void)fprintf(out, "\n%s", row->exits);
}
