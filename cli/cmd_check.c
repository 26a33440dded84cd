/* `sa-nat64 check`: one line and an exit status for monitoring systems, after the conventions of
 * their plugins: SERVICE STATE: what is wrong, worst first | values.
 *
 * It keeps nothing from one run to the next. Counters that only tell of the past (wrong seals,
 * other versions) are therefore looked at twice within one run: what still grows is wrong now.
 */
#include "cli/commands.h"
#include "cli/health.h"
#include "cli/instances_find.h"
#include "cli/session_log.h"
#include "cli/sync.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SERVICE        "NAT64"
#define SHOWN_MAX      10               /* findings in the line */
#define SECOND_LOOK_NS (300 * 1000000L) /* after the first one */

struct check {
	const struct cli_options *options;
	struct findings findings;
	FILE *values; /* performance data as it stands in the line */
};

/* ---- values ---- */

/* One value as monitoring systems read it; a total of 0 means that it has no limits. */
static void add_value(struct check *check, const char *instance, const char *name, uint64_t value,
                      const char *unit, uint64_t total)
{
	(void)fprintf(check->values, "%s'%s %s'=%" PRIu64 "%s", ftell(check->values) > 0 ? " " : "",
	              instance, name, value, unit);
	if (total > 0)
		(void)fprintf(check->values, ";%" PRIu64 ";%" PRIu64 ";0;%" PRIu64,
		              total * check->options->warning_percent / 100,
		              total * check->options->critical_percent / 100, total);
}

/* Something that has an end: its value, and a word when it comes near. */
static void judge_share(struct check *check, const char *instance, const char *name, uint64_t used,
                        uint64_t total, const char *advice)
{
	enum severity severity = SEVERITY_WARNING;
	uint8_t limit = check->options->warning_percent;

	if (total == 0)
		return;
	add_value(check, instance, name, used, "", total);
	if (used * 100 > total * check->options->critical_percent) {
		severity = SEVERITY_CRITICAL;
		limit = check->options->critical_percent;
	}
	if (used * 100 > total * limit)
		findings_add(&check->findings, severity, instance,
		             "%s above %u %%, %" PRIu64 " of %" PRIu64 " in use: %s", name, limit,
		             used, total, advice);
}

/* ---- translators ---- */

static void judge_pool4(struct check *check, const char *instance,
                        const SaNat64__Control__Protocols *used,
                        const SaNat64__Control__Protocols *ports)
{
	static const char advice[] = "add addresses to pool4";

	if (!used || !ports)
		return;
	judge_share(check, instance, "pool4 tcp", used->tcp, ports->tcp, advice);
	judge_share(check, instance, "pool4 udp", used->udp, ports->udp, advice);
	judge_share(check, instance, "pool4 icmp", used->icmp, ports->icmp, advice);
}

/* What a translator says of itself matters where nobody looks at it from outside. */
static void judge_own_health(struct check *check, const char *instance,
                             const SaNat64__Control__StatusReply *status)
{
	enum severity severity = health_severity(status->health);

	if (severity != SEVERITY_OK)
		findings_add(&check->findings, severity, instance, "%s%s%s", status->health,
		             status->reason[0] ? ": " : "", status->reason);
}

static void judge_translator(struct check *check, const char *instance,
                             const SaNat64__Control__StatusReply *status)
{
	const SaNat64__Control__Protocols *sessions = status->sessions;

	judge_share(check, instance, "sessions",
	            sessions ? sessions->tcp + sessions->udp + sessions->icmp : 0,
	            status->sessions_max, "raise max-sessions, or limit max-sessions-per-host");
	judge_pool4(check, instance, status->pool4_used, status->pool4_ports);
	session_log_judge(instance, status->session_log, &check->findings);
}

/* Who may not ask knows nothing; nobody's answer is the worst that can be. */
static void judge_problem(struct check *check, const struct instance *instance, const char *name)
{
	findings_add(&check->findings, instance->denied ? SEVERITY_UNKNOWN : SEVERITY_CRITICAL,
	             name, "%s", instance->problem);
}

/* ---- replication ---- */

static void add_sync_values(struct check *check, const SaNat64__Control__SyncInstance *sync)
{
	struct sync_sum sum = sync_add_up(sync);

	add_value(check, sync->name, "peers in sync", sum.well, "", 0);
	add_value(check, sync->name, "lag", sum.lag_us / 1000, "ms", 0);
	add_value(check, sync->name, "lost", sum.lost, "c", 0);
	add_value(check, sync->name, "bad seals", sync->bad_seals, "c", 0);
}

