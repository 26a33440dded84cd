/* One call of vtysh as a child process that the event loop waits for, with a deadline.
 *
 * It runs in a process group of its own, which is killed when the deadline passes: vtysh waits for
 * ever for a daemon that hangs. Its output is read while it runs, and bounded.
 */
#ifndef SA_NAT64_VTYSH_H
#define SA_NAT64_VTYSH_H

#include <systemd/sd-event.h>

struct vtysh;

/* The end of a call. error: 0, and text is what it printed; -EBADMSG: it ended with another exit
 * status than 0, text says why; -ETIMEDOUT: killed at its deadline; -EMSGSIZE: killed, it printed
 * too much. text holds until the function returns. The call is freed behind it. */
typedef void vtysh_done_fn(void *context, int error, const char *text, size_t len);

/* Give bfdd in that pathspace the lines of script (newlines between them; the first one that is
 * refused ends it). vtysh is searched in PATH. 0: done() will be called, from the loop; or -errno:
 * -ENOENT when there is no vtysh, -EMSGSIZE when there are too many lines. */
int vtysh_start(sd_event *event, const char *pathspace, const char *script, uint64_t timeout_us,
                vtysh_done_fn *done, void *context, struct vtysh **out);

/* End a call that is under way, without a word: when this returns the process is gone. NULL is
 * accepted. */
void vtysh_free(struct vtysh *vtysh);

/* Whether PATH has a vtysh. */
int vtysh_find(void);

#endif
