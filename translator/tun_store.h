/* The TUN's descriptor, which may rest in the service manager's store over a restart. */
#ifndef SA_NAT64_TUN_STORE_H
#define SA_NAT64_TUN_STORE_H

struct fd_store;

/* The descriptor of device `name`: the one that an earlier process left in the store, or one by
 * tun_open(), which goes there. What else is under its name is closed and taken out. */
int tun_store_open(struct fd_store *store, const char *name);

#endif
