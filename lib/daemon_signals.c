#include "lib/daemon_signals.h"

#include "lib/log.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <systemd/sd-daemon.h>

static int on_hangup(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	const struct daemon_signals *signals = userdata;

	(void)source;
	(void)info;
	(void)sd_notify(0, "RELOADING=1");
	signals->reload(signals->context);
	(void)sd_notify(0, "READY=1");
	return 0;
}

static int on_stop(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	const struct daemon_signals *signals = userdata;

	log_info("%s, stopping%s", strsignal((int)info->ssi_signo), signals->farewell);
	return sd_event_exit(sd_event_source_get_event(source), 0);
}

int daemon_signals_catch(sd_event *event, const struct daemon_signals *signals)
{
	void *userdata = (void *)signals;
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
