/* See link.h. A dump is asked for at the start, and again whenever messages were lost; it has two
 * halves, since the kernel answers one dump at a time. */
#include "healthd/link.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define BUFFER       32768 /* the kernel's largest piece of a dump */
#define READS_A_TURN 16
#define SOURCES      (RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR)

enum dump { DUMP_NONE, DUMP_LINKS, DUMP_ADDRESSES };

struct link {
	struct link_view *view;
	void (*changed)(void *context);
	void *context;
	sd_event_source *io; /* owned */
	int fd;
	enum dump dump;
	bool again; /* what this dump says is not the whole truth */
	uint32_t seq;
	struct nlmsghdr buffer[BUFFER / sizeof(struct nlmsghdr)];
};

static int ask(struct link *link, enum dump dump)
{
	uint8_t request[64] __attribute__((aligned(8)));
	struct nlmsghdr *header = mnl_nlmsg_put_header(request);
	struct rtgenmsg *general;

	header->nlmsg_type = dump == DUMP_LINKS ? RTM_GETLINK : RTM_GETADDR;
	header->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	header->nlmsg_seq = ++link->seq;
	general = mnl_nlmsg_put_extra_header(header, sizeof(struct ifinfomsg));
	general->rtgen_family = AF_UNSPEC;
	if (send(link->fd, request, header->nlmsg_len, MSG_DONTWAIT) < 0)
		return -errno;
	link->dump = dump;
	return 0;
}

static int begin(struct link *link)
{
	link->again = false;
	link_view_begin(link->view);
	return ask(link, DUMP_LINKS);
}

static int end(struct link *link)
{
	if (link->again)
		return begin(link);
	if (link->dump == DUMP_LINKS)
		return ask(link, DUMP_ADDRESSES);
	link->dump = DUMP_NONE;
	link_view_end(link->view);
	return 0;
}

static int take(struct link *link, const struct nlmsghdr *message)
{
	bool is_ours = link->dump != DUMP_NONE && message->nlmsg_seq == link->seq;

	if (is_ours && (message->nlmsg_flags & NLM_F_DUMP_INTR))
		link->again = true;
	if (is_ours && message->nlmsg_type == NLMSG_DONE)
		return end(link);
	if (is_ours && message->nlmsg_type == NLMSG_ERROR)
		return begin(link);
	link_view_take(link->view, message);
	return 0;
}

/* Messages were lost: what is known may be wrong. */
static int start_over(struct link *link)
{
	if (link->dump == DUMP_NONE)
		return begin(link);
	link->again = true;
	return 0;
}

/* Returns 1 when there may be more. */
static int read_once(struct link *link)
{
	struct sockaddr_nl from = { .nl_family = AF_NETLINK };
	socklen_t from_len = sizeof(from);
	ssize_t len = recvfrom(link->fd, link->buffer, sizeof(link->buffer), MSG_DONTWAIT,
	                       (struct sockaddr *)&from, &from_len);
	const struct nlmsghdr *message = link->buffer;
	int left = (int)len, error = 0;

	if (len < 0 && errno == ENOBUFS)
		return start_over(link) < 0 ? -EIO : 1;
	if (len < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (from.nl_pid != 0) /* only the kernel is believed */
		return 1;
	for (; error == 0 && mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left))
		error = take(link, message);
	return error ? error : 1;
}

static int on_message(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct link *link = userdata;
	int more = 1;

	(void)source;
	(void)fd;
	(void)events;
	for (int i = 0; i < READS_A_TURN && more > 0; i++)
		more = read_once(link);
	link->changed(link->context);
	return 0;
}

int link_new(sd_event *event, int fd, struct link_view *view, void (*changed)(void *context),
             void *context, struct link **out)
{
	struct sockaddr_nl here = { .nl_family = AF_NETLINK, .nl_groups = SOURCES };
	struct link *link = calloc(1, sizeof(*link));
	int error;

	if (!link) {
		(void)close(fd);
		return -ENOMEM;
	}
	link->view = view;
	link->changed = changed;
	link->context = context;
	link->fd = fd;
	error = bind(fd, (struct sockaddr *)&here, sizeof(here)) < 0 ? -errno : 0;
	if (error == 0)
		error = sd_event_add_io(event, &link->io, fd, EPOLLIN, on_message, link);
	if (error >= 0)
		error = begin(link);
	if (error < 0) {
		link_free(link);
		return error;
	}
	*out = link;
	return 0;
}

void link_free(struct link *link)
{
	if (!link)
		return;
	(void)sd_event_source_disable_unref(link->io);
	(void)close(link->fd);
	free(link);
}
