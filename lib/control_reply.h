/* Replies to a Request of proto/control.proto, packed: what all daemons' answers begin and end
 * with.
 */
#ifndef SA_NAT64_CONTROL_REPLY_H
#define SA_NAT64_CONTROL_REPLY_H

#include "lib/control_socket.h"
#include "proto/control.pb-c.h"

#include <stddef.h>
#include <stdint.h>

/* Where the reply to one request goes. */
struct control_reply {
	uint32_t id; /* of the request */
	uint8_t *bytes;
	size_t size;
};

#define CONTROL_SENTENCE_MAX 512 /* the rest of a longer one is left out */

/* Each returns the length of the reply; 0 when it does not fit. Of a sentence one line is sent:
 * what it repeats of a request may be anything. */

/* A reply with its body set; version and id are filled in. */
size_t control_reply_send(const struct control_reply *to, SaNat64__Control__Reply *reply);

/* The request cannot be carried out: why, as a sentence. */
size_t control_reply_error(const struct control_reply *to, const char *sentence);

/* There is no such request here, where `who` answers: whoever asks is newer. */
size_t control_reply_unknown(const struct control_reply *to, const char *who);

/* The request is understood, its values are not acceptable. */
size_t control_reply_invalid(const struct control_reply *to, const char *sentence);

#endif
