/* Points in time as people write them, and how they are shown. Local time is that of $TZ. */
#ifndef SA_NAT64_WHEN_H
#define SA_NAT64_WHEN_H

#include <stddef.h>
#include <stdint.h>

#define WHEN_STRLEN 48

/* clang-format off */
/* Read a point in time as journalctl --since takes the common ones:
 *
 *   2026-11-21 14:03:05      also with T between, without seconds, with a fraction, with a weekday
 *                            in front; local time unless "UTC", "Z" or an offset like +01:00
 *                            follows
 *   2026-11-21, 14:03:05     the day's beginning; today
 *   yesterday, today, now    the first two also with a time of day
 *   -2h, 2h ago              before now_us
 *   @1795269785              seconds since 1970
 *
 * Returns NULL and *out_us (since 1970), or what would have been accepted, also for a local time
 * that clocks show twice or never. */
/* clang-format on */
const char *when_parse(const char *text, int64_t now_us, int64_t *out_us);

/* The exact form of RFC 3339 with "Z", as the session log has it. Returns 0 or -EINVAL. */
int when_parse_utc(const char *text, int64_t *out_us);

/* "90s", "5m", "2h4m", "1d"; seconds without a unit. Returns 0, or -EINVAL, also for more than
 * 10,000 years. */
int when_parse_duration(const char *text, uint64_t *out_us);

/* "2026-11-21 14:03:05.123 UTC", and the same time as clocks show it here, "... +0100". The
 * fraction is left out where it is 0. buf has WHEN_STRLEN bytes and is returned. */
const char *when_format_utc(int64_t time_us, char *buf);
const char *when_format_rfc3339(int64_t time_us, char *buf); /* "2026-11-21T14:03:05.123Z" */
const char *when_format_local(int64_t time_us, char *buf);

#endif
