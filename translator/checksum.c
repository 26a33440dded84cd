#include "translator/checksum.h"

#include <arpa/inet.h>
#include <string.h>

uint64_t checksum_add(uint64_t sum, const void *data, size_t len)
{
	const uint8_t *bytes = data;
	uint32_t word;
	uint16_t half = 0;

	while (len >= 16) {
		uint32_t words[4];

		memcpy(words, bytes, sizeof(words));
		sum += (uint64_t)words[0] + words[1] + words[2] + words[3];
		bytes += 16;
		len -= 16;
	}
	while (len >= 4) {
		memcpy(&word, bytes, sizeof(word));
		sum += word;
		bytes += 4;
		len -= 4;
	}
	if (len >= 2) {
		memcpy(&half, bytes, sizeof(half));
		sum += half;
		bytes += 2;
		len -= 2;
	}
	if (len) {
		half = 0;
		memcpy(&half, bytes, 1);
		sum += half;
	}
	return sum;
}

uint64_t checksum_pseudo4(uint32_t src4, uint32_t dst4, uint8_t proto, uint32_t len)
{
	uint64_t sum = (uint64_t)htonl(src4) + htonl(dst4);

	return sum + htons(proto) + htons((uint16_t)len);
}

uint64_t checksum_pseudo6(const struct in6_addr *src6, const struct in6_addr *dst6, uint8_t proto,
                          uint32_t len)
{
	uint64_t sum = checksum_add(0, src6, sizeof(*src6));

	sum = checksum_add(sum, dst6, sizeof(*dst6));
	return sum + htons(proto) + htonl(len);
}
