/* The turning of the program: sockets, timers and the box in one sd-event loop.
 *
 * After whatever happened, what the box has to say is sent and what the translators are owed is
 * written, as far as the sockets take it; then the timer is set to when the box wants to be asked
 * again. Everything done in one turn is bounded.
 */
#ifndef SA_NAT64_SYNCD_LOOP_H
#define SA_NAT64_SYNCD_LOOP_H

#include "lib/running_config.h"
#include "syncd/box.h"

#include <systemd/sd-event.h>

struct loop;

/* All of it must outlive the loop, which listens at RUNDIR/sync.sock and RUNDIR/syncd.sock from now
 * on. 0 or -errno; what is wrong was logged. */
int loop_new(sd_event *event, struct box *box, const struct config_cluster *cluster,
             const char *rundir, struct running_config *running, struct loop **out);

/* Have room for the translators of so many instances. 0, or -ENOMEM. */
int loop_reserve(struct loop *loop, size_t instances);

/* These instances are about to go, and the box has them still: their translators are disconnected,
 * and the peers are told, unless the interface takes nothing now: then they hear nothing more. */
void loop_part(struct loop *loop, struct box_instance *const *parting, size_t count);

/* Say goodbye to the peers and close everything. NULL accepted. */
void loop_free(struct loop *loop);

#endif
