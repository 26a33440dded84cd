#include "tests/sim/host.h"

#include <stdlib.h>
#include <string.h>

#define POOL4     0xc6336401u
#define REMOTE    0x08080800u
#define REST_US   UINT64_C(10000000)
#define REST_LONG UINT64_C(7440000000)
#define BLOCK     64

void host_init(struct host *host, uint8_t node, uint8_t nodes)
{
	memset(host, 0, sizeof(*host));
	host->node = node;
	host->nodes = nodes;
	host->running = true;
}

void host_empty(struct host *host)
{
	memset(host->sessions, 0, sizeof(host->sessions));
	memset(host->clients, 0, sizeof(host->clients));
	memset(host->freed_us, 0, sizeof(host->freed_us));
	host->version_floor = 0;
	host->serving = false;
	host->emptied = true;
}

struct replica_key host_key(unsigned port, unsigned remote)
{
	return (struct replica_key){
		.pool4 = POOL4,
		.remote = REMOTE + remote,
		.pool4_port = (uint16_t)(HOST_FIRST_PORT + port),
		.remote_port = 443,
	};
}

/* ---- telling ---- */

static void tell(struct host *host, unsigned port, unsigned remote)
{
	struct host_session *s = &host->sessions[port][remote];
	struct replica_session record = {
		.key = host_key(port, remote),
		.host_port = (uint16_t)(HOST_FIRST_PORT + port),
		.state = s->state,
		.owner = s->owner,
		.version = s->version,
		.expires_us = s->expires_us,
	};

	memcpy(record.host.s6_addr, &s->client, sizeof(s->client));
	s->used = false;
	s->told_us = s->expires_us;
	if (host->replica && !replica_local_session(host->replica, &record, host->now_us))
		abort();
}

static void tell_gone(struct host *host, unsigned port, unsigned remote)
{
	const struct host_session *s = &host->sessions[port][remote];
	const struct replica_gone gone = { .key = host_key(port, remote),
		                           .owner = s->owner,
		                           .version = s->version };

	if (!host->replica)
		return;
	if (s->owner != host->node)
		replica_local_expired(host->replica, &gone);
	else if (!replica_local_gone(host->replica, &gone, host->now_us))
		abort();
}

static void take(struct host *host, unsigned port, unsigned remote)
{
	host->sessions[port][remote].owner = host->node;
	host->sessions[port][remote].version++;
	tell(host, port, remote);
}

static void end(struct host *host, unsigned port, unsigned remote)
{
	struct host_session *s = &host->sessions[port][remote];

	if (s->version > host->version_floor)
		host->version_floor = s->version;
	s->live = false;
	for (unsigned other = 0; other < HOST_REMOTES; other++)
		if (host->sessions[port][other].live)
			return;
	host->clients[port] = 0;
	host->freed_us[port] = host->now_us;
}

/* ---- what hosts and remotes do ---- */

/* A port rests a while; if contact was lost before that was over, as long as a peer may have taken
 * its session. */
static bool is_rested(const struct host *host, unsigned port)
{
	uint64_t freed_us = host->freed_us[port];
	bool heard = host->contact && host->alone_us < freed_us;

	return freed_us == 0 || freed_us + (heard ? REST_US : REST_LONG) <= host->now_us;
}

static bool is_free(const struct host *host, unsigned port)
{
	return port / BLOCK % host->nodes == host->node && !host->clients[port] &&
	       is_rested(host, port);
}

int host_open(struct host *host, struct prng *prng, uint32_t client)
{
	unsigned start = prng_below(prng, HOST_PORTS), port = start;
	struct host_session *s;
	unsigned remote = prng_below(prng, HOST_REMOTES);

	while (!is_free(host, port)) {
		port = (port + 1) % HOST_PORTS;
		if (port == start)
			return -1;
	}
	s = &host->sessions[port][remote];
	*s = (struct host_session){
		.live = true,
		.owner = host->node,
		.version = host->version_floor + 1,
		.lifetime_s = prng_below(prng, 3) ? 7440 : 12 + prng_below(prng, 20),
		.client = client,
	};
	s->expires_us = host->now_us + (uint64_t)s->lifetime_s * 1000000;
	host->clients[port] = client;
	tell(host, port, remote);
	return (int)port;
}

