/* The fast path in the kernel, seen from the daemon: loading and attaching its program, entering
 * and removing flows, reading stamps and counters (fastpath.bpf.c does the translating).
 *
 * Program and maps hang on the TUN's egress filter, so they outlive this process; the next one
 * takes the maps over. Where the BPF file system is mounted they are pinned under
 * /sys/fs/bpf/sa-nat64/INSTANCE/ as well, for people to look at.
 */
#ifndef SA_NAT64_FASTPATH_H
#define SA_NAT64_FASTPATH_H

#include "translator/translator.h"

struct fast_trace;
struct fd_store;
struct fastpath;

/* Load and attach the program to the instance's TUN, which exists and is configured. store: where
 * an earlier process may have left program and maps, and where these go. Returns 0, or -errno with
 * one sentence in why (size bytes): this kernel or these privileges have no fast path.
 */
int fastpath_open(const struct config_instance *config, struct fd_store *store,
                  struct fastpath **out, char *why, size_t size);

/* Whether the program is still on the device; others can take it off. */
bool fastpath_is_attached(const struct fastpath *fastpath);

/* Put it there again, in the place of another program if need be; its flows are as they were. 0 or
 * -errno; -EEXIST: somebody's qdisc is in the way. */
int fastpath_attach(struct fastpath *fastpath);

/* An error of that in words. */
const char *fastpath_explain_attach(int error);

/* Forget the fast path without stopping it. NULL accepted. */
void fastpath_close(struct fastpath *fastpath);

/* Take a program that an earlier process left off the TUN; nothing happens when there is none. */
void fastpath_detach(const char *tun);

/* What the core calls; valid as long as the fast path. */
struct translator_fast fastpath_hooks(struct fastpath *fastpath);

/* Take over the flows that an earlier process left: those of t's sessions stay, with index and
 * stamp; of others that t has a place for, sessions are made; the rest is removed. Returns how many
 * stayed.
 */
uint32_t fastpath_take_over(struct fastpath *fastpath, struct translator *t);

/* Go on taking over, where there were too many flows to do it at once; bounded work, to be called
 * every 20 ms or so. */
void fastpath_prove(struct fastpath *fastpath, struct translator *t, uint64_t now_us);

/* Remove all flows and take the settings of another configuration: before a reload. */
void fastpath_reset(struct fastpath *fastpath, const struct config_instance *config);

/* Tracing of its packets, owned by the fast path; NULL when it has none (fastpath NULL, too). */
struct fast_trace *fastpath_trace(const struct fastpath *fastpath);

/* Remove stateless mappings that nobody used for a minute; bounded work, to be called every second.
 */
void fastpath_sweep(struct fastpath *fastpath, uint64_t now_us);

#endif
