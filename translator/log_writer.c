#include "translator/log_writer.h"

#include "lib/config.h"
#include "lib/log.h"
#include "lib/node_name.h"
#include "translator/collector.h"
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
#define DRAIN_US       UINT64_C(700000) /* for collectors to take what waits, at the end */
#define LINES_A_MINUTE 4                /* about the state of one collector */
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

/* Where records go. */
struct targets {
	enum config_log_target local;
	char *file;
	char *collectors[CONFIG_LOG_IPFIX_MAX];
	size_t collector_count;
};

/* What was said of a collector. */
struct account {
	char name[COLLECTOR_NAME_MAX];
	bool was_up;
	const char *problem;    /* that a line told of */
	uint64_t lost, lost_us; /* as writer.reported */
	struct log_limit limit;
};

struct log_writer {
	struct log_ring *ring;
	char instance[CONFIG_NAME_MAX], node[NODE_NAME_SIZE];
	sd_event_source *seconds;
	uint64_t reported, reported_dropped; /* losses that a line told of; of them, by the ring */
	uint64_t reported_us;                /* when; 0: never */
	struct account accounts[CONFIG_LOG_IPFIX_MAX];
	struct ipfix_source source;

	bool is_running;
	pthread_t thread;
	_Atomic uint64_t written, lost;
	_Atomic uint64_t abandoned; /* waited for a collector that is not used any more */
	_Atomic int problem;        /* enum problem */

	/* Under the lock. */
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool stops, is_changed;
	struct targets wanted;
	struct collector *collectors[CONFIG_LOG_IPFIX_MAX]; /* changed by the thread alone */
	size_t collector_count;

