/* What both directions need: IP headers written, address sums, the MSS clamp. */
#include "translator/xlat.h"

#include "translator/checksum.h"
#include "translator/transport.h"

#include <string.h>

void xlat_write_header4(uint8_t *header, const struct xlat_header4 *fields)
{
	uint16_t fragment = (uint16_t)(fields->fragment_offset / 8), sum;

	if (fields->dont_fragment)
		fragment |= 0x4000;
	if (fields->more)
		fragment |= 0x2000;
	header[0] = 0x45;
	header[1] = fields->tos;
	store_be16(header + 2, (uint16_t)(20 + fields->payload_len));
	store_be16(header + 4, fields->ident);
	store_be16(header + 6, fragment);
	header[8] = fields->ttl;
	header[9] = fields->proto;
	store_be16(header + 10, 0);
	store_be32(header + 12, fields->src4);
	store_be32(header + 16, fields->dst4);
	sum = checksum_finish(checksum_add(0, header, 20));
	memcpy(header + 10, &sum, sizeof(sum));
}

void xlat_write_header6(uint8_t *header, const struct xlat_header6 *fields)
{
	store_be32(header, UINT32_C(6) << 28 | (uint32_t)fields->traffic_class << 20);
	store_be16(header + 4, (uint16_t)fields->payload_len);
	header[6] = fields->next;
	header[7] = fields->hop_limit;
	memcpy(header + 8, &fields->src6, sizeof(fields->src6));
	memcpy(header + 24, &fields->dst6, sizeof(fields->dst6));
}

uint64_t xlat_sum4(uint32_t src4, uint32_t dst4)
{
	uint8_t bytes[8];

	store_be32(bytes, src4);
	store_be32(bytes + 4, dst4);
	return checksum_add(0, bytes, sizeof(bytes));
}

uint64_t xlat_sum6(const struct in6_addr *src6, const struct in6_addr *dst6)
{
	return checksum_add(checksum_add(0, src6, sizeof(*src6)), dst6, sizeof(*dst6));
}

void xlat_clamp_mss(const struct config_instance *config, struct xlat_job *job)
{
	uint32_t mss6 = config->mtu6 - 60, mss4 = config->mtu4 - 40,
		 mss = mss6 < mss4 ? mss6 : mss4;

	if (config->mss_clamp == 0 || job->p.proto != IPPROTO_TCP || job->p.fragment_offset)
		return;
	if (config->mss_clamp > 0)
		mss = (uint32_t)config->mss_clamp;
	transport_clamp_mss(&job->p, &job->offload, (uint16_t)mss);
}
