/* Giving up what the running program does not need. */
#ifndef SA_NAT64_PRIVILEGES_H
#define SA_NAT64_PRIVILEGES_H

/* Drop every capability but CAP_NET_ADMIN (a reload changes routes), bounding set included, and the
 * means to regain any. What is wrong is logged. 0 or -errno. */
int privileges_drop(void);

#endif
