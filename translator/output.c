/* Sending: how a packet fits the far side, rewriting it, cutting it into fragments or smaller
 * segments. */
#include "translator/core.h"

#include "translator/checksum.h"

#include <string.h>

#define PIECE_HEADER_MAX XLAT_HEADER_MAX

static void send_whole(struct translator *t, const struct xlat_job *job,
                       const struct xlat_packet *packet)
{
	struct iovec iov = { packet->data, packet->len };
	struct virtio_net_hdr vnet = offload_describe(&job->offload, packet->version,
	                                              packet->l4_offset, packet->proto,
	                                              packet->data + packet->l4_offset);

	t->emit(t->emit_context, &vnet, &iov, 1);
}

void output_bytes(struct translator *t, const uint8_t *packet, uint32_t len)
{
	struct iovec iov = { (void *)packet, len };
	struct virtio_net_hdr vnet = { 0 };

	t->emit(t->emit_context, &vnet, &iov, 1);
}

/* A super-packet is not fragmented but split into shorter segments. */
static void shorten_segments(struct xlat_job *job, const struct xlat_packet *packet,
                             uint32_t cut_at)
{
	const uint8_t *l4 = packet->data + packet->l4_offset;
	uint32_t headers = packet->l4_offset + (l4[12] >> 4) * 4u;

	job->offload.segment_len = (uint16_t)(cut_at > headers + 8 ? cut_at - headers : 8);
}

/* One piece: the headers of the whole, with its own length, offset and more bit. */
static uint32_t write_piece_header(const struct xlat_packet *packet, uint32_t offset, uint32_t len,
                                   bool more, uint8_t *header)
{
	const uint8_t *whole = packet->data;
	uint16_t sum;

	if (packet->version == 4) {
		memcpy(header, whole, 20);
		store_be16(header + 2, (uint16_t)(20 + len));
		store_be16(header + 6, (uint16_t)(offset / 8 | (more ? 0x2000 : 0)));
		store_be16(header + 10, 0);
		sum = checksum_finish(checksum_add(0, header, 20));
		memcpy(header + 10, &sum, sizeof(sum));
		return 20;
	}
	memcpy(header, whole, 40);
	store_be16(header + 4, (uint16_t)(8 + len));
	header[6] = IPPROTO_FRAGMENT;
	header[40] = packet->proto;
	header[41] = 0;
	store_be16(header + 42, (uint16_t)(offset | (more ? 1 : 0)));
	store_be32(header + 44, packet->fragment_id);
	return 48;
}

static void send_pieces(struct translator *t, const struct xlat_job *job,
                        const struct xlat_packet *packet, uint32_t cut_at)
{
	uint32_t header_max = packet->version == 4 ? 20 : 48,
		 l4_len = packet->len - packet->l4_offset;
	uint32_t step = (cut_at - header_max) & ~UINT32_C(7), at, len;
	uint8_t header[PIECE_HEADER_MAX], *l4 = packet->data + packet->l4_offset;
	struct virtio_net_hdr vnet = { 0 };
	struct iovec iov[2] = { { header, 0 }, { NULL, 0 } };

	for (at = 0; at < l4_len; at += len) {
		len = l4_len - at < step ? l4_len - at : step;
		iov[0].iov_len = write_piece_header(packet, job->p.fragment_offset + at, len,
		                                    job->p.more || at + len < l4_len, header);
		iov[1] = (struct iovec){ l4 + at, len };
		t->emit(t->emit_context, &vnet, iov, 2);
	}
}

void output_packet(struct translator *t, struct xlat_job *job, const struct xlat_packet *packet,
                   const struct xlat_fit *fit)
{
	if (fit->cut_at && job->offload.segment_len == 0) {
		TRACE(t->trace, "send: IPv%u in fragments of at most %u bytes", packet->version,
		      fit->cut_at);
		offload_complete_checksum(&job->offload, job->p.proto,
		                          packet->data + packet->l4_offset,
		                          packet->len - packet->l4_offset);
		send_pieces(t, job, packet, fit->cut_at);
		return;
	}
	if (fit->cut_at)
		shorten_segments(job, packet, fit->cut_at);
	TRACE(t->trace, "send: IPv%u, %u bytes", packet->version, packet->len);
	send_whole(t, job, packet);
}

