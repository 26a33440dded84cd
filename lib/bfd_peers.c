/* See bfd_peers.h. What bfdd says is printed back to it when a peer is deleted, so nothing that is
 * read gets through unless it is an address or a plain name. */
#include "lib/bfd_peers.h"

#include "lib/address.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#define MS 1000u /* microseconds */

/* ---- addresses ---- */

/* The one way to write an address, so that texts can be compared. out is untouched on failure. */
static bool normal_address(const char *text, char out[48])
{
	char buffer[ADDRESS_STRLEN];
	struct in6_addr addr6;
	uint32_t addr4;

	if (address4_parse(text, &addr4) == 0)
		(void)address4_format(addr4, buffer);
	else if (address6_parse(text, &addr6) == 0)
		(void)address6_format(&addr6, buffer);
	else
		return false;
	if (strlen(buffer) >= 48)
		return false;
	memcpy(out, buffer, strlen(buffer) + 1);
	return true;
}

/* "ADDRESS/LEN" of a [network] and whether its subnet has the peer. */
static bool reaches(const char *address, const char *peer)
{
	const char *slash = strchr(address, '/');
	unsigned long len = slash ? strtoul(slash + 1, NULL, 10) : 128;
	char alone[ADDRESS_STRLEN];
	struct in6_addr own6, peer6;
	uint32_t own4, peer4;

	(void)snprintf(alone, sizeof(alone), "%.*s",
	               slash ? (int)(slash - address) : (int)strlen(address), address);
	if (address4_parse(alone, &own4) == 0 && address4_parse(peer, &peer4) == 0)
		return ((own4 ^ peer4) & prefix4_mask(len > 32 ? 32 : (unsigned)len)) == 0;
	if (address6_parse(alone, &own6) == 0 && address6_parse(peer, &peer6) == 0) {
		unsigned bits = len > 128 ? 128 : (unsigned)len;
		struct in6_addr own_net = address6_masked(&own6, bits);
		struct in6_addr peer_net = address6_masked(&peer6, bits);

		return address6_equal(&own_net, &peer_net);
	}
	return false;
}

static bool local_of(const struct config_network *network, const char *peer, char out[48])
{
	for (size_t i = 0; i < network->address_count; i++) {
		char alone[ADDRESS_STRLEN];

		if (!reaches(network->address[i], peer))
			continue;
		(void)snprintf(alone, sizeof(alone), "%s", network->address[i]);
		alone[strcspn(alone, "/")] = '\0';
		if (normal_address(alone, out))
			return true;
	}
	return false;
}

static bool is_listed(const struct bfd_peer_wanted *peers, size_t count, const char *peer)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(peers[i].peer, peer) == 0)
			return true;
	return false;
}

size_t bfd_peers_of(const struct config_network *network, const char *interface,
                    struct bfd_peer_wanted *out, FILE *err)
{
	size_t count = 0;

	for (size_t i = 0; i < network->bfd_peer_count; i++) {
		struct bfd_peer_wanted wanted = { .peer = "" };
		const char *peer = network->bfd_peer[i];

		if (!normal_address(peer, wanted.peer) || is_listed(out, count, wanted.peer))
			continue;
		if (count == BFD_PEERS_MAX) {
			(void)fprintf(
				err,
				"[network %s %s]: bfd-peer %s is left out: there are more than %d\n",
				network->instance, network->node, peer, BFD_PEERS_MAX);
			continue;
		}
		if (!local_of(network, peer, wanted.local)) {
			(void)fprintf(
				err,
				"[network %s %s]: bfd-peer %s is left out: no address of the section is in its subnet; add one, or correct the peer\n",
				network->instance, network->node, peer);
			continue;
		}
		(void)snprintf(wanted.interface, sizeof(wanted.interface), "%s", interface);
		out[count++] = wanted;
	}
	return count;
}

/* ---- printing ---- */

uint64_t bfd_detection_us(const struct config_health *health)
{
	return health->bfd_interval_us * health->bfd_multiplier;
}

