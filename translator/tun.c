#include "translator/tun.h"

#include "lib/log.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netlink/route/link.h>
#include <netlink/route/link/inet6.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef TUN_F_USO4
#define TUN_F_USO4 0x20 /* Linux 6.2 */
#define TUN_F_USO6 0x40
#endif

#define TUN_PATH    "/dev/net/tun"
#define IOV_MAX_OUT 4
#define FLAGS       (IFF_TUN | IFF_NO_PI | IFF_VNET_HDR)

static void explain_open(const char *name, int error)
{
	if (error == EBUSY)
		log_error(
			"device %s is in use by another process; stop it, or give this instance another `tun`",
			name);
	else if (error == EINVAL)
		log_error(
			"%s exists and is no TUN device that can be taken over; remove it (ip link del %s) or give this instance another `tun`",
			name, name);
	else if (error == EPERM)
		log_error(
			"cannot create device %s: permission denied; run as root or with CAP_NET_ADMIN",
			name);
	else
		log_error("cannot create device %s: %s", name, strerror(error));
}

/* Super-packets with partial checksums in both directions. UDP segmentation is newer than the rest.
 */
static int set_offloads(int fd)
{
	unsigned tcp = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN;

	if (ioctl(fd, TUNSETOFFLOAD, (unsigned long)(tcp | TUN_F_USO4 | TUN_F_USO6)) == 0)
		return 0;
	return ioctl(fd, TUNSETOFFLOAD, (unsigned long)tcp) == 0 ? 0 : -errno;
}

static int set_up(int fd)
{
	int header_len = sizeof(struct virtio_net_hdr);

	if (ioctl(fd, TUNSETPERSIST, 1UL) < 0 || ioctl(fd, TUNSETVNETHDRSZ, &header_len) < 0)
		return -errno;
	return set_offloads(fd);
}

int tun_open(const char *name)
{
	struct ifreq request = { .ifr_flags = FLAGS };
	int fd = open(TUN_PATH, O_RDWR | O_NONBLOCK | O_CLOEXEC), error;

	if (fd < 0) {
		error = errno;
		log_error("cannot open " TUN_PATH
		          ": %s; is the TUN driver there, and are you root?",
		          strerror(error));
		return -error;
	}
	(void)snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	if (ioctl(fd, TUNSETIFF, &request) < 0) {
		error = errno;
		explain_open(name, error);
		(void)close(fd);
		return -error;
	}
	error = set_up(fd);
	if (error < 0) {
		log_error("cannot set up device %s: %s", name, strerror(-error));
		(void)close(fd);
		return error;
	}
	return fd;
}

/* Whether the device behind fd is in the network namespace of this process. */
static bool is_at_home(int fd)
{
	int home = ioctl(fd, TUNGETDEVNETNS);
	struct stat its, ours;
	bool is_home;

	if (home < 0)
		return false;
	is_home = fstat(home, &its) == 0 && stat("/proc/thread-self/ns/net", &ours) == 0 &&
	          its.st_dev == ours.st_dev && its.st_ino == ours.st_ino;
	(void)close(home);
	return is_home;
}

int tun_resume(int fd, const char *name)
{
	struct ifreq found = { .ifr_flags = 0 };
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || ioctl(fd, TUNGETIFF, &found) < 0)
		return errno == EBADFD ? -ENODEV : -errno;
	if (strncmp(found.ifr_name, name, sizeof(found.ifr_name)) != 0 || !is_at_home(fd))
		return -ENODEV;
	if ((found.ifr_flags & FLAGS) != FLAGS || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return -EINVAL;
	return set_up(fd);
}

/* Write one of the device's IPv6 settings; a kernel without IPv6 has none, and then nothing works
 * anyway. */
static void set_ipv6(const char *name, const char *key, const char *value)
{
	char path[128];
	FILE *file;

	(void)snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/%s", name, key);
	file = fopen(path, "we");
	if (!file || fputs(value, file) < 0)
		log_warning("cannot set net.ipv6.conf.%s.%s = %s", name, key, value);
	if (file && fclose(file) != 0)
		log_warning("cannot set net.ipv6.conf.%s.%s = %s", name, key, value);
}

static int change_link(struct nl_sock *sock, struct rtnl_link *link)
{
	struct rtnl_link *change = rtnl_link_alloc();
	int error = -NLE_NOMEM;

	if (!change)
		return error;
	rtnl_link_set_mtu(change, TUN_MTU);
	rtnl_link_set_txqlen(change, TUN_QUEUE_LENGTH);
	rtnl_link_unset_flags(change, IFF_MULTICAST);
	rtnl_link_set_flags(change, IFF_UP);
	error = rtnl_link_change(sock, link, change, 0);
	rtnl_link_put(change);
	return error;
}

/* No link-local address: nobody on this link is a neighbour. */
static int set_address_mode(struct nl_sock *sock, struct rtnl_link *link)
{
	struct rtnl_link *change = rtnl_link_alloc();
	int error = -NLE_NOMEM;

	if (!change)
		return error;
	error = rtnl_link_inet6_set_addr_gen_mode(change, IN6_ADDR_GEN_MODE_NONE);
	if (error >= 0)
		error = rtnl_link_change(sock, link, change, 0);
	rtnl_link_put(change);
	return error;
}

int tun_configure(const char *name)
{
	struct nl_sock *sock = nl_socket_alloc();
	struct rtnl_link *link = NULL;
	int error = sock ? nl_connect(sock, NETLINK_ROUTE) : -NLE_NOMEM;

	set_ipv6(name, "disable_ipv6", "0");
	set_ipv6(name, "accept_ra", "0");
	set_ipv6(name, "router_solicitations", "0");
	if (error >= 0)
		error = rtnl_link_get_kernel(sock, 0, name, &link);
	if (error >= 0)
		error = set_address_mode(sock, link);
	if (error >= 0)
		error = change_link(sock, link);
	if (error < 0)
		log_error("cannot configure device %s: %s", name, nl_geterror(error));
	rtnl_link_put(link);
	nl_socket_free(sock);
	return error < 0 ? -EIO : 0;
}

ptrdiff_t tun_read(int fd, struct virtio_net_hdr *vnet, uint8_t *packet, size_t size)
{
	struct iovec iov[2] = { { vnet, sizeof(*vnet) }, { packet, size } };
	ssize_t len = readv(fd, iov, 2);

	if (len < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	return len > (ssize_t)sizeof(*vnet) ? len - (ssize_t)sizeof(*vnet) : -EBADMSG;
}

int tun_write(int fd, const struct virtio_net_hdr *vnet, const struct iovec *iov, int count)
{
	struct iovec pieces[1 + IOV_MAX_OUT] = { { (void *)vnet, sizeof(*vnet) } };
	ssize_t len;

	if (count > IOV_MAX_OUT)
		return -EINVAL;
	memcpy(pieces + 1, iov, (size_t)count * sizeof(*iov));
	do
		len = writev(fd, pieces, 1 + count);
	while (len < 0 && errno == EINTR);
	return len < 0 ? -errno : 0;
}
