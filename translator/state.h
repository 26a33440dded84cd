/* The state file RUNDIR/INSTANCE/state: the memory of bindings and sessions, mapped from a file so
 * that it outlives the process, however that ends. Best on tmpfs, as /run is: elsewhere the kernel
 * keeps writing it to the disk.
 *
 * Layout: a page of header, the bindings, the sessions; entries are named by index and each is
 * sealed (entry_seal.h), so there is no moment at which a kill leaves something that the successor
 * mistakes. A file is made under another name, with all its space (a full file system cannot hurt
 * later), and gets its own name when its header is written: under that name it is always whole. A
 * file of another boot, layout or configuration is set aside as state.old. The lock is on the
 * directory, held as long as the process lives.
 *
 * Whatever goes wrong, the translator translates: there is no file then, the tables take memory of
 * their own, and state_text() says why. This file logs nothing but the setting aside.
 */
#ifndef SA_NAT64_STATE_H
#define SA_NAT64_STATE_H

#include "translator/translator.h"

struct state;

/* Lock RUNDIR/INSTANCE, which is made when missing. Returns 0 and *out, also when there can be no
 * file; -EBUSY when another living process holds the lock, -ENOMEM. */
int state_open(const char *rundir, const char *instance, struct state **out);

/* Memory for the instance's translator: what an earlier process left if it fits, else new and
 * empty. NULL: there is none. Valid until state_commit() or state_close(). To be called once. */
const struct translator_memory *state_start(struct state *state,
                                            const struct config_instance *config);

/* New and empty memory beside that which is in use, for a reload. NULL: there is none. To be
 * followed by state_commit(), which puts it in the other's place once no translator uses that any
 * more, or by state_abandon(). */
const struct translator_memory *state_renew(struct state *state,
                                            const struct config_instance *config);
void state_commit(struct state *state);
void state_abandon(struct state *state);

/* Note what the translator made of the memory. */
void state_restored(struct state *state, const struct translator_restored *restored);

/* "restored 1200 sessions of 900 bindings, 1 torn", "started empty", or why there is no file.
 * Empty for NULL. */
const char *state_text(const struct state *state);

/* Whether sessions outlive the process. */
bool state_is_kept(const struct state *state);

/* Unlock; the file stays. NULL accepted. */
void state_close(struct state *state);

#endif
