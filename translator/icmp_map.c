/* The rows of RFC 7915 sections 4.2 and 5.2, in the order of the RFC; what has no row is dropped.
 *
 * A row names the translated type and code. Rows of parameter problems take the pointer from the
 * tables of figures 3 and 6; protocol unreachable has a fixed one.
 */
#include "translator/icmp_map.h"

#include <stddef.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NO_POINTER   0xff /* no counterpart: the message is dropped */
#define ANY_CODE     (-1) /* the code has no meaning and is ignored on receipt */

enum row_kind {
	ROW_PLAIN, /* nothing in the rest of the header */
	ROW_ECHO,  /* code kept */
	ROW_MTU,
	ROW_MAP_POINTER, /* pointer from the table */
	ROW_SET_POINTER, /* the row's own pointer */
};

struct row {
	uint8_t type;
	int16_t code;
	uint8_t to_type, to_code;
	enum row_kind kind;
	uint8_t to_pointer;
};

/* clang-format off */
static const struct row rows46[] = {
	{  8, ANY_CODE, 128, 0, ROW_ECHO,        0 }, /* echo request */
	{  0, ANY_CODE, 129, 0, ROW_ECHO,        0 }, /* echo reply */
	{  3,        0,   1, 0, ROW_PLAIN,       0 }, /* net unreachable */
	{  3,        1,   1, 0, ROW_PLAIN,       0 }, /* host unreachable */
	{  3,        2,   4, 1, ROW_SET_POINTER, 6 }, /* protocol unreachable: next header */
	{  3,        3,   1, 4, ROW_PLAIN,       0 }, /* port unreachable */
	{  3,        4,   2, 0, ROW_MTU,         0 }, /* fragmentation needed and DF set */
	{  3,        5,   1, 0, ROW_PLAIN,       0 }, /* source route failed */
	{  3,        6,   1, 0, ROW_PLAIN,       0 }, /* destination network unknown */
	{  3,        7,   1, 0, ROW_PLAIN,       0 }, /* destination host unknown */
	{  3,        8,   1, 0, ROW_PLAIN,       0 }, /* source host isolated */
	{  3,        9,   1, 1, ROW_PLAIN,       0 }, /* network prohibited */
	{  3,       10,   1, 1, ROW_PLAIN,       0 }, /* host prohibited */
	{  3,       11,   1, 0, ROW_PLAIN,       0 }, /* network unreachable for TOS */
	{  3,       12,   1, 0, ROW_PLAIN,       0 }, /* host unreachable for TOS */
	{  3,       13,   1, 1, ROW_PLAIN,       0 }, /* administratively prohibited */
	{  3,       15,   1, 1, ROW_PLAIN,       0 }, /* precedence cutoff in effect */
	{ 11,        0,   3, 0, ROW_PLAIN,       0 }, /* TTL exceeded in transit */
	{ 11,        1,   3, 1, ROW_PLAIN,       0 }, /* fragment reassembly time exceeded */
	{ 12,        0,   4, 0, ROW_MAP_POINTER, 0 }, /* pointer indicates the error */
	{ 12,        2,   4, 0, ROW_MAP_POINTER, 0 }, /* bad length */
};

static const struct row rows64[] = {
	{ 128, ANY_CODE,  8,  0, ROW_ECHO,        0 }, /* echo request */
	{ 129, ANY_CODE,  0,  0, ROW_ECHO,        0 }, /* echo reply */
	{   1,        0,  3,  1, ROW_PLAIN,       0 }, /* no route to destination */
	{   1,        1,  3, 10, ROW_PLAIN,       0 }, /* administratively prohibited */
	{   1,        2,  3,  1, ROW_PLAIN,       0 }, /* beyond scope of source address */
	{   1,        3,  3,  1, ROW_PLAIN,       0 }, /* address unreachable */
	{   1,        4,  3,  3, ROW_PLAIN,       0 }, /* port unreachable */
	{   2, ANY_CODE,  3,  4, ROW_MTU,         0 }, /* too big; code ignored: RFC 4443 3.2 */
	{   3,        0, 11,  0, ROW_PLAIN,       0 }, /* hop limit exceeded in transit */
	{   3,        1, 11,  1, ROW_PLAIN,       0 }, /* fragment reassembly time exceeded */
	{   4,        0, 12,  0, ROW_MAP_POINTER, 0 }, /* erroneous header field */
	{   4,        1,  3,  2, ROW_PLAIN,       0 }, /* unrecognized next header */
};

