/* What the fuzzers of the daemons' answers share: what every reply must be, the rights of those who
 * ask, and the configuration that a daemon runs. Each function aborts where it finds a fault. */
#ifndef SA_NAT64_TESTS_CONTROL_SIDE_H
#define SA_NAT64_TESTS_CONTROL_SIDE_H

#include "lib/running_config.h"
#include "proto/control.pb-c.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A reply is readable, of this version, its text is fit to be shown, and it has either an error or
 * a body; rows of lists are whole, and every byte of them is read. Returns which body. */
SaNat64__Control__Reply__BodyCase control_side_check_reply(const uint8_t *reply, size_t len);

/* The same of a refusal, if whoever may only look is refused this. A request for that command,
 * which changes something, has to be refused to them. Returns whether it is such a request. */
bool control_side_check_rights(const uint8_t *request, size_t len,
                               SaNat64__Control__Request__CommandCase changes);

/* A file that has this text; its name lives until the end, and so does it. */
const char *control_side_file(const char *text);

/* The daemon runs what text says, config, which is also what its file says: reloads find nothing to
 * do. To be called once; lives until the end. */
struct running_config *control_side_running(const char *text, const struct config *config);

/* Write a request for that command without fields to the size bytes at request, which are enough.
 * Returns its length. */
size_t control_side_request(SaNat64__Control__Request__CommandCase command, uint8_t *request,
                            size_t size);

#endif
