/* Who had a public address and port at a time: records of the session log, one after the other and
 * in order of time, are folded into uses of that port, with their beginning and end.
 *
 * What the log does not say is not made up: a use says whether its beginning and its end were
 * recorded, and each candidate how certain it is and why. Records of several boxes belong
 * together: one may write that a binding began, another that it ended. Memory is bounded: uses that
 * the question is not about are forgotten first, and what found no room is counted. Pure.
 */
#ifndef SA_NAT64_SESSION_FOLD_H
#define SA_NAT64_SESSION_FOLD_H

#include "cli/session_record.h"

#include <stdbool.h>
#include <stddef.h>

#define SESSION_FOLD_USES  512
#define SESSION_FOLD_NODES 32

struct session_question {
	uint32_t pool4;
	uint16_t port;
	const char *proto;    /* NULL: any */
	const char *instance; /* NULL: any */
	int64_t at_us;
	int64_t within_us; /* clocks may differ by so much */
};

enum session_kind { SESSION_KIND_BINDING, SESSION_KIND_SESSION, SESSION_KIND_BLOCK };

enum session_ending {
	SESSION_OPEN,     /* no end was recorded */
	SESSION_ENDED,    /* a record says so */
	SESSION_REPLACED, /* somebody else had the port later */
	SESSION_CUT,      /* the box restarted without its sessions: at the latest then */
};

enum session_certainty {
	SESSION_CERTAIN, /* by the records it had the port for the whole time asked for */
	SESSION_NEAR,    /* it began or ended within the tolerance */
	SESSION_UNSURE,  /* a record is missing */
};

/* One stretch of time for which a host had the port. */
struct session_use {
	enum session_kind kind;
	char instance[CONFIG_NAME_MAX], proto[8];
	char begin_node[SESSION_RECORD_NODE_MAX], end_node[SESSION_RECORD_NODE_MAX];
	struct in6_addr host6;
	uint32_t remote4;
	uint16_t host_port, remote_port, port_min, port_max;
	bool has_begin;
	int64_t begin_us; /* without has_begin: it was not before */
	enum session_ending ending;
	int64_t end_us;       /* unless SESSION_OPEN */
	int64_t doubt_us;     /* a restart that it may not have survived; 0: none */
	int64_t first_end_us; /* it seemed to have ended then, before a later record of its end; 0:
	                         there was one end only */

	/* By session_fold_finish(). */
	bool had_it_then; /* at the very time asked for */
	enum session_certainty certainty;
	char why[200]; /* it is not certain; "" */
};

/* A box whose records were read. */
struct session_node {
	char name[SESSION_RECORD_NODE_MAX];
	int64_t first_us, last_us;
};

struct session_fold {
	struct session_question question;
	struct session_use uses[SESSION_FOLD_USES];
	size_t count;
	uint64_t left_out; /* uses without room */
	uint64_t records;  /* folded */
	struct session_node nodes[SESSION_FOLD_NODES];
	size_t node_count;
	int64_t last_us;
	uint64_t backwards; /* records that came before earlier ones: a clock was set back */
};

/* The question's strings are not copied. */
void session_fold_init(struct session_fold *fold, const struct session_question *question);

/* Whether a record is about the port that is asked for, or about all ports of its box. */
bool session_fold_wants(const struct session_question *question,
                        const struct session_record *record);

/* Take the next record. One that is not wanted only tells how far its box's log reaches, as for
 * session_fold_note(). */
void session_fold_add(struct session_fold *fold, const struct session_record *record);

/* The log of a box has something of that time. */
void session_fold_note(struct session_fold *fold, const char *node, int64_t time_us);

/* No more records: keep the candidates, the most certain first. missing: a box whose log was not
 * read, or NULL; open_until_us: up to when the absence of an end means that there was none. */
void session_fold_finish(struct session_fold *fold, const char *missing, int64_t open_until_us);

const char *session_kind_name(enum session_kind kind);                /* "binding" */
const char *session_certainty_name(enum session_certainty certainty); /* "certain" */

#endif