enum verdict output46(struct translator *t, struct xlat_job *job, const struct xlat_addresses *to)
{
	struct xlat_fit fit;
	struct xlat_packet packet;
	enum verdict verdict = xlat46_fit(t->config, job, &fit);

	if (verdict != VERDICT_OK) {
		t->error_rest = fit.mtu;
		return verdict;
	}
	packet = xlat46(t->config, job, to);
	output_packet(t, job, &packet, &fit);
	return VERDICT_TRANSLATED;
}

enum verdict output64(struct translator *t, struct xlat_job *job, const struct xlat_addresses *to)
{
	struct xlat_fit fit;
	struct xlat_packet packet;
	enum verdict verdict = xlat64_fit(t->config, job, &fit);

	if (verdict != VERDICT_OK) {
		t->error_rest = fit.mtu;
		return verdict;
	}
	packet = xlat64(t->config, job, to,
	                ident_next(&t->ident, to->src4, to->dst4, job->p.proto));
	output_packet(t, job, &packet, &fit);
	return VERDICT_TRANSLATED;
}

/* Datagram number `index` of a UDP super-packet, complete with its checksum, in t->segment. Returns
 * its length. */
static uint32_t write_segment(struct translator *t, const struct packet *p, uint32_t segment_len,
                              uint32_t index)
{
	uint32_t at = index * segment_len, rest = p->l4_len - 8 - at, headers = p->l4_offset + 8;
	uint32_t len = rest < segment_len ? rest : segment_len;
	uint8_t *udp = t->segment + p->l4_offset;
	uint64_t pseudo;
	uint16_t sum;

	memcpy(t->segment, p->data, headers);
	memcpy(t->segment + headers, p->data + headers + at, len);
	store_be16(udp + 4, (uint16_t)(8 + len));
	store_be16(udp + 6, 0);
	pseudo = p->version == 4 ? checksum_pseudo4(p->src4, p->dst4, IPPROTO_UDP, 8 + len)
	                         : checksum_pseudo6(&p->src6, &p->dst6, IPPROTO_UDP, 8 + len);
	sum = checksum_finish(checksum_add(pseudo, udp, 8 + len));
	sum = sum ? sum : 0xffff;
	memcpy(udp + 6, &sum, sizeof(sum));
	if (p->version == 6) {
		store_be16(t->segment + 4, (uint16_t)(headers + len - 40));
		return headers + len;
	}
	store_be16(t->segment + 2, (uint16_t)(headers + len));
	store_be16(t->segment + 4, (uint16_t)(p->fragment_id + index));
	store_be16(t->segment + 10, 0);
	sum = checksum_finish(checksum_add(0, t->segment, p->l4_offset));
	memcpy(t->segment + 10, &sum, sizeof(sum));
	return headers + len;
}

bool output_split(struct translator *t, struct xlat_job *job, enum verdict *verdict)
{
	const struct virtio_net_hdr vnet = { 0 };
	uint32_t segment_len = job->offload.segment_len, count, i;
	struct xlat_fit fit;

	if (segment_len == 0 || job->p.proto != IPPROTO_UDP || job->p.l4_len <= 8)
		return false;
	*verdict = job->p.version == 6 ? xlat64_fit(t->config, job, &fit)
	                               : xlat46_fit(t->config, job, &fit);
	if (*verdict != VERDICT_OK || fit.cut_at == 0)
		return false;
	count = (job->p.l4_len - 8 + segment_len - 1) / segment_len;
	for (i = 0; i < count; i++)
		*verdict = translator_input(
			t, t->segment, write_segment(t, &job->p, segment_len, i), &vnet, t->now_us);
	t->in_pieces = true;
	return true;
}
