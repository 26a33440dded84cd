#include "lib/control_reply.h"

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

size_t control_reply_error(const struct control_reply *to, const char *sentence)
{
	SaNat64__Control__Reply reply = SA_NAT64__CONTROL__REPLY__INIT;

	reply.error = (char *)sentence;
	return control_reply_send(to, &reply);
}

size_t control_reply_invalid(const struct control_reply *to, const char *sentence)
{
	SaNat64__Control__Reply reply = SA_NAT64__CONTROL__REPLY__INIT;

	reply.error = (char *)sentence;
	reply.invalid = true;
	return control_reply_send(to, &reply);
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
