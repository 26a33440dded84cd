/* Signals of a daemon, taken by its event loop. */
#ifndef SA_NAT64_DAEMON_SIGNALS_H
#define SA_NAT64_DAEMON_SIGNALS_H

#include <systemd/sd-event.h>

struct daemon_signals {
	const char *farewell; /* behind "SIGNAL, stopping" in the log */
	void (*reload)(void *context);
	void *context;
};

/* SIGTERM and SIGINT end the loop with 0; SIGHUP calls reload(), and the service manager is told
 * before and after; its watchdog waits longer meanwhile. signals must live as long as event. 0 or
 * more, or -errno. */
int daemon_signals_catch(sd_event *event, const struct daemon_signals *signals);

#endif
