#include "lib/control_reply.h"

#include "lib/utf8.h"

#include <stdbool.h>
#include <stdio.h>

size_t control_reply_send(const struct control_reply *to, SaNat64__Control__Reply *reply)
{
	reply->version = CONTROL_VERSION;
	reply->id = to->id;
	if (sa_nat64__control__reply__get_packed_size(reply) > to->size)
		return 0;
	return sa_nat64__control__reply__pack(reply, to->bytes);
}

/* A sentence may repeat what it is about, or a part of it. */
static size_t send_sentence(const struct control_reply *to, const char *sentence,
                            SaNat64__Control__Reply *reply)
{
	char line[CONTROL_SENTENCE_MAX];

	(void)snprintf(line, sizeof(line), "%s", sentence);
	(void)utf8_clean(line);
	reply->error = line;
	return control_reply_send(to, reply);
}

size_t control_reply_error(const struct control_reply *to, const char *sentence)
{
	SaNat64__Control__Reply reply = SA_NAT64__CONTROL__REPLY__INIT;

	return send_sentence(to, sentence, &reply);
}

size_t control_reply_invalid(const struct control_reply *to, const char *sentence)
{
	SaNat64__Control__Reply reply = SA_NAT64__CONTROL__REPLY__INIT;

	reply.invalid = true;
	return send_sentence(to, sentence, &reply);
}

size_t control_reply_unknown(const struct control_reply *to, const char *who)
{
	char sentence[200];

	(void)snprintf(sentence, sizeof(sentence),
	               "this request is not known here: sa-nat64 is newer than %s; restart it, so "
	               "that the installed version runs",
	               who);
	return control_reply_error(to, sentence);
}
