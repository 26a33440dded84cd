/* Values over time: what was read again and again, and how fast counters rise.
 *
 * Pure. A value is known by a name, an instance and a label. Time is the clock that its program
 * keeps, which begins when its counters do: so a program that was started again is noticed, however
 * far it has counted since, and it does not matter how long an answer was on its way.
 */
#ifndef SA_NAT64_SERIES_H
#define SA_NAT64_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRAIL_MAX 128

/* How fast a counter rises. */
struct rate {
	bool has_value, is_known; /* known from the second value on */
	bool is_rising;           /* clearly faster than it usually was */
	uint64_t value, clock_us; /* of the newest value */
	double per_second;
	double usual; /* a mean of per_second that forgets */
};

/* Take the next value of a counter, read when its program's clock stood at clock_us. The same time
 * again brings nothing new. A clock that went back begins anew, and so does a counter that fell by
 * more than its overflow explains. Returns whether per_second is new. */
bool rate_add(struct rate *rate, uint64_t value, uint64_t clock_us);

struct series {
	const char *name; /* not copied */
	char instance[32], label[48];
	uint64_t number; /* the newest value */
	struct rate rate;
	float trail[TRAIL_MAX]; /* the newest rates, as a ring */
	size_t trail_count;     /* of all so far */
	bool is_fresh;          /* put in this round */
};

struct series_set;

/* NULL without memory. */
struct series_set *series_new(void);

/* NULL is accepted. */
void series_free(struct series_set *set);

/* A round: begin, put all values that there are, end. Those that were not put are forgotten, so
 * that an instance that comes back begins anew. */
void series_begin(struct series_set *set);
void series_end(struct series_set *set);

/* Put a value; name must last as long as the set, the other strings are copied and may be NULL.
 * Returns its place, which lasts until the next round, or NULL without memory. */
struct series *series_put(struct series_set *set, const char *name, const char *instance,
                          const char *label, uint64_t number);

/* The same for a counter, of which the rate is wanted. */
struct series *series_count(struct series_set *set, const char *name, const char *instance,
                            const char *label, uint64_t number, uint64_t clock_us);

/* NULL when it was not put in the last round. */
const struct series *series_find(const struct series_set *set, const char *name,
                                 const char *instance, const char *label);

/* All of them, in the order in which they first came; NULL behind the last one. */
const struct series *series_at(const struct series_set *set, size_t place);

/* The rate of so many rounds before the newest one; 0 where there was none. */
double series_past(const struct series *series, size_t ago);

#endif
