/* `sa-nat64 stats`: every counter, and for each kind of drop what it means and what to do. */
#include "cli/commands.h"
#include "cli/each_instance.h"
#include "cli/session_log.h"

static const struct out_column verdict_columns[] = {
	{ "count", 12 },
	{ "verdict", 24 },
	{ "meaning", 0 },
	{ NULL, 0 },
};

static void put_directions(struct out *out, const char *key,
                           const SaNat64__Control__Directions *values)
{
	out_begin(out, OUT_LINE, key);
	out_count(out, "6to4", values ? values->from6 : 0);
	out_count(out, "4to6", values ? values->from4 : 0);
	out_end(out);
}

static void put_protocols(struct out *out, const char *key,
                          const SaNat64__Control__Protocols *values)
{
	out_begin(out, OUT_LINE, key);
	out_count(out, "tcp", values ? values->tcp : 0);
	out_count(out, "udp", values ? values->udp : 0);
	out_count(out, "icmp", values ? values->icmp : 0);
	out_end(out);
}

static void put_held(struct out *out, const SaNat64__Control__StatsReply *stats)
{
	out_begin(out, OUT_LINE, "held_now");
	out_share(out, "fragments", stats->fragments, stats->fragments_max);
	out_share(out, "stored_syns", stats->stored_syns, stats->stored_syns_max);
	out_count(out, "limited_hosts", stats->hosts);
	out_end(out);
}

static void put_verdicts(struct out *out, const SaNat64__Control__StatsReply *stats, bool all)
{
	out_begin_table(out, "verdicts", verdict_columns);
	for (size_t i = 0; i < stats->n_verdicts; i++) {
		const SaNat64__Control__Verdict *verdict = stats->verdicts[i];

		if (verdict->count == 0 && !all)
			continue;
		out_begin(out, OUT_ROW, NULL);
		out_count(out, "count", verdict->count);
		out_text(out, "verdict", verdict->name);
		out_text(out, "meaning", verdict->sentence);
		out_flag(out, "drop", verdict->drop);
		out_text(out, "source", verdict->source);
		out_end(out);
	}
	out_end(out);
}

static void put_instance(struct out *out, const char *name, const SaNat64__Control__Reply *reply,
                         const void *context)
{
	const SaNat64__Control__StatsReply *stats = reply->stats;
	const struct cli_options *options = context;

	out_begin(out, OUT_OBJECT, NULL);
	out_begin(out, OUT_LINE, NULL);
	out_text(out, "name", name);
	out_duration(out, "uptime", stats->uptime_us);
	out_end(out);
	put_directions(out, "packets", stats->packets);
	put_directions(out, "bytes", stats->bytes);
	put_directions(out, "fast_packets", stats->fast_packets);
	out_begin(out, OUT_LINE, "fast_flows");
	out_count(out, "held", stats->fast_held);
	out_count(out, "installed", stats->fast_installed);
	out_count(out, "refused", stats->fast_refused);
	if (stats->fast_reattached)
		out_count(out, "reattached", stats->fast_reattached);
	out_end(out);
	put_directions(out, "errors_sent", stats->errors_sent);
	put_directions(out, "errors_held", stats->errors_limited);
	put_protocols(out, "new_sessions", stats->sessions_created);
	put_protocols(out, "expired", stats->sessions_expired);
	put_protocols(out, "new_bindings", stats->bindings_created);
	out_count(out, "tcp_probes", stats->tcp_probes);
	put_held(out, stats);
	session_log_put(out, stats->session_log);
	put_verdicts(out, stats, options->all);
	out_end(out);
}

int cmd_stats(const struct cli_options *options, struct instances *instances, struct out *out)
{
	SaNat64__Control__Request request = SA_NAT64__CONTROL__REQUEST__INIT;
	SaNat64__Control__StatsRequest stats = SA_NAT64__CONTROL__STATS_REQUEST__INIT;

	request.command_case = SA_NAT64__CONTROL__REQUEST__COMMAND_STATS;
	request.stats = &stats;
	return each_instance(instances, &request, out, put_instance, options);
}
