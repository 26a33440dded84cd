/* The TUN device: a persistent layer 3 interface with vnet headers and offloads, read and written a
 * packet at a time.
 *
 * The device and its settings outlive the process: packets that come while nobody reads wait in its
 * queue. Messages about what is wrong go to the log; callers get -errno.
 */
#ifndef SA_NAT64_TUN_H
#define SA_NAT64_TUN_H

#include <linux/virtio_net.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#define TUN_MTU          65535
#define TUN_QUEUE_LENGTH 10000 /* packets: what arrives during a restart */

/* Create the device or take over the existing one, with offloads on. Returns the non-blocking
 * descriptor, or -errno: -EBUSY when another process has it. */
int tun_open(const char *name);

/* Go on with a descriptor that tun_open() gave to an earlier process: whatever it is, it is looked
 * at first. 0, or -errno: -ENODEV when its device is gone, has another name or is in another
 * network namespace. */
int tun_resume(int fd, const char *name);

/* Set MTU, queue length, no address generation, no router solicitation; bring it up. The kernel
 * does the rest by itself. */
int tun_configure(const char *name);

/* Read one packet of at most size bytes to packet. Returns its length, 0 when none waits, or
 * -errno. */
ptrdiff_t tun_read(int fd, struct virtio_net_hdr *vnet, uint8_t *packet, size_t size);

/* Write one packet made of count (at most 4) pieces. 0 or -errno. */
int tun_write(int fd, const struct virtio_net_hdr *vnet, const struct iovec *iov, int count);

#endif
