/* Who may ask what at a control socket.
 *
 * Who may open the socket is the file system's business: root, and the socket's group. Whoever has
 * opened it may look at state. Only root, and the user that the program runs as, may change
 * something or see packets. One table says which requests look; one that is not in it, such as a
 * new one, is root's.
 */
#ifndef SA_NAT64_CONTROL_RIGHTS_H
#define SA_NAT64_CONTROL_RIGHTS_H

#include <stddef.h>
#include <stdint.h>

enum control_right {
	CONTROL_LOOKS, /* may ask for state */
	CONTROL_OWNS,  /* may ask for everything */
};

/* The right of who is at the other end of a connected socket; the lesser one when the kernel does
 * not tell. */
enum control_right control_right_of(int fd);

/* Refuse the len bytes at request, any at all, if whoever has that right may not ask this: writes
 * the reply to the size bytes at reply and returns its length. 0: it may, or the bytes are no
 * request, which the answer will say. */
size_t control_rights_refuse(enum control_right right, const uint8_t *request, size_t len,
                             uint8_t *reply, size_t size);

#endif
