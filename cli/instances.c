#include "cli/instances.h"

#include "cli/denied.h"
#include "cli/list_page.h"
#include "cli/reply_text.h"
#include "lib/control_socket.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NUMBERS_AGREE_FROM 16 /* fields of Request.command and Reply.body */

void instances_free(struct instances *instances)
{
	for (size_t i = 0; i < instances->count; i++)
		if (instances->list[i].fd >= 0)
			(void)close(instances->list[i].fd);
	for (size_t i = 0; i < BOX_DAEMONS; i++)
		if (instances->daemons[i].program && instances->daemons[i].fd >= 0)
			(void)close(instances->daemons[i].fd);
	free(instances->list);
	instances->list = NULL;
	instances->count = 0;
}

static void __attribute__((format(printf, 2, 3)))
set_problem(struct instance *instance, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(instance->problem, sizeof(instance->problem), format, args);
	va_end(args);
}

/* It does not run, as the socket says by error. */
static void set_absent(struct instance *instance, int error)
{
	const char *sign = error == ENOENT ? "does not exist" : "has nobody who listens any more";
	char unit[INSTANCE_UNIT_LEN];

	(void)instance_unit(instance, unit);
	if (instance->by_systemd)
		set_problem(instance,
		            "not running: %s %s; `systemctl start %s` starts it, "
		            "`journalctl -u %s` says why it ended",
		            instance->path, sign, unit, unit);
	else
		set_problem(instance, "not running: %s %s; start it with `%s%s`", instance->path,
		            sign, instance->program->start, instance->name);
}

/* Say what an error of the socket means for the instance. */
static void set_problem_of(struct instance *instance, int error)
{
	const char *subject = instance->program->subject;
	char remedy[DENIED_REMEDY_MAX];

	switch (error) {
	case ENOENT:
	case ECONNREFUSED:
		set_absent(instance, error);
		break;
	case EACCES:
		instance->denied = true;
		set_problem(instance, "permission denied on %s; %s", instance->path,
		            denied_remedy(instance->path, remedy));
		break;
	case ETIMEDOUT:
		set_problem(instance,
		            "no answer from %s within %.1f s: %s hangs or was stopped; "
		            "look at the process, restart it",
		            instance->path, (double)instance->patience_us / 1e6, subject);
		break;
	case ECONNRESET:
	case EPIPE:
		set_problem(instance,
		            "the connection to %s was closed: %s ended just now, or "
		            "too many commands ask at once; try again",
		            instance->path, subject);
		break;
	default:
		set_problem(instance, "cannot ask at %s: %s", instance->path, strerror(error));
		break;
	}
}

/* How long an answer is waited for until then: not less than usual, for where the deadline is
 * nearer others took a part of the time, or somebody else watches it (instance_begin()). */
static uint64_t patience(uint64_t deadline_us)
{
	uint64_t now_us = control_now_us();

	return deadline_us > now_us + CONTROL_TIMEOUT_US ? deadline_us - now_us
	                                                 : CONTROL_TIMEOUT_US;
}

/* Connect if need be and send the request. */
static void instance_send(struct instance *instance, SaNat64__Control__Request *request,
                          uint64_t deadline_us)
{
	uint8_t *message;
	size_t len;
	int error;

	if (instance->problem[0])
		return;
	instance->patience_us = patience(deadline_us);
	if (instance->fd < 0) {
		instance->fd = control_connect(instance->path, deadline_us);
		if (instance->fd < 0) {
			set_problem_of(instance, -instance->fd);
			instance->fd = -1;
			return;
		}
	}
	request->version = CONTROL_VERSION;
	request->id = ++instance->id;
	message = malloc(sa_nat64__control__request__get_packed_size(request));
	if (!message) {
		set_problem(instance, "out of memory");
		return;
	}
	len = sa_nat64__control__request__pack(request, message);
	error = control_send(instance->fd, message, len, deadline_us);
	free(message);
	if (error)
		set_problem_of(instance, -error);
}

/* Whether it is a whole body that answers the command: the older ones have numbers one above the
 * command's. */
static bool answers(const SaNat64__Control__Reply *reply, const SaNat64__Control__Request *request,
                    uint32_t id)
{
	int command = (int)request->command_case, body = (int)reply->body_case;

	return reply->version == CONTROL_VERSION && reply->id == id &&
	       body == (command < NUMBERS_AGREE_FROM ? command + 1 : command) &&
	       list_page_is_whole(reply);
}

void instance_mistrust(struct instance *instance)
{
	set_problem(instance, "what answers at %s is not %s of this release", instance->path,
	            instance->program->subject);
}

