/* Drives healthd/frr.c against a real bfdd, in the place of sa-nat64-healthd.
 *
 * usage: frr_drive CONFIG NODE INSTANCE
 *        frr_drive --withdraw INSTANCE MILLISECONDS
 *
 * The peers are those of the instance's [network]. Orders come on standard input, one a line:
 *   want | silence      frr_want()
 *   reload CONFIG       frr_configure() again
 *   punctual            the loop was never late so far
 *   end                 ends and leaves the peers, as the end of the input does
 * A line is printed whenever something changed:
 *   MS peers ADDRESS=STATE/DETECTION_MS,... withdrawn 0|1 split 0|1 late MS problem TEXT
 * with the clock of the day in ms, and the longest time that the event loop was not on time. An
 * order is repeated as "MS order WORD". */
#include "healthd/frr.h"
#include "lib/config.h"
#include "lib/log.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define TICK_US 10000

static sd_event *event;
static struct frr *frr;
static uint64_t due_us, late_us;
static char orders[4096];
static size_t orders_len;
static const char *node, *instance;

static uint64_t clock_us(clockid_t clock)
{
	struct timespec now;

	(void)clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static uint64_t now_us(void)
{
	return clock_us(CLOCK_MONOTONIC);
}

/* Others write this clock into their lines, too. */
static uint64_t today_ms(void)
{
	return clock_us(CLOCK_REALTIME) / 1000;
}

static void print(void *context)
{
	const struct bfd_peer_state *peers;
	size_t count = frr_peers(frr, &peers);

	(void)context;
	printf("%" PRIu64 " peers ", today_ms());
	for (size_t i = 0; i < count; i++)
		printf("%s%s=%s/%" PRIu64, i ? "," : "", peers[i].peer,
		       bfd_state_name(peers[i].state), peers[i].detection_us / 1000);
	printf(" withdrawn %d split %d late %" PRIu64 " problem %s\n", frr_is_withdrawn(frr),
	       frr_split(frr), late_us / 1000, frr_problem(frr));
	(void)fflush(stdout);
}

static int on_tick(sd_event_source *source, uint64_t at_us, void *userdata)
{
	uint64_t now = now_us();

	(void)at_us;
	(void)userdata;
	if (now > due_us && now - due_us > late_us)
		late_us = now - due_us;
	due_us = now + TICK_US;
	(void)sd_event_source_set_time_relative(source, TICK_US);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int configure(const char *path)
{
	struct bfd_peer_wanted peers[BFD_PEERS_MAX];
	const struct config_network *network;
	struct config *config;

	if (config_load(path, stderr, &config) < 0)
		return -1;
	network = config_network_find(config, instance, node);
	if (network)
		frr_configure(frr, &config->health, peers,
		              bfd_peers_of(network, BFD_UPLINK, peers, stderr));
	config_free(config);
	return network ? 0 : -1;
}

static void obey(const char *order)
{
	printf("%" PRIu64 " order %s\n", today_ms(), order);
	(void)fflush(stdout);
	if (strcmp(order, "want") == 0)
		frr_want(frr, true);
	else if (strcmp(order, "silence") == 0)
		frr_want(frr, false);
	else if (strcmp(order, "punctual") == 0)
		late_us = 0;
	else if (strcmp(order, "end") == 0)
		(void)sd_event_exit(event, 0);
	else if (strncmp(order, "reload ", 7) != 0 || configure(order + 7) < 0)
		(void)fprintf(stderr, "frr_drive: cannot obey '%s'\n", order);
}

static int on_order(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	ssize_t len = read(fd, orders + orders_len, sizeof(orders) - 1 - orders_len);
	char *end;

	(void)source;
	(void)events;
	(void)userdata;
	if (len <= 0)
		return sd_event_exit(event, 0);
	orders_len += (size_t)len;
	orders[orders_len] = '\0';
	while ((end = strchr(orders, '\n'))) {
		*end = '\0';
		obey(orders);
		orders_len -= (size_t)(end + 1 - orders);
		memmove(orders, end + 1, orders_len + 1);
	}
	return 0;
}

static int drive(const char *path)
{
	int error;

	if (sd_event_new(&event) < 0 || frr_new(event, instance, print, NULL, &frr) < 0 ||
	    configure(path) < 0 ||
	    sd_event_add_io(event, NULL, STDIN_FILENO, EPOLLIN, on_order, NULL) < 0)
		return 1;
	due_us = now_us() + TICK_US;
	if (sd_event_add_time_relative(event, NULL, CLOCK_MONOTONIC, TICK_US, 1, on_tick, NULL) < 0)
		return 1;
	error = sd_event_loop(event);
	frr_free(frr);
	event = sd_event_unref(event);
	return error < 0;
}

static int withdraw(const char *pathspace, const char *milliseconds)
{
	uint64_t start_us = now_us();
	int error = frr_withdraw_all(pathspace, strtoul(milliseconds, NULL, 10) * 1000);

	printf("withdrawn %d ms %" PRIu64 "\n", error, (now_us() - start_us) / 1000);
	return error < 0;
}

int main(int argc, char **argv)
{
	log_open("frr_drive", LOG_LEVEL_INFO);
	if (argc == 4 && strcmp(argv[1], "--withdraw") == 0)
		return withdraw(argv[2], argv[3]);
	if (argc != 4) {
		(void)fprintf(stderr, "usage: frr_drive CONFIG NODE INSTANCE\n");
		return 2;
	}
	node = argv[2];
	instance = argv[3];
	return drive(argv[1]);
}
