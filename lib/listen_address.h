/* Where a TCP server listens, as the configuration writes it: 192.0.2.1:9464, [2001:db8::1]:9464.
 */
#ifndef SA_NAT64_LISTEN_ADDRESS_H
#define SA_NAT64_LISTEN_ADDRESS_H

#include <sys/socket.h>

/* Read text into *out: the address, and the port from 1 to 65535. Returns 0, or -EINVAL with *out
 * untouched. */
int listen_address_parse(const char *text, struct sockaddr_storage *out);

/* Listen there with TCP, IPv6 without IPv4. The address need not be this host's, nor be there
 * already: then nothing arrives until it is. Returns a non-blocking descriptor that the caller
 * closes, or -errno. */
int listen_address_open(const struct sockaddr_storage *address, int backlog);

#endif
