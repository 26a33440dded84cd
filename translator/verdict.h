/* One list of everything that can become of a packet.
 *
 * Each row is X(NAME, "name", class, icmp4, icmp6, "source", "sentence for the operator: what
 * happened and what to do"). From it come the enum, the counters, the ICMP answers, `stats`,
 * `explain` and the troubleshooting manual. The two ICMP columns name the error that the translator
 * sends back, V_ICMP(class, type, code), or V_SILENT.
 */
#ifndef SA_NAT64_VERDICT_H
#define SA_NAT64_VERDICT_H

#include "lib/config.h"

#include <stdbool.h>
#include <stdint.h>

struct verdict_icmp {
	bool send;
	enum config_icmp_class class;
	uint8_t type, code;
};

#define V_SILENT              \
	{                     \
		.send = false \
	}
#define V_ICMP(c, t, co)                                                          \
	{                                                                         \
		.send = true, .class = CONFIG_ICMP_##c, .type = (t), .code = (co) \
	}

enum verdict_class {
	VERDICT_FORWARDED, /* left the translator, or will */
	VERDICT_DROPPED,
	VERDICT_IGNORED, /* no traffic of anybody's */
};

enum verdict {
#define X(name, text, class, icmp4, icmp6, source, sentence) VERDICT_##name,
#include "translator/verdict.def"
#undef X
	VERDICT_COUNT
};

/* What a step returns when it has nothing against the packet. */
#define VERDICT_OK VERDICT_TRANSLATED

struct verdict_info {
	const char *name; /* "ttl-exceeded": counter, JSON key, manual entry */
	enum verdict_class class;
	struct verdict_icmp icmp4; /* answer to a packet that came as IPv4 */
	struct verdict_icmp icmp6; /* answer to a packet that came as IPv6 */
	const char *source;        /* RFC and section */
	const char *sentence;
};

/* The row of a verdict; verdict must be below VERDICT_COUNT. Never NULL. */
const struct verdict_info *verdict_info(enum verdict verdict);

/* Drops that are worth a line in the log: resources that ran out, and packets whose loss RFC 7915
 * wants reported. */
bool verdict_is_noted(enum verdict verdict);

static inline bool verdict_is_drop(enum verdict verdict)
{
	return verdict_info(verdict)->class == VERDICT_DROPPED;
}

#endif
