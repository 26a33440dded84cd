/* All instances of this box, their rounds of probes, and what is asked and answered for all at
 * once.
 *
 * One timer serves them all: they are probed at the same moments, so that the processor wakes up
 * rarely. Time in which this program did not run is not taken for the silence of a translator.
 */
#ifndef SA_NAT64_HEALTHD_BOX_H
#define SA_NAT64_HEALTHD_BOX_H

#include "healthd/opener.h"
#include "lib/config.h"
#include "lib/running_config.h"

#include <systemd/sd-event.h>

struct box;

/* Watch every instance of the configuration as node self, and listen at RUNDIR/healthd.sock, where
 * running answers about the configuration. config is owned from now on, also on failure; the rest
 * must outlive the box. 0 and *out, or -errno after a line in the log. */
int box_new(sd_event *event, struct opener *opener, const char *rundir, const char *self,
            struct config *config, struct running_config *running, struct box **out);
void box_free(struct box *box); /* NULL accepted */

/* Go by config from now on, which is owned: instances come, change and go; those that go are
 * withdrawn first. All or nothing: 0, or -errno and config is freed. */
int box_reload(struct box *box, struct config *config);

/* Withdraw everything, for a second at most, and end the event loop with 0. */
void box_leave(struct box *box);

#endif
