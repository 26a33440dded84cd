/* Session logs in files: lines of JSON, plain or packed by gzip, read side by side in order of
 * time, however large they are and however they were rotated.
 *
 * Each file is a stream of its own, in which times rise; the next record is the earliest one of all
 * streams. Lines that cannot be about the question are passed over by searching for its numbers,
 * the others are read as JSON. A line that is no record is counted.
 */
#ifndef SA_NAT64_SESSION_FILES_H
#define SA_NAT64_SESSION_FILES_H

#include "cli/session_fold.h"

#define SESSION_FILES_MAX 400

struct session_file {
	char *path;                /* owned */
	uint64_t lines, broken;    /* read so far; of them no records */
	int64_t first_us, last_us; /* times of its first and last record; 0: it has none */
};

struct session_files;

/* For a question, which is copied but not its strings. NULL when memory ends. */
struct session_files *session_files_new(const struct session_question *question);
void session_files_free(struct session_files *files); /* NULL accepted */

/* Add a file, or one with all that rotation made of it (NAME.1, NAME.2.gz, NAME-20261121.gz).
 * Returns how many were added, or -errno with a sentence in problem: nothing can be opened,
 * -E2BIG too many, a packed form that is not read here. A file that is there already is not added
 * again. */
int session_files_add(struct session_files *files, const char *path, char *problem, size_t size);
int session_files_add_rotated(struct session_files *files, const char *path, char *problem,
                              size_t size);

/* The next record that the question wants. Returns 1, 0 at the end of all files, or -errno with a
 * sentence in problem for one that cannot be read on, which is left then. */
int session_files_next(struct session_files *files, struct session_record *out, char *problem,
                       size_t size);

/* The files, of which all is known at the end. */
size_t session_files_count(const struct session_files *files);
const struct session_file *session_files_at(const struct session_files *files, size_t i);

/* What the files tell of how far each box's log reaches: by their first and last records. */
void session_files_note(const struct session_files *files, struct session_fold *fold);

#endif