	/* The thread's alone. */
	enum config_log_target local;
	char *open_path; /* of fd; NULL unless local is the file */
	int fd;          /* -1: not open */
	dev_t device;
	ino_t inode;
	uint64_t checked_us;
	bool is_torn; /* the file ends within a line */
	char *buffer;
	size_t len, lines; /* in the buffer */
	struct ipfix_body body;
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

/* ---- the collectors ---- */

static void flush_body(struct log_writer *writer)
{
	if (writer->body.records == 0)
		return;
	for (size_t i = 0; i < writer->collector_count; i++)
		collector_put(writer->collectors[i], &writer->body);
	ipfix_body_init(&writer->body);
}

static void add_to_body(struct log_writer *writer, const struct log_record *record, uint64_t utc_us)
{
	if (ipfix_add_record(&writer->body, &writer->source, record, utc_us))
		return;
	flush_body(writer);
	(void)ipfix_add_record(&writer->body, &writer->source, record, utc_us);
}

static void tend_collectors(struct log_writer *writer)
{
	uint64_t now_us = clock_us(CLOCK_MONOTONIC), utc_us = clock_us(CLOCK_REALTIME);

	for (size_t i = 0; i < writer->collector_count; i++)
		collector_tend(writer->collectors[i], now_us, utc_us, log_ring_lost(writer->ring));
}

static uint32_t waiting_of(const struct collector *collector)
{
	struct collector_stats stats;

	collector_stats(collector, &stats);
	return stats.waiting;
}

static bool have_all(const struct log_writer *writer)
{
	for (size_t i = 0; i < writer->collector_count; i++) {
		if (waiting_of(writer->collectors[i]))
			return false;
	}
	return true;
}

/* The end is near: what waits is sent, if it is soon. */
static void drain_collectors(struct log_writer *writer)
{
	const struct timespec pause = { .tv_nsec = TURN_MS * 1000000 / 5 };
	uint64_t until_us = clock_us(CLOCK_MONOTONIC) + DRAIN_US;

	while (!have_all(writer) && clock_us(CLOCK_MONOTONIC) < until_us) {
		(void)nanosleep(&pause, NULL);
		tend_collectors(writer);
	}
}

/* Give a collector up; returns how many records had not arrived. */
static uint32_t abandon(struct collector *collector)
{
	uint32_t waiting = waiting_of(collector);

	collector_free(collector);
	return waiting;
}

static bool is_wanted(const struct targets *wanted, const char *name)
{
	for (size_t i = 0; i < wanted->collector_count; i++) {
		if (strcmp(wanted->collectors[i], name) == 0)
			return true;
	}
	return false;
}

static bool has_collector(const struct log_writer *writer, const char *name)
{
	for (size_t i = 0; i < writer->collector_count; i++) {
		if (strcmp(collector_name(writer->collectors[i]), name) == 0)
			return true;
	}
	return false;
}

/* Those that stay keep their connection and what waits. Called with the lock. */
static void choose_collectors(struct log_writer *writer)
{
	const struct targets *wanted = &writer->wanted;
	struct collector *collector;
	size_t kept = 0;

	for (size_t i = 0; i < writer->collector_count; i++) {
		collector = writer->collectors[i];
		if (is_wanted(wanted, collector_name(collector)))
			writer->collectors[kept++] = collector;
		else
			atomic_fetch_add_explicit(&writer->abandoned, abandon(collector),
			                          memory_order_relaxed);
	}
	writer->collector_count = kept;
	for (size_t i = 0; i < wanted->collector_count; i++) {
		if (has_collector(writer, wanted->collectors[i]))
			continue;
		collector = collector_new(wanted->collectors[i], &writer->source);
		if (collector)
			writer->collectors[writer->collector_count++] = collector;
	}
}

/* ---- the thread ---- */

static void write_record(struct log_writer *writer, const struct log_record *record,
                         uint64_t utc_us, bool has_journal_now)
{
	struct log_line line;

	if (writer->collector_count)
		add_to_body(writer, record, utc_us);
	if (writer->local == CONFIG_LOG_NOWHERE)
		return;
	log_line_make(record, utc_us, writer->instance, writer->node, &line);
	if (writer->local == CONFIG_LOG_FILE)
		add_to_file(writer, &line);
	else if (has_journal_now)
		send_to_journal(writer, &line);
	else
		lose(writer, 1, NO_JOURNAL);
}

/* Returns whether there may be more. */
static bool write_batch(struct log_writer *writer)
{
	uint64_t offset_us = clock_us(CLOCK_REALTIME) - clock_us(CLOCK_MONOTONIC);
	bool has_journal_now = writer->local == CONFIG_LOG_JOURNAL && has_journal();
	struct log_record record;
	int count = 0;

	if (writer->local == CONFIG_LOG_FILE)
		ready_file(writer);
	while (count < BATCH && log_ring_take(writer->ring, &record)) {
		write_record(writer, &record, record.at_us + offset_us, has_journal_now);
		count++;
	}
	flush_body(writer);
	flush_file(writer);
	return count == BATCH;
}

/* Go over to the targets that are wanted now. Called with the lock. */
static void choose_targets(struct log_writer *writer)
{
	const struct targets *wanted = &writer->wanted;

	if (!writer->is_changed)
		return;
	writer->is_changed = false;
	writer->local = wanted->local;
	choose_collectors(writer);
	if (wanted->file && writer->open_path && strcmp(wanted->file, writer->open_path) == 0)
		return;
	close_file(writer);
	free(writer->open_path);
	writer->open_path = wanted->file ? strdup(wanted->file) : NULL;
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
	choose_targets(writer);
	goes_on = !writer->stops;
	(void)pthread_mutex_unlock(&writer->lock);
	return goes_on;
}

static void *run(void *context)
{
	struct log_writer *writer = context;
	bool goes_on, has_more;

	do {
		goes_on = wait_turn(writer);
		do {
			has_more = log_ring_waiting(writer->ring) && write_batch(writer);
			tend_collectors(writer);
		} while (has_more);
	} while (goes_on);
	drain_collectors(writer);
	return NULL;
}

/* ---- the outside ---- */

/* The account of a collector; of one that is new, an empty one in the place of one that is gone. */
static struct account *account_of(struct log_writer *writer, const struct log_writer_stats *stats,
                                  size_t index)
{
	struct account *account = &writer->accounts[index];
	size_t other = 0;

	while (other < CONFIG_LOG_IPFIX_MAX &&
	       strcmp(writer->accounts[other].name, stats->collectors[index].name) != 0)
		other++;
	if (other < CONFIG_LOG_IPFIX_MAX) {
		struct account moved = *account;

		*account = writer->accounts[other];
		if (other != index)
			writer->accounts[other] = moved;
		return account;
	}
	*account =
		(struct account){ .limit = { .burst = LINES_A_MINUTE, .interval_us = MINUTE_US } };
	(void)snprintf(account->name, sizeof(account->name), "%s", stats->collectors[index].name);
	return account;
}

static void report_state(struct account *account, const struct collector_stats *stats,
                         uint64_t now_us)
{
	if (stats->is_up == account->was_up && stats->problem == account->problem)
		return;
	if (stats->problem)
		log_limited(&account->limit, now_us, LOG_LEVEL_WARNING,
		            "collector %s: %s; %" PRIu32 " records of the session log wait for it",
		            stats->name, stats->problem, stats->waiting);
	else if (stats->is_up)
		log_limited(&account->limit, now_us, LOG_LEVEL_NOTICE,
		            "collector %s takes the session log", stats->name);
	account->was_up = stats->is_up;
	account->problem = stats->problem;
}

static void report_collector(struct account *account, const struct collector_stats *stats,
                             uint64_t now_us)
{
	report_state(account, stats, now_us);
	if (stats->lost < account->lost) /* one more of that name, which was not wanted before */
		account->lost = 0;
	if (stats->lost == account->lost ||
	    (account->lost_us && now_us - account->lost_us < MINUTE_US))
		return;
	log_warning("the session log lost %" PRIu64 " records for collector %s: %s",
	            stats->lost - account->lost, stats->name,
	            stats->problem ? stats->problem : "they come faster than it takes them");
	account->lost = stats->lost;
	account->lost_us = now_us;
}

static void report_abandoned(struct log_writer *writer)
{
	uint64_t count = atomic_exchange_explicit(&writer->abandoned, 0, memory_order_relaxed);

	if (count)
		log_warning("the session log lost %" PRIu64 " records that waited for a collector "
		            "which is not used any more",
		            count);
}

static void report(struct log_writer *writer, uint64_t now_us)
{
	uint64_t dropped = log_ring_lost(writer->ring);
	struct log_writer_stats stats;
	const char *why;

	log_writer_stats(writer, &stats);
	report_abandoned(writer);
	for (size_t i = 0; i < stats.collector_count; i++)
		report_collector(account_of(writer, &stats, i), &stats.collectors[i], now_us);
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

static void free_targets(struct targets *targets)
{
	free(targets->file);
	for (size_t i = 0; i < targets->collector_count; i++)
		free(targets->collectors[i]);
	*targets = (struct targets){ .local = CONFIG_LOG_NOWHERE };
}

static int copy_targets(const struct config_instance *instance, struct targets *out)
{
	struct targets copy = { .local = config_log_target(instance) };
	bool is_whole = true;

	if (instance->log_file)
		is_whole = (copy.file = strdup(instance->log_file)) != NULL;
	for (size_t i = 0; is_whole && i < instance->log_ipfix_count; i++) {
		copy.collectors[i] = strdup(instance->log_ipfix[i]);
		is_whole = copy.collectors[i] != NULL;
		copy.collector_count += is_whole;
	}
	if (is_whole) {
		*out = copy;
		return 0;
	}
	free_targets(&copy);
	return -ENOMEM;
}

static void destroy(struct log_writer *writer)
{
	close_file(writer);
	for (size_t i = 0; i < writer->collector_count; i++)
		writer->abandoned += abandon(writer->collectors[i]);
	report_abandoned(writer);
	free_targets(&writer->wanted);
	sd_event_source_disable_unref(writer->seconds);
	log_ring_free(writer->ring);
	(void)pthread_cond_destroy(&writer->wake);
	(void)pthread_mutex_destroy(&writer->lock);
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

struct log_writer *log_writer_new(const struct config_instance *instance, const char *node,
                                  unsigned node_id)
{
	struct log_writer *writer = calloc(1, sizeof(*writer));

	if (!writer)
		return NULL;
	(void)snprintf(writer->instance, sizeof(writer->instance), "%s", instance->name);
	(void)snprintf(writer->node, sizeof(writer->node), "%s", node);
	writer->source = ipfix_source(instance->name, node, node_id);
	writer->fd = -1;
	ipfix_body_init(&writer->body);
	init_wake(writer);
	writer->ring = log_ring_new(RING_RECORDS);
	writer->buffer = malloc(BUFFER_BYTES);
	writer->is_changed = true;
	if (writer->ring && writer->buffer && copy_targets(instance, &writer->wanted) == 0)
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

void log_writer_set_targets(struct log_writer *writer, const struct config_instance *instance)
{
	struct targets wanted;

	if (copy_targets(instance, &wanted) < 0)
		return;
	(void)pthread_mutex_lock(&writer->lock);
	free_targets(&writer->wanted);
	writer->wanted = wanted;
	writer->is_changed = true;
	(void)pthread_mutex_unlock(&writer->lock);
}

void log_writer_stats(struct log_writer *writer, struct log_writer_stats *out)
{
	uint64_t dropped = log_ring_lost(writer->ring);
	int problem = atomic_load_explicit(&writer->problem, memory_order_relaxed);

	*out = (struct log_writer_stats){
		.written = atomic_load_explicit(&writer->written, memory_order_relaxed),
		.lost = atomic_load_explicit(&writer->lost, memory_order_relaxed) + dropped,
		.waiting = log_ring_waiting(writer->ring),
		.problem = problems[problem],
		.domain = writer->source.domain,
	};
	(void)pthread_mutex_lock(&writer->lock);
	for (size_t i = 0; i < writer->collector_count; i++)
		collector_stats(writer->collectors[i], &out->collectors[out->collector_count++]);
	(void)pthread_mutex_unlock(&writer->lock);
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
