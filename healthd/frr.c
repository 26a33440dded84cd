/* See frr.h. The plan (frr_plan.h) knows what to say; here is when, by which way, and what went
 * wrong. */
#include "healthd/frr.h"

#include "healthd/bfdd.h"
#include "healthd/frr_plan.h"
#include "healthd/vty.h"
#include "healthd/vtysh.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MS           UINT64_C(1000)
#define LOOK_SOON_US (200 * MS)  /* while something is to happen */
#define LOOK_US      (500 * MS)  /* in the steady state */
#define BUSY_US      (3000 * MS) /* after an order something is to happen */
#define PAUSE_MIN_US (100 * MS)  /* before what went wrong is tried again; doubles */
#define PAUSE_MAX_US (2000 * MS)
#define PATIENCE     2 /* times that the same is told again before it is a problem */
#define SENTENCE_MAX 240

/* What whoever is called by changed() has seen. */
struct shown {
	char problem[SENTENCE_MAX];
	enum bfd_state states[BFD_PEERS_MAX];
	uint64_t detection_us[BFD_PEERS_MAX];
	size_t count;
	bool split, withdrawn;
};

struct frr {
	sd_event *event;
	char *pathspace;
	void (*changed)(void *context);
	void *context;
	struct frr_plan plan;
	struct bfdd *bfdd;
	struct vtysh *vtysh;     /* NULL: no call is under way */
	bool asked;              /* a question to bfdd is under way */
	sd_event_source *timer;  /* of the next look */
	enum frr_plan_step told; /* by the call or question that ended last */
	unsigned repeated;       /* times that bfdd was told the same, without effect */
	bool refused;            /* over the connection: then by vtysh */
	bool unsure; /* a vtysh was killed, and what it said last may still reach bfdd */
	uint64_t pause_us, busy_until_us;
	char trouble[SENTENCE_MAX]; /* with bfdd and vtysh, before anything about peers */
	char problem[SENTENCE_MAX];
	struct shown shown;
};

static void take(struct frr *frr, int error, const char *text, size_t len);
static int on_time(sd_event_source *source, uint64_t at_us, void *userdata);

static uint64_t now_of(const struct frr *frr)
{
	uint64_t now_us;

	return sd_event_now(frr->event, CLOCK_MONOTONIC, &now_us) < 0 ? 0 : now_us;
}

static void look_in(struct frr *frr, uint64_t in_us)
{
	(void)sd_event_source_set_time_relative(frr->timer, in_us);
	(void)sd_event_source_set_enabled(frr->timer, SD_EVENT_ONESHOT);
}

/* ---- what others see ---- */

static void make_shown(const struct frr *frr, struct shown *out)
{
	memset(out, 0, sizeof(*out));
	memcpy(out->problem, frr->problem, sizeof(out->problem));
	out->count = frr->plan.count;
	for (size_t i = 0; i < out->count; i++) {
		out->states[i] = frr->plan.state[i].state;
		out->detection_us[i] = frr->plan.state[i].detection_us;
	}
	out->split = frr_split(frr);
	out->withdrawn = frr_is_withdrawn(frr);
}

static void show(struct frr *frr)
{
	struct shown now;

	if (frr->trouble[0])
		memcpy(frr->problem, frr->trouble, sizeof(frr->problem));
	else
		frr_plan_problem(&frr->plan, now_of(frr), frr->problem, sizeof(frr->problem));
	make_shown(frr, &now);
	if (memcmp(&now, &frr->shown, sizeof(now)) == 0)
		return;
	frr->shown = now;
	frr->changed(frr->context);
}

/* ---- what went wrong ---- */

