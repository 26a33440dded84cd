/* See group_socket.h. Socket options stand in tables, one for each family. */
#include "syncd/group_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define RECEIVE_BUFFER \
	(16 << 20) /* half a second of bursts at 200 Mbit/s, kernel's own part incl. */
#define SEND_BUFFER (2 << 20)

struct option {
	int level, name, value;
};

/* One row for each thing that the kernel has to do to every datagram. */
static const struct option options4[] = {
	{ IPPROTO_IP, IP_MULTICAST_TTL, GROUP_HOP_LIMIT },
	{ IPPROTO_IP, IP_MULTICAST_LOOP, 0 },
	{ IPPROTO_IP, IP_MULTICAST_ALL, 0 },
	{ IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO },
	{ IPPROTO_IP, IP_PKTINFO, 1 },
	{ IPPROTO_IP, IP_RECVTTL, 1 },
};
static const struct option options6[] = {
	{ IPPROTO_IPV6, IPV6_V6ONLY, 1 },
	{ IPPROTO_IPV6, IPV6_MULTICAST_HOPS, GROUP_HOP_LIMIT },
	{ IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0 },
	{ IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0 },
	{ IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DO },
	{ IPPROTO_IPV6, IPV6_DONTFRAG, 1 },
	{ IPPROTO_IPV6, IPV6_RECVPKTINFO, 1 },
	{ IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1 },
};

static int set(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value)) < 0 ? -errno : 0;
}

static int set_all(int fd, const struct option *options, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int error = set(fd, options[i].level, options[i].name, options[i].value);

		if (error)
			return error;
	}
	return 0;
}

/* Beyond the system's limit where that is allowed, else up to it. */
static void set_buffers(int fd)
{
	if (set(fd, SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER))
		(void)set(fd, SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER);
	if (set(fd, SOL_SOCKET, SO_SNDBUFFORCE, SEND_BUFFER))
		(void)set(fd, SOL_SOCKET, SO_SNDBUF, SEND_BUFFER);
}

static struct in6_addr mapped(uint32_t addr4)
{
	struct in6_addr out = { 0 };
	uint32_t addr4_be = htonl(addr4);

	out.s6_addr[10] = out.s6_addr[11] = 0xff;
	memcpy(&out.s6_addr[12], &addr4_be, sizeof(addr4_be));
	return out;
}

int group_socket_open(struct group_socket *s, const char *address, uint16_t port)
{
	int error;

	memset(s, 0, sizeof(*s));
	s->fd = -1;
	s->port = port;
	s->ipv6 = address4_parse(address, &s->address4) < 0;
	if (!s->ipv6)
		s->address6 = mapped(s->address4);
	else if (address6_parse(address, &s->address6) < 0)
		return -EINVAL;
	(void)snprintf(s->text, sizeof(s->text), "%s", address);
	s->fd = socket(s->ipv6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd < 0)
		return -errno;
	set_buffers(s->fd);
	error = s->ipv6 ? set_all(s->fd, options6, sizeof(options6) / sizeof(options6[0]))
	                : set_all(s->fd, options4, sizeof(options4) / sizeof(options4[0]));
	if (error)
		group_socket_close(s);
	return error;
}

void group_socket_close(struct group_socket *s)
{
	if (s->fd >= 0)
		(void)close(s->fd);
	s->fd = -1;
}

/* Where to send to, and what to bind to: the same. */
static void aim(struct group_socket *s, unsigned index)
{
	memset(&s->to, 0, sizeof(s->to));
	if (s->ipv6) {
		struct sockaddr_in6 *to = (struct sockaddr_in6 *)&s->to;

		to->sin6_family = AF_INET6;
		to->sin6_addr = s->address6;
		to->sin6_port = htons(s->port);
		to->sin6_scope_id = index;
		s->to_len = sizeof(*to);
	} else {
		struct sockaddr_in *to = (struct sockaddr_in *)&s->to;

		to->sin_family = AF_INET;
		to->sin_addr.s_addr = htonl(s->address4);
		to->sin_port = htons(s->port);
		s->to_len = sizeof(*to);
	}
}

/* A bound socket lets go of its device when it is connected to nothing; its address and port stay.
 * An unprivileged process may bind a socket that has no device to one, but not to another. */
static int bind_device(struct group_socket *s, unsigned index)
{
	const struct sockaddr nothing = { .sa_family = AF_UNSPEC };

	if (connect(s->fd, &nothing, sizeof(nothing)) < 0)
		return -errno;
	return set(s->fd, SOL_SOCKET, SO_BINDTOIFINDEX, (int)index);
}

static int join4(const struct group_socket *s, unsigned before, unsigned index)
{
	struct ip_mreqn request = { .imr_multiaddr.s_addr = htonl(s->address4),
		                    .imr_ifindex = (int)before };

	(void)setsockopt(s->fd, IPPROTO_IP, IP_DROP_MEMBERSHIP, &request, sizeof(request));
	request.imr_ifindex = (int)index;
	if (setsockopt(s->fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof(request)) < 0 ||
	    setsockopt(s->fd, IPPROTO_IP, IP_MULTICAST_IF, &request, sizeof(request)) < 0)
		return -errno;
	return 0;
}

static int join6(const struct group_socket *s, unsigned before, unsigned index)
{
	struct ipv6_mreq request = { .ipv6mr_multiaddr = s->address6, .ipv6mr_interface = before };

	(void)setsockopt(s->fd, IPPROTO_IPV6, IPV6_LEAVE_GROUP, &request, sizeof(request));
	request.ipv6mr_interface = index;
	if (setsockopt(s->fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &request, sizeof(request)) < 0)
		return -errno;
	return set(s->fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, (int)index);
}

int group_socket_join(struct group_socket *s, unsigned before, unsigned index)
{
	int error = bind_device(s, index);

	aim(s, index);
	if (!error && !s->bound) {
		if (bind(s->fd, (const struct sockaddr *)&s->to, s->to_len) < 0)
			return -errno;
		s->bound = true;
	}
	if (error)
		return error;
	return s->ipv6 ? join6(s, before, index) : join4(s, before, index);
}

static void read_control(const struct cmsghdr *c, struct group_arrival *arrival)
{
	const void *data = CMSG_DATA(c);
	struct in6_pktinfo info6;
	struct in_pktinfo info4;

	if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
		memcpy(&info6, data, sizeof(info6));
		arrival->destination = info6.ipi6_addr;
		arrival->interface = info6.ipi6_ifindex;
	} else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
		memcpy(&info4, data, sizeof(info4));
		arrival->destination = mapped(ntohl(info4.ipi_addr.s_addr));
		arrival->interface = (unsigned)info4.ipi_ifindex;
	} else if ((c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_HOPLIMIT) ||
	           (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TTL)) {
		memcpy(&arrival->hop_limit, data, sizeof(arrival->hop_limit));
	}
}

struct group_arrival group_socket_arrival(const struct msghdr *message)
{
	struct group_arrival arrival = {
		.hop_limit = -1, .truncated = message->msg_flags & (MSG_TRUNC | MSG_CTRUNC)
	};
	struct cmsghdr *c;

	for (c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR((struct msghdr *)message, c))
		read_control(c, &arrival);
	return arrival;
}
