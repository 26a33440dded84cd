/* See pcapng.h. Every block is its type, its length, a body of 32-bit words with options at the
 * end, and its length again; numbers are in this machine's byte order, which the first block tells.
 */
#include "cli/pcapng.h"

#include <string.h>

#define BLOCK_SECTION   UINT32_C(0x0a0d0d0a)
#define BLOCK_INTERFACE UINT32_C(1)
#define BLOCK_PACKET    UINT32_C(6)
#define BYTE_ORDER_MARK UINT32_C(0x1a2b3c4d)
#define LINKTYPE_RAW    101 /* IPv4 or IPv6, as the first four bits say */

#define OPTION_END         0
#define OPTION_COMMENT     1
#define OPTION_IF_NAME     2
#define OPTION_EPB_FLAGS   2
#define OPTION_SHB_USERAPP 4
#define COMMENT_MAX        2000 /* bytes; longer ones are cut */

static uint32_t padded(uint32_t len)
{
	return (len + 3) & ~UINT32_C(3);
}

static void write32(FILE *file, uint32_t value)
{
	(void)fwrite(&value, sizeof(value), 1, file);
}

static void write16(FILE *file, uint16_t value)
{
	(void)fwrite(&value, sizeof(value), 1, file);
}

static void write_padded(FILE *file, const void *bytes, uint32_t len)
{
	static const uint8_t zeros[4];

	(void)fwrite(bytes, 1, len, file);
	(void)fwrite(zeros, 1, padded(len) - len, file);
}

static uint32_t text_len(const char *text)
{
	return (uint32_t)strnlen(text, COMMENT_MAX);
}

/* Length of an option with so many bytes of value, and of the one that ends the list. */
static uint32_t option_len(uint32_t len)
{
	return 4 + padded(len);
}

static void write_option(FILE *file, uint16_t code, const void *value, uint32_t len)
{
	write16(file, code);
	write16(file, (uint16_t)len);
	write_padded(file, value, len);
}

static void begin_block(FILE *file, uint32_t type, uint32_t len)
{
	write32(file, type);
	write32(file, len);
}

static int end_block(FILE *file, uint32_t len)
{
	write_option(file, OPTION_END, "", 0);
	write32(file, len);
	return ferror(file) ? -1 : 0;
}

int pcapng_write_section(FILE *file, const char *program)
{
	uint32_t len = 28 + option_len(text_len(program)) + option_len(0);

	begin_block(file, BLOCK_SECTION, len);
	write32(file, BYTE_ORDER_MARK);
	write16(file, 1); /* version 1.0 */
	write16(file, 0);
	write32(file, UINT32_MAX); /* 64 bits of "length of the section is not known" */
	write32(file, UINT32_MAX);
	write_option(file, OPTION_SHB_USERAPP, program, text_len(program));
	return end_block(file, len);
}

int pcapng_write_interface(FILE *file, const char *name, uint32_t snaplen)
{
	uint32_t len = 20 + option_len(text_len(name)) + option_len(0);

	begin_block(file, BLOCK_INTERFACE, len);
	write16(file, LINKTYPE_RAW);
	write16(file, 0);
	write32(file, snaplen);
	write_option(file, OPTION_IF_NAME, name, text_len(name));
	return end_block(file, len);
}

int pcapng_write_packet(FILE *file, const struct pcapng_packet *packet)
{
	uint32_t flags = packet->direction, comment_len = text_len(packet->comment);
	uint32_t len = 32 + padded(packet->captured) + option_len(comment_len) +
	               option_len(sizeof(flags)) + option_len(0);

	begin_block(file, BLOCK_PACKET, len);
	write32(file, packet->interface);
	write32(file, (uint32_t)(packet->time_us >> 32));
	write32(file, (uint32_t)packet->time_us);
	write32(file, packet->captured);
	write32(file, packet->len);
	write_padded(file, packet->bytes, packet->captured);
	write_option(file, OPTION_COMMENT, packet->comment, comment_len);
	write_option(file, OPTION_EPB_FLAGS, &flags, sizeof(flags));
	return end_block(file, len);
}
