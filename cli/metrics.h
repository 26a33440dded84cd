/* What monitoring systems read: every value once, in one table of families (metrics_rows.c), from
 * which the exposition of `sa-nat64 metrics`, that of sa-nat64-exporter and the list in
 * docs/monitoring.md are printed.
 *
 * A family is one name with its type, unit and help; each row says in which reply its value stands
 * and where there. Names begin with sa_nat64_, units are base units (bytes, seconds). Every sample
 * carries the label node, the box that speaks; what belongs to an instance carries instance.
 */
#ifndef SA_NAT64_METRICS_H
#define SA_NAT64_METRICS_H

#include "cli/instances.h"

#include <stddef.h>
#include <stdio.h>

enum metrics_format {
	METRICS_OPENMETRICS, /* OpenMetrics 1.0 */
	METRICS_PROMETHEUS,  /* the older text format 0.0.4, which the textfile collector reads */
};

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_INFO };

/* The message that a row's offset points into. Values of programs that do not answer are left out,
 * but for metric_up and the state of health. */
enum metric_source {
	METRIC_OF_BUILD,     /* no message */
	METRIC_OF_PROGRAMS,  /* the translators and daemons that this box should have */
	METRIC_OF_STATUS,    /* StatusReply, as those down to METRIC_OF_FEED of each instance */
	METRIC_OF_STATS,     /* StatsReply */
	METRIC_OF_FEED,      /* Feed */
	METRIC_OF_LOG,       /* SessionLog */
	METRIC_OF_COLLECTOR, /* Collector */
	METRIC_OF_HEALTH,    /* HealthInstance */
	METRIC_OF_PROBE,     /* Probe, slow and fast */
	METRIC_OF_BFD,       /* BfdPeer */
	METRIC_OF_LINK,      /* PeersReply */
	METRIC_OF_SYNC,      /* SyncInstance */
	METRIC_OF_PEER,      /* Peer */
	METRIC_SOURCES
};

/* What stands at the offset, and the labels that come from it. */
enum metric_shape {
	METRIC_U64,
	METRIC_U32,
	METRIC_US,           /* uint64_t, microseconds, printed as seconds */
	METRIC_FLAG,         /* protobuf_c_boolean */
	METRIC_IS_EMPTY,     /* char *: 1 when nothing is said */
	METRIC_IS_WORD,      /* char *: 1 when it is the row's words */
	METRIC_HEALTH_STATE, /* as METRIC_STATE of StatusReply, but as sa-nat64-healthd says if it
	                      * does, and "down" for an instance that nobody speaks for */
	METRIC_STATE, /* char *: one sample for each of the row's words, 1 for the present one */
	METRIC_DIRECTIONS, /* Directions *: label direction */
	METRIC_PROTOCOLS,  /* Protocols *: label protocol */
	METRIC_DROPS,      /* StatsReply alone: label reason */
	METRIC_UP,         /* programs alone: label program */
	METRIC_STARTED,    /* programs alone */
	METRIC_VERSION,    /* the build alone */
	METRIC_INSTANCE,   /* StatusReply alone: what kind of instance it is */
};

struct metric {
	const char *name; /* without sa_nat64_, and _total of counters, _info of infos */
	enum metric_type type;
	const char *unit; /* "bytes", "seconds": the name ends in it; "" for none */
	enum metric_source source;
	enum metric_shape shape;
	size_t offset;
	const char *fixed; /* labels of this row, as `queue="news"`; "" for none */
	const char *words; /* of states, blanks between them; "" for none */
	const char *help;  /* one sentence */
};

/* Rows of one family stand together, and have its type, unit and help. */
extern const struct metric metrics[];
extern const size_t metrics_count;

/* What was answered, in the places of struct instances. */
struct metrics_replies {
	const struct instances *instances;
	SaNat64__Control__Reply **status, **stats; /* owned; NULL where there is no answer */
	SaNat64__Control__Reply *box[BOX_DAEMONS]; /* the same */
	uint64_t realtime_us;                      /* when they came */
};

/* Ask all programs of the box; takes 1.8 seconds at most. Returns 0, or -ENOMEM with nothing to
 * free. */
int metrics_ask(struct instances *instances, struct metrics_replies *out);

/* Whether anybody answered. */
bool metrics_has_answer(const struct metrics_replies *replies);

void metrics_free(struct metrics_replies *replies);

/* One value of one row. Labels are NULL where it has none; strings last as long as the call. */
struct metric_sample {
	const struct metric *row;
	const char *instance, *program, *peer, *path, *collector;
	const char *key, *value;           /* the label of the row's shape */
	const char *more_key, *more_value; /* a second one */
	uint64_t number;                   /* of METRIC_US: microseconds */
};

typedef void metrics_visit(const struct metric_sample *sample, void *context);

/* Call visit for all samples, those of a row one after the other. */
void metrics_each(const struct metrics_replies *replies, metrics_visit *visit, void *context);

/* The name that this box answers to: as the first program says that answers.
 * size is that of name; what is no part of a name is shown as '?'. */
void metrics_node(const struct metrics_replies *replies, char *name, size_t size);

/* Print all samples. */
void metrics_print(const struct metrics_replies *replies, enum metrics_format format, FILE *out);

/* Print all families as a table in Markdown. */
void metrics_list(FILE *out);

#endif
