/* Entries that claim the same: pool6 prefixes, pool4 addresses with ports, bindings, explicit
 * mappings.
 *
 * Lists may be long (100,000 pairs of an eam-file), so each question is a sort followed by one
 * walk. Ports are asked about as claims: an address as bytes, a range on it, and the line that
 * claims it.
 */
#include "lib/config_internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define OVERLAP_WARNINGS 10 /* nested mappings named one by one; the rest is counted */

/* ---- pool6 ---- */

static void pool6_overlaps(struct config_reader *reader, const struct config_trace *trace,
                           const struct config_instance *instance)
{
	char buf[ADDRESS_STRLEN], other[ADDRESS_STRLEN];

	for (size_t i = 0; i < instance->pool6_count; i++) {
		const struct prefix6 *prefix = &instance->pool6[i].prefix;

		for (size_t j = 0; j < i; j++) {
			const struct prefix6 *earlier = &instance->pool6[j].prefix;

			if (!prefix6_covers(earlier, prefix) && !prefix6_covers(prefix, earlier))
				continue;
			config_error_at(
				reader, &trace->pool6.at[i],
				"pool6 = %s overlaps pool6 = %s of line %u; keep one of them",
				prefix6_format(prefix, buf), prefix6_format(earlier, other),
				trace->pool6.at[j].line);
		}
	}
}

/* ---- claims of ports ---- */

struct claim {
	uint8_t key[17]; /* protocol and address, padded with zeros */
	uint16_t first, last;
	uint32_t owner; /* index of the entry that claims */
};

static int claim_compare(const void *a, const void *b)
{
	const struct claim *left = a, *right = b;
	int order = memcmp(left->key, right->key, sizeof(left->key));

	if (order != 0)
		return order;
	if (left->first != right->first)
		return left->first < right->first ? -1 : 1;
	return left->owner < right->owner ? -1 : left->owner > right->owner;
}

/* How a pair of entries that claim the same is reported; the earlier line comes first. */
struct claim_report {
	void (*overlap)(const struct claim_report *report, uint32_t earlier, uint32_t later);
	struct config_reader *reader;
	const void *of;                       /* what the owners are indices of */
	const struct config_origins *origins; /* their places */
};

#define NOBODY UINT32_MAX

/* Sort the claims and find for each owner an earlier one that claims the same; NOBODY if there is
 * none. */
static void claims_sort(struct claim *claims, size_t count, uint32_t *earlier)
{
	const struct claim *widest = claims;

	qsort(claims, count, sizeof(*claims), claim_compare);
	for (size_t i = 1; i < count; i++) {
		const struct claim *claim = &claims[i];
		bool same_key = memcmp(claim->key, widest->key, sizeof(claim->key)) == 0;

		if (same_key && claim->first <= widest->last) {
			if (claim->owner < widest->owner)
				earlier[widest->owner] = claim->owner;
			else if (claim->owner > widest->owner)
				earlier[claim->owner] = widest->owner;
		}
		if (!same_key || claim->last > widest->last)
			widest = claim;
	}
}

/* Report each owner once that claims what an earlier one has, in their order. */
static void claims_check(struct claim *claims, size_t count, size_t owner_count,
                         const struct claim_report *report)
{
	uint32_t *earlier = calloc(owner_count ? owner_count : 1, sizeof(*earlier));

	if (!earlier) {
		report->reader->no_memory = true;
		return;
	}
	for (size_t i = 0; i < owner_count; i++)
		earlier[i] = NOBODY;
	claims_sort(claims, count, earlier);
	for (size_t i = 0; i < owner_count; i++) {
		if (earlier[i] != NOBODY)
			report->overlap(report, earlier[i], (uint32_t)i);
	}
	free(earlier);
}

static struct claim *claims_new(struct config_reader *reader, size_t count)
{
	struct claim *claims = calloc(count ? count : 1, sizeof(*claims));

	if (!claims)
		reader->no_memory = true;
	return claims;
}

/* ---- pool4 ---- */

