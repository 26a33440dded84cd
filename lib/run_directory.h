/* The directories that run-time files lie in. */
#ifndef SA_NAT64_RUN_DIRECTORY_H
#define SA_NAT64_RUN_DIRECTORY_H

/* Make the directory of the file that path names, and the one above it (mode 0750), where missing.
 * Returns 0 or -errno; -ENAMETOOLONG beyond 4,095 bytes. */
int run_directory_make(const char *path);

#endif
