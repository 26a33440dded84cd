/* Runs tests/vectors/vectors.json inside the process against the translator's pure core, with a
 * virtual clock.
 *
 * usage: vectors FILE [ID...]      without IDs: all of them
 *
 * Prints "ok ID name", "ok ID name (alternative N)" or "FAIL ID name" with the reason below, and at
 * the end which vectors passed by an alternative only. Only those of by_choice[] may: everywhere
 * else the preferred outcome is demanded, lest it gets lost behind one that is tolerated. Exit 0
 * when all pass, 1 when one fails, 2 when the file is unusable.
 */
#include "lib/config.h"
#include "tests/vectors/matcher.h"
#include "tests/vectors/packet_view.h"
#include "tests/vectors/vector_config.h"
#include "translator/translator.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define START_US      1000000000 /* what the virtual clock shows at first */
#define TICK_US       10000
#define SETUP_WAIT_MS 250
#define FINAL_WAIT_MS 500
#define PORTS_MAX     8

/* A 16-bit value that an output chose, for later expectations. */
struct captured {
	const char *name;
	uint16_t value;
};

struct run {
	struct config *config;
	struct translator *translator;
	uint64_t now_us;
	struct outputs outs;
	struct captured captured[PORTS_MAX];
	size_t captured_count;
	char why[256];
};

static void run_emit(void *context, const struct virtio_net_hdr *vnet, const struct iovec *iov,
                     int count)
{
	struct run *run = context;
	struct output *out = &run->outs.output[run->outs.count];
	size_t len = 0;

	if (run->outs.count == MATCHER_OUTPUTS_MAX) {
		snprintf(run->why, sizeof(run->why), "more than %d packets out",
		         MATCHER_OUTPUTS_MAX);
		return;
	}
	if (vnet && (vnet->flags != 0 || vnet->gso_type != VIRTIO_NET_HDR_GSO_NONE))
		snprintf(run->why, sizeof(run->why),
		         "work left to the device: flags %d, GSO type %d", vnet->flags,
		         vnet->gso_type);
	for (int i = 0; i < count; i++)
		len += iov[i].iov_len;
	out->packet.data = malloc(len + 1);
	if (!out->packet.data)
		abort();
	out->packet.len = 0;
	for (int i = 0; i < count; i++) {
		if (iov[i].iov_len > 0)
			memcpy(out->packet.data + out->packet.len, iov[i].iov_base, iov[i].iov_len);
		out->packet.len += iov[i].iov_len;
	}
	out->at_us = run->now_us;
	out->side = len > 0 && out->packet.data[0] >> 4 == 6 ? "v6" : "v4";
	run->outs.count++;
}

static void run_outputs_clear(struct run *run)
{
	for (size_t i = 0; i < run->outs.count; i++)
		bytes_free(&run->outs.output[i].packet);
	run->outs.count = 0;
}

/* A translator as if just started, with the configuration of the vector. */
static bool run_start(struct run *run, const json_t *abstract)
{
	static const uint8_t seed[32] = "vectors", pool4_key[16] = "vectors";
	const struct translator_io io = { .emit = run_emit, .context = run };
	char *text = vector_config_text(abstract), *messages = NULL;
	size_t len;
	FILE *err = open_memstream(&messages, &len);
	int ret;

	if (!err)
		abort();
	ret = config_parse(text, strlen(text), "vector", err, &run->config);
	if (fclose(err) != 0)
		abort();
	if (ret < 0)
		snprintf(run->why, sizeof(run->why), "configuration refused: %s", messages);
	free(messages);
	free(text);
	if (ret < 0)
		return false;
	run->now_us = START_US;
	run->translator = translator_new(&run->config->instances[0], 0, 1, seed, pool4_key, &io,
	                                 run->now_us);
	if (!run->translator)
		snprintf(run->why, sizeof(run->why), "no translator: %s", strerror(errno));
	return run->translator != NULL;
}

static void run_finish(struct run *run)
{
	run_outputs_clear(run);
	translator_free(run->translator);
	config_free(run->config);
}

