/* What a record of the session log can be about (log-sessions): who writes and who reads the log
 * agree on these names. docs/logging.md lists them. */
#ifndef SA_NAT64_SESSION_EVENT_H
#define SA_NAT64_SESSION_EVENT_H

enum log_event_kind {
	LOG_START, /* the program began: what was open and is not restored has ended */
	LOG_SESSION_BEGIN,
	LOG_SESSION_END,
	LOG_BINDING_BEGIN,
	LOG_BINDING_END,
	LOG_BLOCK_BEGIN,
	LOG_BLOCK_END,
	/* A packet was dropped for want of something; one record a second of each at most. */
	LOG_ADDRESSES_EXHAUSTED, /* pool4 is empty */
	LOG_PORTS_EXHAUSTED,     /* of the host's public address */
	LOG_SESSION_LIMIT,
	LOG_HOST_LIMIT,
	LOG_FRAGMENT_LIMIT6, /* from an IPv6 host; from an IPv4 host */
	LOG_FRAGMENT_LIMIT4,
	/* A mark was passed (translator/watermarks.h), of pool4 for each protocol. */
	LOG_POOL4_HIGH,
	LOG_POOL4_LOW,
	LOG_SESSIONS_HIGH,
	LOG_EVENT_KINDS
};
#define LOG_SHORTAGES (LOG_POOL4_HIGH - LOG_ADDRESSES_EXHAUSTED)

#define SESSION_LOG_BLOCK_PORTS 64 /* of a block, which begins at a multiple of them */
#define SESSION_LOG_IDENTIFIER  "sa-nat64-session" /* in the journal */

/* "binding-begin"; "unknown" for no kind. */
const char *session_event_name(unsigned kind);

/* The kind of that name; LOG_EVENT_KINDS for none. */
enum log_event_kind session_event_find(const char *name);

#endif