bool instance_turn_page(struct instance *instance, uint32_t next_cursor, uint32_t *cursor)
{
	if (next_cursor == 0)
		return false;
	if (next_cursor <= *cursor) {
		instance_mistrust(instance);
		return false;
	}
	*cursor = next_cursor;
	return true;
}

/* So say daemons of earlier versions that they do not know a request. */
static const char unknown_before[] = "does not answer this request";

/* An error that the program answered with. */
static void set_refusal(struct instance *instance, const SaNat64__Control__Reply *reply)
{
	instance->refused = reply->invalid;
	if (strstr(reply->error, unknown_before))
		set_problem(instance, "it is older than this command and does not know the "
		                      "request; restart it, so that the installed version runs");
	else
		set_problem(instance, "%s", reply->error);
}

static SaNat64__Control__Reply *instance_receive(struct instance *instance,
                                                 const SaNat64__Control__Request *request,
                                                 uint64_t deadline_us)
{
	static uint8_t message[CONTROL_MESSAGE_MAX];
	SaNat64__Control__Reply *reply = NULL;
	ssize_t len;

	if (instance->problem[0])
		return NULL;
	len = control_receive(instance->fd, message, sizeof(message), deadline_us);
	if (len < 0) {
		set_problem_of(instance, (int)-len);
		return NULL;
	}
	reply = reply_text_read(message, (size_t)len);
	if (reply && reply->error[0]) {
		set_refusal(instance, reply);
	} else if (!reply || !answers(reply, request, instance->id)) {
		instance_mistrust(instance);
	} else {
		return reply;
	}
	sa_nat64__control__reply__free_unpacked(reply, NULL);
	return NULL;
}

static void send_all(struct instances *instances, SaNat64__Control__Request *request,
                     uint64_t deadline_us)
{
	for (size_t i = 0; i < instances->count; i++)
		instance_send(&instances->list[i], request, deadline_us);
}

static void receive_all(struct instances *instances, const SaNat64__Control__Request *request,
                        uint64_t deadline_us, SaNat64__Control__Reply **replies)
{
	for (size_t i = 0; i < instances->count; i++)
		replies[i] = instance_receive(&instances->list[i], request, deadline_us);
}

void instances_ask(struct instances *instances, SaNat64__Control__Request *request,
                   SaNat64__Control__Reply **replies)
{
	instances_ask_until(instances, request, control_now_us() + CONTROL_TIMEOUT_US, replies);
}

void instances_ask_until(struct instances *instances, SaNat64__Control__Request *request,
                         uint64_t deadline_us, SaNat64__Control__Reply **replies)
{
	send_all(instances, request, deadline_us);
	receive_all(instances, request, deadline_us, replies);
}

void instance_forget(struct instance *instance)
{
	if (instance->fd >= 0)
		(void)close(instance->fd);
	instance->fd = -1;
	if (!instance->path[0]) /* too long, and will stay so */
		return;
	instance->problem[0] = '\0';
	instance->refused = instance->denied = false;
}

void instances_forget(struct instances *instances)
{
	for (size_t i = 0; i < instances->count; i++)
		instance_forget(&instances->list[i]);
	for (size_t i = 0; i < BOX_DAEMONS; i++)
		instance_forget(&instances->daemons[i]);
}

void instances_ask_with_box(struct instances *instances, SaNat64__Control__Request *request,
                            SaNat64__Control__Reply **replies, SaNat64__Control__Reply **box)
{
	SaNat64__Control__PeersRequest peers = SA_NAT64__CONTROL__PEERS_REQUEST__INIT;
	SaNat64__Control__HealthRequest health = SA_NAT64__CONTROL__HEALTH_REQUEST__INIT;
	SaNat64__Control__Request asks[BOX_DAEMONS];
	uint64_t deadline_us = control_now_us() + CONTROL_TIMEOUT_US;

	for (size_t i = 0; i < BOX_DAEMONS; i++)
		sa_nat64__control__request__init(&asks[i]);
	asks[BOX_SYNCD].command_case = SA_NAT64__CONTROL__REQUEST__COMMAND_PEERS;
	asks[BOX_SYNCD].peers = &peers;
	asks[BOX_HEALTHD].command_case = SA_NAT64__CONTROL__REQUEST__COMMAND_HEALTH;
	asks[BOX_HEALTHD].health = &health;
	send_all(instances, request, deadline_us);
	for (size_t i = 0; i < BOX_DAEMONS; i++)
		if (instances->daemons[i].is_expected)
			instance_send(&instances->daemons[i], &asks[i], deadline_us);
	receive_all(instances, request, deadline_us, replies);
	for (size_t i = 0; i < BOX_DAEMONS; i++)
		box[i] = instances->daemons[i].is_expected
		                 ? instance_receive(&instances->daemons[i], &asks[i], deadline_us)
		                 : NULL;
}

