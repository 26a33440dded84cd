/* See when.h. A cursor passes through the text; each part is read by a function that leaves the
 * cursor where it was when the part is not there. */
#include "cli/when.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define SECOND_US INT64_C(1000000)
#define DAY_S     86400
#define YEAR_MIN  1970
#define YEAR_MAX  9999

#define DURATION_MAX_S (UINT64_C(10000) * 366 * DAY_S)

static const char right[] =
	"a time like \"2026-11-21 14:03:05\" (local), \"2026-11-21 14:03:05 UTC\", "
	"2026-11-21T14:03:05Z, 2026-11-21T15:03:05+01:00, -2h, yesterday, today or now";
static const char twice[] =
	"a time that clocks here show once; this one comes twice or not at all, because "
	"summer time begins or ends: write it with UTC or an offset like +01:00";

struct moment {
	struct tm tm; /* as written */
	int64_t fraction_us;
	bool has_offset;
	int64_t offset_s; /* of what is written to UTC */
};

/* Exactly so many digits, from min to max. */
static bool digits(const char **at, int count, int min, int max, int *out)
{
	int number = 0;

	for (int i = 0; i < count; i++) {
		if (!isdigit((unsigned char)(*at)[i]))
			return false;
		number = number * 10 + ((*at)[i] - '0');
	}
	if (number < min || number > max)
		return false;
	*at += count;
	*out = number;
	return true;
}

static bool literal(const char **at, char c)
{
	if (**at != c)
		return false;
	++*at;
	return true;
}

static bool word(const char **at, const char *text)
{
	size_t len = strlen(text);

	if (strncasecmp(*at, text, len) != 0 || isalnum((unsigned char)(*at)[len]))
		return false;
	*at += len;
	return true;
}

static void skip_blanks(const char **at)
{
	while (**at == ' ')
		++*at;
}

static bool read_date(const char **at, struct tm *tm)
{
	const char *cursor = *at;
	int year, month, day;

	if (!digits(&cursor, 4, YEAR_MIN, YEAR_MAX, &year) || !literal(&cursor, '-') ||
	    !digits(&cursor, 2, 1, 12, &month) || !literal(&cursor, '-') ||
	    !digits(&cursor, 2, 1, 31, &day))
		return false;
	tm->tm_year = year - 1900;
	tm->tm_mon = month - 1;
	tm->tm_mday = day;
	*at = cursor;
	return true;
}

/* Behind a point or comma; digits beyond microseconds are cut. */
static bool read_fraction(const char **at, int64_t *out_us)
{
	const char *cursor = *at;
	int64_t unit = SECOND_US / 10;

	if (!literal(&cursor, '.') && !literal(&cursor, ','))
		return true;
	if (!isdigit((unsigned char)*cursor))
		return false;
	for (*out_us = 0; isdigit((unsigned char)*cursor); cursor++, unit /= 10)
		*out_us += (*cursor - '0') * unit;
	*at = cursor;
	return true;
}

static bool read_clock(const char **at, struct moment *out)
{
	const char *cursor = *at;

	if (!digits(&cursor, 2, 0, 23, &out->tm.tm_hour) || !literal(&cursor, ':') ||
	    !digits(&cursor, 2, 0, 59, &out->tm.tm_min))
		return false;
	if (literal(&cursor, ':') && (!digits(&cursor, 2, 0, 59, &out->tm.tm_sec) ||
	                              !read_fraction(&cursor, &out->fraction_us)))
		return false;
	*at = cursor;
	return true;
}

/* "Z", "UTC", "+01:00", "+0100", "+01", or nothing. */
static bool read_zone(const char **at, struct moment *out)
{
	int sign = **at == '-' ? -1 : 1, hours, minutes = 0;

	if (**at == '\0')
		return true;
	out->has_offset = true;
	if (word(at, "Z") || word(at, "UTC") || word(at, "GMT"))
		return true;
	if ((!literal(at, '+') && !literal(at, '-')) || !digits(at, 2, 0, 14, &hours))
		return false;
	(void)literal(at, ':');
	if (**at != '\0' && !digits(at, 2, 0, 59, &minutes))
		return false;
	out->offset_s = sign * (hours * 3600 + minutes * 60);
	return true;
}

