/* The sockets by which an instance is probed, in its namespace (lib/probe_address.h), and the books
 * of both paths (probe.h).
 *
 * In most rounds the loop does not wait for the answers: whoever owns the prober looks shortly
 * after sending and again before the next sending, for all instances at once. That halves what
 * probing costs. In a timed round it waits, so that the latencies are true.
 */
#ifndef SA_NAT64_PROBER_H
#define SA_NAT64_PROBER_H

#include "healthd/opener.h"
#include "healthd/probe.h"
#include "lib/config.h"

#include <systemd/sd-event.h>

#define PROBER_PROBLEM_MAX 200

enum prober_path { PROBER_SLOW, PROBER_FAST, PROBER_PATHS };

struct prober;

/* arrived(context) is called when an answer that was waited for is in the books. 0 and *out, which
 * the caller frees, or -errno. */
int prober_new(sd_event *event, void (*arrived)(void *context), void *context, struct prober **out);
void prober_free(struct prober *prober); /* NULL accepted */

/* Open the sockets in the namespace of that name (NULL: here); those that were open are closed, the
 * books stay. 0, or -errno and the reason in prober_problem(). */
int prober_open(struct prober *prober, struct opener *opener,
                const struct config_instance *instance, const char *name,
                struct opener_namespace *which);
void prober_close(struct prober *prober, const char *why);
bool prober_is_open(const struct prober *prober);

/* Send one probe on each path. */
void prober_send(struct prober *prober, enum probe_timing timing, uint64_t now_us);

/* Take what arrived; at targets it is sent back. Bounded. */
void prober_look(struct prober *prober, uint64_t now_us);

struct probe *prober_probe(struct prober *prober, enum prober_path path);

/* Why no probes can be sent, with what to do; "" while they can. */
const char *prober_problem(const struct prober *prober);

#endif