void bfd_print_profile(const struct config_health *health, FILE *out)
{
	uint64_t ms = health->bfd_interval_us / MS;

	(void)fprintf(out, " profile " BFD_PROFILE "\n");
	(void)fprintf(out, "  detect-multiplier %u\n", health->bfd_multiplier);
	(void)fprintf(out, "  transmit-interval %" PRIu64 "\n", ms);
	(void)fprintf(out, "  receive-interval %" PRIu64 "\n", ms);
	(void)fprintf(out, "  no shutdown\n");
	(void)fprintf(out, " exit\n");
}

static void print_key(const struct bfd_peer_wanted *peer, const char *before, FILE *out)
{
	(void)fprintf(out, "%s peer %s local-address %s interface %s\n", before, peer->peer,
	              peer->local, peer->interface);
}

void bfd_print_peer(const struct bfd_peer_wanted *peer, FILE *out)
{
	print_key(peer, "", out);
	(void)fprintf(out, "  profile " BFD_PROFILE "\n");
	(void)fprintf(out, "  no shutdown\n");
	(void)fprintf(out, " exit\n");
}

void bfd_print_shutdown(const struct bfd_peer_wanted *peer, FILE *out)
{
	print_key(peer, "", out);
	(void)fprintf(out, "  shutdown\n");
	(void)fprintf(out, " exit\n");
}

/* The same words as when it was made: bfdd knows a peer by all of them. */
void bfd_print_no_peer(const struct bfd_peer_state *peer, FILE *out)
{
	(void)fprintf(out, " no peer %s", peer->peer);
	if (peer->multihop)
		(void)fprintf(out, " multihop");
	if (peer->local[0])
		(void)fprintf(out, " local-address %s", peer->local);
	if (peer->interface[0])
		(void)fprintf(out, " interface %s", peer->interface);
	if (peer->vrf[0])
		(void)fprintf(out, " vrf %s", peer->vrf);
	(void)fprintf(out, "\n");
}

void bfd_print_config(const char *instance, const struct config_health *health,
                      const struct bfd_peer_wanted *peers, size_t count, FILE *out)
{
	(void)fprintf(
		out,
		"! BFD of instance %s, for the bfdd that runs as `bfdd -N %s` in its namespace.\n"
		"!\n"
		"! The peers are comments on purpose. sa-nat64-healthd makes them while the instance may\n"
		"! serve and deletes them when it may not; a peer that stood in this file would come up\n"
		"! after every start of bfdd, also when nothing is translated, and draw packets that are\n"
		"! then lost. With `shutdown` it would say AdminDown, on which some routers (FRR from 10.7\n"
		"! on) keep the route that they had. So do not `write memory` in this bfdd either.\n"
		"!\n"
		"! To do without sa-nat64-healthd, take the \"!\" away before the peers. Nothing withdraws\n"
		"! them then: `no peer ...` with the same words does it by hand.\n"
		"!\n"
		"bfd\n",
		instance, instance);
	bfd_print_profile(health, out);
	(void)fprintf(out, " !\n");
	for (size_t i = 0; i < count; i++) {
		print_key(&peers[i], " !", out);
		(void)fprintf(out, " !  profile " BFD_PROFILE "\n !\n");
	}
	(void)fprintf(out, "exit\n");
}

/* ---- reading ---- */

static const struct {
	const char *word;
	enum bfd_state state;
} frr_states[] = {
	{ "up", BFD_UP },
	{ "down", BFD_DOWN },
	{ "init", BFD_INIT },
	{ "shutdown", BFD_ADMIN_DOWN },
	{ "admin-down", BFD_ADMIN_DOWN },
};

static const char *const state_names[] = {
	[BFD_UNKNOWN] = "unknown", [BFD_ABSENT] = "silent", [BFD_DOWN] = "down",
	[BFD_INIT] = "init",       [BFD_UP] = "up",         [BFD_ADMIN_DOWN] = "admin-down",
};

const char *bfd_state_name(enum bfd_state state)
{
	return state_names[state];
}

