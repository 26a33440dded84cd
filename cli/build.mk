# What is pure of import-jool and import-tayga.
cli-import-srcs := \
	cli/import.c cli/json_lines.c cli/ranges4.c cli/jool_pool4.c cli/import_jool.c \
	cli/jool_values.c cli/jool_global.c cli/jool_lists.c cli/import_tayga.c
# What is pure of who --at.
cli-who-srcs := cli/when.c cli/session_record.c cli/session_fold.c cli/session_files.c
cli-srcs := \
	cli/main.c cli/options.c cli/option_rows.c cli/suggest.c cli/instances.c cli/instances_find.c cli/reply_text.c cli/denied.c cli/addresses.c cli/hex.c \
	cli/cmd_status.c cli/cmd_stats.c cli/cmd_sessions.c cli/list_page.c cli/pace.c cli/bib_change.c cli/cmd_pool4.c cli/cmd_capabilities.c cli/cmd_explain.c cli/cmd_trace.c cli/packets.c cli/pcapng.c \
	cli/cmd_check.c cli/cmd_peers.c cli/cmd_sync_key.c cli/findings.c cli/sync.c cli/status_sync.c \
	cli/incomplete.c cli/each_instance.c cli/health.c cli/status_health.c cli/session_log.c cli/cmd_health.c cli/cmd_drain.c cli/cmd_frr_config.c \
	$(cli-import-srcs) cli/cmd_import.c cli/pool6_export.c cli/export_command.c cli/cmd_dns64.c cli/cmd_pref64.c \
	cli/status_box.c cli/roster.c cli/watch.c cli/series.c cli/top_view.c cli/top_batch.c cli/top_screen.c cli/figures.c cli/cmd_top.c \
	cli/programs.c cli/running.c cli/what_runs.c cli/cmd_config.c cli/cmd_reload.c cli/services.c cli/metrics_listen.c \
	cli/cmd_metrics.c cli/metrics.c cli/metrics_rows.c \
	cli/out.c cli/out_text.c cli/out_json.c cli/colour.c
cli-srcs += $(cli-who-srcs) cli/session_journal.c cli/cmd_who.c cli/who_then.c
# Set to yes when the command line links the pure core of the translator.
cli-needs-core :=
# sa-nat64-exporter: what `sa-nat64 metrics` prints, over HTTP.
exporter-srcs := \
	cli/exporter.c cli/metrics_listen.c cli/scrape.c cli/roster.c cli/metrics.c cli/metrics_rows.c cli/instances.c cli/instances_find.c cli/reply_text.c cli/denied.c cli/list_page.c cli/health.c cli/sync.c \
	cli/findings.c
