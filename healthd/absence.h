/* A program that was stopped, or starved, heard nothing meanwhile: nobody else was silent. */
#ifndef SA_NAT64_HEALTHD_ABSENCE_H
#define SA_NAT64_HEALTHD_ABSENCE_H

#include <stdint.h>

/* The moment from which silence counts, moved on by how long this program was away, at most to
 * now_us; 0, for never, stays. Microseconds, monotonic. */
static inline uint64_t absence_excuse(uint64_t since_us, uint64_t absent_us, uint64_t now_us)
{
	if (since_us == 0)
		return 0;
	return now_us - since_us > absent_us ? since_us + absent_us : now_us;
}

#endif
