#include "translator/ipfix.h"

#include "translator/bib.h"
#include "translator/packet.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define VERSION        10
#define SET_TEMPLATES  2
#define SET_OPTIONS    3
#define SET_HEADER_LEN 4
#define NODE_BITS      4
#define VARIABLE       65535 /* the length of a text in a template */
#define ELEMENTS_MAX   12

/* ---- information elements ---- */

enum element {
	END,
	TIME,
	NAT_EVENT,
	NAT_INSTANCE,
	PROTOCOL,
	HOST6,
	HOST_PORT,
	POOL4,
	POOL4_PORT,
	PORT_MIN,
	PORT_MAX,
	REMOTE6,
	REMOTE4,
	REMOTE_PORT,
	REMOTE4_PORT,
	SOURCE4,
	NAT_POOL,
	QUOTA,
	THRESHOLD,
	MAX_SESSIONS,
	MAX_PER_HOST,
	MAX_FRAGMENTS,
	POOL_HIGH,
	POOL_LOW,
	MAPPINGS_HIGH,
	DOMAIN,
	DOMAIN_NAME,
	RESTORED,
	LOST,
	ELEMENTS
};

/* Numbers and lengths as IANA has them. */
static const struct {
	uint16_t id, len;
} elements[ELEMENTS] = {
	[TIME] = { 323, 8 },               /* observationTimeMilliseconds */
	[NAT_EVENT] = { 230, 1 },          /* natEvent */
	[NAT_INSTANCE] = { 463, 4 },       /* natInstanceID */
	[PROTOCOL] = { 4, 1 },             /* protocolIdentifier */
	[HOST6] = { 27, 16 },              /* sourceIPv6Address */
	[HOST_PORT] = { 7, 2 },            /* sourceTransportPort */
	[POOL4] = { 225, 4 },              /* postNATSourceIPv4Address */
	[POOL4_PORT] = { 227, 2 },         /* postNAPTSourceTransportPort */
	[PORT_MIN] = { 361, 2 },           /* portRangeStart */
	[PORT_MAX] = { 362, 2 },           /* portRangeEnd */
	[REMOTE6] = { 28, 16 },            /* destinationIPv6Address */
	[REMOTE4] = { 226, 4 },            /* postNATDestinationIPv4Address */
	[REMOTE_PORT] = { 11, 2 },         /* destinationTransportPort */
	[REMOTE4_PORT] = { 228, 2 },       /* postNAPTDestinationTransportPort */
	[SOURCE4] = { 8, 4 },              /* sourceIPv4Address */
	[NAT_POOL] = { 283, 4 },           /* natPoolId */
	[QUOTA] = { 466, 4 },              /* natQuotaExceededEvent */
	[MAX_SESSIONS] = { 471, 4 },       /* maxSessionEntries */
	[MAX_PER_HOST] = { 473, 4 },       /* maxEntriesPerUser */
	[MAX_FRAGMENTS] = { 475, 4 },      /* maxFragmentsPendingReassembly */
	[THRESHOLD] = { 467, 4 },          /* natThresholdEvent */
	[POOL_HIGH] = { 476, 4 },          /* addressPoolHighThreshold */
	[POOL_LOW] = { 477, 4 },           /* addressPoolLowThreshold */
	[MAPPINGS_HIGH] = { 478, 4 },      /* addressPortMappingHighThreshold */
	[DOMAIN] = { 149, 4 },             /* observationDomainId */
	[DOMAIN_NAME] = { 300, VARIABLE }, /* observationDomainName */
	[RESTORED] = { 163, 8 },           /* observedFlowTotalCount */
	[LOST] = { 166, 8 },               /* notSentFlowTotalCount */
};

/* ---- templates ---- */

enum template {
	SESSION,
	BINDING,
	BLOCK,
	ADDRESSES_EXHAUSTED,
	PORTS_EXHAUSTED,
	SESSION_QUOTA,
	HOST_QUOTA,
	FRAGMENT6_QUOTA,
	FRAGMENT4_QUOTA,
	POOL_HIGH_MARK,
	POOL_LOW_MARK,
	MAPPINGS_HIGH_MARK,
	START,
	LOSSES,
	TEMPLATES
};

