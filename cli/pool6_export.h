/* Which prefix other programs have to use for which IPv4 address: for resolvers (DNS64) and router
 * advertisements (PREF64). From a configuration alone.
 *
 * What an instance translates is bounded by the range of its pool6 line and by its destinations. A
 * prefix of several instances, as of two halves, is exported once with all that they serve. Where
 * several prefixes serve an address, that with the narrowest range is right, and of equals the
 * first of the file, so that each address has one.
 */
#ifndef SA_NAT64_POOL6_EXPORT_H
#define SA_NAT64_POOL6_EXPORT_H

#include "cli/ranges4.h"
#include "lib/config.h"

#include <stdio.h>

struct pool6_export {
	struct prefix6 prefix;
	struct ranges4 served;                    /* all that its instances translate */
	struct ranges4 own;                       /* of that: what it is right for; may be empty */
	const struct config_instance **instances; /* belong to the configuration */
	size_t instance_count;
};

struct pool6_exports {
	struct pool6_export *list; /* in the order of the file */
	size_t count;
};

/* Collect the prefixes of one instance, or of all in mode nat64 when instance is NULL: to hosts
 * without an IPv4 address of their own those of mode siit are of no use. Returns 0 or -ENOMEM; out
 * is to be freed after either. */
int pool6_export(const struct config *config, const char *instance, struct pool6_exports *out);
void pool6_exports_free(struct pool6_exports *exports);

/* The one to give to a program that knows but one: the first that serves all IPv4 addresses, or the
 * only one. NULL when there is none. */
const struct pool6_export *pool6_export_main(const struct pool6_exports *exports);

/* Print "PREFIX: instances a, b", and with the IPv4 addresses served if those are not all. */
void pool6_export_describe(const struct pool6_export *export, FILE *out);

/* Print the prefixes of a set with text before and behind each. */
void ranges4_print(const struct ranges4 *ranges, const char *before, const char *behind, FILE *out);

#endif