void host_packet(struct host *host, unsigned port, unsigned remote)
{
	struct host_session *s = &host->sessions[port][remote];
	uint64_t half_us = (uint64_t)s->lifetime_s * 500000;

	if (!s->live)
		return;
	s->used = true;
	s->expires_us = host->now_us + (uint64_t)s->lifetime_s * 1000000;
	if (host->now_us + half_us < s->told_us)
		return;
	if (s->owner == host->node)
		tell(host, port, remote);
	else
		take(host, port, remote);
}

void host_change(struct host *host, unsigned port, unsigned remote, uint8_t state)
{
	struct host_session *s = &host->sessions[port][remote];

	if (!s->live || s->state == state)
		return;
	s->state = state;
	take(host, port, remote);
}

void host_close(struct host *host, unsigned port, unsigned remote)
{
	struct host_session *s = &host->sessions[port][remote];

	if (!s->live)
		return;
	if (s->owner != host->node) {
		s->owner = host->node;
		s->version++;
	}
	tell_gone(host, port, remote);
	end(host, port, remote);
}

void host_expire(struct host *host)
{
	for (unsigned port = 0; port < HOST_PORTS; port++) {
		for (unsigned remote = 0; remote < HOST_REMOTES; remote++) {
			if (!host->sessions[port][remote].live ||
			    host->sessions[port][remote].expires_us > host->now_us)
				continue;
			tell_gone(host, port, remote);
			end(host, port, remote);
		}
	}
}

/* ---- what the replica says ---- */

static int compare(uint32_t version, uint8_t owner, const struct host_session *s)
{
	if (version != s->version)
		return version > s->version ? 1 : -1;
	return owner == s->owner ? 0 : owner < s->owner ? 1 : -1;
}

static void enter(struct host *host, const struct replica_session *record)
{
	unsigned port = record->key.pool4_port - HOST_FIRST_PORT;
	unsigned remote = record->key.remote - REMOTE;
	struct host_session *s = &host->sessions[port][remote];
	int order = s->live ? compare(record->version, record->owner, s) : 1;

	if (order < 0 || record->expires_us <= host->now_us)
		return;
	if (order == 0) {
		if (record->expires_us > s->expires_us)
			s->expires_us = s->told_us = record->expires_us;
		return;
	}
	s->live = true;
	s->used = false;
	s->owner = record->owner;
	s->version = record->version;
	s->state = record->state;
	memcpy(&s->client, record->host.s6_addr, sizeof(s->client));
	s->expires_us = s->told_us = record->expires_us;
	s->lifetime_s = record->expires_us > host->now_us + UINT64_C(60000000) ? 7440 : 20;
	host->clients[port] = s->client;
}

static void remove_gone(struct host *host, const struct replica_gone *gone)
{
	unsigned port = gone->key.pool4_port - HOST_FIRST_PORT;
	unsigned remote = gone->key.remote - REMOTE;
	struct host_session *s = &host->sessions[port][remote];

	if (gone->version > host->version_floor)
		host->version_floor = gone->version;
	if (!s->live && !host->clients[port])
		host->freed_us[port] = host->now_us;
	if (!s->live || compare(gone->version, gone->owner, s) < 0)
		return;
	if (s->used) {
		s->version = gone->version;
		take(host, port, remote);
		return;
	}
	end(host, port, remote);
}

void host_apply(struct host *host, unsigned limit)
{
	struct replica_session session;
	struct replica_gone gone;
	int what;

	while (limit-- && host->replica &&
	       (what = replica_apply_next(host->replica, &session, &gone))) {
		if (what == 1)
			enter(host, &session);
		else
			remove_gone(host, &gone);
	}
}

void host_attach(struct host *host, struct replica *replica)
{
	host->replica = replica;
	replica_attach(replica, host->now_us);
	replica_scan_begin(replica);
	for (unsigned port = 0; port < HOST_PORTS; port++) {
		for (unsigned remote = 0; remote < HOST_REMOTES; remote++) {
			bool used = host->sessions[port][remote].used;

			if (!host->sessions[port][remote].live)
				continue;
			tell(host, port, remote);
			host->sessions[port][remote].used = used;
		}
	}
	replica_scan_end(replica, host->now_us);
}

void host_detach(struct host *host)
{
	if (host->replica)
		replica_detach(host->replica);
	host->replica = NULL;
}
