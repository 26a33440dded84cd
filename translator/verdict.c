#include "translator/verdict.h"

#include <assert.h>

static const struct verdict_info verdict_table[VERDICT_COUNT] = {
#define X(name_, text, class_, icmp4_, icmp6_, source_, sentence_) \
	[VERDICT_##name_] = { .name = text,                        \
		              .class = class_,                     \
		              .icmp4 = icmp4_,                     \
		              .icmp6 = icmp6_,                     \
		              .source = source_,                   \
		              .sentence = sentence_ },
#include "translator/verdict.def"
#undef X
};

const struct verdict_info *verdict_info(enum verdict verdict)
{
	assert(verdict < VERDICT_COUNT);
	return &verdict_table[verdict];
}

bool verdict_is_noted(enum verdict verdict)
{
	switch (verdict) {
	case VERDICT_UDP_CHECKSUM_ZERO:
	case VERDICT_EXTENSION_AFTER_FRAGMENT:
	case VERDICT_POOL4_EXHAUSTED:
	case VERDICT_SESSION_LIMIT:
	case VERDICT_HOST_LIMIT:
		return true;
	default:
		return false;
	}
}
