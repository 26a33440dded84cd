/* The configuration that a daemon runs with: what it answers about it, and how it gets another one.
 *
 * The same for all daemons, and the same for SIGHUP and for requests of the control socket
 * (ConfigRequest, ReloadRequest in proto/control.proto). The daemon keeps its struct config; here
 * is the text of it, rendered when the file is read, because a daemon that reloads stands still
 * anyway, while one that is asked must not. It takes as much memory as the file does; a piece of it
 * is copied into each answer.
 *
 * A reload reads the file, has the daemon check what came, and only then apply it. What became of
 * the last one is kept for who asks later. A file that prints as what runs is no reason to do
 * anything.
 */
#ifndef SA_NAT64_RUNNING_CONFIG_H
#define SA_NAT64_RUNNING_CONFIG_H

#include "lib/config.h"
#include "lib/control_reply.h"
#include "lib/daemon_signals.h"

#define RUNNING_CONFIG_PIECE 60000 /* bytes of the text in one answer */
#define RUNNING_CONFIG_LINES 50    /* sentences of each kind that are kept of a reload */

/* A reload on its way, which the daemon's hooks complete. */
struct reload {
	const struct config *wanted; /* what was read; NULL: it has errors */
	bool is_same;                /* it prints as what runs */
	bool changes;                /* check: it differs in what the daemon goes by */
	FILE *problems;              /* check: sentences, one a line: why it is refused */
	FILE *restart_keys; /* check: "[SECTION] KEY", one a line: they need a restart; refused */
	FILE *warnings;     /* sentences, one a line */
	uint32_t sessions_ended; /* apply */
	char note[120];          /* apply: stands behind "reloaded" in the log */
};

struct reload_hooks {
	/* Judge reload->wanted against what runs, and change nothing. */
	void (*check)(void *context, struct reload *reload);
	/* Go by wanted from now on, which is owned from here on, also on failure; it was checked,
	 * and changes something. 0, or -errno with nothing changed. */
	int (*apply)(void *context, struct config *wanted, struct reload *reload);
	void *context;
};

struct running_config;

/* A daemon runs with `config`, read from the file at path (kept, not copied); reloads go through
 * signals, whose reload() calls running_config_reload(). All must live as long. 0, or -ENOMEM. */
int running_config_new(const char *path, const struct config *config,
                       const struct reload_hooks *hooks, const struct daemon_signals *signals,
                       struct running_config **out);
void running_config_free(struct running_config *running); /* NULL accepted */

/* Read the file and go by it, or refuse it and say in the log why. */
void running_config_reload(struct running_config *running);

/* Answer a ConfigRequest or ReloadRequest; returns as control_reply_send(). */
size_t running_config_answer(struct running_config *running,
                             const SaNat64__Control__Request *request,
                             const struct control_reply *to);

#endif
