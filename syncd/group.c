/* See group.h. group_socket.[ch] knows the two families apart; here they are alike. */
#include "syncd/group.h"

#include "syncd/group_socket.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define BATCH 64

struct group {
	const char *interface;
	struct group_socket socket;
	unsigned mtu_needed;
	unsigned index; /* of the interface that was joined; 0: none */
	bool usable;    /* joined, up, with carrier */
	bool blocked;
	char link[160]; /* why it is not usable */
	int send_error; /* of the last datagram; 0: it went out */
	char send_link[160];
	struct group_stats stats;
	size_t out_count, out_sent; /* put, and of them sent */
	size_t out_len[BATCH];
	uint8_t out[BATCH][GROUP_DATAGRAM_MAX];
	uint8_t in[BATCH][GROUP_DATAGRAM_MAX];
	uint8_t control[BATCH][GROUP_CONTROL_MAX];
};

int group_new(const struct config_cluster *cluster, struct group **out, char *why, size_t size)
{
	struct group *group = calloc(1, sizeof(*group));
	int error;

	if (!group) {
		(void)snprintf(why, size, "not enough memory");
		return -ENOMEM;
	}
	group->interface = cluster->sync_interface;
	group->mtu_needed = cluster->sync_mtu;
	(void)snprintf(group->link, sizeof(group->link), "not looked at yet");
	error = group_socket_open(&group->socket, cluster->sync_group, cluster->sync_port);
	if (error) {
		(void)snprintf(why, size, "cannot open a socket for %s: %s", cluster->sync_group,
		               strerror(-error));
		free(group);
		return error;
	}
	*out = group;
	return 0;
}

void group_free(struct group *group)
{
	if (!group)
		return;
	group_socket_close(&group->socket);
	free(group);
}

int group_fd(const struct group *group)
{
	return group->socket.fd;
}

const struct group_stats *group_stats(const struct group *group)
{
	return &group->stats;
}

bool group_is_blocked(const struct group *group)
{
	return group->blocked;
}

const char *group_link(const struct group *group)
{
	return group->usable ? group->send_link : group->link;
}

/* ---- the interface ---- */

/* 0: the interface can carry datagrams; else link says why not. */
static int look(struct group *group, unsigned index)
{
	struct ifreq request = { 0 };
	int fd = group->socket.fd;
	char *link = group->link;
	size_t size = sizeof(group->link);

	(void)snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", group->interface);
	if (index == 0 || ioctl(fd, SIOCGIFFLAGS, &request) < 0)
		return snprintf(link, size, "there is no interface %s", group->interface);
	if (!(request.ifr_flags & IFF_UP))
		return snprintf(link, size, "%s is down", group->interface);
	if (!(request.ifr_flags & IFF_RUNNING))
		return snprintf(link, size, "%s has no carrier", group->interface);
	if (ioctl(fd, SIOCGIFMTU, &request) < 0)
		return snprintf(link, size, "there is no interface %s", group->interface);
	if (request.ifr_mtu < 0 || (unsigned)request.ifr_mtu < group->mtu_needed)
		return snprintf(link, size,
		                "%s carries %d bytes, sync-mtu is %u; raise one or lower the other",
		                group->interface, request.ifr_mtu, group->mtu_needed);
	return 0;
}

/* What became usable is joined anew, even under the same index: memberships do not outlive
 * everything that happens to an interface. */
void group_check(struct group *group)
{
	unsigned index = if_nametoindex(group->interface);
	int error;

	if (look(group, index) != 0) {
		group->usable = false;
		return;
	}
	if (group->usable && index == group->index)
		return;
	error = group_socket_join(&group->socket, group->index, index);
	group->usable = error == 0;
	if (error) {
		(void)snprintf(group->link, sizeof(group->link), "cannot join %s on %s: %s",
		               group->socket.text, group->interface, strerror(-error));
		return;
	}
	group->index = index;
	group->stats.joined++;
	group->send_error = 0;
	group->send_link[0] = '\0';
}

