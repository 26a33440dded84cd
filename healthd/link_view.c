#include "healthd/link_view.h"

#include "lib/bfd_peers.h"

#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

static void add_wanted(struct link_view *view, const char *text)
{
	struct link_address *wanted = &view->wanted[view->wanted_count];
	char address[ADDRESS_STRLEN];
	uint32_t addr4;

	*wanted = (struct link_address){ .text = text };
	(void)snprintf(address, sizeof(address), "%.*s", (int)strcspn(text, "/"), text);
	if (address6_parse(address, &wanted->addr6) == 0) {
		wanted->family = AF_INET6;
	} else if (address4_parse(address, &addr4) == 0) {
		wanted->family = AF_INET;
		wanted->addr4.s_addr = htonl(addr4);
	} else {
		return;
	}
	view->wanted_count++;
}

void link_view_init(struct link_view *view, const struct config_network *network)
{
	*view = (struct link_view){ .round = 0 };
	if (!network)
		return;
	for (size_t i = 0; i < network->address_count && i < LINK_ADDRESSES_MAX; i++)
		add_wanted(view, network->address[i]);
}

void link_view_begin(struct link_view *view)
{
	view->round++;
}

void link_view_end(struct link_view *view)
{
	size_t left = 0;

	for (size_t i = 0; i < view->seen_count; i++)
		if (view->seen[i].round == view->round)
			view->seen[left++] = view->seen[i];
	view->seen_count = left;
	for (size_t i = 0; i < view->wanted_count; i++)
		if (view->wanted[i].round != view->round)
			view->wanted[i].interface = 0;
	view->is_known = true;
}

/* ---- interfaces ---- */

static const struct link_seen *find(const struct link_view *view, int index)
{
	for (size_t i = 0; i < view->seen_count; i++)
		if (view->seen[i].index == index)
			return &view->seen[i];
	return NULL;
}

static const struct link_seen *find_name(const struct link_view *view, const char *name)
{
	for (size_t i = 0; i < view->seen_count; i++)
		if (strcmp(view->seen[i].name, name) == 0)
			return &view->seen[i];
	return NULL;
}

static const char *name_of(const struct nlmsghdr *message)
{
	const struct nlattr *attr;

	mnl_attr_for_each(
		attr, message,
		sizeof(struct ifinfomsg)) if (mnl_attr_get_type(attr) == IFLA_IFNAME &&
	                                      mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >=
	                                              0) return mnl_attr_get_str(attr);
	return "";
}

static void take_link(struct link_view *view, const struct nlmsghdr *message)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(message);
	struct link_seen *seen = (struct link_seen *)find(view, info->ifi_index);

	if (!seen && view->seen_count < LINK_SEEN_MAX)
		seen = &view->seen[view->seen_count++];
	if (!seen)
		return;
	*seen = (struct link_seen){ .index = info->ifi_index,
		                    .carrier = (info->ifi_flags & IFF_UP) &&
		                               (info->ifi_flags & IFF_LOWER_UP),
		                    .round = view->round };
	(void)snprintf(seen->name, sizeof(seen->name), "%s", name_of(message));
}

static void drop_link(struct link_view *view, const struct nlmsghdr *message)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(message);
	struct link_seen *seen = (struct link_seen *)find(view, info->ifi_index);

	if (seen)
		*seen = view->seen[--view->seen_count];
	for (size_t i = 0; i < view->wanted_count; i++)
		if (view->wanted[i].interface == info->ifi_index)
			view->wanted[i].interface = 0;
}

/* ---- addresses ---- */

