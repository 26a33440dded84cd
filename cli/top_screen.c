/* The screen of `top`, by ncurses: a head, a paragraph for each instance, a foot that names the
 * keys.
 *
 * A paragraph is made of items that follow each other and go to the next line where one has no
 * room, so that it reads at any width; lines below the foot are counted and not shown. Nothing of
 * it waits.
 */
#include "cli/figures.h"
#include "cli/health.h"
#include "cli/options.h"
#include "cli/top.h"
#include "lib/version.h"

#include <curses.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define COLUMNS_MIN   40
#define LINES_MIN     10
#define LINE_MAX_TEXT 512
#define GAP           2 /* between items, and before all but the name of an instance */
#define SHOWN_DROPS   4 /* kinds in a line */
#define BAR_STEPS     8
#define ESCAPE_MS     25 /* a key alone, and not the begin of a sequence */

static const uint64_t intervals_us[] = {
	CLI_INTERVAL_MIN_US, 500000, 1000000, 2000000, 5000000, 10000000, 30000000,
	CLI_INTERVAL_MAX_US
};

static const struct {
	char key, other; /* two that do the same, or the same twice */
	const char *name, *foot, *help;
} keys[] = {
	{ 'q', 'Q', "q", "q quit", "end" },
	{ '?', 'h', "? h", "? help", "this list, and back" },
	{ ' ', ' ', "space", "space pause", "stop the screen, and go on" },
	{ 'i', '\t', "i tab", "i next", "the next instance alone" },
	{ 'a', 'A', "a", "a all", "all instances" },
	{ 'd', 'D', "d", "d drops", "every reason for drops, with its count, or the first ones" },
	{ 's', 'S', "s", "s sessions", "sessions and pool4 by protocol, or their sums" },
	{ '+', '=', "+", "+", "a longer interval" },
	{ '-', '_', "-", "- interval", "a shorter interval" },
};

static struct {
	SCREEN *screen; /* NULL: not open */
	bool has_colours, has_bars;
	struct termios before;
	char restore[128]; /* what gives the terminal back */
	size_t restore_len;
} terminal;

/* ---- the terminal ---- */

/* For signals that end the process on the spot: nothing but write() and tcsetattr() is allowed. */
static void give_back(int signal)
{
	(void)!write(STDOUT_FILENO, terminal.restore, terminal.restore_len);
	(void)tcsetattr(STDIN_FILENO, TCSANOW, &terminal.before);
	(void)raise(signal); /* its handler was reset: the process ends by it */
}

static void catch_fatal_signals(void)
{
	static const int fatal[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
	struct sigaction action = { .sa_handler = give_back,
		                    .sa_flags = (int)SA_RESETHAND | SA_NODEFER };

	for (size_t i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++)
		(void)sigaction(fatal[i], &action, NULL);
}

static void note_restore(const char *capability)
{
	const char *text = tigetstr(capability);
	size_t len = text && text != (const char *)-1 ? strlen(text) : 0;

	if (terminal.restore_len + len > sizeof(terminal.restore))
		return;
	memcpy(terminal.restore + terminal.restore_len, text ? text : "", len);
	terminal.restore_len += len;
}

static void open_colours(enum colour_when when)
{
	terminal.has_colours = has_colors() && colour_is_wanted(when, stdout) &&
	                       start_color() == OK;
	if (!terminal.has_colours)
		return;
	(void)use_default_colors();
	for (short i = 0; i < MEANINGS; i++)
		(void)init_pair((short)(i + 1), colours[i].number, -1);
}

static bool can_move_cursor(void)
{
	const char *text = tigetstr("cup");

	return text && text != (const char *)-1;
}

int top_screen_open(enum colour_when when, FILE *err)
{
	const char *type = getenv("TERM");

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		(void)fprintf(err,
		              "sa-nat64: top needs a terminal for its keys and its screen; use "
		              "`sa-nat64 top --batch 1`, `sa-nat64 status` or `sa-nat64 "
		              "metrics`\n");
		return -1;
	}
	(void)setlocale(LC_CTYPE, "");
	terminal.has_bars = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	(void)tcgetattr(STDIN_FILENO, &terminal.before);
	terminal.screen = newterm(NULL, stdout, stdin);
	if (!terminal.screen || !can_move_cursor()) {
		top_screen_close();
		(void)fprintf(
			err,
			"sa-nat64: top cannot draw on a terminal of type TERM=%s; set TERM to "
			"what it is, or use `sa-nat64 top --batch 1`, `sa-nat64 status` or "
			"`sa-nat64 metrics`\n",
			type ? type : "");
		return -1;
	}
	note_restore("rmcup");
	note_restore("cnorm");
	note_restore("sgr0");
	catch_fatal_signals();
	(void)set_escdelay(ESCAPE_MS);
	(void)cbreak();
	(void)noecho();
	(void)nonl();
	(void)keypad(stdscr, true);
	(void)nodelay(stdscr, true);
	(void)curs_set(0);
	open_colours(when);
	return 0;
}

