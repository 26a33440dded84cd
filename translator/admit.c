/* Which packets and addresses the translator deals with at all: martians, prefixes, ranges, deny
 * lists (RFC 6052 section 3.1, RFC 6146 section 3.5, RFC 7915 sections 4.1 and 5.1).
 */
#include "translator/core.h"
#include "translator/special4.h"

static bool is_non_global(const struct config_instance *config, uint32_t addr4)
{
	if (config->non_global4_count)
		return special4_in_list(config->non_global4, config->non_global4_count, addr4);
	return special4_is_non_global(addr4);
}

bool admit_is_target(const struct translator *t, uint32_t addr4)
{
	return probe_address_is_target(t->config, addr4) && t->io.is_local4 &&
	       t->io.is_local4(t->io.context, addr4);
}

bool admit_is_probe(const struct translator *t, uint32_t src4, uint32_t dst4)
{
	uint32_t source = probe_address(t->config, PROBE_SOURCE);

	return (src4 == source && admit_is_target(t, dst4)) ||
	       (dst4 == source && admit_is_target(t, src4));
}

enum verdict admit_prober(const struct translator *t, const struct in6_addr *src6, uint32_t dst4)
{
	if (!admit_is_target(t, dst4))
		return VERDICT_OK;
	return t->io.is_local6 && t->io.is_local6(t->io.context, src6) ? VERDICT_OK
	                                                               : VERDICT_PROBE_TARGET;
}

enum verdict admit_remote4(const struct translator *t, int index, uint32_t addr4)
{
	const struct config_instance *config = t->config;
	const struct config_pool6 *pool6 = &config->pool6[index];

	if (!prefix4_has(&pool6->range, addr4))
		return VERDICT_POOL6_RANGE;
	if (admit_is_target(t, addr4))
		return VERDICT_OK;
	if (!config->allow_private_with_wkp && rfc6052_is_well_known(&pool6->prefix) &&
	    is_non_global(config, addr4))
		return VERDICT_WKP_NON_GLOBAL;
	if (!prefix4_has(&config->destinations, addr4))
		return VERDICT_NOT_SERVED;
	if (special4_in_list(config->denylist4, config->denylist4_count, addr4))
		return VERDICT_DENYLISTED;
	return VERDICT_OK;
}

enum verdict admit_destination4(const struct translator *t, int index, uint32_t addr4)
{
	enum verdict verdict = admit_remote4(t, index, addr4);

	if (verdict != VERDICT_OK)
		return verdict;
	if (special4_is_martian(addr4))
		return VERDICT_MARTIAN_DESTINATION;
	if (!t->config->allow_local_addresses && t->io.is_local4 &&
	    t->io.is_local4(t->io.context, addr4) && !probe_address_is_target(t->config, addr4))
		return VERDICT_LOCAL_ADDRESS;
	return VERDICT_OK;
}

/* A fragment that would write over the TCP header of the first one (RFC 1858, RFC 3128). */
static bool overwrites_header(const struct packet *p)
{
	return p->proto == IPPROTO_TCP && p->fragment_offset > 0 && p->fragment_offset < 20;
}

/* What the kernel says by itself on any link: to ff02::/16, from no address or a link-local one. */
static bool is_link_chatter(const struct packet *p)
{
	return p->dst6.s6_addr[0] == 0xff && p->dst6.s6_addr[1] == 0x02 &&
	       (IN6_IS_ADDR_UNSPECIFIED(&p->src6) || IN6_IS_ADDR_LINKLOCAL(&p->src6));
}

enum verdict admit64(const struct translator *t, const struct packet *p)
{
	const struct config_instance *config = t->config;

	if (is_link_chatter(p))
		return VERDICT_LINK_LOCAL;
	if (special6_is_martian(&p->src6))
		return VERDICT_MARTIAN_SOURCE;
	if (special6_is_martian(&p->dst6))
		return VERDICT_MARTIAN_DESTINATION;
	if (config->mode == CONFIG_MODE_NAT64 &&
	    pool6_find(config->pool6, config->pool6_count, &p->src6) >= 0)
		return VERDICT_SOURCE_IN_POOL6;
	if (overwrites_header(p))
		return VERDICT_FRAGMENT_TINY;
	return VERDICT_OK;
}

enum verdict admit46(const struct translator *t, const struct packet *p)
{
	(void)t;
	if (special4_is_martian(p->src4) && !packet_is_icmp_error(p))
		return VERDICT_MARTIAN_SOURCE;
	if (special4_is_martian(p->dst4))
		return VERDICT_MARTIAN_DESTINATION;
	if (overwrites_header(p))
		return VERDICT_FRAGMENT_TINY;
	return VERDICT_OK;
}

/* Protocol numbers that are extension headers or another ICMP on the far side, and IGMP. */
static bool is_smuggled(const struct packet *p)
{
	if (p->version == 6)
		return p->proto == IPPROTO_ICMP || p->proto == IPPROTO_IGMP;
	return p->proto == IPPROTO_HOPOPTS || p->proto == IPPROTO_ROUTING ||
	       p->proto == IPPROTO_FRAGMENT || p->proto == IPPROTO_ICMPV6 ||
	       p->proto == IPPROTO_DSTOPTS || p->proto == IPPROTO_IGMP;
}

enum verdict admit_forwarding(struct translator *t, const struct packet *p)
{
	if (is_smuggled(p))
		return VERDICT_SMUGGLED_PROTOCOL;
	if (p->source_route)
		return VERDICT_SOURCE_ROUTE;
	if (p->routing_pointer) {
		t->error_rest = p->routing_pointer;
		return VERDICT_ROUTING_HEADER;
	}
	if (p->ttl <= 1)
		return VERDICT_TTL_EXCEEDED;
	return VERDICT_OK;
}
