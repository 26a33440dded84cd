/* ICMP errors that the translator originates (RFC 1812 section 4.3.2, RFC 4443 section 2.4). */
#include "translator/core.h"

#include "translator/checksum.h"
#include "translator/special4.h"

#include <string.h>

#define ERROR4_MAX 576
#define ERROR6_MAX 1280
#define ERROR_TTL  64
#define ERROR_TOS  0xc0 /* precedence 6, internetwork control: RFC 1812 section 4.3.2.5 */

#define ICMPV6_REDIRECT 137

/* Never about errors, later fragments, or packets whose source or destination is no single host. */
static bool is_allowed(const struct packet *p)
{
	if (p->fragment_offset || packet_is_icmp_error(p))
		return false;
	if (p->version == 4)
		return !special4_is_martian(p->src4) && !special4_is_martian(p->dst4);
	if (packet_is_icmp(p) && p->icmp_type == ICMPV6_REDIRECT)
		return false;
	return !special6_is_martian(&p->src6) && !special6_is_martian(&p->dst6);
}

/* Type, code, rest and quote at icmp; the checksum stays zero. Returns the message's length. */
static uint32_t write_message(const struct packet *p, const struct verdict_icmp *answer,
                              uint32_t rest, uint32_t room, uint8_t *icmp)
{
	uint32_t quote_len = min32(p->len, room - 8);

	icmp[0] = answer->type;
	icmp[1] = answer->code;
	store_be16(icmp + 2, 0);
	store_be32(icmp + 4, rest);
	memcpy(icmp + 8, p->data, quote_len);
	return 8 + quote_len;
}

static void send4(struct translator *t, const struct packet *p, const struct verdict_icmp *answer,
                  uint32_t rest)
{
	uint8_t buf[ERROR4_MAX];
	struct xlat_header4 header = {
		.src4 = t->address4,
		.dst4 = p->src4,
		.tos = ERROR_TOS,
		.ttl = ERROR_TTL,
		.proto = IPPROTO_ICMP,
		.ident = ident_next(&t->ident, t->address4, p->src4, IPPROTO_ICMP),
	};
	uint16_t sum;

	header.payload_len = write_message(p, answer, rest, sizeof(buf) - 20, buf + 20);
	sum = checksum_finish(checksum_add(0, buf + 20, header.payload_len));
	memcpy(buf + 22, &sum, sizeof(sum));
	xlat_write_header4(buf, &header);
	output_bytes(t, buf, 20 + header.payload_len);
}

static void send6(struct translator *t, const struct packet *p, const struct verdict_icmp *answer,
                  uint32_t rest)
{
	uint8_t buf[ERROR6_MAX];
	struct xlat_header6 header = {
		.src6 = t->address6, .dst6 = p->src6, .hop_limit = ERROR_TTL, .next = IPPROTO_ICMPV6
	};
	uint16_t sum;

	header.payload_len = write_message(p, answer, rest, sizeof(buf) - 40, buf + 40);
	sum = checksum_finish(checksum_add(
		checksum_pseudo6(&header.src6, &header.dst6, IPPROTO_ICMPV6, header.payload_len),
		buf + 40, header.payload_len));
	memcpy(buf + 42, &sum, sizeof(sum));
	xlat_write_header6(buf, &header);
	output_bytes(t, buf, 40 + header.payload_len);
}

void icmp_error_send(struct translator *t, const struct packet *p,
                     const struct verdict_icmp *answer, uint32_t rest)
{
	enum translator_direction direction = p->version == 6 ? TRANSLATOR_64 : TRANSLATOR_46;

	if (!answer->send || !t->config->icmp_errors[answer->class] || !is_allowed(p))
		return;
	if (p->version == 6 && !t->has_address6)
		return;
	if (!rate_limit_take(&t->error_limits[direction][answer->class], t->now_us)) {
		t->counters.errors_limited[direction]++;
		return;
	}
	t->counters.errors_sent[direction]++;
	TRACE(t->trace, "answer: ICMPv%u type %u code %u, rest of header %u", p->version,
	      answer->type, answer->code, rest);
	if (p->version == 6)
		send6(t, p, answer, rest);
	else
		send4(t, p, answer, rest);
}
