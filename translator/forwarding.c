#include "translator/forwarding.h"

#include <dirent.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#define SETTINGS "/proc/sys/net"

enum { FAMILIES = 2 };

/* Paths below SETTINGS. */
static const struct family {
	const char *all;     /* "all devices": what an operator sets */
	const char *devices; /* a folder for each device, */
	const char *one;     /* and what is in it */
	bool all_is_enough;  /* else the TUN device needs its own */
} families[FAMILIES] = {
	{ "ipv6/conf/all/forwarding", "ipv6/conf", "force_forwarding", true },
	{ "ipv4/ip_forward", "ipv4/conf", "forwarding", false },
};

/* What cannot be read has the value `otherwise`. */
static bool is_set(const char *path, bool otherwise)
{
	char name[128];
	FILE *file;
	int digit;

	(void)snprintf(name, sizeof(name), SETTINGS "/%s", path);
	file = fopen(name, "re");
	if (!file)
		return otherwise;
	digit = fgetc(file);
	(void)fclose(file);
	return digit == EOF ? otherwise : digit != '0';
}

/* A kernel may be too old for what is not needed. */
static bool is_set_for(const struct family *family, const char *device)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/%.*s/%s", family->devices, IF_NAMESIZE, device,
	               family->one);
	return is_set(path, !family->all_is_enough);
}

/* Whether it is set for a device that packets of other hosts may come from. */
static bool is_set_beside(const struct family *family, const char *tun)
{
	static const char *const others[] = { ".", "..", "all", "default", "lo" };
	char path[128];
	DIR *directory;
	struct dirent *entry;
	bool found = false;

	(void)snprintf(path, sizeof(path), SETTINGS "/%s", family->devices);
	directory = opendir(path);
	while (directory && !found && (entry = readdir(directory))) {
		bool counts = strcmp(entry->d_name, tun) != 0;

		for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
			counts = counts && strcmp(entry->d_name, others[i]) != 0;
		found = counts && is_set_for(family, entry->d_name);
	}
	if (directory)
		(void)closedir(directory);
	return found;
}

/* Write what is to be set, a path below /proc/sys, to setting; "" when nothing is. */
static void find_missing(const struct family *family, const char *tun, char *setting, size_t size)
{
	bool all = is_set(family->all, true), own = is_set_for(family, tun);

	setting[0] = '\0';
	if (all && (own || family->all_is_enough))
		return;
	if (all)
		(void)snprintf(setting, size, "net/%s/%s/%s", family->devices, tun, family->one);
	else if (!own || !is_set_beside(family, tun))
		(void)snprintf(setting, size, "net/%s", family->all);
}

/* As sysctl has it: dots and slashes change places. */
static void name_as_sysctl(char *setting)
{
	for (char *c = setting; *c; c++)
		*c = *c == '/' ? '.' : *c == '.' ? '/' : *c;
}

bool forwarding_is_on(const char *tun, char problem[FORWARDING_PROBLEM_MAX])
{
	char missing[FAMILIES][44];
	bool is_one;

	for (int i = 0; i < FAMILIES; i++) {
		find_missing(&families[i], tun, missing[i], sizeof(missing[i]));
		name_as_sysctl(missing[i]);
	}
	if (!missing[0][0] && !missing[1][0])
		return true;
	is_one = !missing[0][0] || !missing[1][0];
	(void)snprintf(problem, FORWARDING_PROBLEM_MAX,
	               "%s%s%s %s 0: packets of other hosts are not routed through the translator; "
	               "set %s to 1 in its network namespace",
	               missing[0], is_one ? "" : " and ", missing[1], is_one ? "is" : "are",
	               is_one ? "it" : "both");
	return false;
}
