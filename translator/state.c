#include "translator/state.h"

#include "lib/log.h"
#include "lib/run_directory.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME       "state"
#define NAME_NEW   "state.new"
#define NAME_OLD   "state.old"
#define MAGIC      "sa-nat64"
#define LAYOUT     1 /* of the header */
#define HEADER_LEN 4096
#define BOOT_LEN   36
#define BOOT_PATH  "/proc/sys/kernel/random/boot_id"

struct state_header {
	char magic[8];
	uint32_t layout, unused;
	uint64_t bindings_at, sessions_at, len; /* offsets and length of the file, bytes */
	char boot[BOOT_LEN + 4];                /* the clock of expiries starts with it */
	uint8_t fingerprint[16];
	uint8_t key[16]; /* of hashes and seals */
};

_Static_assert(sizeof(struct state_header) <= HEADER_LEN, "the header is one page");

struct mapping {
	struct state_header *header; /* NULL: none */
	size_t len;
	struct translator_memory memory;
};

struct state {
	char directory[PATH_MAX];
	int lock; /* descriptor of the directory; -1: there can be no file */
	struct mapping used, next;
	bool is_kept;        /* used is what stands under NAME */
	char text[PATH_MAX]; /* for people */
	char why[PATH_MAX];  /* why there is no next */
};

/* ---- shape ---- */

static uint64_t pages(uint64_t len)
{
	return (len + HEADER_LEN - 1) / HEADER_LEN * HEADER_LEN;
}

static int read_boot(char boot[BOOT_LEN + 4])
{
	FILE *file = fopen(BOOT_PATH, "re");
	size_t len = file ? fread(boot, 1, BOOT_LEN, file) : 0;

	if (file)
		(void)fclose(file);
	return len == BOOT_LEN ? 0 : -EIO;
}

/* The header that a file for this configuration has, but for the key. */
static int expect_header(const struct config_instance *config, struct state_header *header)
{
	size_t bindings, sessions;

	translator_memory_size(config, &bindings, &sessions);
	*header = (struct state_header){ .layout = LAYOUT, .bindings_at = HEADER_LEN };
	memcpy(header->magic, MAGIC, sizeof(header->magic));
	header->sessions_at = header->bindings_at + pages(bindings);
	header->len = header->sessions_at + pages(sessions);
	translator_memory_fingerprint(config, header->fingerprint);
	return read_boot(header->boot);
}

/* Why a file with this header cannot be gone on with; NULL: it can. */
static const char *find_difference(const struct state_header *found,
                                   const struct state_header *wanted)
{
	if (memcmp(found->magic, wanted->magic, sizeof(found->magic)) != 0 ||
	    found->layout != wanted->layout)
		return "is not a state file of this version";
	if (memcmp(found->boot, wanted->boot, sizeof(found->boot)) != 0)
		return "is from before the last boot";
	if (memcmp(found->fingerprint, wanted->fingerprint, sizeof(found->fingerprint)) != 0)
		return "is of another version or configuration (pool6, bib or max-sessions)";
	if (found->bindings_at != wanted->bindings_at ||
	    found->sessions_at != wanted->sessions_at || found->len != wanted->len)
		return "is damaged";
	return NULL;
}

/* ---- files ---- */

static void say_missing(const struct state *state, char text[PATH_MAX], const char *what, int error)
{
	(void)snprintf(text, PATH_MAX,
	               "none, sessions end with the process: cannot %s %.3000s/" NAME ": %s", what,
	               state->directory, strerror(-error));
}

static int map_file(int fd, const struct state_header *wanted, struct mapping *out)
{
	uint8_t *start = mmap(NULL, wanted->len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (start == MAP_FAILED)
		return -errno;
	out->header = (struct state_header *)(void *)start;
	out->len = wanted->len;
	out->memory.bindings = start + wanted->bindings_at;
	out->memory.sessions = start + wanted->sessions_at;
	return 0;
}

static void unmap(struct mapping *mapping)
{
	if (mapping->header)
		(void)munmap(mapping->header, mapping->len);
	*mapping = (struct mapping){ .header = NULL };
}

/* Take all the space now: later a full file system would mean SIGBUS. */
static int take_space(const struct state *state, int fd, uint64_t len)
{
	int error;

	if (len > (uint64_t)INT64_MAX)
		return -EFBIG;
	error = posix_fallocate(fd, 0, (off_t)len);
	if (error == ENOSPC && unlinkat(state->lock, NAME_OLD, 0) == 0)
		error = posix_fallocate(fd, 0, (off_t)len);
	return -error;
}

/* Make an empty file NAME_NEW and map it. */
static int make_file(struct state *state, const struct state_header *wanted, struct mapping *out)
{
	int fd, error;

	if (unlinkat(state->lock, NAME_NEW, 0) < 0 && errno != ENOENT)
		return -errno;
	fd = openat(state->lock, NAME_NEW, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	            0600);
	if (fd < 0)
		return -errno;
	error = take_space(state, fd, wanted->len);
	if (error == 0)
		error = map_file(fd, wanted, out);
	(void)close(fd);
	if (error < 0) {
		(void)unlinkat(state->lock, NAME_NEW, 0);
		return error;
	}
	*out->header = *wanted;
	randombytes_buf(out->header->key, sizeof(out->header->key));
	memcpy(out->memory.key, out->header->key, sizeof(out->memory.key));
	return 0;
}

/* As find_difference(), of an open file, whose header goes to *found. */
static const char *check_file(int fd, const struct state_header *wanted, struct state_header *found)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size < HEADER_LEN ||
	    pread(fd, found, sizeof(*found), 0) != (ssize_t)sizeof(*found))
		return "is not a state file of this version";
	if ((uint64_t)st.st_size != wanted->len && !find_difference(found, wanted))
		return "is damaged";
	return find_difference(found, wanted);
}

