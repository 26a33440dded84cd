/* What `top` shows of an instance, made of what was answered: judged as `status` judges it, numbers
 * and rates from the families of metrics. Both the screen and the samples of --batch print it.
 *
 * Pure: replies and series in, a structure that points into them out.
 */
#ifndef SA_NAT64_TOP_VIEW_H
#define SA_NAT64_TOP_VIEW_H

#include "cli/metrics.h"
#include "cli/series.h"
#include "cli/status_box.h"
#include "cli/status_health.h"
#include "cli/status_sync.h"
#include "cli/sync.h"

#define TOP_DROPS_MAX 128 /* kinds of drops; there are fewer */

enum top_direction { TOP_6TO4, TOP_4TO6, TOP_DIRECTIONS };
enum top_protocol { TOP_TCP, TOP_UDP, TOP_ICMP, TOP_PROTOCOLS };

extern const char *const top_directions[TOP_DIRECTIONS]; /* as labels, and for people */
extern const char *const top_protocols[TOP_PROTOCOLS];

struct top_share {
	uint64_t used, of; /* of is 0 where there is no limit */
};

struct top_view {
	const char *name;
	bool answers;
	bool is_stateless; /* siit: no sessions, no pool */
	struct status_judged health;
	const SaNat64__Control__HealthInstance *told; /* by sa-nat64-healthd, or NULL */
	size_t bfd_up, bfd_count;
	struct status_synced sync;
	struct sync_sum sync_sum;
	/* Rates a second; NULL or not is_known as long as there are none. */
	const struct series *packets[TOP_DIRECTIONS], *bytes[TOP_DIRECTIONS];
	const struct series *created[TOP_PROTOCOLS]; /* sessions */
	double fast_percent;                         /* below 0: nothing was translated */
	bool has_fast_path;
	uint64_t sessions[TOP_PROTOCOLS];
	struct top_share table, pool4[TOP_PROTOCOLS];
	uint64_t bindings;
	/* Drops by reason: the fastest first, then the most frequent; those that never occurred
	 * last. */
	const struct series *drops[TOP_DROPS_MAX];
	size_t drop_count;
};

/* Take all values of a round into set. */
void top_view_note(struct series_set *set, const struct metrics_replies *replies);

/* Instance number i of what was answered. */
void top_view_fill(const struct series_set *set, const struct metrics_replies *replies,
                   const struct status_box *box, size_t i, struct top_view *out);

/* The sum of rates; below 0 when none of them is known. */
double top_view_rate(const struct series *const *list, size_t count);

/* Percent in use; 0 without a limit. */
double top_view_percent(struct top_share share);

/* How grave that is: check's limits. */
enum meaning top_view_share_meaning(struct top_share share);

#endif
