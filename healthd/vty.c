/* See vty.h. */
#include "healthd/vty.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define END_LEN 4 /* of an answer: three NULs and the code */

int vty_connect(const char *pathspace, const char *daemon)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, error;

	if (snprintf(address.sun_path, sizeof(address.sun_path), VTY_RUN_DIR "/%s/%s.vty",
	             pathspace, daemon) >= (int)sizeof(address.sun_path))
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	error = -errno;
	(void)close(fd);
	return error;
}

pid_t vty_process(int fd)
{
	struct ucred credentials;
	socklen_t len = sizeof(credentials);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &len) < 0)
		return 0;
	return credentials.pid;
}

int vty_send(int fd, const char *script)
{
	char wire[VTY_SCRIPT_MAX];
	size_t len = strlen(script);
	ssize_t sent;
	int lines = 0;

	if (len + 1 > sizeof(wire))
		return -EMSGSIZE;
	memcpy(wire, script, len + 1);
	if (len == 0 || wire[len - 1] != '\n')
		wire[len++] = '\n';
	for (size_t i = 0; i < len; i++)
		if (wire[i] == '\n') {
			wire[i] = '\0';
			lines++;
		}
	sent = send(fd, wire, len, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (sent < 0)
		return -errno;
	return (size_t)sent == len ? lines : -EAGAIN;
}

size_t vty_answer(const char *buffer, size_t len, size_t *text_len, uint8_t *code)
{
	const char *end = memchr(buffer, '\0', len);

	if (!end || len - (size_t)(end - buffer) < END_LEN)
		return 0;
	*text_len = (size_t)(end - buffer);
	*code = (uint8_t)end[END_LEN - 1];
	return *text_len + END_LEN;
}

bool vty_is_good(uint8_t code)
{
	return code <= 1;
}

/* What vtysh says without /etc/frr/PATHSPACE/vtysh.conf, which nobody needs. */
static bool is_idle_talk(const char *line, size_t len)
{
	static const char talk[] = "% Can't open configuration file";

	return len >= sizeof(talk) - 1 && memcmp(line, talk, sizeof(talk) - 1) == 0;
}

void vty_complaint(const char *text, size_t len, char *out, size_t size)
{
	const char *end = text + len, *next;

	(void)snprintf(out, size, "no reason given");
	for (bool found = false; text < end; text = next + 1) {
		next = memchr(text, '\n', (size_t)(end - text));
		if (!next)
			next = end;
		if (next == text || is_idle_talk(text, (size_t)(next - text)) ||
		    (found && *text != '%'))
			continue;
		(void)snprintf(out, size, "%.*s", (int)(next - text), text);
		if (*text == '%') {
			memmove(out, out + strspn(out, "% "), strlen(out + strspn(out, "% ")) + 1);
			return;
		}
		found = true;
	}
}
