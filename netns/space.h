/* Named network namespaces as iproute2 makes them: a bind mount of the namespace below /run/netns,
 * which is a shared mount, so that `ip netns` and systemd find it.
 */
#ifndef SA_NAT64_NETNS_SPACE_H
#define SA_NAT64_NETNS_SPACE_H

#include <netlink/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define SPACE_DIRECTORY "/run/netns"

/* The box's namespace, where the program was started, and the one that is worked on. */
struct workplace {
	int box, inner; /* descriptors of the namespaces; inner is -1 while there is none */
	struct nl_sock *box_sock, *inner_sock;
	const char *name; /* of the inner one */
};

/* Look at the namespace of that name, which need not exist. 0 or -errno after a line in the log. */
int workplace_open(struct workplace *place, const char *name);
/* The same again after the namespace was made. */
int workplace_enter_new(struct workplace *place);
void workplace_close(struct workplace *place);

/* Run as a process of the inner namespace, or of the box's again: what is opened, and all paths
 * below /proc/sys/net, belong to it. 0 or -errno. */
int workplace_go_inside(const struct workplace *place);
int workplace_go_back(const struct workplace *place);

/* Only one program at a time works on namespaces here, as long as the result is open. A descriptor
 * or -errno. */
int space_lock(void);

/* Make the namespace and mount it by its name, over what an interrupted attempt left. 0 or -errno.
 */
int space_make(const char *name);
/* Unmount it and remove the name. It goes when the last process in it ends. 0 or -errno. */
int space_remove(const char *name);

struct space_program {
	pid_t pid;
	char name[16];
};

/* The processes inside, up to max; returns how many there are. */
size_t space_programs(const struct workplace *place, struct space_program *out, size_t max);

#endif