static void say(struct frr *frr, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(struct frr *frr, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(frr->trouble, sizeof(frr->trouble), format, args);
	va_end(args);
}

/* Try again later. */
static void fail(struct frr *frr)
{
	frr->pause_us = frr->pause_us ? 2 * frr->pause_us : PAUSE_MIN_US;
	if (frr->pause_us > PAUSE_MAX_US)
		frr->pause_us = PAUSE_MAX_US;
	look_in(frr, frr->pause_us);
	show(frr);
}

static void say_hangs(struct frr *frr, const char *who, const char *did_not)
{
	say(frr,
	    "%s did not %s within %" PRIu64
	    " ms (does bfdd hang?); systemctl restart sa-nat64-bfdd@%s",
	    who, did_not, frr->plan.health.vtysh_timeout_us / MS, frr->pathspace);
	frr_plan_doubt(&frr->plan);
}

static void say_no_bfdd(struct frr *frr, int error)
{
	const char *name = frr->pathspace;

	switch (error) {
	case -ENOENT:
	case -ECONNREFUSED:
		if (vtysh_find() < 0)
			say(frr, "vtysh is not installed; install Debian's package frr");
		else
			say(frr, "no bfdd runs in pathspace %s; systemctl start sa-nat64-bfdd@%s",
			    name, name);
		break;
	case -EACCES:
		say(frr,
		    "no permission for " VTY_RUN_DIR
		    "/%s/bfdd.vty; the program has to be in the groups frr and frrvty",
		    name);
		break;
	case -EAGAIN: /* its queue is full */
	case -ETIMEDOUT:
		say_hangs(frr, "bfdd", "answer");
		break;
	default:
		say(frr, "bfdd in pathspace %s cannot be reached: %s", name, strerror(-error));
	}
}

/* The end of a call or question other than well. */
static void say_failed(struct frr *frr, int error, const char *text, size_t len)
{
	char complaint[120];

	switch (error) {
	case -EBADMSG:
		vty_complaint(text, len, complaint, sizeof(complaint));
		say(frr, "bfdd refused what it was told: %s", complaint);
		break;
	case -EMSGSIZE:
		say(frr,
		    "bfdd in pathspace %s has more peers than are looked at; remove foreign ones",
		    frr->pathspace);
		break;
	default:
		say_no_bfdd(frr, error);
	}
}

/* ---- talking ---- */

static void on_answer(void *context, int error, const char *text, size_t len)
{
	struct frr *frr = context;

	frr->asked = false;
	if (error == -EBADMSG)
		frr->refused = true;
	take(frr, error, text, len);
}

static void on_call(void *context, int error, const char *text, size_t len)
{
	struct frr *frr = context;

	frr->vtysh = NULL;
	if (error == -ETIMEDOUT) {
		say_hangs(frr, "vtysh", "end");
		fail(frr);
		return;
	}
	take(frr, error, text, len);
}

static void ask(struct frr *frr, const char *script)
{
	int error = bfdd_ask(frr->bfdd, script, frr->plan.health.vtysh_timeout_us, on_answer, frr);

	if (error < 0) {
		say_failed(frr, error, "", 0);
		fail(frr);
		return;
	}
	frr->asked = true;
}

static void call(struct frr *frr, const char *script)
{
	int error = vtysh_start(frr->event, frr->pathspace, script,
	                        frr->plan.health.vtysh_timeout_us, on_call, frr, &frr->vtysh);

	if (error == -ENOENT)
		say(frr, "vtysh is not installed; install Debian's package frr");
	else if (error < 0)
		say(frr, "vtysh cannot be started: %s", strerror(-error));
	if (error < 0)
		fail(frr);
}

/* Whether the same was told so often that it is of no use. */
static bool is_of_no_use(struct frr *frr, enum frr_plan_step step)
{
	frr->repeated = frr->told == step ? frr->repeated + 1 : 0;
	frr->told = step;
	return frr->repeated > PATIENCE;
}

static void tell(struct frr *frr, enum frr_plan_step step, const char *lines)
{
	char script[VTY_SCRIPT_MAX];

	if (snprintf(script, sizeof(script), "configure terminal\nbfd\n%send\n" BFD_SHOW "\n",
	             lines) >= (int)sizeof(script)) {
		say(frr, "too many BFD peers for one call");
		fail(frr);
	} else if (step == FRR_PLAN_SILENCE && !frr->refused) {
		ask(frr, script);
	} else {
		call(frr, script);
	}
}

/* Without zebra bfdd knows no interface: it hears the router, and never answers. */
static void look_for_zebra(struct frr *frr)
{
	int fd;

	if (!frr_plan_is_overdue(&frr->plan, now_of(frr)))
		return;
	fd = vty_connect(frr->pathspace, "zebra");
	if (fd >= 0)
		(void)close(fd);
	else if (fd == -ENOENT || fd == -ECONNREFUSED)
		say(frr,
		    "zebra does not run in pathspace %s, without which bfdd sends nothing; systemctl start sa-nat64-zebra@%s",
		    frr->pathspace, frr->pathspace);
}

static void rest(struct frr *frr)
{
	bool soon = frr_plan_is_restless(&frr->plan) || now_of(frr) < frr->busy_until_us;

	frr->trouble[0] = '\0';
	frr->pause_us = 0;
	frr->refused = false;
	if (frr->unsure) {
		frr->plan.withdrawn = false;
		soon = true;
	}
	frr->unsure = false;
	look_for_zebra(frr);
	look_in(frr, soon ? LOOK_SOON_US : LOOK_US);
	show(frr);
}

/* bfdd has these peers now. */
static void follow(struct frr *frr, const struct bfd_peer_state *is, size_t count)
{
	char *lines = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&lines, &len);
	enum frr_plan_step step;

	if (!out) {
		say(frr, "out of memory");
		fail(frr);
		return;
	}
	step = frr_plan_take(&frr->plan, is, count, now_of(frr), out);
	(void)fclose(out);
	if (step == FRR_PLAN_REST) {
		frr->told = step;
		rest(frr);
	} else if (is_of_no_use(frr, step)) {
		frr->repeated = PATIENCE - 1; /* told once more after a pause */
		say(frr,
		    "bfdd in pathspace %s does not do as it is told (%.80s...); does anybody else change it?",
		    frr->pathspace, lines + strspn(lines, " "));
		fail(frr);
	} else {
		tell(frr, step, lines);
		show(frr);
	}
	free(lines);
}