void top_screen_close(void)
{
	if (!terminal.screen)
		return;
	(void)curs_set(1);
	(void)endwin();
	delscreen(terminal.screen);
	terminal.screen = NULL;
}

void top_screen_resize(void)
{
	struct winsize size;

	if (terminal.screen && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 &&
	    size.ws_col > 0)
		(void)resizeterm(size.ws_row, size.ws_col);
}

/* ---- items ---- */

struct pen {
	int row, column; /* of the next character */
	int last;        /* the last row to write on; further ones are counted only */
	int indent;      /* of rows that go on */
	bool is_used;    /* something stands in this row */
};

static int attributes_of(enum meaning meaning)
{
	const struct colour *colour = &colours[meaning];
	int attributes = (colour->is_bold ? (int)A_BOLD : 0) | (colour->is_dim ? (int)A_DIM : 0);

	return terminal.has_colours ? attributes | (int)COLOR_PAIR(meaning + 1) : attributes;
}

static void put_at(const struct pen *pen, int attributes, const char *text, int len)
{
	if (pen->row > pen->last)
		return;
	(void)attrset(attributes);
	(void)mvaddnstr(pen->row, pen->column, text, len);
	(void)attrset(A_NORMAL);
}

static void next_row(struct pen *pen)
{
	if (pen->is_used)
		pen->row++;
	pen->column = pen->indent;
	pen->is_used = false;
}

/* Text word by word, for sentences and for items that are wider than the screen. */
static void put_words(struct pen *pen, int attributes, const char *text)
{
	while (*text) {
		int len = (int)strcspn(text, " ");

		if (pen->is_used && pen->column + len > COLS)
			next_row(pen);
		if (len > COLS - pen->column) /* longer than a row: its first part */
			len = COLS - pen->column;
		put_at(pen, attributes, text, len);
		pen->is_used = true;
		pen->column += len + 1;
		text += len;
		text += strspn(text, " ");
	}
	pen->column--;
}

static void __attribute__((format(printf, 3, 4)))
put_item(struct pen *pen, int attributes, const char *format, ...)
{
	char text[LINE_MAX_TEXT];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (len <= 0)
		return;
	/* What is wider than any row begins here and goes on below. */
	if (pen->is_used && pen->column + GAP + len > COLS && pen->indent + len <= COLS)
		next_row(pen);
	else if (pen->is_used)
		pen->column += GAP;
	if (pen->column + len > COLS) {
		put_words(pen, attributes, text);
		return;
	}
	put_at(pen, attributes, text, len);
	pen->column += len;
	pen->is_used = true;
}

/* ---- paragraphs ---- */

static void put_reason(struct pen *pen, enum meaning meaning, const char *what, const char *reason)
{
	if (!reason[0])
		return;
	next_row(pen);
	if (what[0])
		put_item(pen, A_NORMAL, "%s:", what);
	put_item(pen, attributes_of(meaning), "%s", reason);
}

static void put_bfd(struct pen *pen, const struct top_view *view)
{
	enum meaning meaning = view->bfd_up == view->bfd_count ? MEANING_GOOD
	                       : view->bfd_up > 0              ? MEANING_WARNING
	                       : view->told->serving           ? MEANING_BAD
	                                                       : MEANING_DIM;

	put_item(pen, attributes_of(meaning), "bfd %zu of %zu up", view->bfd_up, view->bfd_count);
}