/* The same reply some time later; NULL when it is not to be had any more. */
static SaNat64__Control__Reply *look_again(struct instances *instances)
{
	SaNat64__Control__Request request = SA_NAT64__CONTROL__REQUEST__INIT;
	SaNat64__Control__PeersRequest peers = SA_NAT64__CONTROL__PEERS_REQUEST__INIT;
	struct timespec pause = { .tv_nsec = SECOND_LOOK_NS };

	while (nanosleep(&pause, &pause) < 0 && errno == EINTR)
		;
	request.command_case = SA_NAT64__CONTROL__REQUEST__COMMAND_PEERS;
	request.peers = &peers;
	return instance_ask(&instances->daemons[BOX_SYNCD], &request);
}

static void judge_replication(struct check *check, struct instances *instances,
                              SaNat64__Control__Reply *const *replies,
                              const SaNat64__Control__PeersReply *before)
{
	SaNat64__Control__Reply *later = sync_has_suspects(before) ? look_again(instances) : NULL;
	const SaNat64__Control__PeersReply *now = later ? later->peers : before;
	uint64_t lag_max_us = (uint64_t)check->options->lag_ms * 1000;

	sync_judge_link(now, before, &check->findings);
	for (size_t i = 0; i < instances->count; i++) {
		const char *name = instances->list[i].name;
		const SaNat64__Control__SyncInstance *sync = sync_find(now, name);

		if (sync) {
			sync_judge_instance(sync, sync_find(before, name), lag_max_us,
			                    &check->findings);
			add_sync_values(check, sync);
		} else if (replies[i] && strcmp(replies[i]->status->mode, "siit") != 0) {
			findings_add(&check->findings, SEVERITY_CRITICAL, name,
			             "sa-nat64-syncd does not know this instance: it runs with "
			             "another configuration; sa-nat64 reload");
		}
	}
	sa_nat64__control__reply__free_unpacked(later, NULL);
}

/* ---- health ---- */

static void add_health_values(struct check *check, const SaNat64__Control__HealthInstance *health)
{
	const SaNat64__Control__Probe *slow = health->slow;

	if (health->n_bfd > 0)
		add_value(check, health->name, "bfd up", health_bfd_up(health), "", 0);
	if (slow) {
		add_value(check, health->name, "probe 6to4", slow->latency_6to4_us, "us", 0);
		add_value(check, health->name, "probe 4to6", slow->latency_4to6_us, "us", 0);
		add_value(check, health->name, "probe lost", health_lost(slow), "c", 0);
	}
	add_value(check, health->name, "falls", health->falls, "c", 0);
}

/* reply is NULL when sa-nat64-healthd is not there, or has a problem. */
static void judge_health(struct check *check, const struct instances *instances,
                         const struct instance *instance,
                         const SaNat64__Control__StatusReply *status,
                         const SaNat64__Control__HealthReply *reply)
{
	const SaNat64__Control__HealthInstance *health = health_find(reply, instance->name);

	if (health) {
		add_health_values(check, health);
		if (status) /* else it is said already that it is down */
			health_judge_instance(health, instances->detection_us, &check->findings);
		return;
	}
	if (status)
		judge_own_health(check, instance->name, status);
	if (reply && instance->has_routers)
		findings_add(&check->findings, SEVERITY_CRITICAL, instance->name,
		             "sa-nat64-healthd does not know this instance: it runs with another "
		             "configuration; reload it");
}

static void judge_daemon(struct check *check, const struct instance *daemon)
{
	if (daemon->is_expected && daemon->problem[0])
		judge_problem(check, daemon, daemon->name);
}

static void judge(struct check *check, struct instances *instances,
                  SaNat64__Control__Reply *const *replies, SaNat64__Control__Reply *const *daemons)
{
	const SaNat64__Control__Reply *peers = daemons[BOX_SYNCD], *health = daemons[BOX_HEALTHD];

	for (size_t i = 0; i < instances->count; i++) {
		const struct instance *instance = &instances->list[i];

		if (replies[i])
			judge_translator(check, instance->name, replies[i]->status);
		else
			judge_problem(check, instance, instance->name);
		judge_health(check, instances, instance, replies[i] ? replies[i]->status : NULL,
		             health ? health->health : NULL);
	}
	if (peers)
		judge_replication(check, instances, replies, peers->peers);
	for (size_t i = 0; i < BOX_DAEMONS; i++)
		judge_daemon(check, &instances->daemons[i]);
	findings_sort(&check->findings);
}

/* ---- the line ---- */

/* A bar would begin the values, a line break end the line. */
static void print_clean(const char *text, FILE *out)
{
	for (; *text; text++)
		(void)fputc(*text == '|' ? '/' : iscntrl((unsigned char)*text) ? ' ' : *text, out);
}

static void print_head(enum severity severity, const struct out *out)
{
	(void)fprintf(out->file, SERVICE " %s", out_sequence(out, severity_meaning(severity)));
	for (const char *c = severity_name(severity); *c; c++)
		(void)fputc(toupper((unsigned char)*c), out->file);
	(void)fprintf(out->file, "%s: ", out_sequence(out, MEANING_PLAIN));
}

