/* The words on the socket of an FRR daemon, the one that vtysh speaks on: RUN/PATHSPACE/NAME.vty.
 *
 * A command is a line that ends in NUL. The answer is text, three NULs and one byte: 0 when the
 * command was carried out, 1 when it was with a warning. The same in all releases of FRR.
 */
#ifndef SA_NAT64_VTY_H
#define SA_NAT64_VTY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define VTY_RUN_DIR    "/run/frr"
#define VTY_SCRIPT_MAX 16384  /* bytes; all peers of an instance, several times */
#define VTY_ANSWER_MAX 262144 /* bytes; some three hundred peers */

/* Connect to a daemon ("bfdd", "zebra") in that pathspace without waiting. A socket that is closed
 * on exec and does not block, or -errno: -ENOENT, -ECONNREFUSED when none runs there, -EAGAIN when
 * it hangs, -EACCES, -ENAMETOOLONG. */
int vty_connect(const char *pathspace, const char *daemon);

/* The process at the other end; 0 when that cannot be told. */
pid_t vty_process(int fd);

/* Send the lines of script (newlines between them), all at once. Returns how many answers there
 * will be, or -errno: -EAGAIN when bfdd does not read, -EMSGSIZE. */
int vty_send(int fd, const char *script);

/* Where in buffer the first answer ends: its text is *text_len bytes at the beginning, its code
 * *code. Returns the bytes that it takes, or 0 while it is not whole. */
size_t vty_answer(const char *buffer, size_t len, size_t *text_len, uint8_t *code);

bool vty_is_good(uint8_t code);

/* The first line of text that says what was wrong ("% ..."), without the sign; the first line that
 * is not empty when there is none. */
void vty_complaint(const char *text, size_t len, char *out, size_t size);

#endif
