#include "lib/collector_address.h"

#include "lib/listen_address.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>

static const struct {
	const char *prefix;
	int type;
} transports[] = {
	{ "tcp:", SOCK_STREAM },
	{ "udp:", SOCK_DGRAM },
	{ "", SOCK_STREAM },
};

static bool is_of_one_host4(const struct sockaddr_storage *address)
{
	struct sockaddr_in in4;
	uint32_t addr4;

	memcpy(&in4, address, sizeof(in4));
	addr4 = ntohl(in4.sin_addr.s_addr);
	return addr4 != 0 && addr4 >> 28 < 0xe && addr4 >> 16 != 0xa9fe;
}

static bool is_of_one_host6(const struct sockaddr_storage *address)
{
	struct sockaddr_in6 in6;

	memcpy(&in6, address, sizeof(in6));
	return !IN6_IS_ADDR_UNSPECIFIED(&in6.sin6_addr) && !IN6_IS_ADDR_MULTICAST(&in6.sin6_addr) &&
	       !IN6_IS_ADDR_LINKLOCAL(&in6.sin6_addr) && !IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr);
}

int collector_address_parse(const char *text, struct collector_address *out)
{
	struct collector_address parsed = { 0 };
	size_t i = 0, len;

	while (len = strlen(transports[i].prefix), strncmp(text, transports[i].prefix, len) != 0)
		i++;
	if (listen_address_parse(text + len, &parsed.address) < 0)
		return -EINVAL;
	if (parsed.address.ss_family == AF_INET6 ? !is_of_one_host6(&parsed.address)
	                                         : !is_of_one_host4(&parsed.address))
		return -EADDRNOTAVAIL;
	parsed.type = transports[i].type;
	parsed.len = parsed.address.ss_family == AF_INET6 ? sizeof(struct sockaddr_in6)
	                                                  : sizeof(struct sockaddr_in);
	*out = parsed;
	return 0;
}
