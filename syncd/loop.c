/* See loop.h. */
#include "syncd/loop.h"

#include "lib/control_server.h"
#include "lib/log.h"
#include "syncd/answer.h"
#include "syncd/feed_server.h"
#include "syncd/group.h"
#include "syncd/watch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#define TICK_US         250000 /* how often the interface and the states are looked at */
#define ACCURACY_US     500
#define SENDS_A_TURN    512 /* datagrams */
#define RECEIVES_A_TURN 4   /* batches */
#define PATH_MAX_LEN    108

struct loop {
	struct box *box;
	const struct config_cluster *cluster;
	struct running_config *running;
	struct group *group;
	struct feed_server *feed;
	struct control_server *control;
	struct watch *watch;
	sd_event_source *io, *due, *tick, *after; /* owned */
	bool waits_for_room;                      /* `io` asks for writability too */
	uint64_t started_us;
};

/* ---- out ---- */

/* True: there is more. */
static bool send_datagrams(struct loop *loop, uint64_t now_us)
{
	uint8_t *place;
	size_t len;

	if (group_is_blocked(loop->group))
		return false;
	for (int i = 0; i < SENDS_A_TURN; i++) {
		place = group_place(loop->group);
		len = place ? box_poll(loop->box, place, now_us) : 0;
		if (len == 0) {
			group_flush(loop->group);
			return false;
		}
		group_put(loop->group, len);
	}
	group_flush(loop->group);
	return true;
}

