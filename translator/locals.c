#include "translator/locals.h"

#include "lib/log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <netlink/route/addr.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#define ADDRESSES_MAX 4096

struct locals {
	struct nl_sock *events; /* never blocks; only says that something changed */
	struct nl_sock *dump;
	sd_event_source *source;
	uint32_t *addresses, *before; /* sorted; ADDRESSES_MAX each */
	size_t count, count_before;
	struct in6_addr *addresses6; /* sorted; ADDRESSES_MAX */
	size_t count6;
	void (*grew)(void *context); /* NULL: nobody watches */
	void *context;
};

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static int compare6(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct in6_addr));
}

static void collect(struct locals *locals, struct nl_addr *addr)
{
	uint32_t addr_be;

	if (!addr || nl_addr_get_family(addr) != AF_INET || locals->count == ADDRESSES_MAX)
		return;
	memcpy(&addr_be, nl_addr_get_binary_addr(addr), sizeof(addr_be));
	locals->addresses[locals->count++] = ntohl(addr_be);
}

static void collect6(struct locals *locals, struct nl_addr *addr)
{
	if (!addr || nl_addr_get_len(addr) != sizeof(struct in6_addr) ||
	    locals->count6 == ADDRESSES_MAX)
		return;
	memcpy(&locals->addresses6[locals->count6++], nl_addr_get_binary_addr(addr),
	       sizeof(struct in6_addr));
}

static bool has(const uint32_t *addresses, size_t count, uint32_t addr4)
{
	return bsearch(&addr4, addresses, count, sizeof(addr4), compare) != NULL;
}

/* Whether an address is there that was not before. */
static bool has_grown(const struct locals *locals)
{
	size_t i;

	for (i = 0; i < locals->count; i++)
		if (!has(locals->before, locals->count_before, locals->addresses[i]))
			return true;
	return false;
}

/* Keep what is known as what was known before. */
static void turn(struct locals *locals)
{
	uint32_t *addresses = locals->before;

	locals->before = locals->addresses;
	locals->count_before = locals->count;
	locals->addresses = addresses;
	locals->count = locals->count6 = 0;
}

/* Read all addresses again. */
static int refresh(struct locals *locals)
{
	struct nl_cache *cache;
	struct nl_object *object;
	int error = rtnl_addr_alloc_cache(locals->dump, &cache);

	if (error < 0) {
		log_warning("cannot read this host's addresses: %s", nl_geterror(error));
		return -EIO;
	}
	turn(locals);
	for (object = nl_cache_get_first(cache); object; object = nl_cache_get_next(object)) {
		struct rtnl_addr *entry = (struct rtnl_addr *)object;

		if (rtnl_addr_get_family(entry) == AF_INET6)
			collect6(locals, rtnl_addr_get_local(entry));
		if (rtnl_addr_get_family(entry) != AF_INET)
			continue;
		collect(locals, rtnl_addr_get_local(entry));
		collect(locals, rtnl_addr_get_broadcast(entry));
	}
	qsort(locals->addresses, locals->count, sizeof(*locals->addresses), compare);
	qsort(locals->addresses6, locals->count6, sizeof(*locals->addresses6), compare6);
	nl_cache_free(cache);
	return 0;
}

static int on_event(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct locals *locals = userdata;

	(void)source;
	(void)fd;
	(void)revents;
	(void)nl_recvmsgs_default(
		locals->events); /* an overrun is no loss: everything is read again */
	if (refresh(locals) == 0 && locals->grew && has_grown(locals))
		locals->grew(locals->context);
	return 0;
}

static int ignore_message(struct nl_msg *msg, void *context)
{
	(void)msg;
	(void)context;
	return NL_OK;
}

static int open_sockets(struct locals *locals)
{
	locals->events = nl_socket_alloc();
	locals->dump = nl_socket_alloc();
	if (!locals->events || !locals->dump)
		return -ENOMEM;
	nl_socket_disable_seq_check(locals->events);
	(void)nl_socket_modify_cb(locals->events, NL_CB_VALID, NL_CB_CUSTOM, ignore_message, NULL);
	if (nl_connect(locals->dump, NETLINK_ROUTE) < 0 ||
	    nl_connect(locals->events, NETLINK_ROUTE) < 0 ||
	    nl_socket_add_membership(locals->events, RTNLGRP_IPV4_IFADDR) < 0 ||
	    nl_socket_add_membership(locals->events, RTNLGRP_IPV6_IFADDR) < 0 ||
	    nl_socket_set_nonblocking(locals->events) < 0)
		return -EIO;
	return 0;
}

int locals_start(sd_event *event, struct locals **out)
{
	struct locals *locals = calloc(1, sizeof(*locals));
	int error = -ENOMEM;

	if (!locals)
		return error;
	locals->addresses = calloc(ADDRESSES_MAX, sizeof(*locals->addresses));
	locals->before = calloc(ADDRESSES_MAX, sizeof(*locals->before));
	locals->addresses6 = calloc(ADDRESSES_MAX, sizeof(*locals->addresses6));
	if (locals->addresses && locals->before && locals->addresses6)
		error = open_sockets(locals);
	if (error == 0)
		error = refresh(locals);
	if (error == 0)
		error = sd_event_add_io(event, &locals->source, nl_socket_get_fd(locals->events),
		                        EPOLLIN, on_event, locals);
	if (error < 0) {
		locals_stop(locals);
		return error;
	}
	*out = locals;
	return 0;
}

void locals_stop(struct locals *locals)
{
	if (!locals)
		return;
	sd_event_source_disable_unref(locals->source);
	nl_socket_free(locals->events);
	nl_socket_free(locals->dump);
	free(locals->addresses);
	free(locals->before);
	free(locals->addresses6);
	free(locals);
}

void locals_watch(struct locals *locals, void (*grew)(void *context), void *context)
{
	locals->grew = grew;
	locals->context = context;
}

bool locals_has4(const struct locals *locals, uint32_t addr4)
{
	return has(locals->addresses, locals->count, addr4);
}

bool locals_has6(const struct locals *locals, const struct in6_addr *addr6)
{
	return bsearch(addr6, locals->addresses6, locals->count6, sizeof(*addr6), compare6) != NULL;
}
