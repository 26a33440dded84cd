/* Whether the kernel forwards packets of other hosts to the device and from it: what sysctl says in
 * the network namespace of the calling thread.
 *
 * IPv6 is forwarded by net.ipv6.conf.all.forwarding or, where the kernel has that (Linux 6.17),
 * from devices with force_forwarding. IPv4 is forwarded from devices whose own forwarding is 1,
 * which net.ipv4.ip_forward sets for all at once: the TUN device must have it, and one device
 * beside it. Nothing is written: these settings are the box's.
 */
#ifndef SA_NAT64_FORWARDING_H
#define SA_NAT64_FORWARDING_H

#include <stdbool.h>

#define FORWARDING_PROBLEM_MAX 200

/* Returns whether the kernel forwards to and from the device `tun`; if not, problem is a sentence
 * that names what to set. What cannot be read counts as well. */
bool forwarding_is_on(const char *tun, char problem[FORWARDING_PROBLEM_MAX]);

#endif
