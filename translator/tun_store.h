/* The TUN's descriptor in the service manager's store, where it rests while no translator runs: as
 * long as somebody holds it, packets wait in the device's queue instead of being lost.
 */
#ifndef SA_NAT64_TUN_STORE_H
#define SA_NAT64_TUN_STORE_H

/* The descriptor of device `name`: the one that an earlier process left in the store, or one by
 * tun_open(), which goes there. What else the service manager passed is closed and taken out of the
 * store. Without such a manager the same as tun_open(). To be called once. */
int tun_store_open(const char *name);

#endif
