#include "translator/tun_store.h"

#include "lib/log.h"
#include "translator/fd_store.h"
#include "translator/tun.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#define FD_NAME "tun"

/* The device's descriptor out of those in the store, -1 when it is not among them. *is_alone: there
 * was nothing else under its name. */
static int pick(struct fd_store *store, const char *name, bool *is_alone)
{
	int picked = -1, fd, error;

	*is_alone = true;
	while ((fd = fd_store_take(store, FD_NAME)) >= 0) {
		error = picked < 0 ? tun_resume(fd, name) : -EEXIST;
		if (error == 0) {
			picked = fd;
			continue;
		}
		log_notice("descriptor \"" FD_NAME "\" of the service manager is closed: it is "
		           "not that of device %s in this namespace (%s)",
		           name, strerror(-error));
		(void)close(fd);
		*is_alone = false;
	}
	return picked;
}

int tun_store_open(struct fd_store *store, const char *name)
{
	bool is_alone;
	int tun = pick(store, name, &is_alone);

	if (tun >= 0 && is_alone)
		return tun;
	if (!is_alone)
		fd_store_drop(FD_NAME);
	if (tun < 0)
		tun = tun_open(name);
	if (tun >= 0 && fd_store_keep(FD_NAME, tun, FD_STORE_POLL) < 0)
		log_warning(
			"the service manager does not keep the descriptor of device %s: packets "
			"are lost while the translator restarts",
			name);
	return tun;
}