/* IFA_LOCAL is the own one where the other side of a link has an address, too. */
static const uint8_t *address_of(const struct nlmsghdr *message, size_t len, uint32_t *flags)
{
	const uint8_t *address = NULL, *local = NULL;
	const struct nlattr *attr;

	mnl_attr_for_each(attr, message, sizeof(struct ifaddrmsg))
	{
		uint16_t type = mnl_attr_get_type(attr);

		if (type == IFA_FLAGS && mnl_attr_validate(attr, MNL_TYPE_U32) >= 0)
			*flags = mnl_attr_get_u32(attr);
		else if (type == IFA_LOCAL && mnl_attr_get_payload_len(attr) == len)
			local = mnl_attr_get_payload(attr);
		else if (type == IFA_ADDRESS && mnl_attr_get_payload_len(attr) == len)
			address = mnl_attr_get_payload(attr);
	}
	return local ? local : address;
}

static void take_address(struct link_view *view, const struct nlmsghdr *message)
{
	const struct ifaddrmsg *info = mnl_nlmsg_get_payload(message);
	size_t len = info->ifa_family == AF_INET6 ? 16 : 4;
	uint32_t flags = info->ifa_flags;
	const uint8_t *address = address_of(message, len, &flags);
	int index = (int)info->ifa_index;

	for (size_t i = 0; address && i < view->wanted_count; i++) {
		struct link_address *wanted = &view->wanted[i];

		if (wanted->family != info->ifa_family || memcmp(wanted->addr, address, len) != 0)
			continue;
		if (message->nlmsg_type == RTM_NEWADDR) {
			wanted->interface = index;
			wanted->flags = flags;
			wanted->round = view->round;
		} else if (wanted->interface == index) {
			wanted->interface = 0;
		}
	}
}

void link_view_take(struct link_view *view, const struct nlmsghdr *message)
{
	size_t len = mnl_nlmsg_get_payload_len(message);

	switch (message->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		if (len < sizeof(struct ifinfomsg))
			return;
		if (message->nlmsg_type == RTM_NEWLINK)
			take_link(view, message);
		else
			drop_link(view, message);
		return;
	case RTM_NEWADDR:
	case RTM_DELADDR:
		if (len >= sizeof(struct ifaddrmsg))
			take_address(view, message);
		return;
	default:
		return;
	}
}

/* ---- judgement ---- */

/* The interface of the first address that is on one; else what sa-nat64-netns would call it. */
static const struct link_seen *uplink(const struct link_view *view)
{
	for (size_t i = 0; i < view->wanted_count; i++) {
		const struct link_seen *seen = find(view, view->wanted[i].interface);

		if (seen)
			return seen;
	}
	return find_name(view, BFD_UPLINK);
}

static void judge_address(const struct link_address *wanted, const char *instance,
                          struct link_facts *out)
{
	if (wanted->interface == 0)
		(void)snprintf(out->problem, sizeof(out->problem),
		               "%s is on no interface of the namespace; sa-nat64-netns up %s "
		               "puts it there",
		               wanted->text, instance);
	else if (wanted->flags & IFA_F_DADFAILED)
		(void)snprintf(out->problem, sizeof(out->problem),
		               "another host on the link has %s, too (duplicate address "
		               "detection); give one of both another address",
		               wanted->text);
	else if ((wanted->flags & IFA_F_TENTATIVE) && !(wanted->flags & IFA_F_OPTIMISTIC))
		(void)snprintf(out->problem, sizeof(out->problem),
		               "%s cannot be used yet: the kernel asks whether another host has it",
		               wanted->text);
	else
		return;
	out->addressed = false;
}

void link_view_judge(const struct link_view *view, const char *instance, struct link_facts *out)
{
	const struct link_seen *link = uplink(view);

	*out = (struct link_facts){ .carrier = true, .addressed = true };
	if (!view->is_known || view->wanted_count == 0)
		return;
	for (size_t i = 0; i < view->wanted_count && out->addressed; i++)
		judge_address(&view->wanted[i], instance, out);
	if (link && !link->carrier) {
		out->carrier = false;
		(void)snprintf(out->problem, sizeof(out->problem),
		               "%s has no carrier; look at its cable and at the other side",
		               link->name);
	}
	if (link)
		(void)snprintf(out->interface, sizeof(out->interface), "%s", link->name);
}
