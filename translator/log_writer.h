/* Writes the session log: takes records out of the ring and puts them into the journal, or as JSON
 * lines into a file, and as IPFIX to collectors (collector.h).
 *
 * A thread of its own does it, so that a journal that hangs, a full disk or a slow one keeps no
 * packet waiting: the ring fills then, and what does not fit is lost and counted, as is what the
 * target refuses. A line in the daemon's own log says so, at most once a minute. The file may be
 * renamed at any time (logrotate): from a second later on records go to a new one.
 */
#ifndef SA_NAT64_LOG_WRITER_H
#define SA_NAT64_LOG_WRITER_H

#include "lib/config.h"
#include "translator/collector.h"
#include "translator/log_ring.h"

#include <systemd/sd-event.h>

struct log_writer;

/* A writer with a ring of its own, which nobody empties yet, for the targets of the instance.
 * Everything is copied. NULL when memory ends. */
struct log_writer *log_writer_new(const struct config_instance *instance, const char *node,
                                  unsigned node_id);

/* What is put here will be written. Owned by the writer. */
struct log_ring *log_writer_ring(const struct log_writer *writer);

/* Begin to write; after privileges were given up, for the thread keeps those it is started with.
 * event: for the lines about losses. 0 or -errno. */
int log_writer_start(struct log_writer *writer, sd_event *event);

/* The targets of the instance from the next record on; collectors that stay keep what waits for
 * them. Without memory all stays as it is. */
void log_writer_set_targets(struct log_writer *writer, const struct config_instance *instance);

/* What became of records so far: in the journal or the file, and at each collector. `lost` has
 * those that did not fit into the ring, which nobody got. */
struct log_writer_stats {
	uint64_t written, lost;
	uint32_t waiting;
	const char *problem; /* why the last ones were lost; NULL: they were not; a constant */
	uint32_t domain;     /* the observation domain of IPFIX */
	struct collector_stats collectors[CONFIG_LOG_IPFIX_MAX];
	size_t collector_count;
};
void log_writer_stats(struct log_writer *writer, struct log_writer_stats *out);

/* Write what waits, but for no longer than a second, and end. NULL accepted. A thread that hangs in
 * its target is left with what it has. */
void log_writer_free(struct log_writer *writer);

#endif
