#include "translator/tun_store.h"

#include "lib/log.h"
#include "translator/tun.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#define FD_NAME "tun"

/* Whether a descriptor that was passed is what we look for; says why not. */
static bool is_wanted(int fd, const char *fd_name, const char *name)
{
	int error = strcmp(fd_name, FD_NAME) == 0 ? tun_resume(fd, name) : -ENOTTY;

	if (error == 0)
		return true;
	log_notice("descriptor \"%s\" of the service manager is closed: it is not that of device "
	           "%s in this namespace (%s)",
	           fd_name, name, strerror(-error));
	return false;
}

/* Pick the descriptor out of those that were passed, -1 when it is not among them. *is_kept: it is
 * in the store still. */
static int pick(char **names, int count, const char *name, bool *is_kept)
{
	int picked = -1, i;

	*is_kept = true;
	for (i = 0; i < count; i++) {
		int fd = SD_LISTEN_FDS_START + i;

		if (picked < 0 && is_wanted(fd, names[i], name)) {
			picked = fd;
			continue;
		}
		(void)close(fd);
		/* Takes everything of this name out. */
		(void)sd_notifyf(0, "FDSTOREREMOVE=1\nFDNAME=%s", names[i]);
		if (strcmp(names[i], FD_NAME) == 0)
			*is_kept = false;
	}
	return picked;
}

int tun_store_open(const char *name)
{
	char **names = NULL;
	int count = sd_listen_fds_with_names(1, &names), tun, i;
	bool is_kept;

	tun = pick(names, count, name, &is_kept);
	for (i = 0; i < count; i++)
		free(names[i]);
	free(names);
	if (tun >= 0 && is_kept)
		return tun;
	if (tun < 0)
		tun = tun_open(name);
	if (tun >= 0 && sd_pid_notify_with_fds(0, 0, "FDSTORE=1\nFDNAME=" FD_NAME, &tun, 1) < 0)
		log_warning(
			"the service manager does not keep the descriptor of device %s: packets "
			"are lost while the translator restarts",
			name);
	return tun;
}