/* One claim for each address of the entry; returns their number. */
static size_t pool4_claim(const struct config_pool4 *pool4, uint32_t owner, struct claim *claims)
{
	size_t count = (size_t)1 << (32 - pool4->prefix.len);

	for (size_t i = 0; i < count; i++) {
		uint32_t addr_be = htonl(pool4->prefix.addr + (uint32_t)i);

		memcpy(claims[i].key, &addr_be, sizeof(addr_be));
		claims[i].first = pool4->port_min;
		claims[i].last = pool4->port_max;
		claims[i].owner = owner;
	}
	return count;
}

static size_t pool4_addresses(const struct config_instance *instance)
{
	size_t count = 0;

	for (size_t i = 0; i < instance->pool4_count; i++)
		count += (size_t)1 << (32 - instance->pool4[i].prefix.len);
	return count;
}

static void pool4_overlap(const struct claim_report *report, uint32_t earlier, uint32_t later)
{
	const struct config_instance *instance = report->of;
	const struct config_pool4 *pool4 = &instance->pool4[later],
				  *other = &instance->pool4[earlier];
	char buf[ADDRESS_STRLEN], other_buf[ADDRESS_STRLEN];

	config_error_at(
		report->reader, &report->origins->at[later],
		"pool4 = %s %u-%u overlaps pool4 = %s %u-%u of line %u; a port of an address "
		"may be listed once",
		prefix4_format(&pool4->prefix, buf), pool4->port_min, pool4->port_max,
		prefix4_format(&other->prefix, other_buf), other->port_min, other->port_max,
		report->origins->at[earlier].line);
}

static void pool4_overlaps(struct config_reader *reader, const struct config_trace *trace,
                           const struct config_instance *instance)
{
	const struct claim_report report = { pool4_overlap, reader, instance, &trace->pool4 };
	size_t used = 0, room = pool4_addresses(instance);
	struct claim *claims;

	if (room > CONFIG_POOL4_MAX)
		return; /* already refused for its size */
	claims = claims_new(reader, room);
	if (!claims)
		return;
	for (size_t i = 0; i < instance->pool4_count; i++)
		used += pool4_claim(&instance->pool4[i], (uint32_t)i, claims + used);
	claims_check(claims, used, instance->pool4_count, &report);
	free(claims);
}

/* Claims between instances: here the owners are instances. */
static void pool4_shared(const struct claim_report *report, uint32_t earlier, uint32_t later)
{
	const struct config *config = report->of;

	config_warn_at(
		report->reader, &report->origins->at[later],
		"pool4 of [instance %s] shares ports with that of [instance %s] (line %u); both "
		"would hand them out",
		config->instances[later].name, config->instances[earlier].name,
		report->origins->at[earlier].line);
}

void config_check_shared_pool4(struct config_reader *reader)
{
	const struct config *config = reader->config;
	struct config_origins origins = { 0 };
	const struct claim_report report = { pool4_shared, reader, config, &origins };
	size_t used = 0, room = 0;
	struct claim *claims;

	for (size_t i = 0; i < config->instance_count; i++)
		room += pool4_addresses(&config->instances[i]);
	/* Without errors so far no instance overlaps itself and each has a limited size. It is a
	 * warning only, so a file with very many large pools is spared the memory. */
	if (reader->errors > 0 || room > (size_t)16 * CONFIG_POOL4_MAX)
		return;
	claims = claims_new(reader, room);
	for (size_t i = 0; i < reader->trace_count && claims; i++) {
		const struct config_trace *trace = &reader->traces[i];
		struct config_origin origin = trace->origin;
		const struct config_instance *instance;

		if (trace->kind != CONFIG_SECTION_INSTANCE)
			continue;
		origin.line = config_trace_line(trace, "pool4");
		instance = &config->instances[trace->index];
		config_append(reader, &origins.at, &origins.count, sizeof(origin), &origin);
		for (size_t j = 0; j < instance->pool4_count; j++)
			used += pool4_claim(&instance->pool4[j], (uint32_t)trace->index,
			                    claims + used);
	}
	if (claims && !reader->no_memory)
		claims_check(claims, used, config->instance_count, &report);
	free(claims);
	free(origins.at);
}

/* ---- bib ---- */

static const char *ports_format(uint16_t first, uint16_t count, char buf[16])
{
	if (count == 1)
		snprintf(buf, 16, "%u", first);
	else
		snprintf(buf, 16, "%u-%u", first, first + count - 1U);
	return buf;
}