static void run_input(struct run *run, const struct bytes *packet)
{
	static uint8_t room[TRANSLATOR_HEADROOM + TRANSLATOR_PACKET_MAX];
	const struct virtio_net_hdr vnet = { 0 };

	if (packet->len > TRANSLATOR_PACKET_MAX) {
		snprintf(run->why, sizeof(run->why), "input of %zu bytes", packet->len);
		return;
	}
	memcpy(room + TRANSLATOR_HEADROOM, packet->data, packet->len);
	translator_input(run->translator, room + TRANSLATOR_HEADROOM, packet->len, &vnet,
	                 run->now_us);
}

static void run_wait(struct run *run, uint64_t wait_us)
{
	uint64_t end_us = run->now_us + wait_us;

	while (run->now_us < end_us) {
		run->now_us += TICK_US;
		translator_tick(run->translator, run->now_us);
	}
}

/* Write the captured values into the expectations of a step. */
static void step_patch(struct run *run, json_t *expectation)
{
	size_t index;
	json_t *patch;

	json_array_foreach(json_object_get(expectation, "patch"), index, patch)
	{
		const char *name = json_string_value(json_object_get(patch, "name"));
		size_t at = (size_t)json_integer_value(json_object_get(patch, "offset"));

		for (size_t i = 0; i < run->captured_count; i++) {
			struct bytes packet;
			char *text;

			if (strcmp(run->captured[i].name, name) != 0)
				continue;
			hex_decode(json_string_value(json_object_get(expectation, "hex")), &packet);
			packet.data[at] = (uint8_t)(run->captured[i].value >> 8);
			packet.data[at + 1] = (uint8_t)run->captured[i].value;
			packet_checksums_fix(packet.data, packet.len);
			text = hex_encode(&packet);
			json_object_set_new(expectation, "hex", json_string(text));
			free(text);
			bytes_free(&packet);
		}
	}
}

/* Keep the value that an expectation asks for and check its parity and range. */
static bool step_capture(struct run *run, const json_t *expectation)
{
	const json_t *capture = json_object_get(expectation, "capture");
	const json_t *parity = json_object_get(capture, "parity");
	size_t at = (size_t)json_integer_value(json_object_get(capture, "offset"));
	const struct bytes *packet = &run->outs.output[0].packet;
	long long value;

	if (!capture || run->outs.count == 0 || packet->len < at + 2)
		return true;
	value = packet->data[at] << 8 | packet->data[at + 1];
	if (run->captured_count < PORTS_MAX)
		run->captured[run->captured_count++] = (struct captured){
			.name = json_string_value(json_object_get(capture, "name")),
			.value = (uint16_t)value,
		};
	if ((!json_is_integer(parity) || value % 2 == json_integer_value(parity)) &&
	    value >= json_integer_value(json_object_get(capture, "min")) &&
	    value <= json_integer_value(json_object_get(capture, "max")))
		return true;
	snprintf(run->why, sizeof(run->why), "captured value %lld", value);
	return false;
}

static bool came_too_early(const struct run *run, uint64_t start_us, const json_t *step)
{
	long long before_ms = json_integer_value(json_object_get(step, "not_before_ms"));

	return run->outs.count > 0 &&
	       run->outs.output[0].at_us < start_us + (uint64_t)before_ms * 1000;
}

/* Feed the inputs of one step, let time pass, and judge. Returns as matcher_step(). */
static int run_step(struct run *run, json_t *step, long long wait_ms)
{
	uint64_t start_us = run->now_us;
	char why[MATCHER_WHY_LEN] = "";
	struct bytes last = { 0 };
	size_t index;
	json_t *item;
	int result;

	run_outputs_clear(run);
	json_array_foreach(json_object_get(step, "expected"), index, item) step_patch(run, item);
	json_array_foreach(json_object_get(step, "input"), index, item)
	{
		bytes_free(&last);
		hex_decode(json_string_value(json_object_get(item, "hex")), &last);
		run_input(run, &last);
	}
	run_wait(run, (uint64_t)wait_ms * 1000);
	result = matcher_step(step, &run->outs, &last, why);
	bytes_free(&last);
	if (run->why[0] != '\0')
		return MATCHER_FAILED;
	if (result == MATCHER_FAILED)
		snprintf(run->why, sizeof(run->why), "%s", why);
	else if (came_too_early(run, start_us, step))
		snprintf(run->why, sizeof(run->why), "answered too early");
	json_array_foreach(json_object_get(step, "expected"), index, item)
	{
		if (run->why[0] == '\0')
			step_capture(run, item);
	}
	return run->why[0] == '\0' ? result : MATCHER_FAILED;
}

