/* See reply_text.h. The fields are found by the description that the generated code carries. */
#include "cli/reply_text.h"

#include "lib/utf8.h"

#include <string.h>

/* One value of a field: a string or a message, which may be absent. An absent string is a constant,
 * which is empty. */
static size_t clean_value(const ProtobufCFieldDescriptor *field, void *value)
{
	char *text = value;

	if (!value)
		return 0;
	if (field->type == PROTOBUF_C_TYPE_MESSAGE)
		return reply_text_clean(value);
	return text[0] ? utf8_clean(text) : 0;
}

/* Whether the member that a field shares with others is its own. */
static bool is_chosen(const ProtobufCFieldDescriptor *field, const uint8_t *message)
{
	uint32_t chosen;

	if (!(field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF))
		return true;
	memcpy(&chosen, message + field->quantifier_offset, sizeof(chosen));
	return chosen == field->id;
}

static void *pointer_at(const uint8_t *place)
{
	void *pointer;

	memcpy(&pointer, place, sizeof(pointer));
	return pointer;
}

static size_t clean_field(const ProtobufCFieldDescriptor *field, const uint8_t *message)
{
	const uint8_t *member = message + field->offset, *list;
	size_t count = 0, values;

	if (field->label != PROTOBUF_C_LABEL_REPEATED)
		return is_chosen(field, message) ? clean_value(field, pointer_at(member)) : 0;
	memcpy(&values, message + field->quantifier_offset, sizeof(values));
	list = pointer_at(member);
	for (size_t i = 0; i < values; i++)
		count += clean_value(field, pointer_at(list + i * sizeof(void *)));
	return count;
}

size_t reply_text_clean(ProtobufCMessage *message)
{
	const ProtobufCMessageDescriptor *descriptor = message->descriptor;
	size_t count = 0;

	for (unsigned i = 0; i < descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &descriptor->fields[i];

		if (field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_MESSAGE)
			count += clean_field(field, (const uint8_t *)message);
	}
	return count;
}

SaNat64__Control__Reply *reply_text_read(const uint8_t *bytes, size_t len)
{
	SaNat64__Control__Reply *reply = sa_nat64__control__reply__unpack(NULL, len, bytes);

	if (reply)
		(void)reply_text_clean(&reply->base);
	return reply;
}
