/* See jool_pool4.h. The addresses are cut where an entry begins or ends; between two cuts all have
 * the same ports, and neighbours that have the same ports in the end are one again. */
#include "cli/jool_pool4.h"

#include "cli/ranges4.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PORTS 65536
#define WORDS (PORTS / 64)

struct ports {
	uint64_t words[WORDS];
};

/* Addresses with the ports that they get. */
struct run {
	struct range4 range; /* empty: none yet */
	unsigned line;
	struct ports ports;
};

struct work {
	struct import *import;
	const struct jool_pool4 *entries;
	size_t count;
	struct ports of[JOOL_PROTOS]; /* between the present cuts */
	bool has[JOOL_PROTOS];
	struct ports shared;
	struct run run;
	int put;
	bool told_missing[JOOL_PROTOS], told_zero;
};

const char *const jool_proto_names[JOOL_PROTOS] = { "TCP", "UDP", "ICMP" };

static bool ports_has(const struct ports *ports, unsigned port)
{
	return ports->words[port / 64] >> port % 64 & 1;
}

static void ports_set(struct ports *ports, unsigned min, unsigned max)
{
	for (unsigned port = min; port <= max; port++)
		ports->words[port / 64] |= UINT64_C(1) << port % 64;
}

static bool ports_equal(const struct ports *a, const struct ports *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static bool ports_are_none(const struct ports *ports)
{
	static const struct ports none;

	return ports_equal(ports, &none);
}

/* The end of the range that begins at port. */
static unsigned ports_end(const struct ports *ports, unsigned port)
{
	while (port < PORTS && ports_has(ports, port))
		port++;
	return port;
}

/* ---- what is put ---- */

static void put_prefix(struct work *work, const struct prefix4 *prefix)
{
	const struct ports *ports = &work->run.ports;
	char buf[ADDRESS_STRLEN];

	for (unsigned port = 1; port < PORTS; port++) {
		unsigned end = ports_end(ports, port);

		if (end == port)
			continue;
		import_put(work->import, work->run.line, "pool4 = %s %u-%u",
		           prefix4_format(prefix, buf), port, end - 1);
		work->put++;
		port = end;
	}
}

static void put_run(struct work *work)
{
	struct range4 rest = work->run.range;
	struct prefix4 prefix;

	while (range4_take_prefix(&rest, &prefix))
		put_prefix(work, &prefix);
	work->run.range = (struct range4){ 0, 0 };
}

/* Give the shared ports to the addresses of range. */
static void grow_run(struct work *work, struct range4 range, unsigned line)
{
	struct run *run = &work->run;

	if (run->range.end == range.first && run->range.first < run->range.end &&
	    ports_equal(&run->ports, &work->shared)) {
		run->range.end = range.end;
		return;
	}
	put_run(work);
	*run = (struct run){ range, line, work->shared };
}

/* ---- what is shared ---- */

/* Say which protocols had no entry: here they have the ports, too. */
static void tell_missing(struct work *work, uint64_t first, unsigned line)
{
	char buf[ADDRESS_STRLEN];

	for (int proto = 0; proto < JOOL_PROTOS; proto++) {
		if (work->has[proto] || work->told_missing[proto])
			continue;
		work->told_missing[proto] = true;
		import_note(work->import, line,
		            "pool4: %s has no entry for %s; here its ports serve all of TCP, UDP "
		            "and ICMP, so drop %s in a firewall if it must not pass",
		            address4_format((uint32_t)first, buf), jool_proto_names[proto],
		            jool_proto_names[proto]);
	}
}

static void tell_zero(struct work *work, unsigned line)
{
	if (!work->told_zero)
		import_note(work->import, line, "pool4: port 0 is left out, nobody can use it");
	work->told_zero = true;
}

/* What the protocols that have ports have in common; without anything, the ports of the first. */
static void share(struct work *work, uint64_t first, unsigned line)
{
	const struct ports *one = NULL;
	bool differ = false;
	char buf[ADDRESS_STRLEN];

	for (int proto = 0; proto < JOOL_PROTOS; proto++) {
		if (!work->has[proto])
			continue;
		if (!one)
			work->shared = *(one = &work->of[proto]);
		differ |= !ports_equal(one, &work->of[proto]);
		for (size_t i = 0; i < WORDS; i++)
			work->shared.words[i] &= work->of[proto].words[i];
	}
	if (differ && ports_are_none(&work->shared)) {
		work->shared = *one;
		import_note(work->import, line,
		            "pool4: the protocols have no port of %s in common; here they share "
		            "them, so all get those of the first of TCP, UDP, ICMP",
		            address4_format((uint32_t)first, buf));
	} else if (differ) {
		import_note(work->import, line,
		            "pool4: TCP, UDP and ICMP have different ports of %s; here they share "
		            "them, so all get those that they have in common",
		            address4_format((uint32_t)first, buf));
	}
}

/* Work on the addresses between two cuts. */
static void between(struct work *work, struct range4 range)
{
	unsigned line = 0;

	memset(work->of, 0, sizeof(work->of));
	memset(work->has, 0, sizeof(work->has));
	for (size_t i = 0; i < work->count; i++) {
		const struct jool_pool4 *entry = &work->entries[i];

		if (!prefix4_has(&entry->prefix, (uint32_t)range.first))
			continue;
		line = line ? line : entry->line;
		work->has[entry->proto] = true;
		if (entry->port_min == 0)
			tell_zero(work, entry->line);
		ports_set(&work->of[entry->proto], entry->port_min ? entry->port_min : 1,
		          entry->port_max);
	}
	if (line == 0)
		return;
	share(work, range.first, line);
	tell_missing(work, range.first, line);
	grow_run(work, range, line);
}

static int by_number(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return left < right ? -1 : left > right;
}

int jool_pool4_put(struct import *import, const struct jool_pool4 *entries, size_t count)
{
	uint64_t *cuts = calloc(2 * count + 1, sizeof(*cuts));
	struct work *work = calloc(1, sizeof(*work));
	int put = -ENOMEM;

	if (!cuts || !work)
		goto out;
	*work = (struct work){ .import = import, .entries = entries, .count = count };
	for (size_t i = 0; i < count; i++) {
		struct range4 range = range4_of(&entries[i].prefix);

		cuts[2 * i] = range.first;
		cuts[2 * i + 1] = range.end;
	}
	qsort(cuts, 2 * count, sizeof(*cuts), by_number);
	for (size_t i = 0; i + 1 < 2 * count; i++)
		if (cuts[i] < cuts[i + 1])
			between(work, (struct range4){ cuts[i], cuts[i + 1] });
	put_run(work);
	put = work->put;
out:
	free(cuts);
	free(work);
	return put;
}
