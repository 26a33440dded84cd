#include "lib/listen_address.h"

#include "lib/address.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Returns the port, or 0 when text is none. */
static uint16_t port_parse(const char *text)
{
	size_t len = strspn(text, "0123456789");
	unsigned long port;

	if (len == 0 || len > 5 || text[len] != '\0')
		return 0;
	port = strtoul(text, NULL, 10);
	return port <= 65535 ? (uint16_t)port : 0;
}

int listen_address_parse(const char *text, struct sockaddr_storage *out)
{
	const char *colon = strrchr(text, ':');
	bool is_bracketed = text[0] == '[' && colon && colon > text && colon[-1] == ']';
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in in4 = { .sin_family = AF_INET };
	char address[ADDRESS_STRLEN];
	uint16_t port = colon ? port_parse(colon + 1) : 0;
	size_t len = colon ? (size_t)(colon - text) : 0;
	uint32_t addr4;

	if (port == 0 || len >= sizeof(address))
		return -EINVAL;
	memcpy(address, text + is_bracketed, len);
	address[len - (is_bracketed ? 2 : 0)] = '\0';
	if (is_bracketed) {
		if (address6_parse(address, &in6.sin6_addr) < 0)
			return -EINVAL;
		in6.sin6_port = htons(port);
		memset(out, 0, sizeof(*out));
		memcpy(out, &in6, sizeof(in6));
		return 0;
	}
	if (address4_parse(address, &addr4) < 0)
		return -EINVAL;
	in4.sin_addr.s_addr = htonl(addr4);
	in4.sin_port = htons(port);
	memset(out, 0, sizeof(*out));
	memcpy(out, &in4, sizeof(in4));
	return 0;
}

static int set_options(int fd, const struct sockaddr_storage *address)
{
	bool is6 = address->ss_family == AF_INET6;
	int on = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &on, sizeof(on)) < 0)
		return -errno;
	if (is6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0)
		return -errno;
	return 0;
}

int listen_address_open(const struct sockaddr_storage *address, int backlog)
{
	socklen_t len = address->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6)
	                                               : sizeof(struct sockaddr_in);
	int fd = socket(address->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int error;

	if (fd < 0)
		return -errno;
	error = set_options(fd, address);
	if (error == 0 && bind(fd, (const struct sockaddr *)address, len) < 0)
		error = -errno;
	if (error == 0 && listen(fd, backlog) < 0)
		error = -errno;
	if (error == 0)
		return fd;
	(void)close(fd);
	return error;
}
