/* The version that every program prints with --version: from the last tag, or from the file
 * VERSION. */
#ifndef SA_NAT64_VERSION_H
#define SA_NAT64_VERSION_H

extern const char sa_nat64_version[];

#endif
