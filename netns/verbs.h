/* What the program does: up, down and show, each with its exit code. */
#ifndef SA_NAT64_NETNS_VERBS_H
#define SA_NAT64_NETNS_VERBS_H

#include "lib/config.h"
#include "netns/plan.h"

/* Build the namespace of network, a section of config, or complete it; `up` prints what it does.
 * Conflicts and failures go to the log. */
int verb_up(const struct config *config, const struct config_network *network);

/* Remove all that belongs to the instance. network is NULL when the configuration has no section
 * for it (any more). */
int verb_down(const char *instance, const struct config_network *network);

enum show_form { SHOW_TEXT, SHOW_JSON };

/* Print what is there and what `up` would do or refuse. EXIT_FAILED when there is any of that. */
int verb_show(const struct config *config, const struct config_network *network,
              enum show_form form);

/* For the verbs: the plan of the section on this machine. 0, or -errno after a line in the log. */
int verb_plan(const struct config *config, const struct config_network *network, struct plan *plan);

#endif
