/* See record.h. */
#include "syncd/record.h"

#include <string.h>

#define PORT_MAX 65535u

/* What both messages have in common. */
struct identity {
	uint32_t proto, pool4, pool4_port, remote, remote_port, version, owner;
};

static bool identity_is_valid(const struct identity *in)
{
	if (in->proto >= REPLICA_PROTOS || in->pool4 == 0 || in->remote == 0)
		return false;
	if (in->pool4_port > PORT_MAX || in->remote_port > PORT_MAX)
		return false;
	if (in->proto == REPLICA_ICMP ? in->remote_port != 0 : in->pool4_port == 0)
		return false;
	return in->version >= 1 && in->owner <= REPLICA_NODES;
}

static struct replica_key identity_key(const struct identity *in)
{
	return (struct replica_key){ .pool4 = in->pool4,
		                     .remote = in->remote,
		                     .pool4_port = (uint16_t)in->pool4_port,
		                     .remote_port = (uint16_t)in->remote_port,
		                     .proto = (uint8_t)in->proto };
}

static uint8_t owner_of(uint32_t owner, uint8_t sender)
{
	return owner ? (uint8_t)(owner - 1) : sender;
}

static uint32_t owner_for(uint8_t owner, uint8_t sender)
{
	return owner == sender ? 0 : owner + 1u;
}

bool record_read_session(const SaNat64__Session__Session *in, uint8_t sender, uint64_t now_us,
                         struct replica_session *out)
{
	const struct identity identity = { in->proto,       in->pool4,   in->pool4_port, in->remote,
		                           in->remote_port, in->version, in->owner };
	uint32_t states = in->proto == REPLICA_TCP ? RECORD_TCP_STATE_MAX : 0;

	if (!identity_is_valid(&identity) || in->host.len != sizeof(out->host))
		return false;
	if (in->host_port > PORT_MAX || in->state > states || in->pool6 >= RECORD_POOL6_MAX ||
	    in->lifetime_s > RECORD_LIFETIME_MAX_S)
		return false;
	out->key = identity_key(&identity);
	memcpy(&out->host, in->host.data, sizeof(out->host));
	out->host_port = (uint16_t)in->host_port;
	out->state = (uint8_t)in->state;
	out->pool6 = (uint8_t)in->pool6;
	out->owner = owner_of(in->owner, sender);
	out->version = in->version;
	out->expires_us = now_us + (uint64_t)in->lifetime_s * 1000000;
	return true;
}

bool record_read_gone(const SaNat64__Session__Gone *in, uint8_t sender, struct replica_gone *out)
{
	const struct identity identity = { in->proto,       in->pool4,   in->pool4_port, in->remote,
		                           in->remote_port, in->version, in->owner };

	if (!identity_is_valid(&identity))
		return false;
	out->key = identity_key(&identity);
	out->owner = owner_of(in->owner, sender);
	out->version = in->version;
	out->forced = in->forced;
	return true;
}

void record_write_session(const struct replica_session *in, uint8_t sender, uint64_t now_us,
                          SaNat64__Session__Session *out)
{
	uint64_t left = in->expires_us > now_us ? (in->expires_us - now_us + 999999) / 1000000 : 0;

	sa_nat64__session__session__init(out);
	out->proto = in->key.proto;
	out->pool4 = in->key.pool4;
	out->pool4_port = in->key.pool4_port;
	out->remote = in->key.remote;
	out->remote_port = in->key.remote_port;
	out->host = (ProtobufCBinaryData){ sizeof(in->host), (uint8_t *)&in->host };
	out->host_port = in->host_port;
	out->state = in->state;
	out->lifetime_s = left < RECORD_LIFETIME_MAX_S ? (uint32_t)left : RECORD_LIFETIME_MAX_S;
	out->version = in->version;
	out->owner = owner_for(in->owner, sender);
	out->pool6 = in->pool6;
}

void record_write_gone(const struct replica_gone *in, uint8_t sender, SaNat64__Session__Gone *out)
{
	sa_nat64__session__gone__init(out);
	out->proto = in->key.proto;
	out->pool4 = in->key.pool4;
	out->pool4_port = in->key.pool4_port;
	out->remote = in->key.remote;
	out->remote_port = in->key.remote_port;
	out->version = in->version;
	out->owner = owner_for(in->owner, sender);
	out->forced = in->forced;
}
