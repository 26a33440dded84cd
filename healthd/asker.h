/* One question asked again and again on a control socket (lib/control_socket.h), in the event loop.
 *
 * The connection is kept. At most one question is under way; while it is not answered none is sent
 * and nothing is given up, since the answer of a server that hung comes when it goes on. Whoever
 * asks looks at how long ago the last answer came. A server that is gone is tried again at each
 * asker_tick(). Nothing here waits.
 */
#ifndef SA_NAT64_ASKER_H
#define SA_NAT64_ASKER_H

#include "proto/control.pb-c.h"

#include <systemd/sd-event.h>

struct asker;

struct asker_question {
	SaNat64__Control__Request__CommandCase command; /* STATUS or PEERS */
	/* Called with each reply that has a body of that kind. */
	void (*answered)(void *context, const SaNat64__Control__Reply *reply);
	void *context;
};

/* path is copied, *question must live as long. 0 and *out, which the caller frees, or -errno. */
int asker_new(sd_event *event, const char *path, const struct asker_question *question,
              struct asker **out);
void asker_free(struct asker *asker); /* NULL accepted */

/* Call it several times a second: connects, and asks when the last answer was asked for a second
 * ago. */
void asker_tick(struct asker *asker, uint64_t now_us);

/* Ask with the next asker_tick(), whenever the last answer came. */
void asker_hurry(struct asker *asker);

/* Since the last answer; UINT64_MAX: there was none. */
uint64_t asker_silent(const struct asker *asker, uint64_t now_us);

/* For so long it was this program that did not run: that is no silence of the server. */
void asker_excuse(struct asker *asker, uint64_t absent_us, uint64_t now_us);

/* Why there is no connection, as a positive errno; 0 when there is one. */
int asker_error(const struct asker *asker);

#endif