static void print_findings(const struct findings *findings, FILE *out)
{
	size_t shown = findings->count < SHOWN_MAX ? findings->count : SHOWN_MAX;
	size_t more = findings->count - shown + findings->left_out;

	for (size_t i = 0; i < shown; i++) {
		const struct finding *finding = &findings->list[i];

		(void)fprintf(out, "%s%s%s", i > 0 ? "; " : "", finding->instance,
		              finding->instance[0] ? ": " : "");
		print_clean(finding->text, out);
	}
	if (more > 0)
		(void)fprintf(out, "; and %zu more", more);
}

static bool has_routers(const struct instances *instances)
{
	bool has = false;

	for (size_t i = 0; i < instances->count; i++)
		has |= instances->list[i].has_routers;
	return has;
}

static void print_line(const struct check *check, const struct instances *instances,
                       const char *values, const struct out *out)
{
	FILE *file = out->file;

	print_head(findings_worst(&check->findings), out);
	if (check->findings.count > 0)
		print_findings(&check->findings, file);
	else
		(void)fprintf(file, "%zu instance%s up%s%s", instances->count,
		              instances->count == 1 ? "" : "s",
		              has_routers(instances) ? ", BFD up" : "",
		              instances->daemons[BOX_SYNCD].is_expected ? ", in sync" : "");
	(void)fprintf(file, "%s%s\n", values[0] ? " | " : "", values);
}

static void put_json(const struct check *check, const char *values, struct out *out)
{
	out_begin(out, OUT_OBJECT, NULL);
	out_text(out, "state", severity_name(findings_worst(&check->findings)));
	out_begin(out, OUT_LIST, "problems");
	for (size_t i = 0; i < check->findings.count; i++) {
		const struct finding *finding = &check->findings.list[i];

		out_begin(out, OUT_ROW, NULL);
		out_text(out, "severity", severity_name(finding->severity));
		out_text(out, "instance", finding->instance);
		out_text(out, "text", finding->text);
		out_end(out);
	}
	out_end(out);
	out_count(out, "left_out", check->findings.left_out);
	out_text(out, "values", values);
	out_end(out);
}

static void print_result(const struct check *check, const struct instances *instances,
                         const char *values, struct out *out)
{
	if (check->options->json)
		put_json(check, values, out);
	else
		print_line(check, instances, values, out);
}

static void ask_and_judge(struct check *check, struct instances *instances)
{
	SaNat64__Control__Request request = SA_NAT64__CONTROL__REQUEST__INIT;
	SaNat64__Control__StatusRequest status = SA_NAT64__CONTROL__STATUS_REQUEST__INIT;
	SaNat64__Control__Reply **replies = calloc(instances->count, sizeof(*replies));
	SaNat64__Control__Reply *daemons[BOX_DAEMONS];

	if (!replies) {
		findings_add(&check->findings, SEVERITY_UNKNOWN, "", "out of memory");
		return;
	}
	request.command_case = SA_NAT64__CONTROL__REQUEST__COMMAND_STATUS;
	request.status = &status;
	instances_ask_with_box(instances, &request, replies, daemons);
	judge(check, instances, replies, daemons);
	for (size_t i = 0; i < instances->count; i++)
		sa_nat64__control__reply__free_unpacked(replies[i], NULL);
	for (size_t i = 0; i < BOX_DAEMONS; i++)
		sa_nat64__control__reply__free_unpacked(daemons[i], NULL);
	free(replies);
}

/* What the finder said, without what only belongs on standard error. */
static const char *plain(const char *message)
{
	static const char *const prefixes[] = { "sa-nat64: ", "warning: " };

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (strncmp(message, prefixes[i], strlen(prefixes[i])) == 0)
			message += strlen(prefixes[i]);
	return message;
}

/* Find the instances; why there are none is a finding like others, and so is a configuration with
 * errors beside what runs. False when there are none. */
static bool find(struct check *check, struct instances *instances)
{
	char *message = NULL;
	size_t len = 0;
	FILE *err = open_memstream(&message, &len);
	int status = err ? instances_find(check->options, instances, err) : 1;

	if (err)
		(void)fclose(err);
	while (len > 0 && message[len - 1] == '\n')
		message[--len] = '\0';
	if (status != 0 || len > 0)
		findings_add(&check->findings, status ? SEVERITY_UNKNOWN : SEVERITY_WARNING, "",
		             "%s", message ? plain(message) : "out of memory");
	free(message);
	return status == 0;
}

int cmd_check(const struct cli_options *options, struct instances *instances, struct out *out)
{
	static struct check check;
	char *values = NULL;
	size_t len = 0;

	check.options = options;
	check.values = open_memstream(&values, &len);
	if (!check.values)
		return severity_exit(SEVERITY_UNKNOWN);
	if (find(&check, instances))
		ask_and_judge(&check, instances);
	(void)fclose(check.values);
	print_result(&check, instances, values ? values : "", out);
	free(values);
	return severity_exit(findings_worst(&check.findings));
}
