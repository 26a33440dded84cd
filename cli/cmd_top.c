/* `sa-nat64 top`: the whole box, again and again: on a screen, or as samples (--batch).
 *
 * One loop waits for answers, keys, signals and the next look, and for nothing else: a program that
 * hangs costs a look nothing but its own values. A sample is taken when all have answered, or those
 * who will soon.
 */
#include "cli/commands.h"
#include "cli/top.h"
#include "cli/watch.h"
#include "lib/control_socket.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_US    150000 /* for answers, before a sample is taken without them */
#define FIRST_PAUSE_US 250000 /* before the second look at most: rates need two */
#define OWN_POLLS      2
#define UNTIL_FOREVER  UINT64_MAX

enum own_poll { POLL_SIGNALS, POLL_KEYS };

struct run {
	struct top top;
	struct watch *watch;
	struct out *out;      /* NULL: the screen */
	struct pollfd *polls; /* OWN_POLLS, and those of the watch behind them */
	size_t poll_room;
	int signals;
	uint64_t look_us;   /* when the next look begins */
	uint64_t sample_us; /* when the present one has lasted long enough; UNTIL_FOREVER: it is
	                       over */
	uint64_t looks, printed;
	bool is_over;
	int status;
};

/* ---- samples ---- */

static bool is_batch(const struct run *run)
{
	return run->out != NULL;
}

static void show(struct run *run)
{
	run->top.replies = watch_replies(run->watch);
	if (!is_batch(run))
		top_screen_draw(&run->top);
}

/* The first look has no rates; a batch does not print it. */
static void print(struct run *run)
{
	if (run->looks < 2)
		return;
	top_batch_print(&run->top, run->out);
	if (fflush(run->out->file) != 0)
		run->is_over = true; /* main says why */
	run->printed++;
	run->is_over |= run->printed >= run->top.options->batch;
}

static void sample(struct run *run)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	run->top.realtime_us = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
	run->sample_us = UNTIL_FOREVER;
	run->looks++;
	run->top.replies = watch_replies(run->watch);
	top_view_note(run->top.series, run->top.replies);
	if (is_batch(run))
		print(run);
	else
		show(run);
}

/* The last sample tells the whole: it is taken when all have answered or were given up. */
static bool is_last(const struct run *run)
{
	return is_batch(run) && run->looks > 0 && run->printed + 1 >= run->top.options->batch;
}

/* One place for each program: there may be others now. */
static int make_room(struct run *run)
{
	size_t wanted = OWN_POLLS + watch_poll_count(run->watch);
	struct pollfd *polls;

	if (wanted <= run->poll_room)
		return 0;
	polls = reallocarray(run->polls, wanted, sizeof(*polls));
	if (!polls)
		return -ENOMEM;
	run->polls = polls;
	run->poll_room = wanted;
	return 0;
}

static void look(struct run *run)
{
	uint64_t pause_us = run->top.interval_us;

	if (run->looks == 0 && pause_us > FIRST_PAUSE_US)
		pause_us = FIRST_PAUSE_US;
	run->look_us += pause_us;
	if (run->look_us < control_now_us()) /* it was stopped for a while */
		run->look_us = control_now_us() + pause_us;
	run->sample_us = control_now_us() + (is_last(run) ? 2 * CONTROL_TIMEOUT_US : PATIENCE_US);
	watch_begin(run->watch);
	run->top.replies = watch_replies(run->watch);
	if (make_room(run) < 0) {
		(void)fprintf(stderr, "sa-nat64: out of memory\n");
		run->is_over = true;
		run->status = 1;
	}
}

/* ---- what comes ---- */