SaNat64__Control__Reply *instance_ask(struct instance *instance, SaNat64__Control__Request *request)
{
	struct instances one = { .list = instance, .count = 1 };
	SaNat64__Control__Reply *reply;

	instances_ask(&one, request, &reply);
	return reply;
}

void instance_begin(struct instance *instance, SaNat64__Control__Request *request)
{
	instance_send(instance, request, 0);
}

void instance_give_up(struct instance *instance)
{
	set_problem_of(instance, ETIMEDOUT);
}

SaNat64__Control__Reply *instance_hear(struct instance *instance,
                                       const SaNat64__Control__Request *request)
{
	return instance_receive(instance, request, 0);
}

void instances_knock(struct instances *instances)
{
	SaNat64__Control__Request request = SA_NAT64__CONTROL__REQUEST__INIT;
	SaNat64__Control__StatusRequest status = SA_NAT64__CONTROL__STATUS_REQUEST__INIT;
	uint64_t deadline_us = control_now_us() + CONTROL_TIMEOUT_US;

	request.command_case = SA_NAT64__CONTROL__REQUEST__COMMAND_STATUS;
	request.status = &status;
	send_all(instances, &request, deadline_us);
	for (size_t i = 0; i < instances->count; i++)
		sa_nat64__control__reply__free_unpacked(
			instance_receive(&instances->list[i], &request, deadline_us), NULL);
}

/* The worse of a status so far and that of one more. */
static int worse(int status, const struct instance *instance)
{
	return !instance->problem[0] || status == 2 ? status : instance->refused ? 2 : 1;
}

int instances_status(const struct instances *instances)
{
	int status = 0;

	for (size_t i = 0; i < BOX_DAEMONS; i++)
		if (instances->daemons[i].is_expected)
			status = worse(status, &instances->daemons[i]);
	for (size_t i = 0; i < instances->count; i++)
		status = worse(status, &instances->list[i]);
	return status;
}

bool instance_complaint(const struct instance *instance, char text[INSTANCE_COMPLAINT_MAX])
{
	if (!instance->problem[0])
		return false;
	(void)snprintf(text, INSTANCE_COMPLAINT_MAX, "%s%s: %s", instance->program->label,
	               instance->name, instance->problem);
	return true;
}

const char *instance_title(const struct instance *instance, char buf[INSTANCE_TITLE_LEN])
{
	(void)snprintf(buf, INSTANCE_TITLE_LEN, "%s%s", instance->program->label, instance->name);
	return buf;
}

const char *instance_unit(const struct instance *instance, char buf[INSTANCE_UNIT_LEN])
{
	(void)snprintf(buf, INSTANCE_UNIT_LEN, "%s%s", instance->program->unit, instance->name);
	return buf;
}

static bool are_refused_alike(const struct instance *a, const struct instance *b)
{
	return a->refused && b->refused && strcmp(a->problem, b->problem) == 0;
}

bool instances_complaint(const struct instances *instances, size_t i,
                         char text[INSTANCE_COMPLAINT_MAX])
{
	const struct instance *instance = &instances->list[i];
	bool is_alone = true;

	for (size_t j = 0; j < instances->count; j++) {
		if (j == i || !are_refused_alike(instance, &instances->list[j]))
			continue;
		if (j < i)
			return false;
		is_alone = false;
	}
	if (is_alone)
		return instance_complaint(instance, text);
	(void)snprintf(text, INSTANCE_COMPLAINT_MAX, "%s", instance->problem);
	return true;
}

static void write_line(const char *text, FILE *err)
{
	(void)fflush(stdout); /* what was said before the complaint stands before it */
	(void)fprintf(err, "sa-nat64: %s\n", text);
}

void instance_complain(const struct instance *instance, FILE *err)
{
	char text[INSTANCE_COMPLAINT_MAX];

	if (instance_complaint(instance, text))
		write_line(text, err);
}

int instances_complain(const struct instances *instances, FILE *err)
{
	char text[INSTANCE_COMPLAINT_MAX];

	for (size_t i = 0; i < instances->count; i++)
		if (instances_complaint(instances, i, text))
			write_line(text, err);
	return instances_status(instances);
}
