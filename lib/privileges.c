/* See privileges.h. */
#include "lib/privileges.h"

#include "lib/log.h"

#include <cap-ng.h>
#include <errno.h>
#include <string.h>
#include <sys/prctl.h>

int privileges_keep(int capability)
{
	capng_select_t select;
	int error;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) {
		error = errno;
		log_error("cannot set no_new_privs: %s", strerror(error));
		return -error;
	}
	if (capng_get_caps_process() == 0) {
		/* The bounding set can be emptied only by who may change capabilities at all. */
		select = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP) ? CAPNG_SELECT_ALL
		                                                             : CAPNG_SELECT_CAPS;
		capng_clear(select);
		if (capability != PRIVILEGES_NONE)
			(void)capng_update(
				CAPNG_ADD,
				CAPNG_EFFECTIVE | CAPNG_PERMITTED |
					(select == CAPNG_SELECT_ALL ? CAPNG_BOUNDING_SET : 0),
				(unsigned)capability);
		if (capng_apply(select) == 0)
			return 0;
	}
	log_error("cannot drop capabilities; is the process confined by another security system?");
	return -EPERM;
}
