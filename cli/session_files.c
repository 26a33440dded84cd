#include "cli/session_files.h"

#include "lib/address.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#define BUFFER_BYTES 65536 /* and the longest line that is read */

/* What a line must have somewhere to be worth reading. */
struct needles {
	char address[ADDRESS_STRLEN + 2]; /* in quotes */
	char port[8], block[8];
};

struct stream {
	struct session_file file;
	dev_t device;
	ino_t inode;
	gzFile handle; /* NULL: at its end */
	char *buffer;
	size_t at, end;                          /* what is left of the buffer */
	bool skips;                              /* within a line that is too long */
	bool has_next;                           /* a record waits: */
	struct session_record next, first, last; /* the last two of file.first_us and last_us */
	char *tail; /* the last line that was not read as JSON, for its time */
	size_t tail_len;
};

struct session_files {
	struct session_question question;
	struct needles needles;
	struct stream streams[SESSION_FILES_MAX];
	size_t count;
};

struct session_files *session_files_new(const struct session_question *question)
{
	struct session_files *files = calloc(1, sizeof(*files));
	char address[ADDRESS_STRLEN];

	if (!files)
		return NULL;
	files->question = *question;
	(void)snprintf(files->needles.address, sizeof(files->needles.address), "\"%s\"",
	               address4_format(question->pool4, address));
	(void)snprintf(files->needles.port, sizeof(files->needles.port), "%u", question->port);
	(void)snprintf(files->needles.block, sizeof(files->needles.block), "%u",
	               question->port / SESSION_LOG_BLOCK_PORTS * SESSION_LOG_BLOCK_PORTS);
	return files;
}

static void stream_close(struct stream *stream)
{
	if (stream->handle)
		(void)gzclose_r(stream->handle);
	stream->handle = NULL;
	free(stream->buffer);
	free(stream->tail);
	stream->buffer = stream->tail = NULL;
}

void session_files_free(struct session_files *files)
{
	if (!files)
		return;
	for (size_t i = 0; i < files->count; i++) {
		stream_close(&files->streams[i]);
		free(files->streams[i].file.path);
	}
	free(files);
}

/* ---- which files ---- */

static bool ends_in(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);

	return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

static const char *packed_otherwise(const char *path)
{
	static const char *const ends[] = { ".xz", ".zst", ".bz2", ".lz4", ".zip" };

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (ends_in(path, ends[i]))
			return ends[i];
	return NULL;
}

static bool is_known(const struct session_files *files, const struct stat *st)
{
	for (size_t i = 0; i < files->count; i++)
		if (files->streams[i].device == st->st_dev && files->streams[i].inode == st->st_ino)
			return true;
	return false;
}

static int stream_open(struct stream *stream, const char *path, const struct stat *st)
{
	*stream = (struct stream){ .device = st->st_dev, .inode = st->st_ino };
	stream->file.path = strdup(path);
	stream->buffer = malloc(BUFFER_BYTES);
	stream->tail = malloc(BUFFER_BYTES);
	errno = ENOMEM;
	if (stream->file.path && stream->buffer && stream->tail)
		stream->handle = gzopen(path, "rbe");
	if (stream->handle)
		return 0;
	stream_close(stream);
	free(stream->file.path);
	return errno ? -errno : -ENOMEM;
}

int session_files_add(struct session_files *files, const char *path, char *problem, size_t size)
{
	const char *packed = packed_otherwise(path);
	struct stat st;
	int error = stat(path, &st) < 0 ? -errno : 0;

	if (error == 0 && packed) {
		(void)snprintf(problem, size, "%s: %s is not read here, only .gz; unpack it first",
		               path, packed);
		return -EINVAL;
	}
	if (error == 0 && !S_ISREG(st.st_mode))
		error = -EINVAL;
	if (error == 0 && is_known(files, &st))
		return 0;
	if (error == 0 && files->count == SESSION_FILES_MAX)
		error = -E2BIG;
	if (error == 0)
		error = stream_open(&files->streams[files->count], path, &st);
	if (error == 0) {
		files->count++;
		return 1;
	}
	if (error == -E2BIG)
		(void)snprintf(problem, size, "%s: %d files are read at once, and no more", path,
		               SESSION_FILES_MAX);
	else
		(void)snprintf(problem, size, "%s: %s", path,
		               error == -EINVAL ? "it is no file" : strerror(-error));
	return error;
}

int session_files_add_rotated(struct session_files *files, const char *path, char *problem,
                              size_t size)
{
	char pattern[4200];
	size_t len = 0;
	glob_t found;
	int added = session_files_add(files, path, problem, size), one;

	for (const char *c = path; *c && len + 8 < sizeof(pattern); c++) {
		if (strchr("\\*?[", *c))
			pattern[len++] = '\\';
		pattern[len++] = *c;
	}
	(void)snprintf(pattern + len, sizeof(pattern) - len, "[.-]*");
	if (glob(pattern, 0, NULL, &found) != 0)
		return added;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		one = session_files_add(files, found.gl_pathv[i], problem, size);
		if (one < 0 && one != -ENOENT) {
			globfree(&found);
			return one;
		}
		added = (added > 0 ? added : 0) + (one > 0 ? one : 0);
	}
	globfree(&found);
	return added;
}

/* ---- lines ---- */

