#include "translator/local4.h"

#include "lib/log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <netlink/route/addr.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#define ADDRESSES_MAX 4096

struct local4 {
	struct nl_sock *events; /* never blocks; only says that something changed */
	struct nl_sock *dump;
	sd_event_source *source;
	uint32_t *addresses, *before; /* sorted; ADDRESSES_MAX each */
	size_t count, count_before;
	void (*grew)(void *context); /* NULL: nobody watches */
	void *context;
};

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void collect(struct local4 *local, struct nl_addr *addr)
{
	uint32_t addr_be;

	if (!addr || nl_addr_get_family(addr) != AF_INET || local->count == ADDRESSES_MAX)
		return;
	memcpy(&addr_be, nl_addr_get_binary_addr(addr), sizeof(addr_be));
	local->addresses[local->count++] = ntohl(addr_be);
}

static bool has(const uint32_t *addresses, size_t count, uint32_t addr4)
{
	return bsearch(&addr4, addresses, count, sizeof(addr4), compare) != NULL;
}

/* Whether an address is there that was not before. */
static bool has_grown(const struct local4 *local)
{
	size_t i;

	for (i = 0; i < local->count; i++)
		if (!has(local->before, local->count_before, local->addresses[i]))
			return true;
	return false;
}

/* Keep what is known as what was known before. */
static void turn(struct local4 *local)
{
	uint32_t *addresses = local->before;

	local->before = local->addresses;
	local->count_before = local->count;
	local->addresses = addresses;
	local->count = 0;
}

/* Read all addresses again. */
static int refresh(struct local4 *local)
{
	struct nl_cache *cache;
	struct nl_object *object;
	int error = rtnl_addr_alloc_cache(local->dump, &cache);

	if (error < 0) {
		log_warning("cannot read this host's addresses: %s", nl_geterror(error));
		return -EIO;
	}
	turn(local);
	for (object = nl_cache_get_first(cache); object; object = nl_cache_get_next(object)) {
		struct rtnl_addr *entry = (struct rtnl_addr *)object;

		if (rtnl_addr_get_family(entry) != AF_INET)
			continue;
		collect(local, rtnl_addr_get_local(entry));
		collect(local, rtnl_addr_get_broadcast(entry));
	}
	qsort(local->addresses, local->count, sizeof(*local->addresses), compare);
	nl_cache_free(cache);
	return 0;
}

static int on_event(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct local4 *local = userdata;

	(void)source;
	(void)fd;
	(void)revents;
	(void)nl_recvmsgs_default(
		local->events); /* an overrun is no loss: everything is read again */
	if (refresh(local) == 0 && local->grew && has_grown(local))
		local->grew(local->context);
	return 0;
}

static int ignore_message(struct nl_msg *msg, void *context)
{
	(void)msg;
	(void)context;
	return NL_OK;
}

static int open_sockets(struct local4 *local)
{
	local->events = nl_socket_alloc();
	local->dump = nl_socket_alloc();
	if (!local->events || !local->dump)
		return -ENOMEM;
	nl_socket_disable_seq_check(local->events);
	(void)nl_socket_modify_cb(local->events, NL_CB_VALID, NL_CB_CUSTOM, ignore_message, NULL);
	if (nl_connect(local->dump, NETLINK_ROUTE) < 0 ||
	    nl_connect(local->events, NETLINK_ROUTE) < 0 ||
	    nl_socket_add_membership(local->events, RTNLGRP_IPV4_IFADDR) < 0 ||
	    nl_socket_set_nonblocking(local->events) < 0)
		return -EIO;
	return 0;
}

int local4_start(sd_event *event, struct local4 **out)
{
	struct local4 *local = calloc(1, sizeof(*local));
	int error = -ENOMEM;

	if (!local)
		return error;
	local->addresses = calloc(ADDRESSES_MAX, sizeof(*local->addresses));
	local->before = calloc(ADDRESSES_MAX, sizeof(*local->before));
	if (local->addresses && local->before)
		error = open_sockets(local);
	if (error == 0)
		error = refresh(local);
	if (error == 0)
		error = sd_event_add_io(event, &local->source, nl_socket_get_fd(local->events),
		                        EPOLLIN, on_event, local);
	if (error < 0) {
		local4_stop(local);
		return error;
	}
	*out = local;
	return 0;
}

void local4_stop(struct local4 *local)
{
	if (!local)
		return;
	sd_event_source_disable_unref(local->source);
	nl_socket_free(local->events);
	nl_socket_free(local->dump);
	free(local->addresses);
	free(local->before);
	free(local);
}

void local4_watch(struct local4 *local, void (*grew)(void *context), void *context)
{
	local->grew = grew;
	local->context = context;
}

bool local4_has(const struct local4 *local, uint32_t addr4)
{
	return has(local->addresses, local->count, addr4);
}
