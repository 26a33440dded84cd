/* The packet loop: reads the device in bursts, lets time pass for the tables, writes what the core
 * sends, logs what it notes.
 *
 * This is the edge around the pure core (translator.h): the only place that moves packets between
 * device and core.
 */
#ifndef SA_NAT64_LOOP_H
#define SA_NAT64_LOOP_H

#include "translator/locals.h"
#include "translator/translator.h"

#include <systemd/sd-event.h>

struct fastpath;
struct loop;

/* A loop over the device behind tun (owned from now on); locals and fastpath may be NULL, and
 * outlive the loop. NULL when memory ends. */
struct loop *loop_new(int tun, struct locals *locals, struct fastpath *fastpath);
void loop_free(struct loop *loop); /* NULL accepted */

/* What the core needs; valid as long as the loop. */
struct translator_io loop_io(struct loop *loop);

/* Serve t in the event loop from now on. 0 or -errno. t must outlive the loop's last event. */
int loop_start(struct loop *loop, sd_event *event, struct translator *t);

/* Leave packets in the device's queue, and take them again. */
void loop_hold(struct loop *loop);
void loop_release(struct loop *loop);

/* Serve t instead of the one before: after a reload. */
void loop_serve(struct loop *loop, struct translator *t);

/* The core's clock. */
uint64_t loop_now_us(void);

#endif
