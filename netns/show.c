/* `show`: one description as JSON, printed as it is or as text. */
#include "lib/daemon_options.h"
#include "lib/log.h"
#include "netns/conflict.h"
#include "netns/difference.h"
#include "netns/observe.h"
#include "netns/space.h"
#include "netns/verbs.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROGRAMS_MAX 64

/* ---- what is there ---- */

static json_t *describe_uplink(const struct plan *plan, const struct seen_link *uplink)
{
	static const char *const words[] = { [CONFIG_ATTACH_NONE] = "none",
		                             [CONFIG_ATTACH_MACVLAN] = "macvlan",
		                             [CONFIG_ATTACH_VETH] = "veth",
		                             [CONFIG_ATTACH_MOVE] = "move" };
	const char *interface = plan->network->attach_interface;
	char mac[18];

	if (!uplink)
		return json_null();
	(void)snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", uplink->mac[0],
	               uplink->mac[1], uplink->mac[2], uplink->mac[3], uplink->mac[4],
	               uplink->mac[5]);
	return json_pack("{s:s, s:s, s:s?, s:s?, s:b, s:b, s:i, s:s}", "name", uplink->name,
	                 "attach", words[plan->network->attach], "interface", interface, "host_end",
	                 plan->network->attach == CONFIG_ATTACH_VETH ? plan->host_end : NULL, "up",
	                 uplink->up, "carrier", uplink->carrier, "mtu", (int)uplink->mtu, "mac",
	                 mac);
}

static json_t *describe_addresses(const struct plan *plan, const struct seen *seen,
                                  enum plan_device where, const char *device)
{
	const struct seen_link *link = seen_link_find(&seen->inner, device);
	json_t *list = json_array();
	char text[ADDRESS_STRLEN];

	for (size_t i = 0; link && i < plan->address_count; i++) {
		const struct net_address *address = &plan->addresses[i].address;

		if (plan->addresses[i].device == where &&
		    seen_address_find(&seen->inner, link->index, address))
			json_array_append_new(list, json_string(net_address_format(address, text)));
	}
	return list;
}

static json_t *describe_gateways(const struct seen *seen)
{
	const struct seen_link *uplink = seen_link_find(&seen->inner, PLAN_UPLINK);
	json_t *list = json_array();
	char text[ADDRESS_STRLEN];

	for (size_t i = 0; uplink && i < seen->inner.route_count; i++) {
		const struct seen_route *route = &seen->inner.routes[i];

		if (route->protocol != PLAN_ROUTE_PROTOCOL || route->index != uplink->index)
			continue;
		for (size_t j = 0; j < route->count && j < PLAN_GATEWAYS_MAX; j++)
			json_array_append_new(list, json_string(net_address_format_host(
							    &route->gateways[j], text)));
	}
	return list;
}

static json_t *describe_programs(const struct workplace *place)
{
	struct space_program programs[PROGRAMS_MAX];
	size_t count = space_programs(place, programs, PROGRAMS_MAX);
	json_t *list = json_array();

	for (size_t i = 0; i < count && i < PROGRAMS_MAX; i++)
		json_array_append_new(list, json_pack("{s:i, s:s}", "pid", (int)programs[i].pid,
		                                      "name", programs[i].name));
	return list;
}

/* ---- what is not as it should be ---- */

/* Without a namespace all is missing, and one line says so. */
static json_t *describe_problems(const struct plan *plan, const struct seen *seen)
{
	json_t *list = json_array();
	struct steps steps;

	if (difference(plan, seen, &steps) < 0) {
		json_decref(list);
		return NULL;
	}
	for (size_t i = 0; i < steps.count && (i == 0 || seen->inner.exists); i++)
		json_array_append_new(list,
		                      json_pack("{s:s, s:s}", "what", steps.list[i].what, "state",
		                                step_words(steps.list[i].kind)->due));
	steps_fini(&steps);
	return list;
}

static json_t *describe_conflicts(const struct plan *plan, const struct seen *seen)
{
	json_t *list = json_array();
	char *text = NULL, *rest, *line;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return list;
	(void)conflicts_print(plan, seen, out);
	if (fclose(out) == 0)
		for (rest = text; (line = strsep(&rest, "\n"));)
			if (*line)
				json_array_append_new(list, json_string(line));
	free(text);
	return list;
}