/* ---- in ---- */

bool group_accepts(const struct group_arrival *arrival, const struct in6_addr *group_address,
                   unsigned interface)
{
	return !arrival->truncated && arrival->hop_limit == GROUP_HOP_LIMIT && interface != 0 &&
	       arrival->interface == interface &&
	       address6_equal(&arrival->destination, group_address);
}

static void accept_one(struct group *group, const struct mmsghdr *message, size_t i,
                       group_datagram_fn *take, void *context)
{
	struct group_arrival arrival = group_socket_arrival(&message->msg_hdr);

	if (!group->usable)
		group->stats.unheard++;
	else if (group_accepts(&arrival, &group->socket.address6, group->index))
		take(context, group->in[i], message->msg_len);
	else
		group->stats.not_local++;
}

bool group_receive(struct group *group, group_datagram_fn *take, void *context)
{
	struct mmsghdr messages[BATCH] = { 0 };
	struct iovec places[BATCH];
	int count;

	for (size_t i = 0; i < BATCH; i++) {
		places[i] = (struct iovec){ group->in[i], sizeof(group->in[i]) };
		messages[i].msg_hdr = (struct msghdr){ .msg_iov = &places[i],
			                               .msg_iovlen = 1,
			                               .msg_control = group->control[i],
			                               .msg_controllen = GROUP_CONTROL_MAX };
	}
	count = recvmmsg(group->socket.fd, messages, BATCH, MSG_DONTWAIT, NULL);
	for (int i = 0; i < count; i++)
		accept_one(group, &messages[i], (size_t)i, take, context);
	return count == BATCH;
}

/* ---- out ---- */

uint8_t *group_place(struct group *group)
{
	if (group->out_count == BATCH)
		group_flush(group);
	return group->blocked ? NULL : group->out[group->out_count];
}

void group_put(struct group *group, size_t len)
{
	group->out_len[group->out_count++] = len;
}

/* The kernel refused one datagram: it is lost, and people are told why. */
static void throw_away(struct group *group, int error)
{
	group->stats.unsent++;
	if (error == group->send_error)
		return;
	group->send_error = error;
	(void)snprintf(group->send_link, sizeof(group->send_link), "cannot send on %s: %s",
	               group->interface,
	               error == EADDRNOTAVAIL ? "it has no address yet" : strerror(error));
}

/* How many of the batch went out; -errno of the first that did not. */
static int send_batch(struct group *group)
{
	struct mmsghdr messages[BATCH] = { 0 };
	struct iovec places[BATCH];
	size_t count = group->out_count - group->out_sent;
	int sent;

	for (size_t i = 0; i < count; i++) {
		size_t at = group->out_sent + i;

		places[i] = (struct iovec){ group->out[at], group->out_len[at] };
		messages[i].msg_hdr = (struct msghdr){ .msg_name = &group->socket.to,
			                               .msg_namelen = group->socket.to_len,
			                               .msg_iov = &places[i],
			                               .msg_iovlen = 1 };
	}
	sent = sendmmsg(group->socket.fd, messages, (unsigned)count, MSG_DONTWAIT);
	return sent < 0 ? -errno : sent;
}

void group_flush(struct group *group)
{
	group->blocked = false;
	while (group->usable && group->out_sent < group->out_count) {
		int sent = send_batch(group);

		if (sent == -EINTR)
			continue;
		if (sent == -EAGAIN) {
			group->blocked = true;
			return;
		}
		if (sent < 0)
			throw_away(group, -sent);
		else
			group->send_error = 0;
		group->out_sent += sent < 0 ? 1 : (size_t)sent;
	}
	if (!group->send_error)
		group->send_link[0] = '\0';
	group->stats.unsent += group->out_count - group->out_sent;
	group->out_count = group->out_sent = 0;
}
