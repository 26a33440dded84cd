/* Whether a translator whose probes do not come back is overloaded rather than stuck.
 *
 * Probes wait in the queue of the TUN device behind the packets of others. A process that takes
 * many packets from the device translates, late as the probes may be; moving its traffic away would
 * only pass the load on, to the last box in the end. The kernel counts a packet of the device as
 * sent when the process reads it; what the fast path carries is not among them.
 */
#ifndef SA_NAT64_LOAD_H
#define SA_NAT64_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#define LOAD_PACKETS 32 /* between two looks: more than probes explain */

struct load {
	int fd;           /* a NETLINK_ROUTE socket in the namespace, owned; -1: none */
	uint64_t packets; /* at the last look */
	bool is_known, is_high;
};

/* Take the socket, which may be an error (negative): then the load is never high. */
void load_open(struct load *load, int fd);
void load_close(struct load *load);

/* Look at the device, once a round while probes are missing. */
void load_look(struct load *load, const char *tun);

/* Probes come back. */
void load_forget(struct load *load);

/* Whether the process took more than LOAD_PACKETS between the last two looks. */
bool load_is_high(const struct load *load);

#endif