#define FIRST_TEMPLATE_ID 256 /* of SESSION; the others follow */

/* In the order of the tables in RFC 8158 section 4.6; what of them is optional and not here says
 * nothing about this translator. Options have their scope first. */
static const struct {
	bool is_option;
	enum element list[ELEMENTS_MAX + 1];
} templates[TEMPLATES] = {
	/* clang-format off */
	[SESSION] = { false, { TIME, NAT_EVENT, HOST6, POOL4, PROTOCOL, HOST_PORT, POOL4_PORT,
	                       REMOTE6, REMOTE4, REMOTE_PORT, REMOTE4_PORT, NAT_INSTANCE } },
	[BINDING] = { false, { TIME, NAT_EVENT, HOST6, POOL4, PROTOCOL, HOST_PORT, POOL4_PORT,
	                       NAT_INSTANCE } },
	[BLOCK] = { false, { TIME, NAT_EVENT, HOST6, POOL4, PROTOCOL, PORT_MIN, PORT_MAX,
	                     NAT_INSTANCE } },
	[ADDRESSES_EXHAUSTED] = { false, { TIME, NAT_EVENT, NAT_POOL, NAT_INSTANCE } },
	[PORTS_EXHAUSTED] = { false, { TIME, NAT_EVENT, POOL4, PROTOCOL, NAT_INSTANCE } },
	[SESSION_QUOTA] = { false, { TIME, NAT_EVENT, QUOTA, MAX_SESSIONS, NAT_INSTANCE } },
	[HOST_QUOTA] = { false, { TIME, NAT_EVENT, QUOTA, MAX_PER_HOST, HOST6, NAT_INSTANCE } },
	[FRAGMENT6_QUOTA] = { false, { TIME, NAT_EVENT, QUOTA, MAX_FRAGMENTS, HOST6,
	                               NAT_INSTANCE } },
	[FRAGMENT4_QUOTA] = { false, { TIME, NAT_EVENT, QUOTA, MAX_FRAGMENTS, SOURCE4,
	                               NAT_INSTANCE } },
	[POOL_HIGH_MARK] = { false, { TIME, NAT_EVENT, THRESHOLD, NAT_POOL, POOL_HIGH, PROTOCOL,
	                              NAT_INSTANCE } },
	[POOL_LOW_MARK] = { false, { TIME, NAT_EVENT, THRESHOLD, NAT_POOL, POOL_LOW, PROTOCOL,
	                             NAT_INSTANCE } },
	[MAPPINGS_HIGH_MARK] = { false, { TIME, NAT_EVENT, THRESHOLD, MAPPINGS_HIGH,
	                                  NAT_INSTANCE } },
	[START] = { true, { DOMAIN, TIME, NAT_INSTANCE, DOMAIN_NAME, RESTORED } },
	[LOSSES] = { true, { DOMAIN, TIME, NAT_INSTANCE, DOMAIN_NAME, LOST } },
	/* clang-format on */
};