/* Who it is and how it is. */
static void put_state(struct pen *pen, const struct top_view *view)
{
	enum meaning meaning = severity_meaning(health_severity(view->health.state));
	bool has_sync = strcmp(view->sync.state, "off") != 0;

	pen->indent = 0;
	next_row(pen);
	put_item(pen, A_BOLD, "%s", view->name);
	put_item(pen, attributes_of(meaning), "%s", view->health.state);
	pen->indent = GAP;
	if (view->told)
		put_item(pen, A_NORMAL, "%s", view->told->serving ? "serving" : "not serving");
	if (view->bfd_count > 0)
		put_bfd(pen, view);
	if (has_sync)
		put_item(pen, attributes_of(view->sync.meaning), "sync %s", view->sync.state);
	if (view->sync.sync)
		put_item(pen, A_NORMAL, "lag %llu ms",
		         (unsigned long long)view->sync_sum.lag_us / 1000);
	if (view->sync.sync)
		put_item(pen, A_NORMAL, "lost %llu", (unsigned long long)view->sync_sum.lost);
	put_reason(pen, meaning, "", view->health.reason);
	if (has_sync)
		put_reason(pen, MEANING_WARNING, "sync", view->sync.reason);
}

/* The newest rate at the right end; the whole height is the highest one that is to be seen. */
static void put_bars(struct pen *pen, const struct series *series)
{
	static const char *const blocks[BAR_STEPS + 1] = { " ", "▁", "▂", "▃", "▄",
		                                           "▅", "▆", "▇", "█" };
	static const char *const signs[BAR_STEPS + 1] = { " ", ".", ".", ":", ":",
		                                          "-", "=", "+", "#" };
	int room = COLS - pen->column - GAP;
	size_t width = room < 0 ? 0 : (size_t)room < TRAIL_MAX ? (size_t)room : TRAIL_MAX;
	double most = 0;

	if (pen->row > pen->last || !series)
		return;
	for (size_t i = 0; i < width; i++)
		most = series_past(series, i) > most ? series_past(series, i) : most;
	(void)attrset(attributes_of(MEANING_GOOD));
	for (size_t i = 0; i < width; i++) {
		unsigned height = figure_height(series_past(series, width - 1 - i), most,
		                                BAR_STEPS);

		(void)mvaddstr(pen->row, pen->column + GAP + (int)i,
		               (terminal.has_bars ? blocks : signs)[height]);
	}
	(void)attrset(A_NORMAL);
}

static void put_direction(struct pen *pen, const struct top_view *view, enum top_direction way)
{
	char packets[FIGURE_MAX], bits[FIGURE_MAX];
	double rate = top_view_rate(&view->packets[way], 1);
	double bytes = top_view_rate(&view->bytes[way], 1);

	(void)figure_format(rate, COLS >= 60 ? "packets/s" : "p/s", packets);
	(void)figure_format(bytes < 0 ? bytes : bytes * 8, "bit/s", bits);
	next_row(pen);
	put_item(pen, A_NORMAL, "%s", top_directions[way]);
	pen->column += (COLS >= 60 ? 17 : 10) - (int)strlen(packets);
	put_at(pen, A_NORMAL, packets, (int)strlen(packets));
	pen->column += (int)strlen(packets) + 13 - (int)strlen(bits);
	put_at(pen, A_NORMAL, bits, (int)strlen(bits));
	pen->column += (int)strlen(bits);
	put_bars(pen, view->packets[way]);
	pen->column = COLS;
}

static void put_share(struct pen *pen, const char *name, struct top_share share)
{
	char percent[FIGURE_MAX];

	if (share.of > 0)
		put_item(pen, attributes_of(top_view_share_meaning(share)), "%s %s", name,
		         figure_percent(top_view_percent(share), percent));
}

static void put_protocols(struct pen *pen, const struct top_view *view)
{
	char rate[FIGURE_MAX], percent[FIGURE_MAX];

	for (size_t i = 0; i < TOP_PROTOCOLS; i++) {
		next_row(pen);
		put_item(pen, A_NORMAL, "%-4s sessions %llu", top_protocols[i],
		         (unsigned long long)view->sessions[i]);
		put_item(pen, A_NORMAL, "new %s",
		         figure_format(top_view_rate(&view->created[i], 1), "/s", rate));
		put_item(pen, attributes_of(top_view_share_meaning(view->pool4[i])),
		         "pool4 %llu of %llu (%s)", (unsigned long long)view->pool4[i].used,
		         (unsigned long long)view->pool4[i].of,
		         figure_percent(top_view_percent(view->pool4[i]), percent));
	}
}