static bool same_clock(const struct tm *a, const struct tm *b)
{
	return a->tm_year == b->tm_year && a->tm_mon == b->tm_mon && a->tm_mday == b->tm_mday &&
	       a->tm_hour == b->tm_hour && a->tm_min == b->tm_min && a->tm_sec == b->tm_sec;
}

/* How many times local clocks show this; the first of them in *out. */
static int local_times(const struct tm *written, time_t *out)
{
	time_t first = 0;
	int count = 0;

	for (int is_summer = 0; is_summer < 2; is_summer++) {
		struct tm tm = *written;
		struct tm back;
		time_t at;

		tm.tm_isdst = is_summer;
		at = mktime(&tm);
		if (!localtime_r(&at, &back) || !same_clock(&back, written))
			continue;
		if (count > 0 && at == first)
			continue;
		first = at;
		count++;
	}
	*out = first;
	return count;
}

/* Whether the day exists in its month. */
static bool is_day(const struct tm *written)
{
	struct tm tm = *written;
	time_t at = timegm(&tm);

	return gmtime_r(&at, &tm) && tm.tm_mday == written->tm_mday;
}

static const char *finish(const struct moment *moment, int64_t *out_us)
{
	struct tm tm = moment->tm;
	time_t seconds;

	if (!is_day(&tm))
		return right;
	if (moment->has_offset)
		seconds = timegm(&tm) - moment->offset_s;
	else if (local_times(&tm, &seconds) != 1)
		return twice;
	*out_us = (int64_t)seconds * SECOND_US + moment->fraction_us;
	return *out_us < 0 ? right : NULL;
}

/* "yesterday" or "today", or "now" at last; the day of local time. */
static bool read_day_word(const char **at, int64_t now_us, struct tm *tm)
{
	time_t seconds = (time_t)(now_us / SECOND_US);
	int back;

	if (word(at, "today"))
		back = 0;
	else if (word(at, "yesterday"))
		back = 1;
	else
		return false;
	if (!localtime_r(&seconds, tm))
		return false;
	tm->tm_mday -= back;
	tm->tm_hour = 12;
	tm->tm_min = tm->tm_sec = 0;
	(void)mktime(tm); /* into the month before, if need be */
	tm->tm_hour = 0;
	return true;
}

/* "Sat " */
static void skip_weekday(const char **at)
{
	static const char *const names[] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (word(at, names[i])) {
			skip_blanks(at);
			return;
		}
}

/* "-2h", "2h ago", "now", "@1795269785". */
static bool read_relative(const char *text, int64_t now_us, int64_t *out_us)
{
	const char *ago = strstr(text, " ago");
	uint64_t back_us;
	char duration[40];
	size_t len;

	if (strcasecmp(text, "now") == 0) {
		*out_us = now_us;
		return true;
	}
	if (text[0] != '-' && (!ago || ago[4] != '\0'))
		return false;
	text += text[0] == '-';
	len = ago && ago[4] == '\0' ? (size_t)(ago - text) : strlen(text);
	if (len >= sizeof(duration))
		return false;
	memcpy(duration, text, len);
	duration[len] = '\0';
	if (when_parse_duration(duration, &back_us) < 0 || back_us > (uint64_t)now_us)
		return false;
	*out_us = now_us - (int64_t)back_us;
	return true;
}

static bool read_epoch(const char *text, int64_t *out_us)
{
	int64_t seconds = 0, fraction_us = 0;
	const char *at = text + 1;
	int count;

	if (text[0] != '@')
		return false;
	for (count = 0; isdigit((unsigned char)*at) && count < 11; count++)
		seconds = seconds * 10 + (*at++ - '0');
	if (count == 0 || !read_fraction(&at, &fraction_us) || *at != '\0')
		return false;
	*out_us = seconds * SECOND_US + fraction_us;
	return true;
}

