/* Values that are addresses, prefixes and lists of them. */
#include "lib/collector_address.h"
#include "lib/config_internal.h"
#include "lib/listen_address.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- single addresses and prefixes ---- */

static void address4_parse_value(struct config_reader *reader, const struct config_key *key,
                                 void *section, const char *value)
{
	struct config_instance *instance = section;

	(void)key;
	if (address4_parse(value, &instance->address4) < 0)
		config_refuse(reader, "not an IPv4 address such as 192.0.2.1");
	else
		instance->has_address4 = true;
}

static void address4_print(const struct config_key *key, const void *section, FILE *out)
{
	const struct config_instance *instance = section;
	char buf[ADDRESS_STRLEN];

	if (instance->has_address4)
		fprintf(out, "%s = %s\n", key->name, address4_format(instance->address4, buf));
}

const struct config_type config_type_address4 = { address4_parse_value, address4_print };

static void address6_parse_value(struct config_reader *reader, const struct config_key *key,
                                 void *section, const char *value)
{
	struct config_instance *instance = section;

	(void)key;
	if (address6_parse(value, &instance->address6) < 0)
		config_refuse(reader, "not an IPv6 address such as 2001:db8::1");
	else
		instance->has_address6 = true;
}

static void address6_print(const struct config_key *key, const void *section, FILE *out)
{
	const struct config_instance *instance = section;
	char buf[ADDRESS_STRLEN];

	if (instance->has_address6)
		fprintf(out, "%s = %s\n", key->name, address6_format(&instance->address6, buf));
}

const struct config_type config_type_address6 = { address6_parse_value, address6_print };

/* The IPv4 prefix with the bits behind its length cleared, as a suggestion. */
static const char *masked4(const char *text, char *buf)
{
	char address[CONFIG_LINE_MAX + 1];
	char *len_text;
	struct prefix4 prefix = { 0 };
	uint64_t len = 0;

	snprintf(address, sizeof(address), "%s", text);
	len_text = strchr(address, '/');
	*len_text++ = '\0';
	(void)config_parse_number(len_text, 32, &len);
	prefix.len = (uint8_t)len;
	(void)address4_parse(address, &prefix.addr);
	prefix.addr &= prefix4_mask(prefix.len);
	return prefix4_format(&prefix, buf);
}

bool config_parse_prefix4(struct config_reader *reader, const char *text, struct prefix4 *out)
{
	char buf[ADDRESS_STRLEN];
	int result = prefix4_parse(text, out);

	if (result == -ERANGE)
		config_refuse(reader, "'%s' has bits set behind its length; did you mean %s?", text,
		              masked4(text, buf));
	else if (result < 0)
		config_refuse(reader, "'%s' is not an IPv4 prefix such as 192.0.2.0/24", text);
	return result == 0;
}

static const char *masked6(const char *text, char *buf)
{
	char address[CONFIG_LINE_MAX + 1];
	char *len_text;
	struct prefix6 prefix = { 0 };
	uint64_t len = 0;

	snprintf(address, sizeof(address), "%s", text);
	len_text = strchr(address, '/');
	*len_text++ = '\0';
	(void)config_parse_number(len_text, 128, &len);
	prefix.len = (uint8_t)len;
	(void)address6_parse(address, &prefix.addr);
	prefix.addr = address6_masked(&prefix.addr, prefix.len);
	return prefix6_format(&prefix, buf);
}

bool config_parse_prefix6(struct config_reader *reader, const char *text, struct prefix6 *out)
{
	char buf[ADDRESS_STRLEN];
	int result = prefix6_parse(text, out);

	if (result == -ERANGE)
		config_refuse(reader, "'%s' has bits set behind its length; did you mean %s?", text,
		              masked6(text, buf));
	else if (result < 0)
		config_refuse(reader, "'%s' is not an IPv6 prefix such as 2001:db8:64::/96", text);
	return result == 0;
}

bool config_prefix4_is_usable(const struct prefix4 *prefix)
{
	static const struct prefix4 martians[] = {
		{ 0x00000000, 8 }, /* this network */
		{ 0x7f000000, 8 }, /* loopback */
		{ 0xe0000000, 3 }, /* multicast and reserved */
	};

	for (size_t i = 0; i < sizeof(martians) / sizeof(martians[0]); i++) {
		if (prefix4_covers(&martians[i], prefix) || prefix4_covers(prefix, &martians[i]))
			return false;
	}
	return true;
}

bool config_prefix6_is_usable(const struct prefix6 *prefix)
{
	static const struct prefix6 martians[] = {
		{ { { { 0 } } }, 127 }, /* unspecified and loopback */
		{ { { { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff } } }, 96 }, /* IPv4-mapped */
		{ { { { 0xfe, 0x80 } } }, 10 },                               /* link-local */
		{ { { { 0xff } } }, 8 },                                      /* multicast */
	};

	for (size_t i = 0; i < sizeof(martians) / sizeof(martians[0]); i++) {
		if (prefix6_covers(&martians[i], prefix) || prefix6_covers(prefix, &martians[i]))
			return false;
	}
	return true;
}

