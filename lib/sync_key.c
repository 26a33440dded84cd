#include "lib/sync_key.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEX_LEN (2 * SYNC_KEY_LEN)

/* Whether an open file is the secret of its owner alone, who is this process's user or root. */
static int check_owner(int fd, const char *path, char *why, size_t size)
{
	struct stat st;

	if (fstat(fd, &st) < 0) {
		snprintf(why, size, "cannot look at %s: %s", path, strerror(errno));
		return -errno;
	}
	if (!S_ISREG(st.st_mode)) {
		snprintf(why, size, "%s is no file; make a key with 'sa-nat64 sync-key'", path);
		return -EINVAL;
	}
	if (st.st_uid != geteuid() && st.st_uid != 0) {
		snprintf(why, size,
		         "%s belongs to user %u; it must belong to user %u or root: chown", path,
		         (unsigned)st.st_uid, (unsigned)geteuid());
		return -EPERM;
	}
	if (st.st_mode & 0177) {
		snprintf(why, size,
		         "%s has mode %04o, so that others may know the key; chmod 0600 it"
		         " and, if they do know it, make a new one",
		         path, (unsigned)st.st_mode & 07777);
		return -EPERM;
	}
	return 0;
}

static int parse_key(const char *text, size_t len, uint8_t key[SYNC_KEY_LEN])
{
	size_t written = 0;

	if (len == HEX_LEN + 1 && text[HEX_LEN] == '\n')
		len = HEX_LEN;
	if (len != HEX_LEN ||
	    sodium_hex2bin(key, SYNC_KEY_LEN, text, len, NULL, &written, NULL) < 0 ||
	    written != SYNC_KEY_LEN)
		return -EINVAL;
	return 0;
}

static int read_key(int fd, const char *path, uint8_t key[SYNC_KEY_LEN], char *why, size_t size)
{
	char text[HEX_LEN + 2]; /* one more than a key may have */
	ssize_t len = read(fd, text, sizeof(text));
	int error;

	if (len < 0) {
		error = -errno;
		snprintf(why, size, "cannot read %s: %s", path, strerror(errno));
		return error;
	}
	error = parse_key(text, (size_t)len, key);
	sodium_memzero(text, sizeof(text));
	if (error)
		snprintf(why, size,
		         "%s holds no key: one line of %d hexadecimal digits; make one with "
		         "'sa-nat64 sync-key'",
		         path, HEX_LEN);
	return error;
}

int sync_key_read(const char *path, uint8_t key[SYNC_KEY_LEN], char *why, size_t size)
{
	uint8_t bytes[SYNC_KEY_LEN];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), error;

	if (fd < 0) {
		error = -errno;
		snprintf(why, size, "cannot open %s: %s%s", path, strerror(errno),
		         errno == ENOENT ? "; make a key with 'sa-nat64 sync-key' and copy it to "
		                           "every box"
		                         : "");
		return error;
	}
	error = check_owner(fd, path, why, size);
	if (!error)
		error = read_key(fd, path, bytes, why, size);
	(void)close(fd);
	if (!error)
		memcpy(key, bytes, SYNC_KEY_LEN);
	sodium_memzero(bytes, sizeof(bytes));
	return error;
}

/* A new file's contents: on the disk or not there. */
static int write_key(int fd)
{
	uint8_t key[SYNC_KEY_LEN];
	char text[HEX_LEN + 1];
	ssize_t len;
	int error = 0;

	randombytes_buf(key, sizeof(key));
	(void)sodium_bin2hex(text, sizeof(text), key, sizeof(key));
	text[HEX_LEN] = '\n';
	len = write(fd, text, sizeof(text));
	if (len < 0)
		error = -errno;
	else if (len != (ssize_t)sizeof(text))
		error = -ENOSPC;
	else if (fsync(fd) < 0 && errno != EINVAL)
		error = -errno;
	sodium_memzero(key, sizeof(key));
	sodium_memzero(text, sizeof(text));
	return error;
}

int sync_key_make(const char *path, char *why, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600), error;

	if (fd < 0) {
		error = -errno;
		if (error == -EEXIST)
			snprintf(why, size,
			         "%s exists already and was left alone; remove it first if the "
			         "cluster is to have a new key",
			         path);
		else
			snprintf(why, size, "cannot make %s: %s", path, strerror(errno));
		return error;
	}
	error = write_key(fd);
	if (close(fd) < 0 && !error)
		error = -errno;
	if (error) {
		snprintf(why, size, "cannot write %s: %s", path, strerror(-error));
		(void)unlink(path);
	}
	return error;
}
