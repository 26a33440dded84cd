/* Giving up what the running program does not need. */
#ifndef SA_NAT64_PRIVILEGES_H
#define SA_NAT64_PRIVILEGES_H

#define PRIVILEGES_NONE (-1)

/* Drop every capability but `capability` (CAP_NET_ADMIN and so on, or PRIVILEGES_NONE), bounding
 * set included, and the means to regain any. What is wrong is logged. 0 or -errno. */
int privileges_keep(int capability);

#endif
