#include "translator/log_writer.h"

#include "lib/config.h"
#include "lib/log.h"
#include "lib/node_name.h"
#include "translator/log_line.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>
#include <time.h>
#include <unistd.h>

#define TURN_MS        50        /* how often the ring is looked into */
#define BATCH          1024      /* records written before the file is looked at again */
#define CHECK_US       SECOND_US /* how often it is looked whether the file was renamed */
#define SECOND_US      UINT64_C(1000000)
#define MINUTE_US      UINT64_C(60000000)
#define STOP_S         1
#define BUFFER_BYTES   65536
#define RING_RECORDS   65536
#define FILE_MODE      0640
#define JOURNAL_SOCKET "/run/systemd/journal/socket"

enum problem { NO_PROBLEM, NO_JOURNAL, JOURNAL_REFUSES, NO_FILE, FILE_REFUSES };

static const char *const problems[] = {
	[NO_PROBLEM] = NULL,
	[NO_JOURNAL] = "there is no journal on this system; set log-file",
	[JOURNAL_REFUSES] = "the journal refuses them",
	[NO_FILE] = "log-file cannot be opened; look at its directory and its rights",
	[FILE_REFUSES] = "log-file cannot be written; is the disk full?",
};

static const char too_many[] = "they come faster than they are written; log blocks instead";

struct log_writer {
	struct log_ring *ring;
	char instance[CONFIG_NAME_MAX], node[NODE_NAME_SIZE];
	sd_event_source *seconds;
	uint64_t reported, reported_dropped; /* losses that a line told of; of them, by the ring */
	uint64_t reported_us;                /* when; 0: never */

	bool is_running;
	pthread_t thread;
	_Atomic uint64_t written, lost;
	_Atomic int problem; /* enum problem */

	/* Under the lock. */
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool stops;
	char *file; /* NULL: the journal; owned */

	/* The thread's alone. */
	char *open_path; /* of fd; a copy of an earlier file */
	int fd;          /* -1: not open */
	dev_t device;
	ino_t inode;
	uint64_t checked_us;
	bool is_torn; /* the file ends within a line */
	char *buffer;
	size_t len, lines; /* in the buffer */
};

