/* Asking all programs of the box again and again, without ever waiting for one of them: for `top`.
 *
 * A round asks everybody who owes no answer; answers are taken as they come. One that does not
 * answer within CONTROL_TIMEOUT_US is given up, and asked again in the next round; the others do
 * not notice. Every round uses connections of its own: servers have few.
 */
#ifndef SA_NAT64_WATCH_H
#define SA_NAT64_WATCH_H

#include "cli/metrics.h"
#include "cli/options.h"

#include <poll.h>

struct watch;

/* Find the instances. options must live as long. NULL after lines on err, with an exit status. */
struct watch *watch_new(const struct cli_options *options, FILE *err, int *status);

/* NULL is accepted. */
void watch_free(struct watch *watch);

/* Begin a round. Instances that have come into the configuration or left it are known from here on.
 */
void watch_begin(struct watch *watch);

/* How many descriptors watch_polls() fills in at most. */
size_t watch_poll_count(const struct watch *watch);

/* Fill in what to wait for. Returns when somebody has to be given up, by control_now_us(), or
 * UINT64_MAX. */
uint64_t watch_polls(const struct watch *watch, struct pollfd *polls);

/* Take what has come, according to polls as watch_polls() filled them in, and give up who is late;
 * returns whether somebody was. */
bool watch_take(struct watch *watch, const struct pollfd *polls);

/* Whether all have answered, or cannot. */
bool watch_is_complete(const struct watch *watch);

/* What they said last; of one that has a problem, nothing. Lasts until one of the calls above. */
const struct metrics_replies *watch_replies(const struct watch *watch);

#endif
