#include "translator/guard.h"

#include "lib/config.h"
#include "lib/log.h"
#include "lib/log_event.h"
#include "translator/fastpath.h"
#include "translator/forwarding.h"
#include "translator/loop.h"
#include "translator/tun.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define LOOK_US          1000000
#define LINES_PER_MINUTE 6

struct guard {
	sd_event *event;
	const char *tun;
	int ifindex;
	struct fastpath *fastpath;
	struct guard_hooks hooks;
	char instance[CONFIG_NAME_MAX];
	struct nl_sock *events; /* never blocks */
	bool was_down;          /* since its routes were last set */
	sd_event_source *changes, *ticks;
	int socket;           /* for ioctl() */
	uint64_t repaired_us; /* when something was last put right, or tried to be */
	int fast_error;       /* why the fast path cannot be attached; 0: it is */
	char unforwarded[FORWARDING_PROBLEM_MAX]; /* what is wrong with it; "" for nothing */
	struct log_limit lines;                   /* about what was put right */
	struct log_limit forwarding_lines;        /* each of its states is to be read in the log */
};

static bool is_up(const struct guard *guard, const char *name)
{
	struct ifreq request = { .ifr_flags = IFF_UP };

	(void)snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	return ioctl(guard->socket, SIOCGIFFLAGS, &request) < 0 || request.ifr_flags & IFF_UP;
}

static void raise_device(struct guard *guard, const char *name, uint64_t now_us)
{
	guard->repaired_us = now_us;
	if (tun_configure(name) < 0)
		return;
	guard->was_down = false;
	log_limited(&guard->lines, now_us, LOG_LEVEL_WARNING,
	            "somebody set device %s down: it is up again; to end translation stop the "
	            "translator",
	            name);
	guard->hooks.risen(guard->hooks.context);
}

static void tell_fast_path(struct guard *guard, int error)
{
	char why[160];

	if (error == 0) {
		guard->hooks.fast_path(guard->hooks.context, NULL);
		return;
	}
	(void)snprintf(why, sizeof(why), "it was taken off the device and cannot be attached: %s",
	               fastpath_explain_attach(error));
	guard->hooks.fast_path(guard->hooks.context, why);
}

/* error: why it cannot be attached; 0: it is again. */
static void log_fast_path(struct guard *guard, int error, uint64_t now_us)
{
	enum log_level level = error ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING;
	const char *reason = error ? fastpath_explain_attach(error) : "it is attached again";
	const struct log_field fields[] = {
		{ "INSTANCE", guard->instance },
		{ "NEW_STATE", error ? "fast-path-off" : "fast-path-on" },
		{ "REASON", reason },
	};

	if (!log_limit_passes(&guard->lines, now_us, level))
		return;
	log_event(level, fields, sizeof(fields) / sizeof(fields[0]),
	          "somebody took the fast path off device %s%s%s%s", guard->tun,
	          error ? ", and it cannot be attached: " : ": ", reason,
	          error ? "; every packet takes the slow path" : "");
}

static void attach_again(struct guard *guard, uint64_t now_us)
{
	int error = fastpath_attach(guard->fastpath);

	guard->repaired_us = now_us;
	if (error != 0 && error == guard->fast_error)
		return;
	guard->fast_error = error;
	log_fast_path(guard, error, now_us);
	tell_fast_path(guard, error);
}

/* why: "" when it is on again. */
static void log_forwarding(struct guard *guard, const char *why, uint64_t now_us)
{
	enum log_level level = why[0] ? LOG_LEVEL_WARNING : LOG_LEVEL_NOTICE;
	const struct log_field fields[] = {
		{ "INSTANCE", guard->instance },
		{ "NEW_STATE", why[0] ? "forwarding-off" : "forwarding-on" },
		{ "REASON", why },
	};

	if (log_limit_passes(&guard->forwarding_lines, now_us, level))
		log_event(level, fields, sizeof(fields) / sizeof(fields[0]), "%s",
		          why[0] ? why
		                 : "the kernel forwards packets through the translator again");
}

static void look_at_forwarding(struct guard *guard, const char *device, uint64_t now_us)
{
	char why[FORWARDING_PROBLEM_MAX] = "";

	(void)forwarding_is_on(device, why);
	if (strcmp(why, guard->unforwarded) == 0)
		return;
	memcpy(guard->unforwarded, why, sizeof(why));
	log_forwarding(guard, why, now_us);
	guard->hooks.forwarding(guard->hooks.context, why[0] ? why : NULL);
}

