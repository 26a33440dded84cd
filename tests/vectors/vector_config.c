/* One line of the file for each key; the words differ from the file's only where older vectors
 * named them. */
#include "tests/vectors/vector_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *text(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	if (!value) {
		fprintf(stderr, "vectors: the configuration has no text at \"%s\"\n", key);
		exit(2);
	}
	return value;
}

static long long number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static void print_lists(const json_t *abstract, FILE *out)
{
	size_t index;
	json_t *item;

	json_array_foreach(json_object_get(abstract, "pool6"), index, item)
		fprintf(out, "pool6 = %s\n", json_string_value(item));
	json_array_foreach(json_object_get(abstract, "pool4"), index, item)
		fprintf(out, "pool4 = %s/32 %s\n", text(item, "addr"), text(item, "ports"));
	json_array_foreach(json_object_get(abstract, "eamt"), index, item)
		fprintf(out, "eam = %s %s\n", json_string_value(json_array_get(item, 0)),
	                json_string_value(json_array_get(item, 1)));
	json_array_foreach(json_object_get(abstract, "static_bib"), index, item)
		fprintf(out, "bib = %s [%s]:%lld %s:%lld\n", text(item, "proto"), text(item, "v6"),
	                number(item, "v6_id"), text(item, "v4"), number(item, "v4_id"));
	json_array_foreach(json_object_get(abstract, "pool6791v4"), index, item)
		fprintf(out, "rfc6791-pool4 = %s\n", json_string_value(item));
}

static void print_keys(const json_t *abstract, FILE *out)
{
	const char *tos = text(abstract, "tos_6to4");

	fprintf(out, "address4 = %s\n", text(abstract, "own_v4"));
	fprintf(out, "address6 = %s\n", text(abstract, "own_v6"));
	fprintf(out, "mtu4 = %lld\n", number(abstract, "mtu_v4"));
	fprintf(out, "mtu6 = %lld\n", number(abstract, "mtu_v6"));
	fprintf(out, "lowest-ipv6-mtu = %lld\n", number(abstract, "lowest_ipv6_mtu"));
	fprintf(out, "zeroize-traffic-class = %s\n",
	        strcmp(text(abstract, "tc_4to6"), "copy") == 0 ? "no" : "yes");
	fprintf(out, "override-tos = %s\n", strcmp(tos, "copy") == 0 ? "no" : tos);
	fprintf(out, "udp-checksum-zero = %s\n", text(abstract, "udp_zero_csum"));
	fprintf(out, "icmp-errors = %s\n",
	        strcmp(text(abstract, "icmp_errors"), "on") == 0 ? "yes" : "no");
	fprintf(out, "mss-clamp = %s\n", text(abstract, "mss_clamp"));
}

char *vector_config_text(const json_t *abstract)
{
	const char *mode = text(abstract, "mode");
	char *out = NULL;
	size_t len;
	FILE *stream = open_memstream(&out, &len);

	if (!stream)
		abort();
	fprintf(stream, "[instance t]\nmode = %s\ntun = nat64\nfast-path = off\n", mode);
	print_lists(abstract, stream);
	print_keys(abstract, stream);
	if (strcmp(mode, "siit") == 0) {
		fprintf(stream, "eam-hairpin-mode = %s\n", text(abstract, "hairpin"));
	} else {
		fprintf(stream, "filtering = %s\n", text(abstract, "filtering"));
		fprintf(stream, "fragment-timeout = %lldms\n", number(abstract, "frag_timeout_ms"));
	}
	if (fclose(stream) != 0)
		abort();
	return out;
}
