/* Addresses and prefixes as text and as arithmetic.
 *
 * Reading single addresses is inet_pton(), which knows every notation including the mixed one. They
 * are printed here, letter by letter as inet_ntop() does, which would take most of the time of a
 * long list. What else stands here is the host order of IPv4, prefix lengths and the masks that go
 * with them. Nothing allocates and nothing keeps state.
 */
#include "lib/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

int address4_parse(const char *text, uint32_t *out)
{
	struct in_addr addr;

	if (inet_pton(AF_INET, text, &addr) != 1)
		return -EINVAL;
	*out = ntohl(addr.s_addr);
	return 0;
}

int address6_parse(const char *text, struct in6_addr *out)
{
	struct in6_addr addr;

	if (inet_pton(AF_INET6, text, &addr) != 1)
		return -EINVAL;
	*out = addr;
	return 0;
}

/* Split "ADDRESS/LEN" into the address (a buffer of ADDRESS_STRLEN) and the length; without "/LEN"
 * it is max. */
static int prefix_split(const char *text, unsigned max, char *address, unsigned *len)
{
	const char *slash = strchrnul(text, '/');
	size_t address_len = (size_t)(slash - text);
	unsigned value = 0;

	if (address_len >= ADDRESS_STRLEN)
		return -EINVAL;
	if (*slash == '/') {
		const char *digits = slash + 1;
		size_t digit_count = strspn(digits, "0123456789");

		if (digit_count == 0 || digit_count > 3 || digits[digit_count] != '\0')
			return -EINVAL;
		for (size_t i = 0; i < digit_count; i++)
			value = value * 10 + (unsigned)(digits[i] - '0');
		if (value > max)
			return -EINVAL;
	} else {
		value = max;
	}
	memcpy(address, text, address_len);
	address[address_len] = '\0';
	*len = value;
	return 0;
}

int prefix4_parse(const char *text, struct prefix4 *out)
{
	char address[ADDRESS_STRLEN];
	uint32_t addr;
	unsigned len;

	if (prefix_split(text, 32, address, &len) < 0 || address4_parse(address, &addr) < 0)
		return -EINVAL;
	if (addr & ~prefix4_mask(len))
		return -ERANGE;
	*out = (struct prefix4){ .addr = addr, .len = (uint8_t)len };
	return 0;
}

int prefix6_parse(const char *text, struct prefix6 *out)
{
	char address[ADDRESS_STRLEN];
	struct in6_addr addr, masked;
	unsigned len;

	if (prefix_split(text, 128, address, &len) < 0 || address6_parse(address, &addr) < 0)
		return -EINVAL;
	masked = address6_masked(&addr, len);
	if (!address6_equal(&addr, &masked))
		return -ERANGE;
	*out = (struct prefix6){ .addr = addr, .len = (uint8_t)len };
	return 0;
}

/* Print a number up to 255; returns the end, where no NUL stands. The digits are put at the left of
 * three places: numbers differ in length from row to row, which a branch would stumble over. */
static char *put_byte(char *at, unsigned byte)
{
	static const unsigned shift[] = { 100, 10, 1 };
	int count = (byte >= 10) + (byte >= 100);
	unsigned digits = byte * shift[count];

	at[0] = (char)('0' + digits / 100);
	at[1] = (char)('0' + digits / 10 % 10);
	at[2] = (char)('0' + digits % 10);
	return at + count + 1;
}

char *address4_put(uint32_t addr, char *at)
{
	at = put_byte(at, addr >> 24);
	*at++ = '.';
	at = put_byte(at, addr >> 16 & 0xff);
	*at++ = '.';
	at = put_byte(at, addr >> 8 & 0xff);
	*at++ = '.';
	return put_byte(at, addr & 0xff);
}

/* As put_byte(), for 16 bits in hexadecimal and four places. */
static char *put_group(char *at, unsigned group)
{
	static const char digits[] = "0123456789abcdef";
	int count = (group > 0xf) + (group > 0xff) + (group > 0xfff);

	group <<= 4 * (3 - count);
	at[0] = digits[group >> 12 & 15];
	at[1] = digits[group >> 8 & 15];
	at[2] = digits[group >> 4 & 15];
	at[3] = digits[group & 15];
	return at + count + 1;
}

#define GROUPS 8

/* The groups that "::" stands for: the longest run of zeroes, at least two, and the first one of
 * equally long ones (RFC 5952 section 4.2). Returns how many; *first is the number of groups when
 * there is none. */
