/* Translation of IP headers between the families: RFC 7915 section 4 (xlat46.c) and section 5
 * (xlat64.c).
 *
 * Pure: a parsed packet and the addresses it gets go in, bytes come out; who gets which address was
 * decided before (stateless.c, stateful.c). Ordinary packets are rewritten in place, the new header
 * directly in front of the transport header; ICMP errors are built anew in a buffer of the caller.
 */
#ifndef SA_NAT64_XLAT_H
#define SA_NAT64_XLAT_H

#include "translator/icmp_map.h"
#include "translator/offload.h"

/* Room that an IPv6 header with Fragment header takes in front of the transport header. */
#define XLAT_HEADER_MAX 48

/* Room for any translated ICMP error. */
#define XLAT_ERROR_MAX 1280

/* What a packet's addresses become; only the fields of the outgoing family are read. Ports: host
 * order; for ICMP echo dst_port and src_port are both the identifier. */
struct xlat_addresses {
	uint32_t src4, dst4;
	struct in6_addr src6, dst6;
	uint16_t src_port, dst_port;
};

/* A packet on its way through. */
struct xlat_job {
	struct packet p;
	struct offload offload;
	uint32_t
		icmp_len; /* bytes of the whole ICMP message, also when p is only its first piece */
	bool is_second_pass; /* of a hairpin: the packet was translated here a moment ago */
	bool keep_ttl;       /* the second pass must not count as a hop */
};

/* How a packet fits the far side. */
struct xlat_fit {
	uint32_t mtu;    /* with VERDICT_TOO_BIG: for the ICMP error */
	uint32_t cut_at; /* 0: goes whole; else pieces (or segments) of at most so many bytes, IP
	                    header included */
};

/* A translated packet in place. */
struct xlat_packet {
	uint8_t *data;
	uint32_t len;
	uint32_t l4_offset;
	uint8_t version, proto;
	uint32_t fragment_id; /* for the pieces if it is cut */
};

/* Whether the packet may go on, whole or cut: VERDICT_OK or VERDICT_TOO_BIG. */
enum verdict xlat46_fit(const struct config_instance *config, const struct xlat_job *job,
                        struct xlat_fit *fit);
enum verdict xlat64_fit(const struct config_instance *config, const struct xlat_job *job,
                        struct xlat_fit *fit);

/* Translate in place. xlat46 needs XLAT_HEADER_MAX - 20 writable bytes in front of the packet.
 * ident: identification for an IPv4 packet that was no fragment. Only echo messages among ICMP. */
struct xlat_packet xlat46(const struct config_instance *config, struct xlat_job *job,
                          const struct xlat_addresses *to);
struct xlat_packet xlat64(const struct config_instance *config, struct xlat_job *job,
                          const struct xlat_addresses *to, uint16_t ident);

/* An ICMP error taken apart: its message, the packet it quotes and what follows that. */
struct xlat_error {
	struct icmp_mapping map;
	struct packet quote;      /* transport parsed as far as it is there */
	uint32_t region_len;      /* bytes of the quote with the zeros that pad it */
	const uint8_t *extension; /* RFC 4884 structure, NULL = none */
	uint32_t extension_len;
};

/* Take apart and check the ICMP error in p: VERDICT_OK, ICMP_CHECKSUM, ICMP_TYPE, ICMP_QUOTE. */
enum verdict xlat_error_parse(const struct packet *p, struct xlat_error *error);

/* Build the translated error in buf (XLAT_ERROR_MAX bytes). outer: addresses of the error itself;
 * inner: of the quoted packet. Returns its length. */
uint32_t xlat46_error(const struct config_instance *config, const struct xlat_job *job,
                      const struct xlat_error *error, const struct xlat_addresses *outer,
                      const struct xlat_addresses *inner, uint8_t *buf);

/* The same towards IPv4. interface: IPv6 address of the reporting router for an RFC 5837 object, or
 * NULL. */
uint32_t xlat64_error(const struct config_instance *config, const struct xlat_job *job,
                      const struct xlat_error *error, const struct xlat_addresses *outer,
                      const struct xlat_addresses *inner, uint16_t ident,
                      const struct in6_addr *interface, uint8_t *buf);

/* Headers, also for packets that the translator originates. header: 20 or 40 bytes; payload_len:
 * what follows them. */
struct xlat_header4 {
	uint32_t src4, dst4;
	uint8_t tos, ttl, proto;
	uint16_t ident;
	bool dont_fragment, more;
	uint32_t fragment_offset; /* bytes */
	uint32_t payload_len;
};
void xlat_write_header4(uint8_t *header, const struct xlat_header4 *fields);

struct xlat_header6 {
	struct in6_addr src6, dst6;
	uint8_t traffic_class, hop_limit, next;
	uint32_t payload_len;
};
void xlat_write_header6(uint8_t *header, const struct xlat_header6 *fields);

/* Parts of both directions (xlat_parts.c, xlat_error.c). */

/* Running checksums of the two addresses. */
uint64_t xlat_sum4(uint32_t src4, uint32_t dst4);
uint64_t xlat_sum6(const struct in6_addr *src6, const struct in6_addr *dst6);

/* Lower the MSS of a SYN as `mss-clamp` says. */
void xlat_clamp_mss(const struct config_instance *config, struct xlat_job *job);

/* How quote and extension share the room behind an ICMP error's eight bytes. */
struct xlat_error_layout {
	uint32_t quote_len;     /* bytes of the translated quote, headers included */
	uint32_t padded_len;    /* zeros up to here when an extension follows; else quote_len */
	uint32_t extension_len; /* 0: none */
};

/* quote_len: the translated quote if it were whole; unit: 4 or 8, what the RFC 4884 length counts.
 */
struct xlat_error_layout xlat_error_plan(const struct xlat_error *error, uint32_t quote_len,
                                         uint32_t room, uint32_t unit);

#endif
