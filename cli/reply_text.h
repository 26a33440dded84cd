/* What programs say is shown on terminals and as JSON, and whatever answers at a socket may say
 * anything: escape sequences, or bytes that are no text. */
#ifndef SA_NAT64_REPLY_TEXT_H
#define SA_NAT64_REPLY_TEXT_H

#include "proto/control.pb-c.h"

/* Make every string of a message, and of those in it, one line of UTF-8: '?' takes the place of
 * control characters and of bytes that are none. Fields of type bytes stay. Returns how many places
 * that were. */
size_t reply_text_clean(ProtobufCMessage *message);

/* Read the len bytes of a reply, any at all, and make it clean. NULL when they are none; else it is
 * freed as what sa_nat64__control__reply__unpack() gives. */
SaNat64__Control__Reply *reply_text_read(const uint8_t *bytes, size_t len);

#endif
