/* See control_rights.h. */
#include "lib/control_rights.h"

#include "lib/control_reply.h"

#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum control_right control_right_of(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return CONTROL_LOOKS;
	return peer.uid == 0 || peer.uid == geteuid() ? CONTROL_OWNS : CONTROL_LOOKS;
}

/* Of reload: what it would do, and what the last one did. */
static bool reload_looks(const SaNat64__Control__Request *request)
{
	const char *action = request->reload->action;

	return strcmp(action, "check") == 0 || strcmp(action, "outcome") == 0;
}

static const struct {
	SaNat64__Control__Request__CommandCase command;
	bool (*looks)(const SaNat64__Control__Request *request); /* NULL: always */
} looks[] = {
	{ SA_NAT64__CONTROL__REQUEST__COMMAND_STATUS, NULL },
	{ SA_NAT64__CONTROL__REQUEST__COMMAND_STATS, NULL },
	{ SA_NAT64__CONTROL__REQUEST__COMMAND_SESSIONS, NULL },
	{ SA_NAT64__CONTROL__REQUEST__COMMAND_BIB, NULL },
	{ SA_NAT64__CONTROL__REQUEST__COMMAND_EXPLAIN, NULL },
	{ SA_NAT64__CONTROL__REQUEST__COMMAND_PEERS, NULL },
	{ SA_NAT64__CONTROL__REQUEST__COMMAND_HEALTH, NULL },
	{ SA_NAT64__CONTROL__REQUEST__COMMAND_CONFIG, NULL },
	{ SA_NAT64__CONTROL__REQUEST__COMMAND_RELOAD, reload_looks },
	{ SA_NAT64__CONTROL__REQUEST__COMMAND_POOL4, NULL },
	{ SA_NAT64__CONTROL__REQUEST__COMMAND_CAPABILITIES, NULL },
	{ SA_NAT64__CONTROL__REQUEST__COMMAND_WHO, NULL },
};

static bool only_looks(const SaNat64__Control__Request *request)
{
	for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++)
		if (looks[i].command == request->command_case)
			return !looks[i].looks || looks[i].looks(request);
	return false;
}

size_t control_rights_refuse(enum control_right right, const uint8_t *request, size_t len,
                             uint8_t *reply, size_t size)
{
	SaNat64__Control__Request *in;
	size_t written = 0;

	if (right == CONTROL_OWNS)
		return 0;
	in = sa_nat64__control__request__unpack(NULL, len, request);
	if (in && !only_looks(in))
		written = control_reply_error(
			&(struct control_reply){ .id = in->id, .bytes = reply, .size = size },
			in->command_case == SA_NAT64__CONTROL__REQUEST__COMMAND_TRACE
				? "permission denied: a trace shows the contents of packets, which "
				  "only root may see; run as root"
				: "permission denied: the group of the socket may look, only root "
				  "may change something; run as root");
	if (in)
		sa_nat64__control__request__free_unpacked(in, NULL);
	return written;
}
