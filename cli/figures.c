#include "cli/figures.h"

#include <stdio.h>
#include <string.h>

char *figure_format(double number, const char *unit, char *buf)
{
	static const char *const prefixes[] = { "", "k", "M", "G", "T", "P", "E" };
	size_t prefix = 0;
	int decimals;

	if (number < 0) {
		(void)snprintf(buf, FIGURE_MAX, "-");
		return buf;
	}
	for (; number >= 999.5 && prefix < 6; prefix++)
		number /= 1000;
	decimals = number == 0 || number >= 99.95   ? 0
	           : prefix == 0 && number >= 9.95  ? 0
	           : number >= 9.995 || prefix == 0 ? 1
	                                            : 2;
	(void)snprintf(buf, FIGURE_MAX, "%.*f%s%s%s", decimals, number,
	               prefix == 0 && (unit[0] == '/' || unit[0] == '\0') ? "" : " ",
	               prefixes[prefix], unit);
	return buf;
}

char *figure_percent(double percent, char *buf)
{
	if (percent < 0)
		(void)snprintf(buf, FIGURE_MAX, "-");
	else if (percent == 0 || percent >= 100)
		(void)snprintf(buf, FIGURE_MAX, "%.0f %%", percent);
	else if (percent < 0.1)
		(void)snprintf(buf, FIGURE_MAX, "<0.1 %%");
	else
		(void)snprintf(buf, FIGURE_MAX, "%.1f %%", percent > 99.9 ? 99.9 : percent);
	return buf;
}

unsigned figure_height(double value, double most, unsigned steps)
{
	unsigned height;

	if (value <= 0 || most <= 0)
		return 0;
	height = (unsigned)(value / most * steps + 0.5);
	return height < 1 ? 1 : height > steps ? steps : height;
}