bool bfd_peer_is(const struct bfd_peer_state *peer, const struct bfd_peer_wanted *wanted)
{
	return !peer->multihop && !peer->vrf[0] && strcmp(peer->peer, wanted->peer) == 0 &&
	       strcmp(peer->local, wanted->local) == 0 &&
	       strcmp(peer->interface, wanted->interface) == 0;
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static uint64_t number_of(const json_t *object, const char *key, uint64_t max)
{
	json_int_t number = json_integer_value(json_object_get(object, key));

	return number > 0 && (uint64_t)number <= max ? (uint64_t)number : 0;
}

static uint64_t interval_of(const json_t *object, const char *key)
{
	return number_of(object, key, UINT32_MAX / MS) *
	       MS; /* on the wire: 32 bits of microseconds */
}

/* A name of an interface or VRF, or "". */
static bool read_name(const char *text, char *out, size_t size)
{
	for (const char *c = text; *c; c++)
		if (!isgraph((unsigned char)*c) || *c == '/')
			return false;
	return (size_t)snprintf(out, size, "%s", text) < size;
}

static bool read_key(const json_t *object, struct bfd_peer_state *out)
{
	const char *local = text_of(object, "local"), *vrf = text_of(object, "vrf");

	out->multihop = json_is_true(json_object_get(object, "multihop"));
	return normal_address(text_of(object, "peer"), out->peer) &&
	       (!local[0] || normal_address(local, out->local)) &&
	       read_name(text_of(object, "interface"), out->interface, sizeof(out->interface)) &&
	       read_name(strcmp(vrf, "default") == 0 ? "" : vrf, out->vrf, sizeof(out->vrf));
}

/* bfdd shows defaults and old values of a router that it does not hear. */
static void read_remote(const json_t *object, struct bfd_peer_state *out)
{
	if (out->state != BFD_UP)
		return;
	out->remote_receive_us = interval_of(object, "remote-receive-interval");
	out->remote_transmit_us = interval_of(object, "remote-transmit-interval");
	out->remote_multiplier = (uint32_t)number_of(object, "remote-detect-multiplier", UINT8_MAX);
	out->detection_us = out->multiplier * (out->transmit_us > out->remote_receive_us
	                                               ? out->transmit_us
	                                               : out->remote_receive_us);
}

static bool read_peer(const json_t *object, struct bfd_peer_state *out)
{
	const char *status = text_of(object, "status"), *diagnostic = text_of(object, "diagnostic");

	*out = (struct bfd_peer_state){ .state = BFD_UNKNOWN };
	if (!json_is_object(object) || !read_key(object, out))
		return false;
	for (size_t i = 0; i < sizeof(frr_states) / sizeof(frr_states[0]); i++)
		if (strcmp(status, frr_states[i].word) == 0)
			out->state = frr_states[i].state;
	if (strcmp(diagnostic, "ok") != 0)
		(void)snprintf(out->diagnostic, sizeof(out->diagnostic), "%s", diagnostic);
	out->transmit_us = interval_of(object, "transmit-interval");
	out->receive_us = interval_of(object, "receive-interval");
	out->multiplier = (uint32_t)number_of(object, "detect-multiplier", UINT8_MAX);
	read_remote(object, out);
	return true;
}

/* Where a line begins with '['; NULL: nowhere. */
static const char *array_in(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] == '[' && (i == 0 || text[i - 1] == '\n'))
			return text + i;
	return NULL;
}

int bfd_parse_peers(const char *text, size_t len, struct bfd_peer_state *out, size_t max)
{
	const char *start = array_in(text, len);
	json_t *array, *object;
	size_t index, count = 0;
	bool good = true;

	if (!start)
		return -EINVAL;
	array = json_loadb(start, len - (size_t)(start - text), JSON_DISABLE_EOF_CHECK, NULL);
	if (!json_is_array(array)) {
		json_decref(array);
		return -EINVAL;
	}
	json_array_foreach(array, index, object)
	{
		if (count == max || !good)
			break;
		good = read_peer(object, &out[count++]);
	}
	json_decref(array);
	return good ? (int)count : -EINVAL;
}
