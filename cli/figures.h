/* Numbers for a narrow screen. Pure. */
#ifndef SA_NAT64_FIGURES_H
#define SA_NAT64_FIGURES_H

#include <stddef.h>

#define FIGURE_MAX 24 /* bytes of the longest one with its end */

/* Three digits and a decimal prefix before unit: "0", "8.4/s", "12.3 k/s", "1.20 Gbit/s"; "-" below
 * 0, which stands for unknown. Returns buf, which has FIGURE_MAX bytes. */
char *figure_format(double number, const char *unit, char *buf);

/* Percent with one decimal, but never "100 %" of what is not whole, nor "0 %" of what is not
 * nothing: "99.9 %", "<0.1 %". "-" below 0. */
char *figure_percent(double percent, char *buf);

/* The height of a bar of a sparkline: 0 for nothing, else 1 to steps; most is the whole height. */
unsigned figure_height(double value, double most, unsigned steps);

#endif
