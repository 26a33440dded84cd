#include "translator/fd_store.h"

#include "lib/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

struct fd_store {
	int count;
	char **names; /* of SD_LISTEN_FDS_START and following; NULL: taken */
};

struct fd_store *fd_store_new(void)
{
	struct fd_store *store = calloc(1, sizeof(*store));

	if (!store)
		return NULL;
	store->count = sd_listen_fds_with_names(1, &store->names);
	if (store->count < 0)
		store->count = 0;
	return store;
}

int fd_store_take(struct fd_store *store, const char *name)
{
	int i;

	for (i = 0; store && i < store->count; i++) {
		if (!store->names[i] || strcmp(store->names[i], name) != 0)
			continue;
		free(store->names[i]);
		store->names[i] = NULL;
		return SD_LISTEN_FDS_START + i;
	}
	return -1;
}

void fd_store_sweep(struct fd_store *store)
{
	int i;

	for (i = 0; store && i < store->count; i++) {
		if (!store->names[i])
			continue;
		log_notice("descriptor \"%s\" of the service manager is closed: it is of no use",
		           store->names[i]);
		(void)close(SD_LISTEN_FDS_START + i);
		fd_store_drop(store->names[i]);
		free(store->names[i]);
		store->names[i] = NULL;
	}
}

void fd_store_free(struct fd_store *store)
{
	int i;

	if (!store)
		return;
	for (i = 0; i < store->count; i++)
		free(store->names[i]);
	free(store->names);
	free(store);
}

void fd_store_drop(const char *name)
{
	(void)sd_notifyf(0, "FDSTOREREMOVE=1\nFDNAME=%s", name);
}

int fd_store_keep(const char *name, int fd, enum fd_store_poll poll)
{
	char text[100];
	int error;

	(void)snprintf(text, sizeof(text), "FDSTORE=1\nFDNAME=%s%s", name,
	               poll == FD_STORE_POLL ? "" : "\nFDPOLL=0");
	error = sd_pid_notify_with_fds(0, 0, text, &fd, 1);
	return error < 0 ? error : 0;
}
