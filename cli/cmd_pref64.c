/* `sa-nat64 pref64`: the router advertisement option that tells hosts the prefix (RFC 8781). The
 * six lengths that the option can carry are those of pool6. */
#include "cli/commands.h"
#include "cli/export_command.h"

#define LIFETIME_UNIT 8 /* the option counts in these seconds, in 13 bits */
#define LIFETIME_MAX  65528

/* Three advertisements, rounded up to what the option can say (RFC 8781 section 4.1). */
static unsigned lifetime_s(unsigned interval_s)
{
	unsigned lifetime = (3 * interval_s + LIFETIME_UNIT - 1) / LIFETIME_UNIT * LIFETIME_UNIT;

	return lifetime < LIFETIME_MAX ? lifetime : LIFETIME_MAX;
}

static int print_radvd(const struct cli_options *options, const struct pool6_exports *exports,
                       FILE *out)
{
	const struct pool6_export *one;
	char buf[ADDRESS_STRLEN];

	if (!options->interface) {
		(void)fprintf(stderr, "sa-nat64: pref64 radvd: name the interface towards the "
		                      "hosts by --interface\n");
		return 2;
	}
	one = export_one(exports, "a host", out);
	if (!one)
		return 1;
	(void)fprintf(out,
	              "# radvd has nat64prefix from version 2.20 on; 2.19, which Debian 12 has,\n"
	              "# refuses the whole file for it. See `radvd --version`.\n"
	              "interface %s {\n"
	              "\tAdvSendAdvert on;\n"
	              "\tMaxRtrAdvInterval %u;\n"
	              "\tnat64prefix %s {\n"
	              "\t\tAdvValidLifetime %u;\n"
	              "\t};\n"
	              "};\n",
	              options->interface, options->interval_s, prefix6_format(&one->prefix, buf),
	              lifetime_s(options->interval_s));
	return 0;
}

static int print_networkd(const struct cli_options *options, const struct pool6_exports *exports,
                          FILE *out)
{
	const struct pool6_export *one = export_one(exports, "a host", out);
	char buf[ADDRESS_STRLEN];

	if (!one)
		return 1;
	(void)fprintf(
		out,
		"# systemd-networkd has [IPv6PREF64Prefix] from version 255 on; older ones, such\n"
		"# as the 252 of Debian 12, ignore the section with a warning. See\n"
		"# `networkctl --version`. This belongs in the .network file of the interface\n"
		"# towards the hosts.\n");
	if (options->interface)
		(void)fprintf(out, "[Match]\nName=%s\n\n", options->interface);
	(void)fprintf(out,
	              "[Network]\nIPv6SendRA=yes\n\n"
	              "[IPv6PREF64Prefix]\nPrefix=%s\nLifetimeSec=%u\n",
	              prefix6_format(&one->prefix, buf), lifetime_s(options->interval_s));
	return 0;
}

int cmd_pref64(const struct cli_options *options, struct instances *instances, struct out *out)
{
	static const struct export_target targets[] = {
		{ "radvd", "PREF64 (RFC 8781) for radvd", print_radvd },
		{ "networkd", "PREF64 (RFC 8781) for systemd-networkd", print_networkd },
	};

	(void)instances;
	(void)out;
	return export_run(options, "pref64", targets, sizeof(targets) / sizeof(targets[0]));
}
