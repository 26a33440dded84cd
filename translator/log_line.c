#include "translator/log_line.h"

#include "lib/address.h"
#include "translator/bib.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum value {
	END,
	PROTOCOL,
	HOST6,
	HOST6_PORT,
	POOL4,
	POOL4_PORT,
	PORT_MIN,
	PORT_MAX,
	REMOTE4,
	REMOTE4_PORT,
	REMOTE6,
	LIMIT,
	RESTORED
};

/* What follows time, event, instance and node. */
static const enum value kinds[LOG_EVENT_KINDS][LOG_LINE_VALUES - 4 + 1] = {
/* clang-format off */
#define SESSION { PROTOCOL, HOST6, HOST6_PORT, POOL4, POOL4_PORT, REMOTE4, REMOTE4_PORT, REMOTE6 }
#define BINDING { PROTOCOL, HOST6, HOST6_PORT, POOL4, POOL4_PORT }
#define BLOCK   { PROTOCOL, HOST6, POOL4, PORT_MIN, PORT_MAX }
	[LOG_START] = { RESTORED },
	[LOG_SESSION_BEGIN] = SESSION,
	[LOG_SESSION_END] = SESSION,
	[LOG_BINDING_BEGIN] = BINDING,
	[LOG_BINDING_END] = BINDING,
	[LOG_BLOCK_BEGIN] = BLOCK,
	[LOG_BLOCK_END] = BLOCK,
	[LOG_ADDRESSES_EXHAUSTED] = { END },
	[LOG_PORTS_EXHAUSTED] = { PROTOCOL, POOL4 },
	[LOG_SESSION_LIMIT] = { LIMIT },
	[LOG_HOST_LIMIT] = { HOST6, LIMIT },
	[LOG_FRAGMENT_LIMIT6] = { HOST6, LIMIT },
	[LOG_FRAGMENT_LIMIT4] = { REMOTE4, LIMIT },
	[LOG_POOL4_HIGH] = { PROTOCOL, LIMIT },
	[LOG_POOL4_LOW] = { PROTOCOL, LIMIT },
	[LOG_SESSIONS_HIGH] = { LIMIT },
	/* clang-format on */
};

static const char *const proto_names[L4_PROTOS] = { "tcp", "udp", "icmp" };

/* ---- values ---- */

static void add_text(struct log_line *line, const char *name, const char *text)
{
	line->values[line->count++] = (struct log_line_value){ .name = name, .text = text };
}

static void add_number(struct log_line *line, const char *name, uint32_t number)
{
	line->values[line->count++] = (struct log_line_value){ .name = name, .number = number };
}

static void format_time(uint64_t utc_us, char *buf, size_t size)
{
	time_t seconds = (time_t)(utc_us / 1000000);
	struct tm tm;
	size_t len;

	(void)gmtime_r(&seconds, &tm);
	len = strftime(buf, size, "%Y-%m-%dT%H:%M:%S", &tm);
	(void)snprintf(buf + len, size - len, ".%03uZ", (unsigned)(utc_us / 1000 % 1000));
}

static void add_value(const struct log_record *record, enum value value, struct log_line *line)
{
	switch (value) {
	case PROTOCOL:
		add_text(line, "protocol",
		         record->proto < L4_PROTOS ? proto_names[record->proto] : "?");
		return;
	case HOST6:
		add_text(line, "host6", address6_format(&record->host6, line->host6));
		return;
	case HOST6_PORT:
		add_number(line, "host6_port", record->host_port);
		return;
	case POOL4:
		add_text(line, "pool4", address4_format(record->pool4, line->pool4));
		return;
	case POOL4_PORT:
		add_number(line, "pool4_port", record->port_min);
		return;
	case PORT_MIN:
		add_number(line, "port_min", record->port_min);
		return;
	case PORT_MAX:
		add_number(line, "port_max", record->port_max);
		return;
	case REMOTE4:
		add_text(line, "remote4", address4_format(record->remote4, line->remote4));
		return;
	case REMOTE4_PORT:
		add_number(line, "remote4_port", record->remote_port);
		return;
	case REMOTE6:
		add_text(line, "remote6", address6_format(&record->remote6, line->remote6));
		return;
	case LIMIT:
		add_number(line, "limit", record->limit);
		return;
	case RESTORED:
		add_number(line, "restored", record->restored);
		return;
	case END:
		return;
	}
}

void log_line_make(const struct log_record *record, uint64_t utc_us, const char *instance,
                   const char *node, struct log_line *out)
{
	bool is_known = record->kind < LOG_EVENT_KINDS;

	out->count = 0;
	format_time(utc_us, out->time, sizeof(out->time));
	add_text(out, "time", out->time);
	add_text(out, "event", session_event_name(record->kind));
	add_text(out, "instance", instance);
	add_text(out, "node", node);
	for (unsigned i = 0; is_known && kinds[record->kind][i] != END; i++)
		add_value(record, kinds[record->kind][i], out);
}

/* ---- text ---- */

/* A cursor that stays within its buffer. */
struct writer {
	char *at, *end;
};

static void put(struct writer *to, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(struct writer *to, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(to->at, (size_t)(to->end - to->at), format, args);
	va_end(args);
	if (len > 0)
		to->at += len < to->end - to->at ? len : to->end - to->at - 1;
}

/* Names of instances, nodes and events, addresses and times: nothing in them is special to JSON. */
size_t log_line_json(const struct log_line *line, char *buf, size_t size)
{
	struct writer to = { buf, buf + size };

	if (size < LOG_LINE_JSON_MAX)
		return 0;
	for (size_t i = 0; i < line->count; i++) {
		const struct log_line_value *value = &line->values[i];

		put(&to, "%s\"%s\": ", i ? ", " : "{", value->name);
		if (value->text)
			put(&to, "\"%s\"", value->text);
		else
			put(&to, "%u", value->number);
	}
	put(&to, "}\n");
	return (size_t)(to.at - buf);
}

static void end_part(struct writer *to, char *from, struct iovec *part)
{
	part->iov_base = from;
	part->iov_len = (size_t)(to->at - from);
	to->at++; /* its NUL */
}

/* "binding-begin tcp 2001:db8::5 4000 198.51.100.1 4711": the values in their order. */
static void put_message(struct writer *to, const struct log_line *line)
{
	put(to, "MESSAGE=%s", line->values[1].text);
	for (size_t i = 4; i < line->count; i++) {
		if (line->values[i].text)
			put(to, " %s", line->values[i].text);
		else
			put(to, " %u", line->values[i].number);
	}
}

int log_line_fields(struct log_line *line, struct iovec parts[LOG_LINE_PARTS])
{
	struct writer to = { line->fields, line->fields + sizeof(line->fields) };
	char *from = to.at;
	int count = 0;

	put_message(&to, line);
	end_part(&to, from, &parts[count++]);
	from = to.at;
	put(&to, "SYSLOG_IDENTIFIER=" SESSION_LOG_IDENTIFIER);
	end_part(&to, from, &parts[count++]);
	from = to.at;
	put(&to, "PRIORITY=6");
	end_part(&to, from, &parts[count++]);
	for (size_t i = 0; i < line->count; i++) {
		const struct log_line_value *value = &line->values[i];

		from = to.at;
		for (const char *c = value->name; *c; c++)
			put(&to, "%c", toupper((unsigned char)*c));
		if (value->text)
			put(&to, "=%s", value->text);
		else
			put(&to, "=%u", value->number);
		end_part(&to, from, &parts[count++]);
	}
	return count;
}
