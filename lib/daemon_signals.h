/* Signals of a daemon, taken by its event loop. */
#ifndef SA_NAT64_DAEMON_SIGNALS_H
#define SA_NAT64_DAEMON_SIGNALS_H

#include <stdbool.h>
#include <systemd/sd-event.h>

struct daemon_signals {
	const char *farewell; /* behind "SIGNAL, stopping" in the log */
	void (*reload)(void *context);
	/* What SIGTERM and SIGINT do instead of ending the loop, which is its business then; NULL:
	 * none. A second one of them ends the loop in any case. */
	void (*stop)(void *context);
	void *context;
	bool stops; /* stop() was called */
};

/* SIGTERM and SIGINT end the loop with 0, or call stop(); SIGHUP calls reload(), and the service
 * manager is told before and after; its watchdog waits longer meanwhile. signals must live as long
 * as event. 0 or more, or -errno. */
int daemon_signals_catch(sd_event *event, struct daemon_signals *signals);

/* What SIGHUP does: for a reload that is asked for in another way. */
void daemon_signals_reload(const struct daemon_signals *signals);

/* Run the loop until it is ended. Returns the exit code; a loop that breaks is logged. */
int daemon_loop(sd_event *event);

#endif