static void take_signal(struct run *run)
{
	struct signalfd_siginfo info;

	if (read(run->signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	if (info.ssi_signo == SIGWINCH) {
		top_screen_resize();
		show(run);
		return;
	}
	run->is_over = true;
	if (!is_batch(run) && info.ssi_signo != SIGINT)
		run->status = 128 + (int)info.ssi_signo;
}

static void take_keys(struct run *run)
{
	enum top_key key;

	while ((key = top_screen_key(&run->top)) != TOP_KEY_NONE) {
		if (key == TOP_KEY_QUIT)
			run->is_over = true;
		if (key == TOP_KEY_INTERVAL)
			run->look_us = control_now_us() + run->top.interval_us;
		show(run);
	}
}

static void take_terminal(struct run *run, short events)
{
	if (events & POLLIN)
		take_keys(run);
	if (!(events & (POLLHUP | POLLERR | POLLNVAL)))
		return;
	run->is_over = true; /* nobody looks any more */
	run->status = 1;
}

/* ---- the loop ---- */

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Milliseconds until then, rounded up, for poll(). */
static int time_until(uint64_t us)
{
	uint64_t now_us = control_now_us(), left_ms;

	if (us == UNTIL_FOREVER)
		return -1;
	left_ms = us > now_us ? (us - now_us + 999) / 1000 : 0;
	return left_ms > 60000 ? 60000 : (int)left_ms;
}

static void wait(struct run *run)
{
	uint64_t until_us = run->top.is_paused ? UNTIL_FOREVER : run->look_us;

	run->polls[POLL_SIGNALS] = (struct pollfd){ .fd = run->signals, .events = POLLIN };
	run->polls[POLL_KEYS] = (struct pollfd){ .fd = is_batch(run) ? -1 : STDIN_FILENO,
		                                 .events = POLLIN };
	until_us = earlier(until_us, run->sample_us);
	until_us = earlier(until_us, watch_polls(run->watch, run->polls + OWN_POLLS));
	if (poll(run->polls, OWN_POLLS + watch_poll_count(run->watch), time_until(until_us)) >= 0)
		return;
	for (size_t i = 0; i < OWN_POLLS + watch_poll_count(run->watch); i++)
		run->polls[i].revents = 0; /* interrupted, as by being stopped and continued */
}

static void turn(struct run *run)
{
	uint64_t now_us;

	wait(run);
	if (watch_take(run->watch, run->polls + OWN_POLLS))
		show(run);
	if (run->polls[POLL_SIGNALS].revents)
		take_signal(run);
	if (run->polls[POLL_KEYS].revents)
		take_terminal(run, run->polls[POLL_KEYS].revents);
	now_us = control_now_us();
	if (run->is_over)
		return;
	if (run->sample_us != UNTIL_FOREVER &&
	    (watch_is_complete(run->watch) || now_us >= run->sample_us))
		sample(run);
	if (!run->is_over && !run->top.is_paused && now_us >= run->look_us)
		look(run);
}

/* Signals end it in an orderly way. Returns a descriptor, or -1. */
static int catch_signals(const struct run *run)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	sigset_t signals;

	(void)sigemptyset(&signals);
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		(void)sigaddset(&signals, ends[i]);
	if (!is_batch(run)) {
		(void)sigaddset(&signals, SIGWINCH);
		(void)signal(SIGPIPE, SIG_IGN); /* a lost terminal is noticed by poll() */
	}
	if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0)
		return -1;
	return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int run_loop(struct run *run)
{
	run->signals = catch_signals(run);
	if (run->signals < 0 ||
	    (!is_batch(run) && top_screen_open(run->top.options->color, stderr) < 0))
		return 1;
	run->look_us = control_now_us();
	look(run);
	while (!run->is_over)
		turn(run);
	top_screen_close();
	if (is_batch(run) && run->status == 0)
		run->status = instances_status(run->top.replies->instances);
	return run->status;
}

int cmd_top(const struct cli_options *options, struct instances *instances, struct out *out)
{
	struct run run = {
		.top = { .options = options, .interval_us = options->interval_us },
		.out = options->batch ? out : NULL,
		.signals = -1,
		.sample_us = UNTIL_FOREVER,
	};
	int status = 1;

	(void)instances;
	run.top.series = series_new();
	run.watch = watch_new(options, stderr, &status);
	if (run.top.series && run.watch)
		status = run_loop(&run);
	if (run.signals >= 0)
		(void)close(run.signals);
	free(run.polls);
	watch_free(run.watch);
	series_free(run.top.series);
	return status;
}
