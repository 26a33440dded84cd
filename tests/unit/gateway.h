/* A translator on the bench for unit tests: a configuration, a virtual clock, and what it sent.
 *
 * Its IPv6 side is 2001:db8:64::/96, its public address 203.0.113.1 (pool4 comes from the test's
 * keys), its own addresses 192.0.2.254 and 2001:db8:ffff::1. Everything that goes wrong fails the
 * test that runs.
 */
#ifndef SA_NAT64_TESTS_GATEWAY_H
#define SA_NAT64_TESTS_GATEWAY_H

#include "translator/explain.h"
#include "translator/packet.h"

#define GATEWAY_SECOND_US   UINT64_C(1000000)
#define GATEWAY_OUTPUTS_MAX 256
#define GATEWAY_LOG_RECORDS 1024

struct gateway_output {
	uint64_t at_us;
	uint8_t data[2048];
	struct packet p; /* data, parsed; transport too unless it is a later fragment */
};

struct gateway {
	struct config *config;
	struct translator *translator;
	uint64_t now_us;
	uint32_t local4;                  /* an address of the host it runs on; 0: none */
	uint32_t local4_last;             /* and all up to this one; 0: no more */
	struct in6_addr local6;           /* an IPv6 address of that host; ::: none */
	struct translator_memory *memory; /* NULL: the translator takes its own */
	unsigned node_id, node_count;
	bool has_fast;         /* a fast path that only counts; set by gateway_open_fast() */
	uint64_t last_used_us; /* when a packet last took the fast path; 0: never */
	unsigned entered;      /* flows or mappings that are in it */
	unsigned notes;        /* drops that were reported for the log */
	enum verdict note;     /* the last of them */
	struct log_ring *log;  /* for the session log; NULL without log-sessions */
	size_t count;          /* outputs since gateway_clear() */
	struct gateway_output out[GATEWAY_OUTPUTS_MAX];
};

/* Start with the keys given (lines of an [instance] section) besides addresses. */
void gateway_open(struct gateway *gateway, const char *keys);

/* The same with a fast path, which carries nothing. */
void gateway_open_fast(struct gateway *gateway, const char *keys);

/* The same in memory that stays, zeroed at first; NULL is not allowed. */
void gateway_open_kept(struct gateway *gateway, const char *keys, struct translator_memory *memory);

/* Another process goes on with the memory, and with these keys. The clock goes on, too, and flows
 * stay in the fast path. */
void gateway_restart(struct gateway *gateway, const char *keys);
/* Start as one box of a cluster of node_count, with or without such a fast path. */
void gateway_open_node(struct gateway *gateway, const char *keys, unsigned node_id,
                       unsigned node_count, bool has_fast);

/* Start with the keys given and nothing else, and with this seed for ports, identifications and
 * hashes. */
void gateway_open_bare(struct gateway *gateway, const char *keys, const uint8_t seed[32]);
void gateway_close(struct gateway *gateway);

/* Put a translator with other keys in its place, which takes over what fits. Returns how many
 * sessions did not. */
uint32_t gateway_reload(struct gateway *gateway, const char *keys);

/* Forget what was sent. */
void gateway_clear(struct gateway *gateway);

/* Let time pass, with a tick every 50 ms or, beyond a minute, every second. */
void gateway_pass(struct gateway *gateway, uint64_t us);

/* Give it len bytes; outputs are added to out[]. */
enum verdict gateway_input(struct gateway *gateway, const uint8_t *packet, size_t len);

/* Build a packet with right checksums and give it. */
enum verdict gateway_send(struct gateway *gateway, const struct explain_fields *fields);

/* A packet from IPv6 host `host` (interface identifier in 2001:db8:6::/64) to an IPv4 server.
 * flags: TCP only. */
enum verdict gateway_send6(struct gateway *gateway, uint8_t protocol, uint16_t host, uint16_t sport,
                           uint32_t server, uint16_t dport, uint8_t flags);

/* A packet from an IPv4 server to the public side; ICMP (an echo request) has dport as identifier.
 */
enum verdict gateway_send4(struct gateway *gateway, uint8_t protocol, uint32_t server,
                           uint16_t sport, uint32_t public4, uint16_t dport, uint8_t flags);

/* Give the last output back as its receiver's answer: addresses and ports swapped, echo request
 * made a reply. */
enum verdict gateway_answer(struct gateway *gateway, uint8_t flags);

/* The last output; there must be one. */
const struct packet *gateway_last(const struct gateway *gateway);

struct translator_stats gateway_stats(const struct gateway *gateway);

#endif
