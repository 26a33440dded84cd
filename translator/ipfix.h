/* Records of the session log as IPFIX: the message format of RFC 7011 with the templates and events
 * of RFC 8158. Bytes only; collector.h sends them.
 *
 * What goes into messages is gathered in a body, sets without a message header, which is the same
 * for all collectors. Bodies may be put behind each other: a message is a header and one body or
 * more. A table in ipfix.c has the templates; values are those of the JSON lines (log_line.h).
 */
#ifndef SA_NAT64_IPFIX_H
#define SA_NAT64_IPFIX_H

#include "translator/log_ring.h"

#define IPFIX_MESSAGE_MAX 1352 /* with IPv6 and UDP headers 1400 bytes */
#define IPFIX_HEADER_LEN  16
#define IPFIX_BODY_MAX    (IPFIX_MESSAGE_MAX - IPFIX_HEADER_LEN)
#define IPFIX_NAME_MAX    100 /* its length fits one byte */

/* Who speaks. An instance has the same number on all boxes; its observation domain differs on
 * each. */
struct ipfix_source {
	uint32_t instance;         /* natInstanceID, natPoolId: 1 to 0xfffffff */
	uint32_t domain;           /* instance * 16 + id of the node */
	char name[IPFIX_NAME_MAX]; /* "NODE/INSTANCE" */
};

struct ipfix_body {
	uint8_t bytes[IPFIX_BODY_MAX];
	size_t len;
	unsigned records; /* data records, which sequence numbers count */
	size_t set;       /* where the last set begins */
	uint16_t set_id;  /* of the last set; 0: there is none */
};

/* node_id: 0 to 15. */
struct ipfix_source ipfix_source(const char *instance, const char *node, unsigned node_id);

void ipfix_body_init(struct ipfix_body *body);

/* Add all templates. They fit an empty body together with what ipfix_add_losses() adds. */
void ipfix_add_templates(struct ipfix_body *body);

/* Add how many records a collector was not sent. utc_us: when they were counted, in us since
 * 1970. */
void ipfix_add_losses(struct ipfix_body *body, const struct ipfix_source *source, uint64_t lost,
                      uint64_t utc_us);

/* Add a record that happened at utc_us. False: it does not fit, and body is as it was. */
bool ipfix_add_record(struct ipfix_body *body, const struct ipfix_source *source,
                      const struct log_record *record, uint64_t utc_us);

/* Write the header of a message of len bytes, the header included. sequence: data records sent
 * before on this connection. */
void ipfix_put_header(uint8_t header[IPFIX_HEADER_LEN], size_t len, uint32_t export_s,
                      uint32_t sequence, uint32_t domain);

#endif
