/* Under which name this box is looked for among the [node] sections. */
#ifndef SA_NAT64_NODE_NAME_H
#define SA_NAT64_NODE_NAME_H

#define NODE_NAME_FILE "/etc/sa-nat64/node"
#define NODE_NAME_SIZE 65 /* bytes of a host name, NUL included */

/* The first line of NODE_NAME_FILE; the host name when there is no such file, or nothing in it.
 * Returns name. */
const char *node_name_find(char name[NODE_NAME_SIZE]);

/* The same with another file. */
const char *node_name_read(const char *path, char name[NODE_NAME_SIZE]);

#endif
