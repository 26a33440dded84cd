/* What the translator says for itself: echo replies from its own addresses, and the TCP probe. */
#include "translator/core.h"

#include "translator/checksum.h"

#include <string.h>

#define OWN_TTL 64

static uint8_t *write_reply_header(const struct packet *p)
{
	uint8_t *l4 = p->data + p->l4_offset;

	if (p->version == 6) {
		xlat_write_header6(l4 - 40, &(struct xlat_header6){
						    .src6 = p->dst6,
						    .dst6 = p->src6,
						    .traffic_class = p->tos,
						    .hop_limit = OWN_TTL,
						    .next = IPPROTO_ICMPV6,
						    .payload_len = p->l4_len,
					    });
		return l4 - 40;
	}
	xlat_write_header4(l4 - 20, &(struct xlat_header4){
					    .src4 = p->dst4,
					    .dst4 = p->src4,
					    .tos = p->tos,
					    .ttl = OWN_TTL,
					    .proto = IPPROTO_ICMP,
					    .payload_len = p->l4_len,
					    .ident = (uint16_t)p->fragment_id,
				    });
	return l4 - 20;
}

enum verdict own_answer(struct translator *t, struct xlat_job *job)
{
	struct packet *p = &job->p;
	uint8_t request = p->version == 6 ? 128 : 8, reply = p->version == 6 ? 129 : 0, *data;

	if (packet_is_icmp(p) && p->is_fragment)
		return VERDICT_ICMP_FRAGMENT;
	if (!packet_is_icmp(p) || p->icmp_type != request)
		return VERDICT_OWN_ADDRESS;
	TRACE(t->trace, "own address: echo request, answered");
	transport_rewrite_echo(p, reply, p->src_port, 0,
	                       0); /* swapping addresses leaves the sum as it is */
	data = write_reply_header(p);
	output_bytes(t, data, (uint32_t)(p->data + p->len - data));
	return VERDICT_ANSWERED;
}

void own_probe(struct translator *t, uint32_t index)
{
	const struct session *session = session_at(t->sessions, index);
	const struct bib_entry *bib = bib_at(t->bib, session->bib);
	uint8_t buf[60] = { 0 }, *tcp = buf + 40;
	struct xlat_header6 header = {
		.src6 = core_embed(t, session->pool6, session->dst4),
		.dst6 = bib->addr6,
		.hop_limit = OWN_TTL,
		.next = IPPROTO_TCP,
		.payload_len = 20,
	};
	uint16_t sum;

	store_be16(tcp, session->dport4);
	store_be16(tcp + 2, bib->port6);
	tcp[12] = 5 << 4;
	tcp[13] = TCP_FLAG_ACK;
	sum = checksum_finish(checksum_add(
		checksum_pseudo6(&header.src6, &header.dst6, IPPROTO_TCP, 20), tcp, 20));
	memcpy(tcp + 16, &sum, sizeof(sum));
	xlat_write_header6(buf, &header);
	t->counters.tcp_probes++;
	output_bytes(t, buf, sizeof(buf));
}