static void put_sessions(struct pen *pen, const struct top *top, const struct top_view *view)
{
	char rate[FIGURE_MAX], percent[FIGURE_MAX];

	put_item(pen, A_NORMAL, "new %s",
	         figure_format(top_view_rate(view->created, TOP_PROTOCOLS), "/s", rate));
	put_item(pen, attributes_of(top_view_share_meaning(view->table)), "sessions %llu (%s)",
	         (unsigned long long)view->table.used,
	         figure_percent(top_view_percent(view->table), percent));
	put_item(pen, A_NORMAL, "bindings %llu", (unsigned long long)view->bindings);
	if (top->shows_protocols) {
		put_protocols(pen, view);
		return;
	}
	put_share(pen, "pool4 tcp", view->pool4[TOP_TCP]);
	put_share(pen, "udp", view->pool4[TOP_UDP]);
	put_share(pen, "icmp", view->pool4[TOP_ICMP]);
}

static void put_drop(struct pen *pen, const struct top *top, const struct series *drop)
{
	const struct rate *rate = &drop->rate;
	int attributes = attributes_of(rate->is_rising ? MEANING_WARNING : MEANING_PLAIN);
	char buf[FIGURE_MAX];

	(void)figure_format(rate->is_known ? rate->per_second : -1, "/s", buf);
	if (top->shows_drops) {
		next_row(pen);
		put_item(pen, attributes, "%-24s %10s%s  %llu", drop->label, buf,
		         rate->is_rising ? " rising" : "", (unsigned long long)drop->number);
	} else {
		put_item(pen, attributes, "%s %s%s", drop->label, buf,
		         rate->is_rising ? " rising" : "");
	}
}

static void put_drops(struct pen *pen, const struct top *top, const struct top_view *view)
{
	double rate = top_view_rate(view->drops, view->drop_count);
	size_t shown = 0;
	char buf[FIGURE_MAX];

	next_row(pen);
	put_item(pen, attributes_of(rate > 0 ? MEANING_PLAIN : MEANING_DIM), "drops %s",
	         figure_format(rate, "/s", buf));
	for (size_t i = 0; i < view->drop_count; i++) {
		const struct series *drop = view->drops[i];

		if (top->shows_drops ? drop->number == 0
		                     : drop->rate.per_second <= 0 || shown == SHOWN_DROPS)
			break;
		put_drop(pen, top, drop);
		shown++;
	}
}

static void put_load(struct pen *pen, const struct top *top, const struct top_view *view)
{
	char percent[FIGURE_MAX];

	for (size_t i = 0; i < TOP_DIRECTIONS; i++)
		put_direction(pen, view, i);
	next_row(pen);
	if (view->has_fast_path)
		put_item(pen, A_NORMAL, "fast path %s",
		         figure_percent(view->fast_percent, percent));
	else
		put_item(pen, attributes_of(MEANING_DIM), "fast path off");
	if (!view->is_stateless)
		put_sessions(pen, top, view);
	put_drops(pen, top, view);
}

/* ---- the whole ---- */

static void put_head(const struct top *top)
{
	struct pen pen = { .last = 0 };
	time_t seconds = (time_t)(top->realtime_us / 1000000);
	char node[CONFIG_NAME_MAX * 2 + 1], day[16] = "", version[40];
	struct tm local;

	metrics_node(top->replies, node, sizeof(node));
	if (localtime_r(&seconds, &local))
		(void)strftime(day, sizeof(day), "%H:%M:%S", &local);
	(void)snprintf(version, sizeof(version), "sa-nat64 %s", sa_nat64_version);
	put_item(&pen, A_BOLD, "%s", node);
	put_item(&pen, A_NORMAL, "%s", day);
	put_item(&pen, A_NORMAL, "every %g s", (double)top->interval_us / 1e6);
	if (top->is_paused)
		put_item(&pen, A_REVERSE, "paused");
	put_item(&pen, attributes_of(MEANING_DIM), "%s", version);
}