/* natEvent, and natQuotaExceededEvent or natThresholdEvent, as RFC 8158 numbers them. */
static const struct {
	enum template template;
	uint8_t event, detail;
} kinds[LOG_EVENT_KINDS] = {
	[LOG_START] = { START, 0, 0 },
	[LOG_SESSION_BEGIN] = { SESSION, 6, 0 },
	[LOG_SESSION_END] = { SESSION, 7, 0 },
	[LOG_BINDING_BEGIN] = { BINDING, 10, 0 },
	[LOG_BINDING_END] = { BINDING, 11, 0 },
	[LOG_BLOCK_BEGIN] = { BLOCK, 16, 0 },
	[LOG_BLOCK_END] = { BLOCK, 17, 0 },
	[LOG_ADDRESSES_EXHAUSTED] = { ADDRESSES_EXHAUSTED, 3, 0 },
	[LOG_PORTS_EXHAUSTED] = { PORTS_EXHAUSTED, 12, 0 },
	[LOG_SESSION_LIMIT] = { SESSION_QUOTA, 13, 1 },
	[LOG_HOST_LIMIT] = { HOST_QUOTA, 13, 3 },
	[LOG_FRAGMENT_LIMIT6] = { FRAGMENT6_QUOTA, 13, 5 },
	[LOG_FRAGMENT_LIMIT4] = { FRAGMENT4_QUOTA, 13, 5 },
	[LOG_POOL4_HIGH] = { POOL_HIGH_MARK, 18, 1 },
	[LOG_POOL4_LOW] = { POOL_LOW_MARK, 18, 2 },
	[LOG_SESSIONS_HIGH] = { MAPPINGS_HIGH_MARK, 18, 3 },
};

/* ---- source ---- */

/* The number of an instance follows from its name, so that it is the same on every box and after
 * every change of the configuration; 0 would mean "of no domain". */
struct ipfix_source ipfix_source(const char *instance, const char *node, unsigned node_id)
{
	uint8_t digest[crypto_generichash_BYTES_MIN];
	struct ipfix_source source;

	(void)crypto_generichash(digest, sizeof(digest), (const uint8_t *)instance,
	                         strlen(instance), NULL, 0);
	source.instance = load_be32(digest) >> NODE_BITS;
	if (source.instance == 0)
		source.instance = 1;
	source.domain = source.instance << NODE_BITS | (node_id & ((1 << NODE_BITS) - 1));
	(void)snprintf(source.name, sizeof(source.name), "%s/%s", node, instance);
	return source;
}

/* ---- sets ---- */

void ipfix_body_init(struct ipfix_body *body)
{
	body->len = body->set = 0;
	body->records = 0;
	body->set_id = 0;
}

static uint8_t *put_number(uint8_t *at, uint64_t number, unsigned len)
{
	for (unsigned i = 0; i < len; i++)
		at[i] = (uint8_t)(number >> 8 * (len - 1 - i));
	return at + len;
}

/* Make room for len bytes in a set of that id: the present one, or one more. NULL: they do not
 * fit. */
static uint8_t *reserve(struct ipfix_body *body, uint16_t set_id, size_t len)
{
	size_t header_len = body->set_id == set_id ? 0 : SET_HEADER_LEN;
	uint8_t *at;

	if (sizeof(body->bytes) - body->len < header_len + len)
		return NULL;
	if (header_len) {
		body->set = body->len;
		body->set_id = set_id;
		body->len += header_len;
		store_be16(body->bytes + body->set, set_id);
	}
	at = body->bytes + body->len;
	body->len += len;
	store_be16(body->bytes + body->set + 2, (uint16_t)(body->len - body->set));
	return at;
}

static uint16_t count_elements(enum template template)
{
	uint16_t count = 0;

	while (templates[template].list[count] != END)
		count++;
	return count;
}

static void add_template(struct ipfix_body *body, enum template template)
{
	bool is_option = templates[template].is_option;
	uint16_t count = count_elements(template);
	uint8_t *at = reserve(body, is_option ? SET_OPTIONS : SET_TEMPLATES,
	                      (is_option ? 6u : 4u) + 4u * count);

	if (!at)
		return;
	at = put_number(at, FIRST_TEMPLATE_ID + template, 2);
	at = put_number(at, count, 2);
	if (is_option)
		at = put_number(at, 1, 2); /* of them, the scope */
	for (unsigned i = 0; i < count; i++) {
		at = put_number(at, elements[templates[template].list[i]].id, 2);
		at = put_number(at, elements[templates[template].list[i]].len, 2);
	}
}

void ipfix_add_templates(struct ipfix_body *body)
{
	for (enum template template = 0; template <TEMPLATES; template ++)
		add_template(body, template);
}

/* ---- records ---- */

