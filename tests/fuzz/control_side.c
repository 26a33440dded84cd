#include "tests/fuzz/control_side.h"

#include "cli/list_page.h"
#include "cli/reply_text.h"
#include "lib/control_rights.h"
#include "lib/control_socket.h"
#include "lib/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* ---- replies ---- */

/* Look at every byte of a row. */
static void read_row(const SaNat64__Control__Reply *reply, size_t i)
{
	struct list_session session;
	struct list_binding binding;

	if (reply->body_case == SA_NAT64__CONTROL__REPLY__BODY_SESSIONS) {
		list_session_at(reply->sessions, i, &session);
		if (strlen(session.proto) + strlen(session.state) > CONTROL_MESSAGE_MAX)
			abort();
		return;
	}
	list_binding_at(reply->bib, i, &binding);
	if (strlen(binding.proto) > CONTROL_MESSAGE_MAX)
		abort();
}

static void read_rows(const SaNat64__Control__Reply *reply)
{
	if (!list_page_is_whole(reply))
		abort();
	for (size_t i = 0; i < list_page_rows(reply); i++)
		read_row(reply, i);
}

SaNat64__Control__Reply__BodyCase control_side_check_reply(const uint8_t *reply, size_t len)
{
	SaNat64__Control__Reply *message = sa_nat64__control__reply__unpack(NULL, len, reply);
	SaNat64__Control__Reply__BodyCase body;

	if (!message || message->version != CONTROL_VERSION || reply_text_clean(&message->base))
		abort();
	read_rows(message);
	body = message->body_case;
	if ((message->error[0] == '\0') == (body == SA_NAT64__CONTROL__REPLY__BODY__NOT_SET))
		abort();
	sa_nat64__control__reply__free_unpacked(message, NULL);
	return body;
}

/* ---- requests ---- */

static SaNat64__Control__Request__CommandCase command_of(const uint8_t *request, size_t len)
{
	SaNat64__Control__Request *message = sa_nat64__control__request__unpack(NULL, len, request);
	SaNat64__Control__Request__CommandCase command =
		SA_NAT64__CONTROL__REQUEST__COMMAND__NOT_SET;

	if (message) {
		command = message->command_case;
		sa_nat64__control__request__free_unpacked(message, NULL);
	}
	return command;
}

bool control_side_check_rights(const uint8_t *request, size_t len,
                               SaNat64__Control__Request__CommandCase changes)
{
	static uint8_t reply[CONTROL_MESSAGE_MAX];
	size_t size = control_rights_refuse(CONTROL_LOOKS, request, len, reply, sizeof(reply));
	bool is_change = command_of(request, len) == changes;

	if (size > 0 && control_side_check_reply(reply, size))
		abort();
	if (size == 0 && is_change)
		abort();
	return is_change;
}

size_t control_side_request(SaNat64__Control__Request__CommandCase command, uint8_t *request,
                            size_t size)
{
	/* the version, and an empty message under the number of the command */
	uint8_t bytes[] = { 1 << 3, CONTROL_VERSION, (uint8_t)(command << 3 | 2),
		            (uint8_t)(command >> 4), 0 };

	if (command < 16 || command > 127 || size < sizeof(bytes))
		abort();
	bytes[2] |= 0x80;
	memcpy(request, bytes, sizeof(bytes));
	return sizeof(bytes);
}

/* ---- the configuration ---- */

static struct running_config *running;

static void check_same(void *context, struct reload *reload)
{
	(void)context;
	if (!reload->is_same)
		abort();
}

static int apply_none(void *context, struct config *wanted, struct reload *reload)
{
	(void)context;
	(void)wanted;
	(void)reload;
	abort();
}

static void hang_up(void *context)
{
	(void)context;
	running_config_reload(running);
}

const char *control_side_file(const char *text)
{
	int file = memfd_create("fuzz.conf", MFD_CLOEXEC);
	char *path;

	if (file < 0 || write(file, text, strlen(text)) != (ssize_t)strlen(text) ||
	    asprintf(&path, "/proc/self/fd/%d", file) < 0)
		abort();
	return path;
}

struct running_config *control_side_running(const char *text, const struct config *config)
{
	static const struct reload_hooks hooks = { .check = check_same, .apply = apply_none };
	static const struct daemon_signals signals = { .farewell = "", .reload = hang_up };

	if (running ||
	    running_config_new(control_side_file(text), config, &hooks, &signals, &running) < 0)
		abort();
	log_open("fuzz", LOG_LEVEL_ERROR); /* each reload would be a line */
	return running;
}
