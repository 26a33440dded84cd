#include "cli/session_record.h"

#include "cli/when.h"
#include "lib/address.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef int setter(struct session_record *record, const char *value);

static int number_parse(const char *text, uint32_t max, uint32_t *out)
{
	unsigned long long value;
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return -EINVAL;
	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno != 0 || *end != '\0' || value > max)
		return -EINVAL;
	*out = (uint32_t)value;
	return 0;
}

static int port_parse(const char *text, uint16_t *out)
{
	uint32_t number;

	if (number_parse(text, UINT16_MAX, &number) < 0)
		return -EINVAL;
	*out = (uint16_t)number;
	return 0;
}

static int name_copy(const char *value, char *out, size_t size)
{
	int len = snprintf(out, size, "%s", value);

	return len <= 0 || (size_t)len >= size ? -EINVAL : 0;
}

static int set_time(struct session_record *record, const char *value)
{
	return when_parse_utc(value, &record->time_us);
}

static int set_event(struct session_record *record, const char *value)
{
	record->kind = session_event_find(value);
	return record->kind == LOG_EVENT_KINDS ? -EINVAL : 0;
}

static int set_instance(struct session_record *record, const char *value)
{
	return name_copy(value, record->instance, sizeof(record->instance));
}

static int set_node(struct session_record *record, const char *value)
{
	return name_copy(value, record->node, sizeof(record->node));
}

static int set_protocol(struct session_record *record, const char *value)
{
	return name_copy(value, record->proto, sizeof(record->proto));
}

static int set_host6(struct session_record *record, const char *value)
{
	return address6_parse(value, &record->host6) < 0 ? -EINVAL : 0;
}

static int set_host_port(struct session_record *record, const char *value)
{
	return port_parse(value, &record->host_port);
}

static int set_pool4(struct session_record *record, const char *value)
{
	return address4_parse(value, &record->pool4) < 0 ? -EINVAL : 0;
}

static int set_pool4_port(struct session_record *record, const char *value)
{
	int error = port_parse(value, &record->port_min);

	record->port_max = record->port_min;
	return error;
}

static int set_port_min(struct session_record *record, const char *value)
{
	return port_parse(value, &record->port_min);
}

static int set_port_max(struct session_record *record, const char *value)
{
	return port_parse(value, &record->port_max);
}

static int set_remote4(struct session_record *record, const char *value)
{
	return address4_parse(value, &record->remote4) < 0 ? -EINVAL : 0;
}

static int set_remote_port(struct session_record *record, const char *value)
{
	return port_parse(value, &record->remote_port);
}

static int set_restored(struct session_record *record, const char *value)
{
	return number_parse(value, UINT32_MAX, &record->restored);
}

enum value {
	TIME,
	EVENT,
	INSTANCE,
	NODE,
	PROTOCOL,
	HOST6,
	HOST6_PORT,
	POOL4,
	POOL4_PORT,
	PORT_MIN,
	PORT_MAX,
	REMOTE4,
	REMOTE4_PORT,
	RESTORED,
	VALUES
};

static const struct {
	const char *name;
	setter *set;
} values[VALUES] = {
	[TIME] = { "time", set_time },
	[EVENT] = { "event", set_event },
	[INSTANCE] = { "instance", set_instance },
	[NODE] = { "node", set_node },
	[PROTOCOL] = { "protocol", set_protocol },
	[HOST6] = { "host6", set_host6 },
	[HOST6_PORT] = { "host6_port", set_host_port },
	[POOL4] = { "pool4", set_pool4 },
	[POOL4_PORT] = { "pool4_port", set_pool4_port },
	[PORT_MIN] = { "port_min", set_port_min },
	[PORT_MAX] = { "port_max", set_port_max },
	[REMOTE4] = { "remote4", set_remote4 },
	[REMOTE4_PORT] = { "remote4_port", set_remote_port },
	[RESTORED] = { "restored", set_restored },
};

#define BIT(value) (1u << (value))
#define EACH       (BIT(TIME) | BIT(EVENT) | BIT(INSTANCE) | BIT(NODE))
#define OF_HOST    (EACH | BIT(PROTOCOL) | BIT(HOST6) | BIT(POOL4))
#define OF_PORT    (OF_HOST | BIT(HOST6_PORT) | BIT(POOL4_PORT))
#define OF_SESSION (OF_PORT | BIT(REMOTE4) | BIT(REMOTE4_PORT))
#define OF_BLOCK   (OF_HOST | BIT(PORT_MIN) | BIT(PORT_MAX))

static const unsigned needed[LOG_EVENT_KINDS] = {
	[LOG_START] = EACH | BIT(RESTORED), [LOG_SESSION_BEGIN] = OF_SESSION,
	[LOG_SESSION_END] = OF_SESSION,     [LOG_BINDING_BEGIN] = OF_PORT,
	[LOG_BINDING_END] = OF_PORT,        [LOG_BLOCK_BEGIN] = OF_BLOCK,
	[LOG_BLOCK_END] = OF_BLOCK,         [LOG_ADDRESSES_EXHAUSTED... LOG_EVENT_KINDS - 1] = EACH,
};

int session_record_set(struct session_record *record, const char *name, const char *value)
{
	for (unsigned i = 0; i < VALUES; i++) {
		if (strcasecmp(name, values[i].name) != 0)
			continue;
		record->known |= BIT(i);
		return values[i].set(record, value);
	}
	return 0;
}

int session_record_check(const struct session_record *record)
{
	if (!(record->known & BIT(EVENT)) ||
	    (record->known & needed[record->kind]) != needed[record->kind])
		return -EINVAL;
	return record->kind != LOG_START && record->port_min > record->port_max ? -EINVAL : 0;
}

static int set_json(struct session_record *record, const char *name, const json_t *value)
{
	char number[24];

	if (json_is_string(value))
		return session_record_set(record, name, json_string_value(value));
	if (!json_is_integer(value))
		return 0;
	(void)snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	return session_record_set(record, name, number);
}

int session_record_read(const char *line, size_t len, struct session_record *out)
{
	struct session_record record = { .time_us = 0 };
	json_error_t problem;
	json_t *object = json_loadb(line, len, JSON_REJECT_DUPLICATES, &problem), *value;
	const char *name;
	int error = 0;

	if (!object)
		return json_error_code(&problem) == json_error_out_of_memory ? -ENOMEM : -EINVAL;
	json_object_foreach(object, name, value)
	{
		if (error == 0)
			error = set_json(&record, name, value);
	}
	json_decref(object);
	if (error == 0)
		error = session_record_check(&record);
	if (error == 0)
		*out = record;
	return error;
}
