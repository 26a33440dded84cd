/* `sa-nat64 dns64`: what a resolver needs to make AAAA records that lead to the instances
 * (RFC 6147). Synthesis where there is no AAAA record is what the programs do by themselves. */
#include "cli/commands.h"
#include "cli/export_command.h"

static int print_unbound(const struct cli_options *options, const struct pool6_exports *exports,
                         FILE *out)
{
	const struct pool6_export *one = export_one(exports, "unbound", out);
	char buf[ADDRESS_STRLEN];

	(void)options;
	if (!one)
		return 1;
	(void)fprintf(
		out,
		"server:\n"
		"\t# dns64 stands in front; leave out validator where it was not used before.\n"
		"\tmodule-config: \"dns64 validator iterator\"\n"
		"\tdns64-prefix: %s\n"
		"\t# IPv4-mapped addresses count as no AAAA record (RFC 6147 section 5.1.4).\n"
		"\tprivate-address: ::ffff:0:0/96\n",
		prefix6_format(&one->prefix, buf));
	return 0;
}

static void print_bind_one(const struct pool6_export *export, FILE *out)
{
	char buf[ADDRESS_STRLEN];

	if (export->own.count == 0) {
		(void)fprintf(out,
		              "# Left out: %s; prefixes of other instances serve its addresses.\n",
		              prefix6_format(&export->prefix, buf));
		return;
	}
	(void)fprintf(out, "dns64 %s {\n\tclients { any; };\n",
	              prefix6_format(&export->prefix, buf));
	if (ranges4_size(&export->own) < RANGES4_END) {
		(void)fputs("\tmapped {\n", out);
		ranges4_print(&export->own, "\t\t", ";\n", out);
		(void)fputs("\t};\n", out);
	}
	(void)fputs("\texclude { ::ffff:0:0/96; };\n};\n", out);
}

static int print_bind(const struct cli_options *options, const struct pool6_exports *exports,
                      FILE *out)
{
	(void)options;
	(void)fputs("# Include this file within options { } or a view { } of named.conf.\n", out);
	for (size_t i = 0; i < exports->count; i++)
		print_bind_one(&exports->list[i], out);
	return 0;
}

static int print_powerdns(const struct cli_options *options, const struct pool6_exports *exports,
                          FILE *out)
{
	const struct pool6_export *one = export_one(exports, "the PowerDNS Recursor", out);
	char buf[ADDRESS_STRLEN];

	(void)options;
	if (!one)
		return 1;
	(void)prefix6_format(&one->prefix, buf);
	if (one->prefix.len != 96) {
		(void)fprintf(stderr,
		              "sa-nat64: the PowerDNS Recursor takes prefixes of 96 bits only, not "
		              "%s; use unbound or BIND\n",
		              buf);
		return 1;
	}
	(void)fprintf(
		out,
		"# It has no setting that makes it ignore AAAA records with IPv4-mapped\n"
		"# addresses (RFC 6147 section 5.1.4): a host that gets one does not come here.\n"
		"dns64-prefix=%s\n",
		buf);
	return 0;
}

int cmd_dns64(const struct cli_options *options, struct instances *instances, struct out *out)
{
	static const struct export_target targets[] = {
		{ "unbound", "DNS64 (RFC 6147) for unbound", print_unbound },
		{ "bind", "DNS64 (RFC 6147) for BIND", print_bind },
		{ "powerdns", "DNS64 (RFC 6147) for the PowerDNS Recursor", print_powerdns },
	};

	(void)instances;
	(void)out;
	return export_run(options, "dns64", targets, sizeof(targets) / sizeof(targets[0]));
}
