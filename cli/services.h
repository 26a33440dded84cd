/* What systemd does with this box's configuration. */
#ifndef SA_NAT64_SERVICES_H
#define SA_NAT64_SERVICES_H

#include <stdbool.h>

/* Whether sa-nat64.service is active: systemd runs the programs here. */
bool services_are_active(void);

/* Have systemd reload sa-nat64.service, which starts and stops what the file asks for, and reloads
 * the rest; returns when it is done. 0; 1 when it failed, after a line on standard error (systemd's
 * own are there, too). */
int services_reload(void);

#endif
