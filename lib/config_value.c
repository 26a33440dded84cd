/* Values that are numbers, durations or one of a few words.
 *
 * Each type is a parser beside the printer of what it stored, so that a printed configuration reads
 * back equal; a parser refuses anything that it would not print the same way.
 */
#include "lib/config_internal.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* ---- numbers and durations ---- */

int config_parse_number(const char *text, uint64_t max, uint64_t *out)
{
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	const char *digits = hex ? text + 2 : text;
	unsigned base = hex ? 16 : 10;
	uint64_t value = 0;

	if (*digits == '\0')
		return -EINVAL;
	for (; *digits; digits++) {
		int c = tolower((unsigned char)*digits);
		unsigned digit = isdigit(c)    ? (unsigned)(c - '0')
		                 : isxdigit(c) ? (unsigned)(c - 'a' + 10)
		                               : base;

		if (digit >= base || value > (max - digit) / base || digit > max)
			return -EINVAL;
		value = value * base + digit;
	}
	*out = value;
	return 0;
}

static const struct duration_unit {
	const char *name;
	uint64_t us;
} duration_units[] = {
	{ "h", 3600000000 },
	{ "m", 60000000 },
	{ "s", 1000000 },
	{ "ms", 1000 },
};

#define DURATION_UNITS (sizeof(duration_units) / sizeof(duration_units[0]))

int config_parse_duration(const char *text, uint64_t *out_us)
{
	char digits[16], name[4];
	uint64_t total = 0, value;
	size_t unit = 0;

	if (config_parse_number(text, UINT32_MAX, &value) == 0) {
		*out_us = value * 1000000;
		return 0;
	}
	if (*text == '\0')
		return -EINVAL;
	while (*text) {
		size_t digit_count = strspn(text, "0123456789");
		size_t name_len = strspn(text + digit_count, "hms");

		if (digit_count == 0 || digit_count >= sizeof(digits) || name_len >= sizeof(name))
			return -EINVAL;
		memcpy(digits, text, digit_count);
		digits[digit_count] = '\0';
		memcpy(name, text + digit_count, name_len);
		name[name_len] = '\0';
		/* Units come in falling order, each at most once. */
		while (unit < DURATION_UNITS && strcmp(duration_units[unit].name, name) != 0)
			unit++;
		if (unit == DURATION_UNITS || config_parse_number(digits, UINT32_MAX, &value) < 0)
			return -EINVAL;
		total += value * duration_units[unit++].us;
		text += digit_count + name_len;
	}
	*out_us = total;
	return 0;
}

const char *config_format_duration(uint64_t us, char *buf)
{
	size_t used = 0;

	for (size_t i = 0; i < DURATION_UNITS; i++) {
		uint64_t value = us / duration_units[i].us;

		if (value > 0)
			used += (size_t)snprintf(buf + used, CONFIG_DURATION_STRLEN - used,
			                         "%" PRIu64 "%s", value, duration_units[i].name);
		us %= duration_units[i].us;
	}
	if (used == 0)
		snprintf(buf, CONFIG_DURATION_STRLEN, "0s");
	return buf;
}

static void number_store(const struct config_key *key, void *section, uint64_t value)
{
	void *field = config_field(key, section);

	switch (key->size) {
	case sizeof(uint8_t):
		*(uint8_t *)field = (uint8_t)value;
		break;
	case sizeof(uint16_t):
		*(uint16_t *)field = (uint16_t)value;
		break;
	default:
		*(uint32_t *)field = (uint32_t)value;
		break;
	}
}

static void number_parse(struct config_reader *reader, const struct config_key *key, void *section,
                         const char *value)
{
	uint64_t number;

	if (config_parse_number(value, key->max, &number) < 0 || number < key->min)
		config_refuse(reader, "not a number from %" PRIu64 " to %" PRIu64, key->min,
		              key->max);
	else
		number_store(key, section, number);
}

static void number_print(const struct config_key *key, const void *section, FILE *out)
{
	const void *field = config_const_field(key, section);
	uint32_t value = key->size == sizeof(uint8_t)    ? *(const uint8_t *)field
	                 : key->size == sizeof(uint16_t) ? *(const uint16_t *)field
	                                                 : *(const uint32_t *)field;

	fprintf(out, "%s = %" PRIu32 "\n", key->name, value);
}

const struct config_type config_type_number = { number_parse, number_print };

static void duration_parse(struct config_reader *reader, const struct config_key *key,
                           void *section, const char *value)
{
	uint64_t *field = config_field(key, section);
	char min[CONFIG_DURATION_STRLEN], max[CONFIG_DURATION_STRLEN];
	uint64_t us;

	if (config_parse_duration(value, &us) < 0) {
		config_refuse(reader, "not a duration such as 2h4m, 300s or 500ms");
		return;
	}
	if (us < key->min || us > key->max) {
		config_refuse(reader, "not from %s to %s", config_format_duration(key->min, min),
		              config_format_duration(key->max, max));
		return;
	}
	if (us < key->floor_us)
		config_warn_at(reader, &reader->origin, "%s = %s is below the %s", key->name, value,
		               key->floor_source);
	*field = us;
}