/* The daemons of the box are named when they are missed. */
static void put_daemons(struct pen *pen, const struct instances *instances)
{
	for (size_t i = 0; i < BOX_DAEMONS; i++) {
		const struct instance *daemon = &instances->daemons[i];

		if (!daemon->is_expected || !daemon->problem[0])
			continue;
		next_row(pen);
		put_item(pen, attributes_of(MEANING_BAD), "%s: %s", daemon->name, daemon->problem);
	}
}

static void put_foot(int more)
{
	struct pen pen = { .row = LINES - 1, .last = LINES - 1 };

	if (more > 0)
		put_item(&pen, A_REVERSE, "%d more lines", more);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		put_item(&pen, attributes_of(MEANING_DIM), "%s", keys[i].foot);
}

static void draw_help(void)
{
	struct pen pen = { .row = 1, .last = LINES - 2 };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		next_row(&pen);
		put_item(&pen, A_BOLD, "%-6s", keys[i].name);
		pen.indent = 8;
		pen.column = 6;
		put_item(&pen, A_NORMAL, "%s", keys[i].help);
		pen.indent = 0;
	}
	next_row(&pen);
	put_item(&pen, attributes_of(MEANING_DIM), "docs/operations.md says what the values mean");
	put_foot(0);
}

static void draw_instances(const struct top *top)
{
	const struct instances *instances = top->replies->instances;
	struct status_box box = status_box_of(instances, top->replies->box);
	struct pen pen = { .row = 1, .last = LINES - 2 };
	size_t shown = top->shown <= instances->count ? top->shown : 0;

	put_daemons(&pen, instances);
	for (size_t i = 0; i < instances->count; i++) {
		struct top_view view;

		if (shown > 0 && shown != i + 1)
			continue;
		top_view_fill(top->series, top->replies, &box, i, &view);
		if (box.syncd && !box.peers)
			view.sync.reason = ""; /* it stands at the top */
		put_state(&pen, &view);
		if (view.answers)
			put_load(&pen, top, &view);
		next_row(&pen);
	}
	put_foot(pen.row - pen.last - 1);
}

void top_screen_draw(const struct top *top)
{
	(void)erase();
	if (COLS < COLUMNS_MIN || LINES < LINES_MIN) {
		(void)mvaddnstr(0, 0, "too small: 40x10 at least", COLS);
	} else {
		put_head(top);
		if (top->shows_help)
			draw_help();
		else
			draw_instances(top);
	}
	(void)refresh();
}

/* ---- keys ---- */

static void change_interval(struct top *top, char key)
{
	size_t count = sizeof(intervals_us) / sizeof(intervals_us[0]);
	uint64_t changed_us = top->interval_us;

	for (size_t i = 0; i < count; i++) {
		if (key == '+' && intervals_us[i] > top->interval_us) {
			changed_us = intervals_us[i];
			break;
		}
		if (key == '-' && intervals_us[i] < top->interval_us)
			changed_us = intervals_us[i];
	}
	top->interval_us = changed_us;
}

static enum top_key act(struct top *top, char key)
{
	switch (key) {
	case 'q':
		return TOP_KEY_QUIT;
	case '?':
		top->shows_help = !top->shows_help;
		break;
	case ' ':
		top->is_paused = !top->is_paused;
		return TOP_KEY_INTERVAL;
	case 'i':
		top->shown = top->shown < top->replies->instances->count ? top->shown + 1 : 1;
		break;
	case 'a':
		top->shown = 0;
		break;
	case 'd':
		top->shows_drops = !top->shows_drops;
		break;
	case 's':
		top->shows_protocols = !top->shows_protocols;
		break;
	default:
		change_interval(top, key);
		return TOP_KEY_INTERVAL;
	}
	return TOP_KEY_REDRAW;
}

enum top_key top_screen_key(struct top *top)
{
	int pressed = getch();

	if (pressed == ERR)
		return TOP_KEY_NONE;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (pressed == keys[i].key || pressed == keys[i].other)
			return act(top, keys[i].key);
	return TOP_KEY_REDRAW;
}