struct values {
	const struct ipfix_source *source;
	const struct log_record *record; /* all 0 for losses */
	uint64_t utc_us, lost;
};

static uint8_t protocol_number(uint8_t proto)
{
	static const uint8_t numbers[L4_PROTOS] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP };

	return proto < L4_PROTOS ? numbers[proto] : 0;
}

static uint64_t number_of(const struct values *values, enum element element)
{
	const struct log_record *record = values->record;

	switch (element) {
	case TIME:
		return values->utc_us / 1000;
	case NAT_EVENT:
		return kinds[record->kind].event;
	case NAT_INSTANCE:
	case NAT_POOL:
		return values->source->instance;
	case PROTOCOL:
		return protocol_number(record->proto);
	case HOST_PORT:
		return record->host_port;
	case POOL4:
		return record->pool4;
	case POOL4_PORT:
	case PORT_MIN:
		return record->port_min;
	case PORT_MAX:
		return record->port_max;
	case REMOTE4:
	case SOURCE4:
		return record->remote4;
	case REMOTE_PORT:
	case REMOTE4_PORT:
		return record->remote_port;
	case QUOTA:
	case THRESHOLD:
		return kinds[record->kind].detail;
	case MAX_SESSIONS:
	case MAX_PER_HOST:
	case MAX_FRAGMENTS:
	case POOL_HIGH:
	case POOL_LOW:
	case MAPPINGS_HIGH:
		return record->limit;
	case DOMAIN:
		return values->source->domain;
	case RESTORED:
		return record->restored;
	case LOST:
		return values->lost;
	default:
		return 0;
	}
}

static size_t name_len(const struct ipfix_source *source)
{
	return strlen(source->name);
}

static size_t element_len(const struct values *values, enum element element)
{
	return elements[element].len == VARIABLE ? 1 + name_len(values->source)
	                                         : elements[element].len;
}

static uint8_t *put_element(uint8_t *at, const struct values *values, enum element element)
{
	size_t len = element_len(values, element);

	switch (element) {
	case HOST6:
		memcpy(at, &values->record->host6, len);
		return at + len;
	case REMOTE6:
		memcpy(at, &values->record->remote6, len);
		return at + len;
	case DOMAIN_NAME:
		*at = (uint8_t)(len - 1);
		memcpy(at + 1, values->source->name, len - 1);
		return at + len;
	default:
		return put_number(at, number_of(values, element), (unsigned)len);
	}
}

static bool add_values(struct ipfix_body *body, enum template template, const struct values *values)
{
	const enum element *list = templates[template].list;
	size_t len = 0;
	uint8_t *at;

	for (unsigned i = 0; list[i] != END; i++)
		len += element_len(values, list[i]);
	at = reserve(body, (uint16_t)(FIRST_TEMPLATE_ID + template), len);
	if (!at)
		return false;
	for (unsigned i = 0; list[i] != END; i++)
		at = put_element(at, values, list[i]);
	body->records++;
	return true;
}

void ipfix_add_losses(struct ipfix_body *body, const struct ipfix_source *source, uint64_t lost,
                      uint64_t utc_us)
{
	static const struct log_record nothing;
	const struct values values = { source, &nothing, utc_us, lost };

	(void)add_values(body, LOSSES, &values);
}

bool ipfix_add_record(struct ipfix_body *body, const struct ipfix_source *source,
                      const struct log_record *record, uint64_t utc_us)
{
	const struct values values = { source, record, utc_us, 0 };

	return record->kind >= LOG_EVENT_KINDS ||
	       add_values(body, kinds[record->kind].template, &values);
}

void ipfix_put_header(uint8_t header[IPFIX_HEADER_LEN], size_t len, uint32_t export_s,
                      uint32_t sequence, uint32_t domain)
{
	header = put_number(header, VERSION, 2);
	header = put_number(header, len, 2);
	header = put_number(header, export_s, 4);
	header = put_number(header, sequence, 4);
	(void)put_number(header, domain, 4);
}
