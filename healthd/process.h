/* The process of a translator, watched by a pidfd: its end is noticed at once. */
#ifndef SA_NAT64_PROCESS_H
#define SA_NAT64_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

struct process;

/* ended(context) is called from the loop. 0 and *out, which the caller frees, or -errno. */
int process_new(sd_event *event, void (*ended)(void *context), void *context, struct process **out);
void process_free(struct process *process); /* NULL accepted */

/* It has that pid, as it says itself. 1 when that is another process than the one that is watched,
 * 0 when it is the same, -errno when it cannot be watched: -ESRCH, it has ended. */
int process_watch(struct process *process, uint32_t pid);

uint32_t process_pid(const struct process *process); /* of the one seen last; 0: none */
bool process_runs(const struct process *process);

#endif
