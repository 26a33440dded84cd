/* The control socket of a translator: RUNDIR/INSTANCE/control.sock in its event loop.
 *
 * How main() uses it, once the loop and the translator exist:
 *
 *	struct control *control;
 *	int error = control_start(event, translator, rundir, config->cluster.name, node_name,
 *&control);
 *
 *	if (error)
 *		log_error(...)          -EADDRINUSE: another translator runs this instance
 *	...
 *	control_stop(control);          before translator_free()
 *
 * To refuse a second start before the device is touched, start the control socket first.
 */
#ifndef SA_NAT64_CONTROL_H
#define SA_NAT64_CONTROL_H

#include "translator/translator.h"

#include <systemd/sd-event.h>

struct feed_link;
struct log_writer;
struct running_config;
struct control;
struct fast_trace;

/* Answer requests about t, whose configuration names the instance, at RUNDIR/INSTANCE/control.sock.
 * Strings are copied. The event loop and t must outlive the control. Returns 0, or -errno as
 * control_server_new(); without room for the socket 0, and it is made when there is. The namespace
 * is that of the calling thread. */
int control_start(sd_event *event, struct translator *t, const char *rundir, const char *cluster,
                  const char *node, struct control **out);

/* Answer about t from now on: the same instance after a reload. */
void control_serve(struct control *control, struct translator *t);

/* Who answers about the configuration and reloads it; must outlive the control. */
void control_set_running(struct control *control, struct running_config *running);

/* Whom to ask about replication; NULL: there is none. It must outlive the control. */
void control_set_feed(struct control *control, const struct feed_link *feed);

/* What status says of the fast path: why_off NULL for on, or why it is off (copied). "off" without
 * a reason until called. trace: its tracing, NULL without; must outlive the control. */
void control_set_fast_path(struct control *control, struct fast_trace *trace, const char *why_off);

/* What status says of the translator's health: why it is down (copied), or NULL: it is up, as until
 * called. */
void control_set_down(struct control *control, const char *why);

/* What status says of the state file (copied), and whether it keeps the sessions. Empty until
 * called. */
void control_set_state_file(struct control *control, bool is_kept, const char *text);

/* Who writes the session log, and where to; writer NULL: nobody does. Neither is copied: to be
 * called again before one of them goes. */
void control_set_log(struct control *control, struct log_writer *writer, const char *target);

/* Disconnect everybody and remove the socket. NULL is accepted. */
void control_stop(struct control *control);

#endif