static void prefix4_parse_value(struct config_reader *reader, const struct config_key *key,
                                void *section, const char *value)
{
	config_parse_prefix4(reader, value, config_field(key, section));
}

static void prefix4_print(const struct config_key *key, const void *section, FILE *out)
{
	char buf[ADDRESS_STRLEN];

	fprintf(out, "%s = %s\n", key->name, prefix4_format(config_const_field(key, section), buf));
}

const struct config_type config_type_prefix4 = { prefix4_parse_value, prefix4_print };

/* ---- lists ---- */

static void prefixes4_parse(struct config_reader *reader, const struct config_key *key,
                            void *section, const char *value)
{
	struct prefix4 prefix;

	if (config_parse_prefix4(reader, value, &prefix))
		config_append(reader, config_field(key, section), config_count(key, section),
		              sizeof(prefix), &prefix);
}

static void prefixes4_print(const struct config_key *key, const void *section, FILE *out)
{
	const struct prefix4 *const *list = config_const_field(key, section);
	char buf[ADDRESS_STRLEN];

	for (size_t i = 0; i < config_const_count(key, section); i++)
		fprintf(out, "%s = %s\n", key->name, prefix4_format(&(*list)[i], buf));
}

const struct config_type config_type_prefixes4 = { prefixes4_parse, prefixes4_print };

static void texts_append(struct config_reader *reader, const struct config_key *key, void *section,
                         const char *value)
{
	char *copy = strdup(value);

	if (!copy)
		reader->no_memory = true;
	else if (!config_append(reader, config_field(key, section), config_count(key, section),
	                        sizeof(copy), &copy))
		free(copy);
}

static void texts_print(const struct config_key *key, const void *section, FILE *out)
{
	const char *const *const *list = config_const_field(key, section);

	for (size_t i = 0; i < config_const_count(key, section); i++)
		fprintf(out, "%s = %s\n", key->name, (*list)[i]);
}

static void addresses_parse(struct config_reader *reader, const struct config_key *key,
                            void *section, const char *value)
{
	struct in6_addr addr6;
	uint32_t addr4;

	if (address4_parse(value, &addr4) < 0 && address6_parse(value, &addr6) < 0)
		config_refuse(reader, "not an address such as 192.0.2.1 or 2001:db8::1");
	else
		texts_append(reader, key, section, value);
}

const struct config_type config_type_addresses = { addresses_parse, texts_print };

static void listen_parse(struct config_reader *reader, const struct config_key *key, void *section,
                         const char *value)
{
	struct sockaddr_storage address;

	if (listen_address_parse(value, &address) < 0)
		config_refuse(reader, "not an address and a port such as 192.0.2.1:9464 or "
		                      "[2001:db8::1]:9464");
	else
		texts_append(reader, key, section, value);
}

const struct config_type config_type_listen = { listen_parse, texts_print };

static bool has_text(const struct config_key *key, const void *section, const char *value)
{
	const char *const *const *list = config_const_field(key, section);

	for (size_t i = 0; i < config_const_count(key, section); i++) {
		if (strcmp((*list)[i], value) == 0)
			return true;
	}
	return false;
}

static void collectors_parse(struct config_reader *reader, const struct config_key *key,
                             void *section, const char *value)
{
	struct collector_address address;
	int error = collector_address_parse(value, &address);

	if (error == -EADDRNOTAVAIL)
		config_refuse(reader,
		              "not the address of one host: a multicast, link-local, mapped or "
		              "unspecified one reaches no collector");
	else if (error < 0)
		config_refuse(reader, "not an address and a port such as 192.0.2.1:4739, "
		                      "tcp:[2001:db8::1]:4739 or udp:192.0.2.1:4739");
	else if (config_const_count(key, section) == CONFIG_LOG_IPFIX_MAX)
		config_refuse(reader, "more than %d collectors", CONFIG_LOG_IPFIX_MAX);
	else if (has_text(key, section, value))
		config_refuse(reader, "there twice; remove one");
	else
		texts_append(reader, key, section, value);
}

const struct config_type config_type_collectors = { collectors_parse, texts_print };

static void ifaddrs_parse(struct config_reader *reader, const struct config_key *key, void *section,
                          const char *value)
{
	struct prefix4 prefix4;
	struct prefix6 prefix6;

	/* Bits behind the length are the host's own part here. */
	if (strchr(value, '/') && (prefix4_parse(value, &prefix4) != -EINVAL ||
	                           prefix6_parse(value, &prefix6) != -EINVAL))
		texts_append(reader, key, section, value);
	else
		config_refuse(reader,
		              "not an address with its prefix length, such as 192.0.2.2/24 or "
		              "2001:db8::2/64");
}

const struct config_type config_type_ifaddrs = { ifaddrs_parse, texts_print };
