/* `sa-nat64 top`: what its parts share. cmd_top.c asks and waits, top_screen.c draws on the
 * terminal, top_batch.c prints; all of them see the box through this. */
#ifndef SA_NAT64_TOP_H
#define SA_NAT64_TOP_H

#include "cli/out.h"
#include "cli/top_view.h"

struct top {
	const struct cli_options *options;
	const struct metrics_replies *replies; /* what was answered last */
	struct series_set *series;
	uint64_t interval_us;
	uint64_t realtime_us; /* of the newest sample */
	/* Of the screen alone. */
	size_t shown; /* 1 + number of the one instance that is shown, 0 for all */
	bool is_paused, shows_drops, shows_protocols, shows_help;
};

/* Print the newest sample: text, or one line of JSON. */
void top_batch_print(const struct top *top, struct out *out);

/* ---- the screen ---- */

/* Take over the terminal. Returns 0, or -1 after a line on err that says why not. */
int top_screen_open(enum colour_when when, FILE *err);

/* Give the terminal back as it was; without effect when it was not taken. */
void top_screen_close(void);

/* To be called when the size of the terminal may have changed. */
void top_screen_resize(void);

void top_screen_draw(const struct top *top);

enum top_key { TOP_KEY_NONE, TOP_KEY_REDRAW, TOP_KEY_INTERVAL, TOP_KEY_QUIT };

/* Take one key that was pressed; changes what top shows. TOP_KEY_NONE: there is none. */
enum top_key top_screen_key(struct top *top);

#endif
