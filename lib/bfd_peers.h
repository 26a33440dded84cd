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
#define BFD_SHOW      "show bfd peers json" /* what bfd_parse_peers() reads the answer of */

/* Texts are checked addresses, as address4_format() and address6_format() print them, and an
 * interface name. */
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
	char peer[48], local[48], interface[16]; /* as above; local and interface may be "" */
	char vrf[40];                            /* "" for the default one */
	bool multihop;
	enum bfd_state state;
	char diagnostic[48]; /* FRR's words, "" for none */
	/* Our own timers, as bfdd has them. */
	uint64_t transmit_us, receive_us;
	uint32_t multiplier;
	/* What the router says; all 0 unless the state is up. */
	uint64_t remote_receive_us, remote_transmit_us;
	uint32_t remote_multiplier;
	uint64_t detection_us; /* how long the router waits for us */
};

/* The local address of the [network] that is in the same subnet as each bfd-peer. out has room for
 * BFD_PEERS_MAX. Returns how many there are; a peer that no address of the section reaches is left
 * out and named on err. */
size_t bfd_peers_of(const struct config_network *network, const char *interface,
                    struct bfd_peer_wanted *out, FILE *err);

/* Lines for the node `bfd` of configure mode, each with its newline: the profile with the timers;
 * one peer made, or let go on after a shutdown; shut down, which sends AdminDown; deleted, which is
 * silence. */
void bfd_print_profile(const struct config_health *health, FILE *out);
void bfd_print_peer(const struct bfd_peer_wanted *peer, FILE *out);
void bfd_print_shutdown(const struct bfd_peer_wanted *peer, FILE *out);
void bfd_print_no_peer(const struct bfd_peer_state *peer, FILE *out);

/* A whole start-up file of bfdd for an instance, with comments, for those who keep FRR by hand. The
 * peers are comments in it, and the text says why. */
void bfd_print_config(const char *instance, const struct config_health *health,
                      const struct bfd_peer_wanted *peers, size_t count, FILE *out);

/* Read what bfdd answers to BFD_SHOW (len bytes, any bytes at all); lines before it are passed
 * over. Returns the number of peers in out, at most max, or -EINVAL when it is not what bfdd
 * prints. Unknown keys are ignored, so that newer releases of FRR may add some. */
int bfd_parse_peers(const char *text, size_t len, struct bfd_peer_state *out, size_t max);

/* How long the router should wait for us: our interval times our multiplier. */
uint64_t bfd_detection_us(const struct config_health *health);

/* Whether both are the same text of peer, local address and interface, and no other kind of peer.
 */
bool bfd_peer_is(const struct bfd_peer_state *peer, const struct bfd_peer_wanted *wanted);

const char *bfd_state_name(enum bfd_state state); /* the words of BfdPeer in control.proto */

#endif