static void bib_overlap4(const struct claim_report *report, uint32_t earlier, uint32_t later)
{
	const struct config_instance *instance = report->of;
	const struct config_bib *bib = &instance->bib[later];
	char buf[ADDRESS_STRLEN], ports[16];

	config_error_at(report->reader, &report->origins->at[later],
	                "bib: %s:%s is bound in line %u already", address4_format(bib->addr4, buf),
	                ports_format(bib->port4, bib->count, ports),
	                report->origins->at[earlier].line);
}

static void bib_overlap6(const struct claim_report *report, uint32_t earlier, uint32_t later)
{
	const struct config_instance *instance = report->of;
	const struct config_bib *bib = &instance->bib[later];
	char buf[ADDRESS_STRLEN], ports[16];

	config_error_at(
		report->reader, &report->origins->at[later],
		"bib: [%s]:%s is bound in line %u already", address6_format(&bib->addr6, buf),
		ports_format(bib->port6, bib->count, ports), report->origins->at[earlier].line);
}

static void bib_overlaps(struct config_reader *reader, const struct config_trace *trace,
                         const struct config_instance *instance)
{
	const struct claim_report report4 = { bib_overlap4, reader, instance, &trace->bib };
	const struct claim_report report6 = { bib_overlap6, reader, instance, &trace->bib };
	struct claim *claims4 = claims_new(reader, instance->bib_count);
	struct claim *claims6 = claims_new(reader, instance->bib_count);

	for (size_t i = 0; i < instance->bib_count && claims4 && claims6; i++) {
		const struct config_bib *bib = &instance->bib[i];

		claims4[i] = (struct claim){ .first = bib->port4,
			                     .last = (uint16_t)(bib->port4 + bib->count - 1),
			                     .owner = (uint32_t)i };
		claims6[i] = (struct claim){ .first = bib->port6,
			                     .last = (uint16_t)(bib->port6 + bib->count - 1),
			                     .owner = (uint32_t)i };
		claims4[i].key[0] = claims6[i].key[0] = bib->proto;
		memcpy(claims4[i].key + 1, &bib->addr4, sizeof(bib->addr4));
		memcpy(claims6[i].key + 1, &bib->addr6, sizeof(bib->addr6));
	}
	if (claims4 && claims6) {
		claims_check(claims4, instance->bib_count, instance->bib_count, &report4);
		claims_check(claims6, instance->bib_count, instance->bib_count, &report6);
	}
	free(claims4);
	free(claims6);
}

/* ---- eam ---- */

static int order_by_index(uint32_t left, uint32_t right)
{
	return left < right ? -1 : left > right;
}

static int eam_compare4(const void *a, const void *b, void *arg)
{
	const struct config_eam *eam = arg;
	uint32_t left_index = *(const uint32_t *)a, right_index = *(const uint32_t *)b;
	const struct prefix4 *left = &eam[left_index].prefix4, *right = &eam[right_index].prefix4;

	if (left->addr != right->addr)
		return left->addr < right->addr ? -1 : 1;
	if (left->len != right->len)
		return left->len < right->len ? -1 : 1;
	return order_by_index(left_index, right_index);
}

static int eam_compare6(const void *a, const void *b, void *arg)
{
	const struct config_eam *eam = arg;
	uint32_t left_index = *(const uint32_t *)a, right_index = *(const uint32_t *)b;
	const struct prefix6 *left = &eam[left_index].prefix6, *right = &eam[right_index].prefix6;
	int order = memcmp(&left->addr, &right->addr, sizeof(left->addr));

	if (order != 0)
		return order;
	if (left->len != right->len)
		return left->len < right->len ? -1 : 1;
	return order_by_index(left_index, right_index);
}

/* How one side of the pairs is sorted, compared and named. */
struct eam_side {
	const char *family;
	int (*compare)(const void *a, const void *b, void *eam);
	bool (*covers)(const struct config_eam *outer, const struct config_eam *inner);
	unsigned (*length)(const struct config_eam *pair);
	const char *(*format)(const struct config_eam *pair, char *buf);
};

static bool eam_covers4(const struct config_eam *outer, const struct config_eam *inner)
{
	return prefix4_covers(&outer->prefix4, &inner->prefix4);
}

static bool eam_covers6(const struct config_eam *outer, const struct config_eam *inner)
{
	return prefix6_covers(&outer->prefix6, &inner->prefix6);
}