/* What is put right is looked at again after a second at the earliest: somebody else may want it
 * otherwise all the time. */
static int look(struct guard *guard, uint64_t now_us)
{
	char name[IF_NAMESIZE];

	if (!if_indextoname((unsigned)guard->ifindex, name)) {
		log_error("device %s is gone; the next start makes another", guard->tun);
		return sd_event_exit(guard->event, 1);
	}
	look_at_forwarding(guard, name, now_us);
	if (guard->repaired_us && now_us - guard->repaired_us < LOOK_US)
		return 0;
	if (guard->was_down || !is_up(guard, name))
		raise_device(guard, name, now_us);
	if (guard->fastpath && !fastpath_is_attached(guard->fastpath))
		attach_again(guard, now_us);
	return 0;
}

static int on_change(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct guard *guard = userdata;

	(void)source;
	(void)fd;
	(void)revents;
	if (nl_recvmsgs_default(guard->events) < 0)
		guard->was_down = true; /* who knows what was missed */
	return look(guard, loop_now_us());
}

static int on_tick(sd_event_source *source, uint64_t due_us, void *userdata)
{
	struct guard *guard = userdata;
	uint64_t now_us = loop_now_us();
	int error = look(guard, now_us);

	(void)due_us;
	return error < 0 ? error : sd_event_source_set_time(source, now_us + LOOK_US);
}

/* A device that is down for a moment loses its routes for good. */
static int on_message(struct nl_msg *msg, void *context)
{
	const struct nlmsghdr *header = nlmsg_hdr(msg);
	const struct ifinfomsg *link = nlmsg_data(header);
	struct guard *guard = context;

	if (header->nlmsg_type == RTM_NEWLINK && nlmsg_datalen(header) >= (int)sizeof(*link) &&
	    link->ifi_index == guard->ifindex && !(link->ifi_flags & IFF_UP))
		guard->was_down = true;
	return NL_OK;
}

static int listen_to_kernel(struct guard *guard)
{
	guard->events = nl_socket_alloc();
	if (!guard->events)
		return -ENOMEM;
	nl_socket_disable_seq_check(guard->events);
	(void)nl_socket_modify_cb(guard->events, NL_CB_VALID, NL_CB_CUSTOM, on_message, guard);
	if (nl_connect(guard->events, NETLINK_ROUTE) < 0 ||
	    nl_socket_add_memberships(guard->events, RTNLGRP_LINK, RTNLGRP_TC, RTNLGRP_IPV4_NETCONF,
	                              RTNLGRP_IPV6_NETCONF, 0) < 0 ||
	    nl_socket_set_nonblocking(guard->events) < 0)
		return -EIO;
	return 0;
}

int guard_start(sd_event *event, const char *tun, struct fastpath *fastpath,
                const struct guard_hooks *hooks, struct guard **out)
{
	struct guard *guard = calloc(1, sizeof(*guard));
	int error;

	if (!guard)
		return -ENOMEM;
	guard->event = event;
	guard->tun = tun;
	guard->ifindex = (int)if_nametoindex(tun);
	guard->fastpath = fastpath;
	guard->hooks = *hooks;
	(void)snprintf(guard->instance, sizeof(guard->instance), "%s", hooks->instance);
	guard->lines = (struct log_limit){ .burst = LINES_PER_MINUTE, .interval_us = 60000000 };
	guard->forwarding_lines = guard->lines;
	guard->socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	error = guard->socket < 0 ? -errno : listen_to_kernel(guard);
	if (error >= 0)
		error = sd_event_add_io(event, &guard->changes, nl_socket_get_fd(guard->events),
		                        EPOLLIN, on_change, guard);
	if (error >= 0)
		error = sd_event_add_time(event, &guard->ticks, CLOCK_MONOTONIC,
		                          loop_now_us() + LOOK_US, LOOK_US / 10, on_tick, guard);
	if (error >= 0)
		error = sd_event_source_set_enabled(guard->ticks, SD_EVENT_ON);
	if (error < 0) {
		guard_stop(guard);
		return error;
	}
	look_at_forwarding(guard, tun, loop_now_us());
	*out = guard;
	return 0;
}

void guard_stop(struct guard *guard)
{
	if (!guard)
		return;
	sd_event_source_disable_unref(guard->changes);
	sd_event_source_disable_unref(guard->ticks);
	nl_socket_free(guard->events);
	if (guard->socket >= 0)
		(void)close(guard->socket);
	free(guard);
}
