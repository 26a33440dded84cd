/* Samples of `top --batch`: the view of each instance, through the printers of all commands. */
#include "cli/health.h"
#include "cli/incomplete.h"
#include "cli/top.h"

static uint64_t whole(double rate)
{
	return rate > 0 ? (uint64_t)(rate + 0.5) : 0;
}

/* Nothing where the rate is not known yet, which is not the same as 0. */
static void put_rate(struct out *out, const char *key, double rate)
{
	if (rate >= 0)
		out_count(out, key, whole(rate));
}

static void put_directions(struct out *out, const char *key, const struct series *const *list,
                           unsigned factor)
{
	out_begin(out, OUT_LINE, key);
	for (size_t i = 0; i < TOP_DIRECTIONS; i++)
		put_rate(out, top_directions[i], factor * top_view_rate(&list[i], 1));
	out_end(out);
}

static void put_health(struct out *out, const struct top_view *view)
{
	out_begin(out, OUT_LINE, NULL);
	out_text(out, "name", view->name);
	out_state(out, "health", view->health.state,
	          severity_meaning(health_severity(view->health.state)));
	out_reason(out, "reason", view->health.reason);
	if (view->told)
		out_flag(out, "serving", view->told->serving);
	if (view->bfd_count > 0)
		out_share(out, "bfd_up", view->bfd_up, view->bfd_count);
	out_end(out);
}

static void put_sessions(struct out *out, const struct top_view *view)
{
	out_begin(out, OUT_LINE, "sessions");
	for (size_t i = 0; i < TOP_PROTOCOLS; i++)
		out_count(out, top_protocols[i], view->sessions[i]);
	out_count(out, "max", view->table.of);
	out_count(out, "bindings", view->bindings);
	out_end(out);
	out_begin(out, OUT_LINE, "new_sessions");
	for (size_t i = 0; i < TOP_PROTOCOLS; i++)
		put_rate(out, top_protocols[i], top_view_rate(&view->created[i], 1));
	out_end(out);
	out_begin(out, OUT_LINE, "pool4");
	for (size_t i = 0; i < TOP_PROTOCOLS; i++)
		out_share(out, top_protocols[i], view->pool4[i].used, view->pool4[i].of);
	out_end(out);
}

static void put_sync(struct out *out, const struct top_view *view)
{
	out_begin(out, OUT_LINE, "sync");
	out_state(out, "state", view->sync.state, view->sync.meaning);
	out_reason(out, "reason", view->sync.reason);
	out_milliseconds(out, "lag_ms", view->sync_sum.lag_us);
	out_count(out, "lost", view->sync_sum.lost);
	out_end(out);
}

/* Of a translator that does not answer there is nothing to say. */
static void put_load(struct out *out, const struct top_view *view)
{
	put_directions(out, "packets_rate", view->packets, 1);
	put_directions(out, "bits_rate", view->bytes, 8);
	out_begin(out, view->fast_percent < 0 ? OUT_UNSEEN : OUT_LINE, NULL);
	if (view->fast_percent >= 0)
		out_count(out, "fast_percent", whole(view->fast_percent));
	out_end(out);
	if (!view->is_stateless)
		put_sessions(out, view);
	out_begin(out, OUT_TOP, "drops_rate");
	for (size_t i = 0; i < view->drop_count; i++)
		if (whole(view->drops[i]->rate.per_second) > 0)
			out_count(out, view->drops[i]->label,
			          whole(view->drops[i]->rate.per_second));
	out_end(out);
}

static void put_view(struct out *out, const struct top_view *view)
{
	out_begin(out, OUT_OBJECT, NULL);
	put_health(out, view);
	if (view->answers)
		put_load(out, view);
	put_sync(out, view);
	out_end(out);
}

void top_batch_print(const struct top *top, struct out *out)
{
	struct status_box box = status_box_of(top->replies->instances, top->replies->box);
	char node[CONFIG_NAME_MAX * 2 + 1];

	metrics_node(top->replies, node, sizeof(node));
	out_begin(out, out->is_text ? OUT_OBJECT : OUT_RECORD, NULL);
	out_begin(out, OUT_PART, NULL);
	out_begin(out, OUT_LINE, NULL);
	out_time(out, "time", top->realtime_us);
	out_text(out, "node", node);
	out_end(out);
	status_put_healthd(out, &box);
	out_end(out);
	out_begin(out, OUT_LIST, "instances");
	for (size_t i = 0; i < top->replies->instances->count; i++) {
		struct top_view view;

		top_view_fill(top->series, top->replies, &box, i, &view);
		put_view(out, &view);
	}
	out_end(out);
	incomplete_put(out, top->replies->instances);
	out_end(out);
}