static void duration_print(const struct config_key *key, const void *section, FILE *out)
{
	const uint64_t *field = config_const_field(key, section);
	char buf[CONFIG_DURATION_STRLEN];

	fprintf(out, "%s = %s\n", key->name, config_format_duration(*field, buf));
}

const struct config_type config_type_duration = { duration_parse, duration_print };

/* ---- rates ---- */

static const struct rate_unit {
	char name;
	uint64_t bits;
} rate_units[] = { { 'G', 1000000000 }, { 'M', 1000000 }, { 'k', 1000 } };

#define RATE_UNITS (sizeof(rate_units) / sizeof(rate_units[0]))

int config_parse_rate(const char *text, uint64_t *out)
{
	char digits[24];
	size_t len = strlen(text);
	uint64_t value, bits = 1;

	for (size_t i = 0; len > 0 && i < RATE_UNITS; i++) {
		if (text[len - 1] == rate_units[i].name)
			bits = rate_units[i].bits;
	}
	len -= bits > 1;
	if (len == 0 || len >= sizeof(digits) || strspn(text, "0123456789") != len)
		return -EINVAL;
	memcpy(digits, text, len);
	digits[len] = '\0';
	if (config_parse_number(digits, UINT64_MAX / bits, &value) < 0)
		return -EINVAL;
	*out = value * bits;
	return 0;
}

const char *config_format_rate(uint64_t rate, char *buf)
{
	for (size_t i = 0; rate > 0 && i < RATE_UNITS; i++) {
		if (rate % rate_units[i].bits)
			continue;
		snprintf(buf, CONFIG_DURATION_STRLEN, "%" PRIu64 "%c", rate / rate_units[i].bits,
		         rate_units[i].name);
		return buf;
	}
	snprintf(buf, CONFIG_DURATION_STRLEN, "%" PRIu64, rate);
	return buf;
}

static void rate_parse(struct config_reader *reader, const struct config_key *key, void *section,
                       const char *value)
{
	char min[CONFIG_DURATION_STRLEN], max[CONFIG_DURATION_STRLEN];
	uint64_t rate;

	if (config_parse_rate(value, &rate) < 0)
		config_refuse(reader, "not a number of bits a second such as 200M or 1G");
	else if (rate < key->min || rate > key->max)
		config_refuse(reader, "not from %s to %s bits a second",
		              config_format_rate(key->min, min), config_format_rate(key->max, max));
	else
		*(uint64_t *)config_field(key, section) = rate;
}

static void rate_print(const struct config_key *key, const void *section, FILE *out)
{
	const uint64_t *field = config_const_field(key, section);
	char buf[CONFIG_DURATION_STRLEN];

	fprintf(out, "%s = %s\n", key->name, config_format_rate(*field, buf));
}

const struct config_type config_type_rate = { rate_parse, rate_print };

/* ---- words ---- */

/* Report that value is none of the key's words, nor a number of its range if it has one. */
static void choice_refuse(struct config_reader *reader, const struct config_key *key)
{
	char words[160];
	size_t used = 0;

	for (const struct config_word *word = key->words; word->name; word++)
		used += (size_t)snprintf(words + used, sizeof(words) - used, "%s%s",
		                         word == key->words ? "" : ", ", word->name);
	if (key->max > 0)
		config_refuse(reader, "not one of %s, a number from %" PRIu64 " to %" PRIu64, words,
		              key->min, key->max);
	else
		config_refuse(reader, "not one of %s", words);
}

static void choice_parse(struct config_reader *reader, const struct config_key *key, void *section,
                         const char *value)
{
	int *field = config_field(key, section);
	uint64_t number;

	for (const struct config_word *word = key->words; word->name; word++) {
		if (strcmp(word->name, value) == 0) {
			*field = word->value;
			return;
		}
	}
	if (key->max == 0 || config_parse_number(value, key->max, &number) < 0 || number < key->min)
		choice_refuse(reader, key);
	else
		*field = (int)number;
}

static void choice_print(const struct config_key *key, const void *section, FILE *out)
{
	const int *field = config_const_field(key, section);

	for (const struct config_word *word = key->words; word->name; word++) {
		if (word->value == *field) {
			fprintf(out, "%s = %s\n", key->name, word->name);
			return;
		}
	}
	fprintf(out, "%s = %d\n", key->name, *field);
}

const struct config_type config_type_choice = { choice_parse, choice_print };

