/* Asking for metrics again and again, for sa-nat64-exporter: which instances there are is read
 * again when the configuration file has changed, and what was answered is used again for a quarter
 * of a second, so that those who ask often cost the programs of this box no more. */
#ifndef SA_NAT64_SCRAPE_H
#define SA_NAT64_SCRAPE_H

#include "cli/metrics.h"

struct scrape;

/* config and rundir must live as long. NULL without memory. */
struct scrape *scrape_new(const char *config, const char *rundir);

/* NULL is accepted. */
void scrape_free(struct scrape *scrape);

/* Print the metrics to out. Returns true, or false after a sentence with its newline instead, when
 * nobody answers or the configuration cannot be read. Takes 1.8 seconds at most. */
bool scrape_print(struct scrape *scrape, enum metrics_format format, FILE *out);

#endif