const char *when_parse(const char *text, int64_t now_us, int64_t *out_us)
{
	struct moment moment = { .has_offset = false };
	time_t now_s = (time_t)(now_us / SECOND_US);
	const char *at = text;
	bool has_date, has_clock;

	if (read_relative(text, now_us, out_us) || read_epoch(text, out_us))
		return NULL;
	skip_weekday(&at);
	has_date = read_date(&at, &moment.tm) || read_day_word(&at, now_us, &moment.tm);
	if (has_date && !literal(&at, 'T'))
		skip_blanks(&at);
	if (!has_date && localtime_r(&now_s, &moment.tm))
		moment.tm.tm_hour = moment.tm.tm_min = moment.tm.tm_sec = 0;
	has_clock = read_clock(&at, &moment);
	skip_blanks(&at);
	if ((!has_date && !has_clock) || !read_zone(&at, &moment) || *at != '\0')
		return right;
	return finish(&moment, out_us);
}

int when_parse_utc(const char *text, int64_t *out_us)
{
	struct moment moment = { .has_offset = true };
	const char *at = text;

	if (!read_date(&at, &moment.tm) || !literal(&at, 'T') || !read_clock(&at, &moment) ||
	    strcmp(at, "Z") != 0 || finish(&moment, out_us))
		return -EINVAL;
	return 0;
}

int when_parse_duration(const char *text, uint64_t *out_us)
{
	static const struct {
		char letter;
		unsigned seconds;
	} units[] = { { 'd', DAY_S }, { 'h', 3600 }, { 'm', 60 }, { 's', 1 }, { '\0', 1 } };
	uint64_t total = 0;
	size_t unit = 0;

	do {
		uint64_t number = 0;
		size_t count = 0;

		for (; text[count] >= '0' && text[count] <= '9' && count < 9; count++)
			number = number * 10 + (uint64_t)(text[count] - '0');
		text += count;
		while (unit < sizeof(units) / sizeof(units[0]) && units[unit].letter != *text)
			unit++;
		if (count == 0 || unit == sizeof(units) / sizeof(units[0]))
			return -EINVAL;
		total += number * units[unit++].seconds;
		if (total > DURATION_MAX_S)
			return -EINVAL;
		text += *text != '\0';
	} while (*text);
	*out_us = total * (uint64_t)SECOND_US;
	return 0;
}

static const char *format(int64_t time_us, const struct tm *tm, char between, const char *zone,
                          char *buf)
{
	char day[16], clock[16], fraction[8] = "";

	(void)strftime(day, sizeof(day), "%Y-%m-%d", tm);
	(void)strftime(clock, sizeof(clock), "%H:%M:%S", tm);
	if (time_us % SECOND_US)
		(void)snprintf(fraction, sizeof(fraction), ".%03u",
		               (unsigned)(time_us % SECOND_US / 1000) % 1000);
	(void)snprintf(buf, WHEN_STRLEN, "%s%c%s%s%s", day, between, clock, fraction, zone);
	return buf;
}

static const char *format_utc(int64_t time_us, char between, const char *zone, char *buf)
{
	time_t seconds = (time_t)(time_us / SECOND_US);
	struct tm tm;

	(void)gmtime_r(&seconds, &tm);
	return format(time_us, &tm, between, zone, buf);
}

const char *when_format_utc(int64_t time_us, char *buf)
{
	return format_utc(time_us, ' ', " UTC", buf);
}

const char *when_format_rfc3339(int64_t time_us, char *buf)
{
	return format_utc(time_us, 'T', "Z", buf);
}

const char *when_format_local(int64_t time_us, char *buf)
{
	time_t seconds = (time_t)(time_us / SECOND_US);
	char zone[16];
	struct tm tm;

	(void)localtime_r(&seconds, &tm);
	(void)strftime(zone, sizeof(zone), " %z", &tm);
	return format(time_us, &tm, ' ', zone, buf);
}