static void yes_no_parse(struct config_reader *reader, const struct config_key *key, void *section,
                         const char *value)
{
	bool *field = config_field(key, section);

	if (strcmp(value, "yes") == 0 || strcmp(value, "no") == 0)
		*field = value[0] == 'y';
	else
		config_refuse(reader, "not one of yes, no");
}

static void yes_no_print(const struct config_key *key, const void *section, FILE *out)
{
	const bool *field = config_const_field(key, section);

	fprintf(out, "%s = %s\n", key->name, *field ? "yes" : "no");
}

const struct config_type config_type_yes_no = { yes_no_parse, yes_no_print };

static const char *const icmp_class_names[CONFIG_ICMP_CLASSES] = {
	[CONFIG_ICMP_TIME_EXCEEDED] = "time-exceeded",
	[CONFIG_ICMP_TOO_BIG] = "too-big",
	[CONFIG_ICMP_UNREACHABLE] = "unreachable",
	[CONFIG_ICMP_PARAMETER_PROBLEM] = "parameter-problem",
};

/* Enable the class of that name; false when there is none. */
static bool icmp_class_set(const char *name, bool *classes)
{
	for (unsigned i = 0; i < CONFIG_ICMP_CLASSES; i++) {
		if (strcmp(name, icmp_class_names[i]) == 0) {
			classes[i] = true;
			return true;
		}
	}
	return false;
}

static void icmp_parse(struct config_reader *reader, const struct config_key *key, void *section,
                       const char *value)
{
	struct config_instance *instance = section;
	bool classes[CONFIG_ICMP_CLASSES] = { 0 };
	bool named = strcmp(value, "yes") != 0 && strcmp(value, "no") != 0;
	char words[CONFIG_LINE_MAX + 1];
	char *rest = NULL;

	(void)key;
	snprintf(words, sizeof(words), "%s", named ? value : "");
	for (char *word = strtok_r(words, ", \t", &rest); word;
	     word = strtok_r(NULL, ", \t", &rest)) {
		if (!icmp_class_set(word, classes)) {
			config_refuse(reader,
			              "'%s' is not one of time-exceeded, too-big, unreachable, "
			              "parameter-problem (nor yes or no alone)",
			              word);
			return;
		}
	}
	if (strcmp(value, "yes") == 0)
		memset(classes, true, sizeof(classes));
	memcpy(instance->icmp_errors, classes, sizeof(classes));
}

static void icmp_print(const struct config_key *key, const void *section, FILE *out)
{
	const struct config_instance *instance = section;
	unsigned enabled = 0;

	for (unsigned i = 0; i < CONFIG_ICMP_CLASSES; i++)
		enabled += instance->icmp_errors[i];
	fprintf(out, "%s =", key->name);
	if (enabled == 0 || enabled == CONFIG_ICMP_CLASSES) {
		fprintf(out, " %s\n", enabled ? "yes" : "no");
		return;
	}
	for (unsigned i = 0; i < CONFIG_ICMP_CLASSES; i++) {
		if (instance->icmp_errors[i])
			fprintf(out, " %s%s", icmp_class_names[i], --enabled ? "," : "");
	}
	fputc('\n', out);
}

const struct config_type config_type_icmp = { icmp_parse, icmp_print };

static void plateaus_parse(struct config_reader *reader, const struct config_key *key,
                           void *section, const char *value)
{
	struct config_instance *instance = section;
	char words[CONFIG_LINE_MAX + 1];
	char *rest = NULL;
	size_t count = 0;

	snprintf(words, sizeof(words), "%s", value);
	for (char *word = strtok_r(words, ", \t", &rest); word;
	     word = strtok_r(NULL, ", \t", &rest)) {
		uint64_t mtu;

		if (count == CONFIG_PLATEAUS_MAX) {
			config_refuse(reader, "more than %d plateaus", CONFIG_PLATEAUS_MAX);
			return;
		}
		if (config_parse_number(word, key->max, &mtu) < 0 || mtu < key->min) {
			config_refuse(reader, "'%s' is not a number from %" PRIu64 " to %" PRIu64,
			              word, key->min, key->max);
			return;
		}
		if (count > 0 && mtu >= instance->mtu_plateaus[count - 1]) {
			config_refuse(
				reader,
				"'%s' is not below the one before; write them from large to small",
				word);
			return;
		}
		instance->mtu_plateaus[count++] = (uint16_t)mtu;
	}
	if (count == 0)
		config_refuse(reader, "no plateau; write numbers with commas between them");
	instance->mtu_plateaus_count = count;
}

static void plateaus_print(const struct config_key *key, const void *section, FILE *out)
{
	const struct config_instance *instance = section;

	fprintf(out, "%s = ", key->name);
	for (size_t i = 0; i < instance->mtu_plateaus_count; i++)
		fprintf(out, "%s%u", i ? "," : "", instance->mtu_plateaus[i]);
	fputc('\n', out);
}

const struct config_type config_type_plateaus = { plateaus_parse, plateaus_print };
