/* The feed (proto/SYNC.md section 8): RUNDIR/sync.sock, where the translators of this box connect.
 *
 * One translator for each instance. Nothing blocks and nothing queues: what a translator is to be
 * told is taken out of the replica when its socket takes a message, and one message at most waits
 * here. A translator that says nonsense, or that has no business here, is disconnected.
 */
#ifndef SA_NAT64_SYNCD_FEED_SERVER_H
#define SA_NAT64_SYNCD_FEED_SERVER_H

#include "syncd/box.h"

#include <systemd/sd-event.h>

struct feed_server;

/* Listen at path (mode 0600). event and box must outlive it. 0, or -errno as unix_listen(). */
int feed_server_new(sd_event *event, struct box *box, const char *path, struct feed_server **out);

/* Disconnect everybody and remove the socket. NULL accepted. */
void feed_server_free(struct feed_server *server);

/* Write what there is for the translators, as far as their sockets take it and a bounded amount at
 * a time. True: there is more and a socket would take it. */
bool feed_server_write(struct feed_server *server, uint64_t now_us);

/* Disconnect who has not said within seconds which instance it is of. Call once in a while. */
void feed_server_tick(struct feed_server *server, uint64_t now_us);

/* Have room for the translators of so many instances; there never is less than before. 0, or
 * -ENOMEM. */
int feed_server_reserve(struct feed_server *server, size_t instances);

/* An instance is about to go: disconnect its translator. */
void feed_server_part(struct feed_server *server, const struct box_instance *instance);

/* Have the translator of an instance send all that it has again. */
void feed_server_rescan(struct feed_server *server, const struct box_instance *instance);

#endif
