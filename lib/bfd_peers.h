/* BFD peers as FRR's configuration and its JSON name them: the words of vtysh, pure.
 *
 * The one place that knows FRR's syntax; sa-nat64-healthd speaks it, `sa-nat64 frr-config` prints
 * it.
 */
#ifndef SA_NAT64_BFD_PEERS_H
#define SA_NAT64_BFD_PEERS_H

#include "lib/config.h"

#include <stdio.h>

#define BFD_PROFILE   "sa-nat64"
#define BFD_UPLINK    "uplink0" /* what sa-nat64-netns calls the interface towards the routers */
#define BFD_PEERS_MAX 32        /* of an instance */

/* Texts are checked addresses and an interface name. */
struct bfd_peer_wanted {
	char peer[48], local[48], interface[16];
};

enum bfd_state {
	BFD_UNKNOWN,
	BFD_ABSENT, /* bfdd has no such peer */
	BFD_DOWN,
	BFD_INIT,
	BFD_UP,
	BFD_ADMIN_DOWN
};

struct bfd_peer_state {
	char peer[48], local[48], interface[16];
	enum bfd_state state;
	char diagnostic[48]; /* FRR's words, "" for none */
	uint64_t remote_receive_us, remote_transmit_us;
	uint32_t remote_multiplier;
	uint64_t detection_us; /* how long the router waits for us; 0: unknown */
};

/* The local address of the [network] that is in the same subnet as each bfd-peer. out has room for
 * BFD_PEERS_MAX. Returns how many there are; a peer that no address of the section reaches is left
 * out and named on err. */
size_t bfd_peers_of(const struct config_network *network, const char *interface,
                    struct bfd_peer_wanted *out, FILE *err);

/* Lines of vtysh, configure mode: the profile with the timers; and one peer made or deleted. */
void bfd_print_profile(const struct config_health *health, FILE *out);
void bfd_print_peer(const struct bfd_peer_wanted *peer, FILE *out);
void bfd_print_no_peer(const struct bfd_peer_state *peer, FILE *out);

/* Read `show bfd peers json` (len bytes, any bytes at all). Returns the number of peers in out, at
 * most max, or -EINVAL when it is not what bfdd prints. */
int bfd_parse_peers(const char *text, size_t len, struct bfd_peer_state *out, size_t max);

const char *bfd_state_name(enum bfd_state state); /* the words of BfdPeer in control.proto */

#endif
