#include "netns/claim.h"

#include "lib/control_socket.h"
#include "lib/log.h"
#include "netns/claim_frame.h"
#include "netns/difference.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define QUESTIONS   3   /* for each address */
#define INTERVAL_MS 120 /* between them, and after the last */

struct claim {
	struct net_address address;
	uint8_t mac[6];
	bool taken;
};

/* Where it is asked. */
struct claim_link {
	const struct seen_link *link;
	bool inside;
};

struct claims {
	struct claim *list;
	size_t count;
	const uint8_t *mac; /* ours */
	const uint8_t
		*old; /* of an uplink that will go and may have the addresses still, or NULL */
};

/* The uplink, or the way to the same network outside; link is NULL when there is none. */
static struct claim_link choose_link(const struct plan *plan, const struct seen *seen)
{
	const struct seen_link *uplink = seen_link_find(&seen->inner, PLAN_UPLINK);
	const char *name = plan->network->attach_interface;
	char why[STEP_WHAT_MAX];

	if (uplink && !uplink_misfit(plan, seen, why))
		return (struct claim_link){ uplink, true };
	return (struct claim_link){ name ? seen_link_find(&seen->box, name) : NULL, false };
}

static int collect(const struct plan *plan, const struct seen *seen, struct claims *claims)
{
	const struct seen_link *uplink = seen_link_find(&seen->inner, PLAN_UPLINK);
	int index = uplink ? uplink->index : 0;

	claims->list = calloc(plan->address_count, sizeof(*claims->list));
	if (!claims->list)
		return -ENOMEM;
	claims->old = uplink ? uplink->mac : NULL;
	for (size_t i = 0; i < plan->address_count; i++) {
		const struct net_address *address = &plan->addresses[i].address;
		const struct seen_address *has = seen_address_find(&seen->inner, index, address);

		if (plan->addresses[i].device == PLAN_ON_UPLINK && (!has || has->failed))
			claims->list[claims->count++].address = *address;
	}
	return 0;
}

/* ARP, and ICMPv6 of type 136: nothing else of a busy link. */
static int filter_frames(int fd)
{
	static struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_ARP, 5, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IPV6, 0, 5),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 20),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_ICMPV6, 0, 3),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 54),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 136, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, CLAIM_FRAME_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	static const struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0 ? -errno
	                                                                                   : 0;
}

/* Advertisements go to all nodes, which the card may not listen to without IPv6. */
static int listen_on(int fd, int index)
{
	const struct sockaddr_ll link = { .sll_family = AF_PACKET,
		                          .sll_protocol = htons(ETH_P_ALL),
		                          .sll_ifindex = index };
	const struct packet_mreq all_nodes = { .mr_ifindex = index,
		                               .mr_type = PACKET_MR_MULTICAST,
		                               .mr_alen = 6,
		                               .mr_address = { 0x33, 0x33, 0, 0, 0, 1 } };

	if (bind(fd, (const struct sockaddr *)&link, sizeof(link)) < 0)
		return -errno;
	(void)setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all_nodes, sizeof(all_nodes));
	return 0;
}

/* A descriptor or -errno. */
static int open_link(const struct workplace *place, const struct claim_link *where)
{
	int fd, error = where->inside ? workplace_go_inside(place) : 0;

	if (error < 0)
		return error;
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		error = -errno;
	if (where->inside && workplace_go_back(place) < 0)
		error = -EIO;
	if (error == 0)
		error = filter_frames(fd);
	if (error == 0)
		error = listen_on(fd, where->link->index);
	if (error == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return error;
}

static void ask(int fd, const struct claims *claims)
{
	uint8_t frame[CLAIM_FRAME_MAX];

	for (size_t i = 0; i < claims->count; i++) {
		size_t len = claim_question(&claims->list[i].address, claims->mac, frame);

		if (!claims->list[i].taken)
			(void)send(fd, frame, len, 0);
	}
}

static void take_answers(int fd, struct claims *claims)
{
	uint8_t frame[CLAIM_FRAME_MAX], mac[6];
	ssize_t len;

	while ((len = recv(fd, frame, sizeof(frame), 0)) > 0) {
		for (size_t i = 0; i < claims->count; i++) {
			struct claim *claim = &claims->list[i];

			if (!claim_is_answer(frame, (size_t)len, &claim->address, mac) ||
			    memcmp(mac, claims->mac, 6) == 0 ||
			    (claims->old && memcmp(mac, claims->old, 6) == 0))
				continue;
			claim->taken = true;
			memcpy(claim->mac, mac, sizeof(claim->mac));
		}
	}
}

static int64_t now_ms(void)
{
	return (int64_t)(control_now_us() / 1000);
}

static void listen_for(int fd, struct claims *claims, int64_t until_ms)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	int64_t left;

	while ((left = until_ms - now_ms()) > 0)
		if (poll(&wait, 1, (int)left) > 0)
			take_answers(fd, claims);
}

static int tell_taken(const struct claims *claims, const char *link)
{
	char text[ADDRESS_STRLEN];
	int taken = 0;

	for (size_t i = 0; i < claims->count; i++) {
		const uint8_t *mac = claims->list[i].mac;

		if (!claims->list[i].taken)
			continue;
		taken++;
		log_error("%s is taken: %02x:%02x:%02x:%02x:%02x:%02x answers for it on %s; give "
		          "the instance another address, or switch that off",
		          net_address_format_host(&claims->list[i].address, text), mac[0], mac[1],
		          mac[2], mac[3], mac[4], mac[5], link);
	}
	return taken;
}

static int ask_link(const struct workplace *place, const struct claim_link *where,
                    struct claims *claims)
{
	int64_t at = now_ms();
	int fd = open_link(place, where);

	if (fd < 0) {
		log_error("cannot ask on %s who has the addresses: %s", where->link->name,
		          strerror(-fd));
		return fd;
	}
	claims->mac = where->link->mac;
	for (int i = 0; i < QUESTIONS; i++) {
		ask(fd, claims);
		at += INTERVAL_MS;
		listen_for(fd, claims, at);
	}
	close(fd);
	return tell_taken(claims, where->link->name);
}

int claims_ask(const struct workplace *place, const struct plan *plan, const struct seen *seen)
{
	struct claim_link where = choose_link(plan, seen);
	struct claims claims = { 0 };
	int result;

	/* A veth pair without a bridge, and a bridge without ports, lead to this box only. */
	if (!where.link || (strcmp(where.link->kind, "bridge") == 0 && !where.link->carrier))
		return 0;
	result = collect(plan, seen, &claims);
	if (result == 0 && claims.count > 0) {
		if (where.link->up && where.link->carrier)
			result = ask_link(place, &where, &claims);
		else
			log_warning("%s %s: nobody there can be asked whether the addresses of "
			            "instance %s are taken",
			            where.link->name, where.link->up ? "has no carrier" : "is down",
			            plan->instance->name);
	}
	free(claims.list);
	return result;
}