/* Read on behind what is left. Returns 1, 0 at the end, or -EIO. */
static int fill(struct stream *stream)
{
	int got, error = Z_OK;

	memmove(stream->buffer, stream->buffer + stream->at, stream->end - stream->at);
	stream->end -= stream->at;
	stream->at = 0;
	got = gzread(stream->handle, stream->buffer + stream->end,
	             (unsigned)(BUFFER_BYTES - stream->end));
	if (got == 0)
		(void)gzerror(stream->handle, &error); /* cut off within packed data */
	if (got < 0 || (error != Z_OK && error != Z_STREAM_END))
		return -EIO;
	stream->end += (size_t)got;
	return got > 0;
}

/* The next line without its end. Returns 1, 0 at the end, or -EIO. A line longer than the buffer is
 * passed over; the last one need not have an end. */
static int next_line(struct stream *stream, const char **line, size_t *len)
{
	while (true) {
		const char *from = stream->buffer + stream->at;
		const char *newline = memchr(from, '\n', stream->end - stream->at);
		int more;

		if (newline) {
			*line = from;
			*len = (size_t)(newline - from);
			stream->at += *len + 1;
			if (!stream->skips)
				return 1;
			stream->skips = false;
			continue;
		}
		if (stream->end - stream->at == BUFFER_BYTES) { /* longer than any record */
			stream->file.broken += !stream->skips;
			stream->skips = true;
			stream->at = stream->end;
		}
		more = fill(stream);
		if (more != 0 && more != 1)
			return more;
		if (more == 1)
			continue;
		*line = stream->buffer + stream->at;
		*len = stream->skips ? 0 : stream->end - stream->at;
		stream->at = stream->end;
		return *len > 0;
	}
}

static bool has(const char *line, size_t len, const char *text)
{
	return memmem(line, len, text, strlen(text)) != NULL;
}

/* Whether a line may be wanted; it may still be something else. */
static bool may_be_wanted(const struct needles *needles, const char *line, size_t len)
{
	if (has(line, len, needles->address))
		return has(line, len, needles->port) || has(line, len, needles->block);
	return has(line, len, "\"start\"");
}

/* Whether a line has the outside of a record: one object, and nothing around it. */
static bool looks_whole(const char *line, size_t len)
{
	return len > 1 && line[0] == '{' && line[len - 1] == '}' && !memchr(line + 1, '{', len - 1);
}

/* Times of a file's first and last records say how far its log reaches. */
static void note(struct stream *stream, const struct session_record *record)
{
	if (!stream->file.first_us) {
		stream->file.first_us = record->time_us;
		stream->first = *record;
	}
	stream->file.last_us = record->time_us;
	stream->last = *record;
}

/* Read a line as a record. Returns whether it is one. */
static bool read_line(struct stream *stream, const char *line, size_t len,
                      struct session_record *out)
{
	if (session_record_read(line, len, out) < 0) {
		stream->file.broken++;
		return false;
	}
	note(stream, out);
	return true;
}

/* The end of a file: its last line was kept, and is read now if it was passed over. */
static void finish(struct stream *stream)
{
	struct session_record record;

	if (stream->tail_len > 0)
		(void)read_line(stream, stream->tail, stream->tail_len, &record);
	stream->tail_len = 0;
	stream_close(stream);
}

static void keep_tail(struct stream *stream, const char *line, size_t len)
{
	memcpy(stream->tail, line, len);
	stream->tail_len = len;
}

/* Returns whether the line is a record that is wanted, which is stream->next then. */
static bool take_line(const struct session_files *files, struct stream *stream, const char *line,
                      size_t len)
{
	if (len > 0 && line[len - 1] == '\r')
		len--;
	if (len == 0)
		return false;
	stream->file.lines++;
	if (looks_whole(line, len) && stream->file.first_us &&
	    !may_be_wanted(&files->needles, line, len)) {
		keep_tail(stream, line, len);
		return false;
	}
	stream->tail_len = 0;
	return read_line(stream, line, len, &stream->next) &&
	       session_fold_wants(&files->question, &stream->next);
}

/* Returns 0, or -EIO. */
static int advance(const struct session_files *files, struct stream *stream)
{
	const char *line;
	size_t len;
	int result = 0;

	stream->has_next = false;
	while (stream->handle && !stream->has_next) {
		result = next_line(stream, &line, &len);
		if (result <= 0)
			finish(stream);
		else
			stream->has_next = take_line(files, stream, line, len);
	}
	return result < 0 ? result : 0;
}

int session_files_next(struct session_files *files, struct session_record *out, char *problem,
                       size_t size)
{
	struct stream *earliest = NULL;

	for (size_t i = 0; i < files->count; i++) {
		struct stream *stream = &files->streams[i];

		if (!stream->has_next && advance(files, stream) < 0) {
			(void)snprintf(problem, size, "%s: it cannot be read to its end%s",
			               stream->file.path,
			               ends_in(stream->file.path, ".gz") ? "; is it whole?" : "");
			return -EIO;
		}
		if (stream->has_next &&
		    (!earliest || stream->next.time_us < earliest->next.time_us))
			earliest = stream;
	}
	if (!earliest)
		return 0;
	*out = earliest->next;
	earliest->has_next = false;
	return 1;
}

size_t session_files_count(const struct session_files *files)
{
	return files->count;
}

const struct session_file *session_files_at(const struct session_files *files, size_t i)
{
	return &files->streams[i].file;
}

void session_files_note(const struct session_files *files, struct session_fold *fold)
{
	for (size_t i = 0; i < files->count; i++) {
		const struct stream *stream = &files->streams[i];

		if (!stream->file.first_us)
			continue;
		session_fold_note(fold, stream->first.node, stream->first.time_us);
		session_fold_note(fold, stream->last.node, stream->last.time_us);
	}
}
