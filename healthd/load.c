#include "healthd/load.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

#define BUFFER 8192 /* one link's message has about 2,000 bytes */

void load_open(struct load *load, int fd)
{
	load_close(load);
	load->fd = fd < 0 ? -1 : fd;
}

void load_close(struct load *load)
{
	if (load->fd >= 0)
		(void)close(load->fd);
	*load = (struct load){ .fd = -1 };
}

static int ask(int fd, const char *tun)
{
	uint8_t request[128] __attribute__((aligned(8)));
	struct nlmsghdr *header = mnl_nlmsg_put_header(request);

	header->nlmsg_type = RTM_GETLINK;
	header->nlmsg_flags = NLM_F_REQUEST;
	(void)mnl_nlmsg_put_extra_header(header, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(header, IFLA_IFNAME, tun);
	return send(fd, request, header->nlmsg_len, MSG_DONTWAIT) < 0 ? -errno : 0;
}

static int on_attribute(const struct nlattr *attribute, void *context)
{
	const struct rtnl_link_stats64 *stats = mnl_attr_get_payload(attribute);
	struct load *load = context;

	if (mnl_attr_get_type(attribute) != IFLA_STATS64 ||
	    mnl_attr_get_payload_len(attribute) < sizeof(*stats))
		return MNL_CB_OK;
	load->is_high = load->is_known && stats->tx_packets - load->packets > LOAD_PACKETS;
	load->packets = stats->tx_packets;
	load->is_known = true;
	return MNL_CB_STOP;
}

static int on_link(const struct nlmsghdr *message, void *context)
{
	if (message->nlmsg_type != RTM_NEWLINK)
		return MNL_CB_STOP;
	return mnl_attr_parse(message, sizeof(struct ifinfomsg), on_attribute, context);
}

/* The kernel has answered when send() returns. */
void load_look(struct load *load, const char *tun)
{
	uint8_t answer[BUFFER] __attribute__((aligned(8)));
	ssize_t len;

	load->is_high = false;
	if (load->fd < 0 || ask(load->fd, tun) < 0)
		return;
	len = recv(load->fd, answer, sizeof(answer), MSG_DONTWAIT);
	if (len > 0)
		(void)mnl_cb_run(answer, (size_t)len, 0, 0, on_link, load);
}

void load_forget(struct load *load)
{
	load->is_known = load->is_high = false;
}

bool load_is_high(const struct load *load)
{
	return load->is_high;
}
