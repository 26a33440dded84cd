#include "lib/daemon_signals.h"

#include "lib/control_socket.h"
#include "lib/daemon_options.h"
#include "lib/log.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>

/* With a large table a reload takes longer than a watchdog waits for a loop that turns. */
#define RELOAD_WATCHDOG_US UINT64_C(20000000)

/* What stands behind a notification to have the watchdog wait that long from now on; nothing where
 * no watchdog looks on. */
static void write_watchdog(char text[64], uint64_t timeout_us)
{
	uint64_t usual_us;

	text[0] = '\0';
	if (sd_watchdog_enabled(0, &usual_us) > 0)
		(void)snprintf(text, 64, "\nWATCHDOG_USEC=%llu",
		               (unsigned long long)(timeout_us ? timeout_us : usual_us));
}

/* The time stands in for units of Type=notify-reload, where a manager tells by it that this is the
 * reload that it asked for. */
static void tell_reload(void)
{
	char watchdog[64];

	write_watchdog(watchdog, RELOAD_WATCHDOG_US);
	(void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64 "%s", control_now_us(),
	                 watchdog);
}

static void tell_ready(void)
{
	char watchdog[64];

	write_watchdog(watchdog, 0);
	(void)sd_notifyf(0, "READY=1%s", watchdog);
}

void daemon_signals_reload(const struct daemon_signals *signals)
{
	tell_reload();
	signals->reload(signals->context);
	tell_ready();
}

static int on_hangup(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	(void)source;
	(void)info;
	daemon_signals_reload(userdata);
	return 0;
}

static int on_stop(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	struct daemon_signals *signals = userdata;

	log_info("%s, stopping%s", strsignal((int)info->ssi_signo), signals->farewell);
	if (signals->stop && !signals->stops) {
		signals->stops = true;
		signals->stop(signals->context);
		return 0;
	}
	return sd_event_exit(sd_event_source_get_event(source), 0);
}

int daemon_signals_catch(sd_event *event, struct daemon_signals *signals)
{
	void *userdata = signals;
	sigset_t blocked;
	int error;

	(void)sigemptyset(&blocked);
	(void)sigaddset(&blocked, SIGTERM);
	(void)sigaddset(&blocked, SIGINT);
	(void)sigaddset(&blocked, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &blocked, NULL) < 0)
		return -errno;
	error = sd_event_add_signal(event, NULL, SIGTERM, on_stop, userdata);
	if (error >= 0)
		error = sd_event_add_signal(event, NULL, SIGINT, on_stop, userdata);
	return error < 0 ? error : sd_event_add_signal(event, NULL, SIGHUP, on_hangup, userdata);
}

int daemon_loop(sd_event *event)
{
	int result = sd_event_loop(event);

	if (result >= 0)
		return result;
	log_error("it cannot go on: its event loop broke: %s", strerror(-result));
	return EXIT_FAILED;
}
