/* The BFD peers of one instance in FRR's bfdd: told what is wanted, it sees to it.
 *
 * Peers are made and deleted at run time and stand in no file. They are made by vtysh, each call a
 * process of its own that the event loop waits for, with a deadline. What is urgent or frequent
 * goes over a held connection to the socket that vtysh speaks on: to be silent does not wait for a
 * process to start (vtysh uses 40 ms of a core each time, a question over the connection 0.1 ms),
 * and a bfdd that ends is noticed at once. At most one call or question is under way for an
 * instance. After each change the peers are read back, and from time to time without a change, so
 * that a bfdd that was restarted or changed by hand gets its peers again. What cannot be done is a
 * sentence in frr_problem() and is tried again, with growing pauses up to two seconds.
 *
 * The nth IPv6 peer and the nth IPv4 peer of an instance are a pair, wanted or not wanted together
 * (frr_plan.h). If one comes up and the other does not (bfd_split in health.h), both are deleted
 * and the one that stayed down is asked first, alone, so that no router sends one family here and
 * the other elsewhere. Go on wanting meanwhile: it is asked only then.
 */
#ifndef SA_NAT64_FRR_H
#define SA_NAT64_FRR_H

#include "lib/bfd_peers.h"
#include "lib/config.h"

#include <systemd/sd-event.h>

struct frr;

/* pathspace: `vtysh -N`, the instance's name. changed(context) is called from the loop whenever
 * frr_problem(), frr_split(), frr_is_withdrawn() or a peer's state is another. vtysh is searched in
 * PATH. 0 and *out, which the caller frees, or -errno. */
int frr_new(sd_event *event, const char *pathspace, void (*changed)(void *context), void *context,
            struct frr **out);

/* Deletes nothing in FRR: what must be withdrawn at the end is withdrawn by frr_withdraw_all(). */
void frr_free(struct frr *frr);

/* Timers, way of withdrawing, and the peers with their local addresses and interface (at most
 * BFD_PEERS_MAX); copied. Peers of an earlier call that are not among them are deleted. Without
 * any, nothing is asked of FRR. */
void frr_configure(struct frr *frr, const struct config_health *health,
                   const struct bfd_peer_wanted *peers, size_t count);

/* The routers may (true) or must not send traffic here. Returns at once. */
void frr_want(struct frr *frr, bool advertised);

/* The state of each configured peer, in their order, as read back last. */
size_t frr_peers(const struct frr *frr, const struct bfd_peer_state **out);

const char *frr_problem(const struct frr *frr); /* "" while all is well */

/* A pair is withdrawn because its families parted, and is asked again; until both are up. */
bool frr_split(const struct frr *frr);

/* It was read back that none of our peers is advertised and none is to be, or no bfdd runs. */
bool frr_is_withdrawn(const struct frr *frr);

/* For the end of the program and for ExecStopPost=, without an event loop: delete all peers of bfdd
 * in that pathspace, whoever made them, within timeout_us. Needs no vtysh. A bfdd that does not
 * answer in time is killed by SIGKILL: its silence is what is wanted. 0, or -errno after a line in
 * the log; a bfdd that does not run counts as done. */
int frr_withdraw_all(const char *pathspace, uint64_t timeout_us);

#endif
