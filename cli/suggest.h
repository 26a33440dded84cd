/* The nearest of several words to one that was mistyped. */
#ifndef SA_NAT64_SUGGEST_H
#define SA_NAT64_SUGGEST_H

#include <stddef.h>

/* The one of count names that word was most likely meant to be: it begins with word, or few letters
 * differ. NULL when none is near. */
const char *suggest_nearest(const char *word, const char *const *names, size_t count);

#endif