/* The end of any call or question: each ends with BFD_SHOW. */
static void take(struct frr *frr, int error, const char *text, size_t len)
{
	struct bfd_peer_state *is;
	char complaint[120];
	int count;

	if (error < 0) {
		if (error == -ECONNRESET)
			frr_plan_forget(&frr->plan);
		say_failed(frr, error == -ECONNRESET ? -ECONNREFUSED : error, text, len);
		fail(frr);
		return;
	}
	is = calloc(FRR_PLAN_READ_MAX, sizeof(*is));
	count = is ? bfd_parse_peers(text, len, is, FRR_PLAN_READ_MAX) : -ENOMEM;
	if (count >= 0) {
		follow(frr, is, (size_t)count);
	} else {
		vty_complaint(text, len, complaint, sizeof(complaint));
		say(frr, "bfdd in pathspace %s answers something else than its peers: %s",
		    frr->pathspace, complaint);
		fail(frr);
	}
	free(is);
}

/* ---- when ---- */

static int on_time(sd_event_source *source, uint64_t at_us, void *userdata)
{
	struct frr *frr = userdata;
	int error;

	(void)source;
	(void)at_us;
	if (frr->asked || frr->vtysh)
		return 0;
	if (frr->plan.count == 0 && frr->plan.gone_count == 0) {
		frr->trouble[0] = '\0';
		show(frr);
		return 0;
	}
	error = bfdd_connect(frr->bfdd);
	if (error == 0) {
		ask(frr, BFD_SHOW "\n");
		return 0;
	}
	if (error == -ENOENT || error == -ECONNREFUSED)
		frr_plan_forget(&frr->plan);
	say_no_bfdd(frr, error);
	fail(frr);
	return 0;
}

/* bfdd has ended, unasked. Whatever vtysh had to say to it is said to nobody. */
static void on_ended(void *context)
{
	struct frr *frr = context;

	frr_plan_forget(&frr->plan);
	frr->told = FRR_PLAN_REST;
	if (!frr->vtysh)
		look_in(frr, 0);
	say_no_bfdd(frr, -ECONNREFUSED);
	show(frr);
}

int frr_new(sd_event *event, const char *pathspace, void (*changed)(void *context), void *context,
            struct frr **out)
{
	struct frr *frr = calloc(1, sizeof(*frr));
	int error;

	if (!frr)
		return -ENOMEM;
	frr->event = sd_event_ref(event);
	frr->changed = changed;
	frr->context = context;
	frr->pathspace = strdup(pathspace);
	error = frr->pathspace ? bfdd_new(event, pathspace, on_ended, frr, &frr->bfdd) : -ENOMEM;
	if (error == 0)
		error = sd_event_add_time_relative(event, &frr->timer, CLOCK_MONOTONIC, 0, 10 * MS,
		                                   on_time, frr);
	if (error < 0) {
		frr_free(frr);
		return error;
	}
	*out = frr;
	return 0;
}

void frr_free(struct frr *frr)
{
	if (!frr)
		return;
	vtysh_free(frr->vtysh);
	bfdd_free(frr->bfdd);
	frr->timer = sd_event_source_disable_unref(frr->timer);
	frr->event = sd_event_unref(frr->event);
	free(frr->pathspace);
	free(frr);
}

static void act_now(struct frr *frr)
{
	frr->pause_us = 0;
	frr->repeated = 0;
	frr->told = FRR_PLAN_REST;
	frr->busy_until_us = now_of(frr) + BUSY_US;
	look_in(frr, 0);
}

void frr_configure(struct frr *frr, const struct config_health *health,
                   const struct bfd_peer_wanted *peers, size_t count)
{
	frr_plan_configure(&frr->plan, health, peers, count);
	act_now(frr);
}

/* A call that makes peers is ended by the opposite order. */
void frr_want(struct frr *frr, bool advertised)
{
	if (frr->plan.advertise == advertised)
		return;
	frr_plan_want(&frr->plan, advertised);
	if (!advertised && frr->vtysh) {
		vtysh_free(frr->vtysh);
		frr->vtysh = NULL;
		frr->unsure = true;
	}
	act_now(frr);
}

size_t frr_peers(const struct frr *frr, const struct bfd_peer_state **out)
{
	*out = frr->plan.state;
	return frr->plan.count;
}

const char *frr_problem(const struct frr *frr)
{
	return frr->problem;
}

bool frr_split(const struct frr *frr)
{
	return frr_plan_is_split(&frr->plan);
}

bool frr_is_withdrawn(const struct frr *frr)
{
	return frr->plan.withdrawn || (!frr->plan.advertise && frr->plan.count == 0);
}