static uint64_t clock_us(clockid_t clock)
{
	struct timespec now;

	(void)clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void lose(struct log_writer *writer, uint64_t count, enum problem why)
{
	atomic_fetch_add_explicit(&writer->lost, count, memory_order_relaxed);
	atomic_store_explicit(&writer->problem, (int)why, memory_order_relaxed);
}

static void count_written(struct log_writer *writer, uint64_t count)
{
	atomic_fetch_add_explicit(&writer->written, count, memory_order_relaxed);
	atomic_store_explicit(&writer->problem, NO_PROBLEM, memory_order_relaxed);
}

/* ---- the file ---- */

static void close_file(struct log_writer *writer)
{
	if (writer->fd >= 0)
		(void)close(writer->fd);
	writer->fd = -1;
	writer->is_torn = false;
}

static void open_file(struct log_writer *writer)
{
	struct stat st;

	writer->fd = open(writer->open_path,
	                  O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY,
	                  FILE_MODE);
	if (writer->fd < 0)
		return;
	if (fstat(writer->fd, &st) < 0 ||
	    (S_ISREG(st.st_mode) && st.st_size == 0 && fchmod(writer->fd, FILE_MODE) < 0)) {
		close_file(writer);
		return;
	}
	writer->device = st.st_dev;
	writer->inode = st.st_ino;
}

/* The file that is open is the one that has the name. */
static bool is_in_place(const struct log_writer *writer)
{
	struct stat st;

	return stat(writer->open_path, &st) == 0 && st.st_dev == writer->device &&
	       st.st_ino == writer->inode;
}

static void ready_file(struct log_writer *writer)
{
	uint64_t now_us = clock_us(CLOCK_MONOTONIC);

	if (writer->fd >= 0 && now_us - writer->checked_us >= CHECK_US) {
		writer->checked_us = now_us;
		if (!is_in_place(writer))
			close_file(writer);
	}
	if (writer->fd < 0)
		open_file(writer);
}

/* A line that a full disk cut off is ended before the next one. */
static bool mend(struct log_writer *writer)
{
	if (writer->is_torn && write(writer->fd, "\n", 1) == 1)
		writer->is_torn = false;
	return !writer->is_torn;
}

static uint64_t count_lines(const char *text, size_t len)
{
	uint64_t lines = 0;

	for (size_t i = 0; i < len; i++)
		lines += text[i] == '\n';
	return lines;
}

static void flush_file(struct log_writer *writer)
{
	uint64_t whole;
	ssize_t done;

	if (writer->len == 0)
		return;
	if (writer->fd < 0) {
		lose(writer, writer->lines, NO_FILE);
	} else {
		done = mend(writer) ? write(writer->fd, writer->buffer, writer->len) : -1;
		whole = done > 0 ? count_lines(writer->buffer, (size_t)done) : 0;
		if (done > 0)
			writer->is_torn = writer->buffer[done - 1] != '\n';
		if (whole)
			count_written(writer, whole);
		if (whole < writer->lines)
			lose(writer, writer->lines - whole, FILE_REFUSES);
	}
	writer->len = writer->lines = 0;
}

static void add_to_file(struct log_writer *writer, const struct log_line *line)
{
	if (BUFFER_BYTES - writer->len < LOG_LINE_JSON_MAX)
		flush_file(writer);
	writer->len += log_line_json(line, writer->buffer + writer->len,
	                             BUFFER_BYTES - writer->len);
	writer->lines++;
}

/* ---- the journal ---- */

/* sd_journal_sendv() is content when there is no journal at all. */
static bool has_journal(void)
{
	return access(JOURNAL_SOCKET, F_OK) == 0;
}

static void send_to_journal(struct log_writer *writer, struct log_line *line)
{
	struct iovec parts[LOG_LINE_PARTS];
	int count = log_line_fields(line, parts);

	if (sd_journal_sendv(parts, count) < 0)
		lose(writer, 1, JOURNAL_REFUSES);
	else
		count_written(writer, 1);
}

/* ---- the thread ---- */

static void write_record(struct log_writer *writer, const struct log_record *record,
                         uint64_t utc_offset_us, bool to_journal)
{
	struct log_line line;

	log_line_make(record, record->at_us + utc_offset_us, writer->instance, writer->node, &line);
	if (writer->open_path)
		add_to_file(writer, &line);
	else if (to_journal)
		send_to_journal(writer, &line);
	else
		lose(writer, 1, NO_JOURNAL);
}

/* Returns whether there may be more. */
static bool write_batch(struct log_writer *writer)
{
	uint64_t offset_us = clock_us(CLOCK_REALTIME) - clock_us(CLOCK_MONOTONIC);
	bool to_journal = !writer->open_path && has_journal();
	struct log_record record;
	int count = 0;

	if (writer->open_path)
		ready_file(writer);
	while (count < BATCH && log_ring_take(writer->ring, &record)) {
		write_record(writer, &record, offset_us, to_journal);
		count++;
	}
	flush_file(writer);
	return count == BATCH;
}

/* Go over to the file that is wanted now. Called with the lock. */
static void choose_target(struct log_writer *writer)
{
	if (!writer->file == !writer->open_path &&
	    (!writer->file || strcmp(writer->file, writer->open_path) == 0))
		return;
	close_file(writer);
	free(writer->open_path);
	writer->open_path = writer->file ? strdup(writer->file) : NULL;
}

/* Returns false when the thread is to end. */
static bool wait_turn(struct log_writer *writer)
{
	struct timespec until;
	bool goes_on;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += TURN_MS * 1000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	(void)pthread_mutex_lock(&writer->lock);
	if (!writer->stops)
		(void)pthread_cond_timedwait(&writer->wake, &writer->lock, &until);
	choose_target(writer);
	goes_on = !writer->stops;
	(void)pthread_mutex_unlock(&writer->lock);
	return goes_on;
}

static void *run(void *context)
{
	struct log_writer *writer = context;
	bool goes_on;

	do {
		goes_on = wait_turn(writer);
		if (log_ring_waiting(writer->ring) == 0)
			continue;
		while (write_batch(writer))
			;
	} while (goes_on);
	return NULL;
}

/* ---- the outside ---- */

static void report(struct log_writer *writer, uint64_t now_us)
{
	uint64_t dropped = log_ring_lost(writer->ring);
	struct log_writer_stats stats;
	const char *why;

	log_writer_stats(writer, &stats);
	if (stats.lost == writer->reported ||
	    (writer->reported_us && now_us - writer->reported_us < MINUTE_US))
		return;
	why = stats.problem ? stats.problem : "for a while it could not be written";
	log_warning("the session log lost %" PRIu64 " records: %s", stats.lost - writer->reported,
	            dropped > writer->reported_dropped ? too_many : why);
	writer->reported = stats.lost;
	writer->reported_dropped = dropped;
	writer->reported_us = now_us;
}

static int on_second(sd_event_source *source, uint64_t due_us, void *userdata)
{
	uint64_t now_us = clock_us(CLOCK_MONOTONIC);

	(void)due_us;
	report(userdata, now_us);
	return sd_event_source_set_time(source, now_us + SECOND_US);
}

static int start_seconds(struct log_writer *writer, sd_event *event)
{
	int error = sd_event_add_time(event, &writer->seconds, CLOCK_MONOTONIC,
	                              clock_us(CLOCK_MONOTONIC) + SECOND_US, SECOND_US / 10,
	                              on_second, writer);

	return error < 0 ? error : sd_event_source_set_enabled(writer->seconds, SD_EVENT_ON);
}

static void destroy(struct log_writer *writer)
{
	close_file(writer);
	sd_event_source_disable_unref(writer->seconds);
	log_ring_free(writer->ring);
	(void)pthread_cond_destroy(&writer->wake);
	(void)pthread_mutex_destroy(&writer->lock);
	free(writer->file);
	free(writer->open_path);
	free(writer->buffer);
	free(writer);
}

static void init_wake(struct log_writer *writer)
{
	pthread_condattr_t attributes;

	(void)pthread_condattr_init(&attributes);
	(void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&writer->wake, &attributes);
	(void)pthread_condattr_destroy(&attributes);
	(void)pthread_mutex_init(&writer->lock, NULL);
}

struct log_writer *log_writer_new(const char *instance, const char *node, const char *file)
{
	struct log_writer *writer = calloc(1, sizeof(*writer));

	if (!writer)
		return NULL;
	(void)snprintf(writer->instance, sizeof(writer->instance), "%s", instance);
	(void)snprintf(writer->node, sizeof(writer->node), "%s", node);
	writer->fd = -1;
	init_wake(writer);
	writer->ring = log_ring_new(RING_RECORDS);
	writer->buffer = malloc(BUFFER_BYTES);
	writer->file = file ? strdup(file) : NULL;
	if (writer->ring && writer->buffer && (writer->file || !file))
		return writer;
	destroy(writer);
	return NULL;
}

struct log_ring *log_writer_ring(const struct log_writer *writer)
{
	return writer->ring;
}

int log_writer_start(struct log_writer *writer, sd_event *event)
{
	int error = start_seconds(writer, event);

	if (error >= 0)
		error = -pthread_create(&writer->thread, NULL, run, writer);
	writer->is_running = error >= 0;
	return error;
}

void log_writer_set_file(struct log_writer *writer, const char *file)
{
	char *copy = file ? strdup(file) : NULL;

	if (file && !copy)
		return;
	(void)pthread_mutex_lock(&writer->lock);
	free(writer->file);
	writer->file = copy;
	(void)pthread_mutex_unlock(&writer->lock);
}

void log_writer_stats(const struct log_writer *writer, struct log_writer_stats *out)
{
	uint64_t dropped = log_ring_lost(writer->ring);
	int problem = atomic_load_explicit(&writer->problem, memory_order_relaxed);

	*out = (struct log_writer_stats){
		.written = atomic_load_explicit(&writer->written, memory_order_relaxed),
		.lost = atomic_load_explicit(&writer->lost, memory_order_relaxed) + dropped,
		.waiting = log_ring_waiting(writer->ring),
		.problem = problems[problem],
	};
}

/* Returns whether the thread has ended. */
static bool stop(struct log_writer *writer)
{
	struct timespec until;

	(void)pthread_mutex_lock(&writer->lock);
	writer->stops = true;
	(void)pthread_cond_signal(&writer->wake);
	(void)pthread_mutex_unlock(&writer->lock);
	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += STOP_S;
	return pthread_clockjoin_np(writer->thread, NULL, CLOCK_MONOTONIC, &until) == 0;
}

void log_writer_free(struct log_writer *writer)
{
	if (!writer)
		return;
	writer->seconds = sd_event_source_disable_unref(writer->seconds);
	if (!writer->is_running || stop(writer)) {
		destroy(writer);
		return;
	}
	log_warning("the session log hangs; %" PRIu32 " records are lost",
	            log_ring_waiting(writer->ring));
}
