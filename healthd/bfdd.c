/* See bfdd.h. */
#include "healthd/bfdd.h"

#include "healthd/vty.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct bfdd {
	sd_event *event;
	char *pathspace;
	void (*ended)(void *context);
	void *context;
	int fd;                             /* -1: not connected */
	sd_event_source *source, *deadline; /* owned */
	int answers;                        /* still to come */
	bfdd_done_fn *done;                 /* NULL: no question */
	void *done_context;
	size_t len;     /* in buffer */
	size_t refused; /* length of what was said to a refused line, kept at the beginning; 0: none
	                 */
	char buffer[VTY_ANSWER_MAX];
};

int bfdd_new(sd_event *event, const char *pathspace, void (*ended)(void *context), void *context,
             struct bfdd **out)
{
	struct bfdd *bfdd = calloc(1, sizeof(*bfdd));

	if (!bfdd)
		return -ENOMEM;
	bfdd->pathspace = strdup(pathspace);
	if (!bfdd->pathspace) {
		free(bfdd);
		return -ENOMEM;
	}
	bfdd->event = sd_event_ref(event);
	bfdd->ended = ended;
	bfdd->context = context;
	bfdd->fd = -1;
	*out = bfdd;
	return 0;
}

static void disconnect(struct bfdd *bfdd)
{
	bfdd->source = sd_event_source_disable_unref(bfdd->source);
	bfdd->deadline = sd_event_source_disable_unref(bfdd->deadline);
	if (bfdd->fd >= 0)
		(void)close(bfdd->fd);
	bfdd->fd = -1;
}

void bfdd_free(struct bfdd *bfdd)
{
	if (!bfdd)
		return;
	disconnect(bfdd);
	bfdd->event = sd_event_unref(bfdd->event);
	free(bfdd->pathspace);
	free(bfdd);
}

/* Tell whoever asked, or whoever wants to know that it has ended. */
static void finish(struct bfdd *bfdd, int error, const char *text, size_t len)
{
	bfdd_done_fn *done = bfdd->done;

	bfdd->done = NULL;
	bfdd->deadline = sd_event_source_disable_unref(bfdd->deadline);
	if (error < 0 && error != -EBADMSG)
		disconnect(bfdd);
	if (done)
		done(bfdd->done_context, error, text, len);
	else
		bfdd->ended(bfdd->context);
}

/* Take the answers that are whole out of the buffer. True when the last one has come. */
static bool take_answers(struct bfdd *bfdd)
{
	size_t text_len, taken;
	uint8_t code;

	while ((taken = vty_answer(bfdd->buffer + bfdd->refused, bfdd->len - bfdd->refused,
	                           &text_len, &code)) > 0) {
		if (--bfdd->answers == 0 && vty_is_good(code) && !bfdd->refused) {
			finish(bfdd, 0, bfdd->buffer, text_len);
			return true;
		}
		if (!vty_is_good(code) && !bfdd->refused) {
			bfdd->refused = text_len ? text_len : 1;
			taken -= bfdd->refused;
		}
		memmove(bfdd->buffer + bfdd->refused, bfdd->buffer + bfdd->refused + taken,
		        bfdd->len - bfdd->refused - taken);
		bfdd->len -= taken;
		if (bfdd->answers == 0) {
			finish(bfdd, -EBADMSG, bfdd->buffer, bfdd->refused);
			return true;
		}
	}
	return false;
}

static int on_answer(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct bfdd *bfdd = userdata;
	ssize_t len;

	(void)source;
	(void)events;
	len = recv(fd, bfdd->buffer + bfdd->len, sizeof(bfdd->buffer) - bfdd->len, MSG_DONTWAIT);
	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (len <= 0 || !bfdd->done) { /* an answer that nobody asked for is the end as well */
		disconnect(bfdd);
		finish(bfdd, -ECONNRESET, "", 0);
		return 0;
	}
	bfdd->len += (size_t)len;
	if (!take_answers(bfdd) && bfdd->len == sizeof(bfdd->buffer))
		finish(bfdd, -EMSGSIZE, "", 0);
	return 0;
}

static int on_deadline(sd_event_source *source, uint64_t at_us, void *userdata)
{
	(void)source;
	(void)at_us;
	finish(userdata, -ETIMEDOUT, "", 0);
	return 0;
}

int bfdd_connect(struct bfdd *bfdd)
{
	int error;

	if (bfdd->fd >= 0)
		return 0;
	bfdd->fd = vty_connect(bfdd->pathspace, "bfdd");
	if (bfdd->fd < 0) {
		error = bfdd->fd;
		bfdd->fd = -1;
		return error;
	}
	error = sd_event_add_io(bfdd->event, &bfdd->source, bfdd->fd, EPOLLIN, on_answer, bfdd);
	if (error < 0)
		disconnect(bfdd);
	return error < 0 ? error : 0;
}

/* Every script begins with it: the right to configure lasts as long as the connection. */
static const char enable[] = "enable\n";

int bfdd_ask(struct bfdd *bfdd, const char *script, uint64_t timeout_us, bfdd_done_fn *done,
             void *context)
{
	char lines[VTY_SCRIPT_MAX];
	int error;

	if (bfdd->fd < 0)
		return -ENOTCONN;
	if (bfdd->done)
		return -EBUSY;
	if (strlen(script) + sizeof(enable) > sizeof(lines))
		return -EMSGSIZE;
	memcpy(lines, enable, sizeof(enable) - 1);
	memcpy(lines + sizeof(enable) - 1, script, strlen(script) + 1);
	error = sd_event_add_time_relative(bfdd->event, &bfdd->deadline, CLOCK_MONOTONIC,
	                                   timeout_us, 10000, on_deadline, bfdd);
	if (error < 0)
		return error;
	bfdd->answers = vty_send(bfdd->fd, lines);
	if (bfdd->answers < 0) {
		disconnect(bfdd);
		return bfdd->answers;
	}
	bfdd->len = 0;
	bfdd->refused = 0;
	bfdd->done = done;
	bfdd->done_context = context;
	return 0;
}