/* NULL when memory ended. */
static json_t *describe(const struct workplace *place, const struct plan *plan,
                        const struct seen *seen)
{
	const struct config_network *network = plan->network;
	json_t *problems = describe_problems(plan, seen);
	json_t *conflicts = describe_conflicts(plan, seen);
	bool whole = json_array_size(problems) == 0 && json_array_size(conflicts) == 0;

	return json_pack("{s:s, s:s, s:s, s:b, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "instance",
	                 network->instance, "node", network->node, "namespace",
	                 network->namespace_name, "exists", seen->inner.exists, "whole", whole,
	                 "uplink", describe_uplink(plan, seen_link_find(&seen->inner, PLAN_UPLINK)),
	                 "addresses", describe_addresses(plan, seen, PLAN_ON_UPLINK, PLAN_UPLINK),
	                 "gateways", describe_gateways(seen), "probes",
	                 describe_addresses(plan, seen, PLAN_ON_LOOPBACK, "lo"), "programs",
	                 describe_programs(place), "missing", problems, "conflicts", conflicts);
}

/* ---- text ---- */

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static void print_uplink(const json_t *uplink)
{
	const char *interface = text_of(uplink, "interface"), *end = text_of(uplink, "host_end");

	if (!json_is_object(uplink))
		return;
	printf("uplink       %s   %s%s%s%s%s   %s   carrier %s   mtu %d   mac %s\n",
	       text_of(uplink, "name"), text_of(uplink, "attach"), interface ? " " : "",
	       interface ? interface : "", end ? "   other end " : "", end ? end : "",
	       json_is_true(json_object_get(uplink, "up")) ? "up" : "down",
	       json_is_true(json_object_get(uplink, "carrier")) ? "yes" : "no",
	       (int)json_integer_value(json_object_get(uplink, "mtu")), text_of(uplink, "mac"));
}

static void print_list(const char *label, const json_t *list)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item) printf("%-12s %s\n", label, json_string_value(item));
}

static void print_text(const json_t *shown)
{
	const json_t *item;
	size_t i;

	printf("instance     %s   node %s   %s\n", text_of(shown, "instance"),
	       text_of(shown, "node"),
	       json_is_true(json_object_get(shown, "whole")) ? "whole" : "not whole");
	printf("namespace    %s%s\n", text_of(shown, "namespace"),
	       json_is_true(json_object_get(shown, "exists")) ? "" : "   (not there)");
	print_uplink(json_object_get(shown, "uplink"));
	print_list("address", json_object_get(shown, "addresses"));
	print_list("gateway", json_object_get(shown, "gateways"));
	print_list("probe", json_object_get(shown, "probes"));
	json_array_foreach(json_object_get(shown, "programs"), i, item)
		printf("program      %s   pid %d\n", text_of(item, "name"),
	               (int)json_integer_value(json_object_get(item, "pid")));
	json_array_foreach(json_object_get(shown, "missing"), i, item)
		printf("to do        %s: %s\n", text_of(item, "state"), text_of(item, "what"));
	print_list("conflict", json_object_get(shown, "conflicts"));
}

static int print(json_t *shown, enum show_form form)
{
	bool whole = json_is_true(json_object_get(shown, "whole"));

	if (!shown) {
		log_error("not enough memory");
		return EXIT_FAILED;
	}
	if (form == SHOW_JSON) {
		(void)json_dumpf(shown, stdout, JSON_INDENT(2));
		printf("\n");
	} else {
		print_text(shown);
	}
	json_decref(shown);
	return whole ? EXIT_DONE : EXIT_FAILED;
}

static int show_plan(const struct plan *plan, enum show_form form)
{
	int result = EXIT_FAILED;
	struct workplace place;
	struct seen seen;

	if (workplace_open(&place, plan->network->namespace_name) < 0)
		return EXIT_FAILED;
	if (observe(&place, plan, &seen) == 0) {
		(void)observe_others(place.name, &seen);
		result = print(describe(&place, plan, &seen), form);
		seen_fini(&seen);
	}
	workplace_close(&place);
	return result;
}

int verb_show(const struct config *config, const struct config_network *network,
              enum show_form form)
{
	struct plan plan;
	int result;

	if (verb_plan(config, network, &plan) < 0)
		return EXIT_FAILED;
	result = show_plan(&plan, form);
	plan_fini(&plan);
	return result;
}
