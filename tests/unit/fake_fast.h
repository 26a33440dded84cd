/* A fast path for unit tests that carries nothing: it remembers the flow that was entered last. */
#ifndef SA_NAT64_TESTS_FAKE_FAST_H
#define SA_NAT64_TESTS_FAKE_FAST_H

#include "translator/translator.h"

struct fake_fast {
	struct translator_flow entered;
	int result; /* of entering a flow */
};

/* The callbacks; fake must outlive the translator. */
struct translator_fast fake_fast_hooks(struct fake_fast *fake);

#endif
