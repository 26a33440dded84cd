/* The session log in the journal of this box, and of others whose journals were brought here: found
 * by fields, which the journal has an index of. Only what root wrote counts: anybody can write to
 * the journal. */
#ifndef SA_NAT64_SESSION_JOURNAL_H
#define SA_NAT64_SESSION_JOURNAL_H

#include "cli/session_fold.h"

struct session_journal {
	uint64_t records, broken;
	uint64_t foreign; /* written by others than root, and left out */
};

/* Fold all records that the question wants, and note how far the log reaches. Returns 0, or -errno
 * with a sentence in problem. */
int session_journal_fold(struct session_fold *fold, struct session_journal *out, char *problem,
                         size_t size);

#endif