/* Figure 3: index is the ICMPv4 pointer. */
static const uint8_t pointers46[] = {
	0,          /* version, IHL            -> version, traffic class */
	1,          /* type of service         -> traffic class, flow label */
	4, 4,       /* total length            -> payload length */
	NO_POINTER, NO_POINTER, /* identification */
	NO_POINTER, NO_POINTER, /* flags, fragment offset */
	7,          /* time to live            -> hop limit */
	6,          /* protocol                -> next header */
	NO_POINTER, NO_POINTER, /* header checksum */
	8, 8, 8, 8,     /* source address      -> source address */
	24, 24, 24, 24, /* destination address -> destination address */
};

/* Figure 6: index is the ICMPv6 pointer. */
static const uint8_t pointers64[] = {
	0,          /* version, traffic class    -> version, IHL */
	1,          /* traffic class, flow label -> type of service */
	NO_POINTER, NO_POINTER, /* flow label */
	2, 2,       /* payload length            -> total length */
	9,          /* next header               -> protocol */
	8,          /* hop limit                 -> time to live */
	12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, /* source address */
	16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, /* destination address */
};
/* clang-format on */

static const struct row *row_find(const struct row *rows, size_t count, uint8_t type, uint8_t code)
{
	for (size_t i = 0; i < count; i++)
		if (rows[i].type == type && (rows[i].code == ANY_CODE || rows[i].code == code))
			return &rows[i];
	return NULL;
}

static uint32_t pointer_map(const uint8_t *pointers, size_t count, uint32_t pointer)
{
	return pointer < count ? pointers[pointer] : NO_POINTER;
}

/* Fill *out from a row; mapped is what the pointer table says. False when that is nothing. */
static bool row_apply(const struct row *row, uint8_t code, uint32_t mapped,
                      struct icmp_mapping *out)
{
	struct icmp_mapping mapping = { .type = row->to_type, .code = row->to_code };

	switch (row->kind) {
	case ROW_PLAIN:
		mapping.rest = ICMP_REST_UNUSED;
		break;
	case ROW_ECHO:
		mapping.rest = ICMP_REST_ECHO;
		mapping.code = code;
		break;
	case ROW_MTU:
		mapping.rest = ICMP_REST_MTU;
		break;
	case ROW_MAP_POINTER:
		if (mapped == NO_POINTER)
			return false;
		mapping.rest = ICMP_REST_POINTER;
		mapping.pointer = mapped;
		break;
	case ROW_SET_POINTER:
		mapping.rest = ICMP_REST_POINTER;
		mapping.pointer = row->to_pointer;
		break;
	}
	*out = mapping;
	return true;
}

/* Types with an RFC 4884 length attribute: section 4.1 to 4.5. */
static bool icmp4_is_extensible(uint8_t type)
{
	return type == 3 || type == 11 || type == 12;
}

static bool icmp6_is_extensible(uint8_t type)
{
	return type == 1 || type == 3;
}

bool icmp_map_46(uint8_t type, uint8_t code, uint32_t pointer, struct icmp_mapping *out)
{
	const struct row *row = row_find(rows46, COUNT(rows46), type, code);

	if (!row || !row_apply(row, code, pointer_map(pointers46, COUNT(pointers46), pointer), out))
		return false;
	out->in_extensible = icmp4_is_extensible(type);
	out->out_extensible = icmp6_is_extensible(out->type);
	return true;
}

bool icmp_map_64(uint8_t type, uint8_t code, uint32_t pointer, struct icmp_mapping *out)
{
	const struct row *row = row_find(rows64, COUNT(rows64), type, code);

	if (!row || !row_apply(row, code, pointer_map(pointers64, COUNT(pointers64), pointer), out))
		return false;
	out->in_extensible = icmp6_is_extensible(type);
	out->out_extensible = icmp4_is_extensible(out->type);
	return true;
}

bool icmp4_is_error(uint8_t type)
{
	return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
}

bool icmp6_is_error(uint8_t type)
{
	return type < 128;
}

bool icmp4_is_echo(uint8_t type)
{
	return type == 8 || type == 0;
}

bool icmp6_is_echo(uint8_t type)
{
	return type == 128 || type == 129;
}