static int longest_run(const unsigned *group, int groups, int *first)
{
	unsigned begins = 0; /* bit g: as many zeroes as counted begin at group g */
	int count = 1;

	for (int g = 0; g < groups; g++)
		begins |= (unsigned)(group[g] == 0) << g;
	for (; begins & begins >> 1; count++)
		begins &= begins >> 1;
	*first = count > 1 ? __builtin_ctz(begins) : groups;
	return count > 1 ? count : 0;
}

/* Put groups from the one to before the other, each with a colon behind it. */
static char *put_range(const unsigned *group, int from, int to, char *at)
{
	for (int g = from; g < to; g++) {
		at = put_group(at, group[g]);
		*at++ = ':';
	}
	return at;
}

/* The first so many groups of an address, with a colon behind them: "64:ff9b::" */
static char *put_groups(const unsigned *group, int groups, char *at)
{
	int first, count = longest_run(group, groups, &first);

	at = put_range(group, 0, first, at);
	if (count == 0)
		return at;
	if (first == 0)
		*at++ = ':';
	*at++ = ':';
	return put_range(group, first + count, groups, at);
}

static void split(const struct in6_addr *addr, unsigned group[GROUPS])
{
	for (int g = 0; g < GROUPS; g++)
		group[g] = (unsigned)addr->s6_addr[2 * g] << 8 | addr->s6_addr[2 * g + 1];
}

static char *put_mixed(const unsigned group[GROUPS], char *at)
{
	at = put_groups(group, 6, at);
	return address4_put(group[6] << 16 | group[7], at);
}

/* ::192.0.2.1 and ::ffff:192.0.2.1, which are printed so whoever prints them. */
static bool is_mixed(const unsigned group[GROUPS])
{
	return (group[0] | group[1] | group[2] | group[3] | group[4]) == 0 &&
	       (group[5] == 0xffff || (group[5] == 0 && group[6] > 0));
}

char *address6_put(const struct in6_addr *addr, char *at)
{
	unsigned group[GROUPS];

	split(addr, group);
	if (is_mixed(group))
		return put_mixed(group, at);
	at = put_groups(group, GROUPS, at);
	return at[-2] == ':' ? at : at - 1;
}

char *address6_put_mixed(const struct in6_addr *addr, char *at)
{
	unsigned group[GROUPS];

	split(addr, group);
	return put_mixed(group, at);
}

const char *address4_format(uint32_t addr, char *buf)
{
	*address4_put(addr, buf) = '\0';
	return buf;
}

const char *address6_format(const struct in6_addr *addr, char *buf)
{
	*address6_put(addr, buf) = '\0';
	return buf;
}

/* Write "/LEN" behind the address that stands in buf. */
static const char *length_append(unsigned len, char *buf)
{
	size_t used = strlen(buf);

	snprintf(buf + used, ADDRESS_STRLEN - used, "/%u", len);
	return buf;
}

const char *prefix4_format(const struct prefix4 *prefix, char *buf)
{
	address4_format(prefix->addr, buf);
	return length_append(prefix->len, buf);
}

const char *prefix6_format(const struct prefix6 *prefix, char *buf)
{
	address6_format(&prefix->addr, buf);
	return length_append(prefix->len, buf);
}

uint32_t prefix4_mask(unsigned len)
{
	return len == 0 ? 0 : UINT32_MAX << (32 - len);
}

bool prefix4_has(const struct prefix4 *prefix, uint32_t addr)
{
	return (addr & prefix4_mask(prefix->len)) == prefix->addr;
}

bool prefix6_has(const struct prefix6 *prefix, const struct in6_addr *addr)
{
	unsigned bytes = prefix->len / 8;
	unsigned bits = prefix->len % 8;

	if (memcmp(&prefix->addr, addr, bytes) != 0)
		return false;
	return bits == 0 ||
	       ((prefix->addr.s6_addr[bytes] ^ addr->s6_addr[bytes]) >> (8 - bits)) == 0;
}

bool prefix4_covers(const struct prefix4 *outer, const struct prefix4 *inner)
{
	return outer->len <= inner->len && prefix4_has(outer, inner->addr);
}

bool prefix6_covers(const struct prefix6 *outer, const struct prefix6 *inner)
{
	return outer->len <= inner->len && prefix6_has(outer, &inner->addr);
}

struct in6_addr address6_masked(const struct in6_addr *addr, unsigned len)
{
	struct in6_addr masked = { 0 };
	unsigned bytes = len / 8;
	unsigned bits = len % 8;

	memcpy(&masked, addr, bytes);
	if (bits != 0)
		masked.s6_addr[bytes] = (uint8_t)(addr->s6_addr[bytes] & (0xff00 >> bits));
	return masked;
}
