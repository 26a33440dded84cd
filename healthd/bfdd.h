/* A held connection to the bfdd of one pathspace, for the event loop.
 *
 * A question over it costs bfdd and us a tenth of a millisecond; vtysh takes forty for each of its
 * starts. So it is asked often what its peers do, and told to be silent without waiting for a
 * process to start. That bfdd has ended is noticed at once. One question at a time.
 */
#ifndef SA_NAT64_BFDD_H
#define SA_NAT64_BFDD_H

#include <systemd/sd-event.h>

struct bfdd;

/* The end of a question. error: 0, and text is what bfdd said to the last line of the script;
 * -EBADMSG: it refused a line, text is what it said to the first such (the others were still
 * told); -ETIMEDOUT: it did not answer in time; -EMSGSIZE: it said too much; -ECONNRESET. In the
 * latter three cases it is not connected any more. text holds until the function returns. */
typedef void bfdd_done_fn(void *context, int error, const char *text, size_t len);

/* ended(context): the connection is gone without having been asked anything. 0 or -errno. */
int bfdd_new(sd_event *event, const char *pathspace, void (*ended)(void *context), void *context,
             struct bfdd **out);

/* NULL is accepted. A question under way ends without a word. */
void bfdd_free(struct bfdd *bfdd);

/* 0 when it is connected now, or was; else -errno of vty_connect(). */
int bfdd_connect(struct bfdd *bfdd);

/* script: lines with newlines. 0: done() will be called, from the loop; or -errno when it could not
 * be sent: -ENOTCONN, -EBUSY with another question under way, or of vty_send(). */
int bfdd_ask(struct bfdd *bfdd, const char *script, uint64_t timeout_us, bfdd_done_fn *done,
             void *context);

#endif
