/* What systemd does with this box's configuration. */
#ifndef SA_NAT64_SERVICES_H
#define SA_NAT64_SERVICES_H

#include <stdbool.h>
#include <stddef.h>

/* Whether sa-nat64.service is active: systemd runs the programs here. */
bool services_are_active(void);

/* Have systemd reload sa-nat64.service, which starts and stops what the file asks for, and reloads
 * the rest; returns when it is done. 0; 1 when it failed, after a line on standard error (systemd's
 * own are there, too). */
int services_reload(void);

/* What a unit says of itself (STATUS= of sd_notify), cut where buf ends; "" when it does not run,
 * or says nothing. Returns buf. */
const char *services_status_text(const char *unit, char *buf, size_t size);

#endif
