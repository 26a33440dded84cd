/* The pinned BPF objects of an instance, in a directory of their own. */
#ifndef SA_NAT64_NETNS_PINS_H
#define SA_NAT64_NETNS_PINS_H

/* Remove them, and the directory above when nothing is left in it. Returns 1 when there were some,
 * 0 when not, or -errno after a line in the log. */
int pins_remove(const char *instance);

#endif
