/* The cluster's secret key: 32 random bytes in a file, as one line of 64 hexadecimal digits.
 *
 * Who can read the file can read and forge the exchange of sessions, so a file that anybody but its
 * owner can read or write is refused, as is one that belongs to another user.
 */
#ifndef SA_NAT64_SYNC_KEY_H
#define SA_NAT64_SYNC_KEY_H

#include <stddef.h>
#include <stdint.h>

#define SYNC_KEY_LEN 32

/* Read the key. 0, or with one sentence in why (size bytes) that names the file and what to do:
 * -ENOENT when there is no such file, -EPERM when others may read or write it or own it, -EINVAL
 * when its contents are no key, else the -errno of opening or reading it. */
int sync_key_read(const char *path, uint8_t key[SYNC_KEY_LEN], char *why, size_t size);

/* Make a key and write it to a new file, mode 0600. 0, or with one sentence in why -EEXIST when the
 * file is there already (it is left alone), else the -errno of what failed; nothing is left then.
 * libsodium must have been started. */
int sync_key_make(const char *path, char *why, size_t size);

#endif