/* Map the file that an earlier process left. -ENOENT: there is none, or it was set aside. */
static int find_file(struct state *state, const struct state_header *wanted, struct mapping *out)
{
	int fd = openat(state->lock, NAME, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC), error;
	struct state_header found;
	const char *why;

	if (fd < 0)
		return -errno;
	why = check_file(fd, wanted, &found);
	if (why) {
		(void)close(fd);
		log_notice("%s/" NAME " %s: it is set aside as " NAME_OLD
		           ", and its sessions are gone",
		           state->directory, why);
		return renameat(state->lock, NAME, state->lock, NAME_OLD) < 0 ? -errno : -ENOENT;
	}
	error = take_space(state, fd, wanted->len); /* of holes, should it have any */
	if (error == 0)
		error = map_file(fd, wanted, out);
	(void)close(fd);
	if (error < 0)
		return error;
	memcpy(out->memory.key, found.key, sizeof(out->memory.key));
	out->memory.restore = true;
	return 0;
}

/* ---- life ---- */

int state_open(const char *rundir, const char *instance, struct state **out)
{
	struct state *state = calloc(1, sizeof(*state));
	char path[PATH_MAX];
	int error;

	if (!state)
		return -ENOMEM;
	*out = state;
	(void)snprintf(state->directory, sizeof(state->directory), "%s/%s", rundir, instance);
	state->lock = -1;
	if (snprintf(path, sizeof(path), "%s/" NAME, state->directory) >= (int)sizeof(path)) {
		say_missing(state, state->text, "make", -ENAMETOOLONG);
		return 0;
	}
	error = run_directory_make(path);
	if (error == 0)
		state->lock = open(state->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (state->lock < 0) {
		say_missing(state, state->text, "make", error ? error : -errno);
		return 0;
	}
	if (flock(state->lock, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno == EWOULDBLOCK) {
		state_close(state);
		*out = NULL;
		return -EBUSY;
	}
	say_missing(state, state->text, "lock", -errno);
	(void)close(state->lock);
	state->lock = -1;
	return 0;
}

const struct translator_memory *state_start(struct state *state,
                                            const struct config_instance *config)
{
	struct state_header wanted;
	const char *step = "read the boot's identity for";
	int error;

	if (state->lock < 0)
		return NULL;
	error = expect_header(config, &wanted);
	if (error == 0) {
		step = "open";
		error = find_file(state, &wanted, &state->used);
	}
	if (error == -ENOENT) {
		step = "make";
		error = make_file(state, &wanted, &state->used);
		if (error == 0 && renameat(state->lock, NAME_NEW, state->lock, NAME) < 0)
			error = -errno;
	}
	if (error == 0) {
		state->is_kept = true;
		(void)snprintf(state->text, sizeof(state->text), "started empty");
		return &state->used.memory;
	}
	unmap(&state->used);
	(void)unlinkat(state->lock, NAME, 0); /* its sessions would be old ones later */
	say_missing(state, state->text, step, error);
	return NULL;
}

const struct translator_memory *state_renew(struct state *state,
                                            const struct config_instance *config)
{
	struct state_header wanted;
	int error;

	if (state->lock < 0)
		return NULL;
	error = expect_header(config, &wanted);
	if (error == 0)
		error = make_file(state, &wanted, &state->next);
	if (error == 0)
		return &state->next.memory;
	say_missing(state, state->why, "make another beside", error);
	return NULL;
}

void state_commit(struct state *state)
{
	if (state->lock < 0)
		return;
	unmap(&state->used);
	state->used = state->next;
	state->next = (struct mapping){ .header = NULL };
	state->is_kept = state->used.header != NULL;
	if (state->is_kept && renameat(state->lock, NAME_NEW, state->lock, NAME) < 0) {
		say_missing(state, state->why, "replace", -errno);
		state->is_kept = false;
	}
	(void)snprintf(state->text, sizeof(state->text), "%s",
	               state->is_kept ? "new since the last reload" : state->why);
	if (!state->is_kept) /* what stands there is of the past */
		(void)unlinkat(state->lock, NAME, 0);
}

void state_abandon(struct state *state)
{
	if (!state->next.header)
		return;
	unmap(&state->next);
	(void)unlinkat(state->lock, NAME_NEW, 0);
}

void state_restored(struct state *state, const struct translator_restored *restored)
{
	if (!state->is_kept || !state->used.memory.restore)
		return;
	(void)snprintf(state->text, sizeof(state->text),
	               "restored %u sessions of %u bindings, %u torn, %u without a place",
	               restored->sessions, restored->bindings, restored->torn, restored->refused);
}

const char *state_text(const struct state *state)
{
	return state ? state->text : "";
}

bool state_is_kept(const struct state *state)
{
	return state && state->is_kept;
}

void state_close(struct state *state)
{
	if (!state)
		return;
	unmap(&state->used);
	unmap(&state->next);
	if (state->lock >= 0)
		(void)close(state->lock);
	free(state);
}