/* Run one vector; why of *run says what went wrong. */
static int run_vector(struct run *run, const json_t *document, json_t *vector)
{
	const char *config = json_string_value(json_object_get(vector, "config"));
	json_t *base = json_object_get(json_object_get(document, "configs"), config);
	json_t *abstract = json_deep_copy(base);
	json_t *wait = json_object_get(vector, "wait_ms"), *step;
	int result = MATCHER_EXPECTED;
	size_t index;

	json_object_update(abstract, json_object_get(vector, "config_overrides"));
	if (!run_start(run, abstract))
		result = MATCHER_FAILED;
	json_decref(abstract);
	if (result == MATCHER_FAILED)
		return result;
	json_array_foreach(json_object_get(vector, "setup"), index, step)
	{
		if (run_step(run, step, SETUP_WAIT_MS) == MATCHER_FAILED) {
			char why[sizeof(run->why)];

			memcpy(why, run->why, sizeof(why));
			snprintf(run->why, sizeof(run->why), "setup step %zu: %.200s", index, why);
			return MATCHER_FAILED;
		}
	}
	return run_step(run, vector, wait ? json_integer_value(wait) : FINAL_WAIT_MS);
}

/* Deliberate deviations: docs/deviations.md has a row for each. */
static const char *const by_choice[] = { "E16", "G34" };

static bool is_by_choice(const char *id)
{
	for (size_t i = 0; i < sizeof(by_choice) / sizeof(by_choice[0]); i++)
		if (strcmp(by_choice[i], id) == 0)
			return true;
	return false;
}

struct summary {
	size_t run, passed;
	char alternatives[2048];
};

static void vector_report(const json_t *vector, int result, const char *why,
                          struct summary *summary)
{
	const char *id = json_string_value(json_object_get(vector, "id"));
	const char *name = json_string_value(json_object_get(vector, "name"));
	size_t used = strlen(summary->alternatives);

	if (result > MATCHER_EXPECTED && !is_by_choice(id)) {
		why = "only a tolerated alternative came, not the preferred outcome";
		result = MATCHER_FAILED;
	}
	summary->run++;
	summary->passed += result != MATCHER_FAILED;
	if (result == MATCHER_FAILED) {
		printf("FAIL %s %s\n     %s: %s\n", id, name,
		       json_string_value(json_object_get(vector, "level")), why);
	} else if (result == MATCHER_EXPECTED) {
		printf("ok %s %s\n", id, name);
	} else {
		printf("ok %s %s (alternative %d)\n", id, name, result);
		snprintf(summary->alternatives + used, sizeof(summary->alternatives) - used, " %s",
		         id);
	}
}

static bool is_wanted(const json_t *vector, char **ids, int count)
{
	const char *id = json_string_value(json_object_get(vector, "id"));

	for (int i = 0; i < count; i++)
		if (strcmp(ids[i], id) == 0)
			return true;
	return count == 0;
}

int main(int argc, char **argv)
{
	struct summary summary = { 0 };
	json_error_t error;
	json_t *document, *vector;
	size_t index;

	if (argc < 2) {
		fprintf(stderr, "usage: %s FILE [ID...]\n", argv[0]);
		return 2;
	}
	document = json_load_file(argv[1], 0, &error);
	if (!document) {
		fprintf(stderr, "%s:%d: %s\n", argv[1], error.line, error.text);
		return 2;
	}
	json_array_foreach(json_object_get(document, "vectors"), index, vector)
	{
		static struct run run;
		int result;

		if (!is_wanted(vector, argv + 2, argc - 2))
			continue;
		memset(&run, 0, sizeof(run));
		result = run_vector(&run, document, vector);
		vector_report(vector, result, run.why, &summary);
		run_finish(&run);
	}
	json_decref(document);
	printf("%zu of %zu vectors pass", summary.passed, summary.run);
	printf(summary.alternatives[0] ? "; by an alternative:%s\n" : "%s\n", summary.alternatives);
	return summary.run > 0 && summary.passed == summary.run ? 0 : 1;
}
