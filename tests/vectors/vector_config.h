/* The configuration file that stands for a vector's abstract configuration, as conf_sa() in
 * replay.py writes it. */
#ifndef SA_NAT64_TESTS_VECTOR_CONFIG_H
#define SA_NAT64_TESTS_VECTOR_CONFIG_H

#include <jansson.h>

/* Text of a file with one instance named "t"; the caller frees it. */
char *vector_config_text(const json_t *abstract);

#endif