static unsigned eam_length4(const struct config_eam *pair)
{
	return pair->prefix4.len;
}

static unsigned eam_length6(const struct config_eam *pair)
{
	return pair->prefix6.len;
}

static const char *eam_format4(const struct config_eam *pair, char *buf)
{
	return prefix4_format(&pair->prefix4, buf);
}

static const char *eam_format6(const struct config_eam *pair, char *buf)
{
	return prefix6_format(&pair->prefix6, buf);
}

static const struct eam_side eam_sides[] = {
	{ "IPv4", eam_compare4, eam_covers4, eam_length4, eam_format4 },
	{ "IPv6", eam_compare6, eam_covers6, eam_length6, eam_format6 },
};

/* Sort the pairs by one side and find for each the narrowest other one around it; NOBODY if there
 * is none. */
static void eam_side_sort(const struct config_instance *instance, const struct eam_side *side,
                          uint32_t *order, uint32_t *outer)
{
	const struct config_eam *eam = instance->eam;
	uint32_t around[130]; /* the nested prefixes that hold the present one, widest first */
	size_t depth = 0;

	for (size_t i = 0; i < instance->eam_count; i++)
		order[i] = (uint32_t)i;
	qsort_r(order, instance->eam_count, sizeof(*order), side->compare, instance->eam);
	for (size_t i = 0; i < instance->eam_count; i++) {
		uint32_t index = order[i];

		while (depth > 0 && !side->covers(&eam[around[depth - 1]], &eam[index]))
			depth--;
		outer[index] = depth > 0 ? around[depth - 1] : NOBODY;
		/* Of equal prefixes the first one stays. */
		if (depth == 0 || side->length(&eam[outer[index]]) != side->length(&eam[index]))
			around[depth++] = index;
	}
}

/* Report equal prefixes as errors; of nested ones the first few by name and the others by number.
 */
static void eam_side_report(struct config_reader *reader, const struct config_trace *trace,
                            const struct config_instance *instance, const struct eam_side *side,
                            const uint32_t *outer)
{
	const struct config_eam *eam = instance->eam;
	const struct config_origin *at = trace->eam.at;
	char buf[ADDRESS_STRLEN], other[ADDRESS_STRLEN];
	size_t nested = 0;

	for (size_t i = 0; i < instance->eam_count; i++) {
		uint32_t by = outer[i];

		if (by == NOBODY)
			continue;
		if (side->length(&eam[by]) == side->length(&eam[i]))
			config_error_at(
				reader, &at[i], "eam: the %s prefix %s is mapped at %s:%u already",
				side->family, side->format(&eam[i], buf), at[by].file, at[by].line);
		else if (++nested <= OVERLAP_WARNINGS)
			config_warn_at(
				reader, &at[i],
				"eam: %s lies within %s of %s:%u; the longest prefix decides",
				side->format(&eam[i], buf), side->format(&eam[by], other),
				at[by].file, at[by].line);
	}
	if (nested > OVERLAP_WARNINGS)
		config_warn_at(reader, &trace->origin,
		               "[instance %s]: %zu more %s prefixes of eam lie within others",
		               instance->name, nested - OVERLAP_WARNINGS, side->family);
}

static void eam_overlaps(struct config_reader *reader, const struct config_trace *trace,
                         const struct config_instance *instance)
{
	size_t room = instance->eam_count ? instance->eam_count : 1;
	uint32_t *order = calloc(room, sizeof(*order));
	uint32_t *outer = calloc(room, sizeof(*outer));

	if (!order || !outer)
		reader->no_memory = true;
	for (size_t i = 0; i < sizeof(eam_sides) / sizeof(eam_sides[0]) && !reader->no_memory;
	     i++) {
		eam_side_sort(instance, &eam_sides[i], order, outer);
		eam_side_report(reader, trace, instance, &eam_sides[i], outer);
	}
	free(order);
	free(outer);
}

void config_check_overlaps(struct config_reader *reader, const struct config_trace *trace,
                           const struct config_instance *instance)
{
	pool6_overlaps(reader, trace, instance);
	pool4_overlaps(reader, trace, instance);
	bib_overlaps(reader, trace, instance);
	eam_overlaps(reader, trace, instance);
}
