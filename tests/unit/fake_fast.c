#include "tests/unit/fake_fast.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static int install(void *context, uint32_t index, const struct translator_flow *flow)
{
	struct fake_fast *fake = context;

	assert_true(index > 0);
	fake->entered = *flow;
	return fake->result;
}

static void forget(void *context, const struct translator_flow *flow)
{
	(void)context;
	(void)flow;
}

static uint64_t last_used(void *context, uint32_t index)
{
	(void)context;
	(void)index;
	return 0;
}

static void counters(void *context, uint64_t packets[2], uint64_t bytes[2])
{
	(void)context;
	(void)packets;
	(void)bytes;
}

struct translator_fast fake_fast_hooks(struct fake_fast *fake)
{
	return (struct translator_fast){ .install = install,
		                         .remove = forget,
		                         .last_used = last_used,
		                         .counters = counters,
		                         .context = fake };
}