static void watch_room(struct loop *loop)
{
	bool blocked = group_is_blocked(loop->group);

	if (blocked == loop->waits_for_room)
		return;
	loop->waits_for_room = blocked;
	(void)sd_event_source_set_io_events(loop->io, blocked ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

/* Whatever happened, bring out what it led to. */
static int after_event(sd_event_source *source, void *userdata)
{
	struct loop *loop = userdata;
	uint64_t now_us = control_now_us();
	bool more = feed_server_write(loop->feed, now_us);
	uint64_t next = UINT64_MAX;

	(void)source;
	more |= send_datagrams(loop, now_us);
	watch_room(loop);
	if (more)
		next = now_us;
	else if (!group_is_blocked(loop->group))
		next = box_next_us(loop->box);
	(void)sd_event_source_set_time(loop->due, next);
	return sd_event_source_set_enabled(loop->due,
	                                   next == UINT64_MAX ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
}

/* Only wakes the loop up; the work is done after. */
static int on_due(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source;
	(void)usec;
	(void)userdata;
	return 0;
}

/* ---- in ---- */

static void on_datagram(void *context, const uint8_t *datagram, size_t len)
{
	struct loop *loop = context;

	(void)box_receive(loop->box, datagram, len, control_now_us());
}

static int on_group(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct loop *loop = userdata;

	(void)source;
	(void)fd;
	if (events & EPOLLOUT)
		group_flush(loop->group);
	for (int i = 0; i < RECEIVES_A_TURN; i++)
		if (!group_receive(loop->group, on_datagram, loop))
			break;
	return 0;
}

static void look_around(struct loop *loop, uint64_t now_us)
{
	const char *summary, *link;

	group_check(loop->group);
	link = group_link(loop->group);
	watch_look(loop->watch, link, group_stats(loop->group)->not_local, now_us);
	summary = watch_summary(loop->watch, link);
	if (summary)
		(void)sd_notifyf(0, "STATUS=%s", summary);
	feed_server_tick(loop->feed, now_us);
}

static int on_tick(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct loop *loop = userdata;
	uint64_t now_us = control_now_us();

	(void)usec;
	look_around(loop, now_us);
	(void)sd_event_source_set_time(source, now_us + TICK_US);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static void rescan(void *context, const struct box_instance *instance)
{
	struct loop *loop = context;

	feed_server_rescan(loop->feed, instance);
}

static size_t on_request(void *context, const uint8_t *request, size_t len, uint8_t *reply,
                         size_t size)
{
	struct loop *loop = context;
	uint64_t now_us = control_now_us();
	struct answer_facts facts = {
		.interface = loop->cluster->sync_interface,
		.group = loop->cluster->sync_group,
		.port = loop->cluster->sync_port,
		.link = group_link(loop->group),
		.not_local = group_stats(loop->group)->not_local,
		.uptime_us = now_us - loop->started_us,
		.running = loop->running,
		.rescan = rescan,
		.context = loop,
	};

	return syncd_answer(loop->box, &facts, request, len, reply, size, now_us);
}

/* ---- start and end ---- */

static int log_socket(const char *path, int error)
{
	if (error == -EADDRINUSE)
		log_error("another sa-nat64-syncd runs here: it listens at %s", path);
	else if (error < 0)
		log_error("cannot listen at %s: %s", path, strerror(-error));
	return error;
}

static int open_sockets(struct loop *loop, sd_event *event, const char *rundir)
{
	char control[PATH_MAX_LEN], feed[PATH_MAX_LEN], why[200];
	int error;

	if (snprintf(control, sizeof(control), "%s/syncd.sock", rundir) >= (int)sizeof(control) ||
	    snprintf(feed, sizeof(feed), "%s/sync.sock", rundir) >= (int)sizeof(feed))
		return log_socket(rundir, -ENAMETOOLONG);
	error = log_socket(control,
	                   control_server_new(event, control, on_request, loop, &loop->control));
	if (error == 0)
		error = log_socket(feed, feed_server_new(event, loop->box, feed, &loop->feed));
	if (error)
		return error;
	error = group_new(loop->cluster, &loop->group, why, sizeof(why));
	if (error)
		log_error("%s", why);
	return error;
}

static int add_sources(struct loop *loop, sd_event *event)
{
	int error = sd_event_add_io(event, &loop->io, group_fd(loop->group), EPOLLIN, on_group,
	                            loop);

	if (error >= 0)
		error = sd_event_add_time(event, &loop->due, CLOCK_MONOTONIC, 0, ACCURACY_US,
		                          on_due, loop);
	if (error >= 0)
		error = sd_event_add_time(event, &loop->tick, CLOCK_MONOTONIC, 0, ACCURACY_US,
		                          on_tick, loop);
	if (error >= 0)
		error = sd_event_add_post(event, &loop->after, after_event, loop);
	if (error < 0)
		log_error("cannot watch the sockets: %s", strerror(-error));
	return error < 0 ? error : 0;
}

int loop_new(sd_event *event, struct box *box, const struct config_cluster *cluster,
             const char *rundir, struct running_config *running, struct loop **out)
{
	struct loop *loop = calloc(1, sizeof(*loop));
	int error = -ENOMEM;

	if (!loop)
		return error;
	loop->box = box;
	loop->cluster = cluster;
	loop->running = running;
	loop->started_us = control_now_us();
	loop->watch = watch_new(box);
	if (loop->watch)
		error = open_sockets(loop, event, rundir);
	if (error == 0)
		error = add_sources(loop, event);
	if (error) {
		loop_free(loop);
		return error;
	}
	*out = loop;
	return 0;
}

int loop_reserve(struct loop *loop, size_t instances)
{
	return feed_server_reserve(loop->feed, instances);
}

void loop_part(struct loop *loop, struct box_instance *const *parting, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		feed_server_part(loop->feed, parting[i]);
		replica_goodbye(parting[i]->replica);
	}
	if (count > 0)
		(void)send_datagrams(loop, control_now_us());
}

static void say_goodbye(struct loop *loop)
{
	box_goodbye(loop->box);
	(void)send_datagrams(loop, control_now_us());
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	if (loop->after)
		say_goodbye(loop);
	(void)sd_event_source_disable_unref(loop->io);
	(void)sd_event_source_disable_unref(loop->due);
	(void)sd_event_source_disable_unref(loop->tick);
	(void)sd_event_source_disable_unref(loop->after);
	control_server_free(loop->control);
	feed_server_free(loop->feed);
	group_free(loop->group);
	watch_free(loop->watch);
	free(loop);
}
