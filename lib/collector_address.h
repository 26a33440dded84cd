/* Where an IPFIX collector listens, as the configuration writes it: 192.0.2.1:4739,
 * tcp:[2001:db8::1]:4739, udp:192.0.2.1:4739.
 */
#ifndef SA_NAT64_COLLECTOR_ADDRESS_H
#define SA_NAT64_COLLECTOR_ADDRESS_H

#include <sys/socket.h>

struct collector_address {
	int type; /* SOCK_STREAM or SOCK_DGRAM */
	struct sockaddr_storage address;
	socklen_t len;
};

/* Read text into *out; without a transport it is TCP. Returns 0, -EINVAL when it is not written
 * like the above, or -EADDRNOTAVAIL when no single host has the address in every network:
 * unspecified, multicast, link-local. *out is untouched then. */
int collector_address_parse(const char *text, struct collector_address *out);

#endif
