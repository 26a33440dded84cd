/* See two_boxes.h. */
#include "tests/unit/two_boxes.h"

#include <sodium/core.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEP_US 1000

const uint8_t two_boxes_key[SEAL_FILE_KEY_LEN] = "the key of two boxes";

static void fill_random(void *context, void *buf, size_t len)
{
	prng_fill(context, buf, len);
}

struct config *two_boxes_config(const char *cluster, const char *instances)
{
	struct config *config;
	char text[900];
	int len = snprintf(text, sizeof(text),
	                   "[cluster]\nname = %s\nsync-interface = sync0\n"
	                   "[node gw-a]\nid = 0\n[node gw-b]\nid = 1\n%s",
	                   cluster, instances);

	if (len >= (int)sizeof(text) ||
	    config_parse(text, (size_t)len, "test", stderr, &config) < 0)
		abort();
	return config;
}

struct box *two_boxes_stranger(struct two_boxes *pair, unsigned id, const char *cluster,
                               const uint8_t key[SEAL_FILE_KEY_LEN])
{
	const struct box_random random = { fill_random, &pair->random };
	struct config *config = two_boxes_config(cluster,
	                                         TWO_BOXES_LOWER TWO_BOXES_UPPER TWO_BOXES_SIIT);
	struct box *box;

	if (sodium_init() < 0)
		abort();
	box = box_new(config, &config->nodes[id], key, &random, pair->now_us);
	config_free(config);
	if (!box)
		abort();
	return box;
}

void two_boxes_open(struct two_boxes *pair, uint64_t seed)
{
	*pair = (struct two_boxes){ .now_us = UINT64_C(1000000000), .random = { seed } };
	for (unsigned id = 0; id < 2; id++)
		pair->box[id] = two_boxes_stranger(pair, id, "campus", two_boxes_key);
}

void two_boxes_close(struct two_boxes *pair)
{
	box_free(pair->box[0]);
	box_free(pair->box[1]);
}

static void carry(struct two_boxes *pair, int from)
{
	static uint8_t datagram[BOX_DATAGRAM_MAX];
	size_t len;

	while ((len = box_poll(pair->box[from], datagram, pair->now_us)) > 0)
		(void)box_receive(pair->box[!from], datagram, len, pair->now_us);
}

/* When one of them wants to be asked again, a step from now at the earliest. */
static uint64_t next_us(const struct two_boxes *pair)
{
	uint64_t a = box_next_us(pair->box[0]), b = box_next_us(pair->box[1]);
	uint64_t next = a < b ? a : b;

	return next > pair->now_us + STEP_US ? next : pair->now_us + STEP_US;
}

void two_boxes_run(struct two_boxes *pair, uint64_t us)
{
	uint64_t end_us = pair->now_us + us;

	while (pair->now_us < end_us) {
		carry(pair, 0);
		carry(pair, 1);
		pair->now_us = next_us(pair);
	}
	pair->now_us = end_us;
}

struct replica_session two_boxes_session(const struct two_boxes *pair, uint32_t number,
                                         uint8_t owner)
{
	struct replica_session out = {
		.key = { .pool4 = 0xc6336401,
		         .remote = 0xcb007100 + number / 60000,
		         .pool4_port = (uint16_t)(1024 + number % 60000),
		         .remote_port = 443 },
		.host_port = 50000,
		.owner = owner,
		.version = 1,
		.expires_us = pair->now_us + UINT64_C(7200000000),
	};

	out.host.s6_addr[0] = 0x20;
	memcpy(&out.host.s6_addr[12], &number, sizeof(number));
	return out;
}
