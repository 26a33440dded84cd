/* Writes the session log: takes records out of the ring and puts them into the journal, or as JSON
 * lines into a file.
 *
 * A thread of its own does it, so that a journal that hangs, a full disk or a slow one keeps no
 * packet waiting: the ring fills then, and what does not fit is lost and counted, as is what the
 * target refuses. A line in the daemon's own log says so, at most once a minute. The file may be
 * renamed at any time (logrotate): from a second later on records go to a new one.
 */
#ifndef SA_NAT64_LOG_WRITER_H
#define SA_NAT64_LOG_WRITER_H

#include "translator/log_ring.h"

#include <systemd/sd-event.h>

struct log_writer;

/* A writer with a ring of its own, which nobody empties yet. file: NULL for the journal. NULL when
 * memory ends. */
struct log_writer *log_writer_new(const char *instance, const char *node, const char *file);

/* What is put here will be written. Owned by the writer. */
struct log_ring *log_writer_ring(const struct log_writer *writer);

/* Begin to write; after privileges were given up, for the thread keeps those it is started with.
 * event: for the lines about losses. 0 or -errno. */
int log_writer_start(struct log_writer *writer, sd_event *event);

/* Another file, or NULL for the journal, from the next record on. */
void log_writer_set_file(struct log_writer *writer, const char *file);

/* What became of records so far; of those that did not fit into the ring, too. */
struct log_writer_stats {
	uint64_t written, lost;
	uint32_t waiting;
	const char *problem; /* why the last ones were lost; NULL: they were not; a constant */
};
void log_writer_stats(const struct log_writer *writer, struct log_writer_stats *out);

/* Write what waits, but for no longer than a second, and end. NULL accepted. A thread that hangs in
 * its target is left with what it has. */
void log_writer_free(struct log_writer *writer);

#endif
