/* Looks after the device and the fast path on it, which others can take away: with ip link, tc or
 * bpftool, by hand or in a script; and after the kernel's forwarding, without which no packet gets
 * there.
 *
 * The kernel's events tell at once, a look every second tells if they do not. A device that was set
 * down is set up again, a fast path that was taken off is attached again; established flows take
 * the slow path meanwhile. A device that is gone ends the event loop with an error, for the next
 * start makes it anew. Forwarding is the box's own business: it is told when it is off, not set.
 */
#ifndef SA_NAT64_GUARD_H
#define SA_NAT64_GUARD_H

#include <systemd/sd-event.h>

struct fastpath;
struct guard;

/* Whom to tell; called from the event loop. */
struct guard_hooks {
	const char *instance; /* for the log; this is copied, too */
	/* The device was down and is up again, without the routes it had. */
	void (*risen)(void *context);
	/* The fast path was taken off; why NULL: it is attached again, else it cannot be, and is
	 * tried every second. */
	void (*fast_path)(void *context, const char *why);
	/* The kernel forwards no packets any more, why says what to set; NULL: it does again. When
	 * it does at the start, nothing is told. */
	void (*forwarding)(void *context, const char *why);
	void *context;
};

/* Guard the device `tun` (not copied), which exists, and look at forwarding at once; fastpath may
 * be NULL and must outlive the guard. hooks are copied. 0 or -errno. */
int guard_start(sd_event *event, const char *tun, struct fastpath *fastpath,
                const struct guard_hooks *hooks, struct guard **out);
void guard_stop(struct guard *guard); /* NULL accepted */

#endif
