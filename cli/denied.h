/* What somebody can do who may not open a socket or a directory. */
#ifndef SA_NAT64_DENIED_H
#define SA_NAT64_DENIED_H

#define DENIED_REMEDY_MAX 80

/* "run as root", and which group to join when what stands at path, or the directory that hides it,
 * belongs to another than root's. Returns text. */
const char *denied_remedy(const char *path, char text[DENIED_REMEDY_MAX]);

#endif
