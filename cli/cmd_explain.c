/* `sa-nat64 explain`: a packet, given by its fields or in hexadecimal, and what each instance would
 * do with it. */
#include "cli/commands.h"
#include "cli/each_instance.h"
#include "cli/hex.h"
#include "cli/packets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PACKET_MAX 65000 /* what fits into one control message */
#define TCP_SYN    0x02

static const struct out_column packet_columns[] = {
	{ "family", 6 }, { "proto", 5 }, { "source", 24 }, { "destination", 24 },
	{ "length", 6 }, { "ttl", 3 },   { "note", 0 },    { NULL, 0 },
};

/* Read standard input up to its end. Returns its text (owned by the caller), or NULL. */
static char *read_stdin(size_t *len)
{
	size_t size = 4 * PACKET_MAX; /* digits and separators of the longest packet */
	char *text = malloc(size);

	if (!text)
		return NULL;
	*len = fread(text, 1, size, stdin);
	return text;
}

/* The bytes of --hex. Returns 0 and *packet (owned by the caller), or an exit status after a
 * complaint. */
static int read_hex(const char *hex, uint8_t **packet, size_t *len)
{
	bool from_stdin = strcmp(hex, "-") == 0;
	size_t text_len = strlen(hex), position = 0;
	char *text = from_stdin ? read_stdin(&text_len) : NULL;
	int error;

	*packet = malloc(PACKET_MAX);
	if (!*packet || (from_stdin && !text)) {
		free(text);
		free(*packet);
		return 1;
	}
	error = hex_parse(text ? text : hex, text_len, *packet, PACKET_MAX, len, &position);
	free(text);
	if (error == 0 && *len > 0)
		return 0;
	if (error == -EINVAL)
		(void)fprintf(stderr,
		              "sa-nat64: explain: --hex: character %zu is no pair of hexadecimal "
		              "digits; wanted are bytes like 60 00 00 00\n",
		              position + 1);
	else if (error == -E2BIG)
		(void)fprintf(stderr, "sa-nat64: explain: --hex: more than %d bytes\n", PACKET_MAX);
	else
		(void)fprintf(stderr, "sa-nat64: explain: --hex: no bytes\n");
	free(*packet);
	return 2;
}

static ProtobufCBinaryData binary(const struct cli_address *address)
{
	return (ProtobufCBinaryData){ .len = address->len, .data = (uint8_t *)address->bytes };
}

static void fill_fields(const struct cli_options *options, SaNat64__Control__PacketFields *fields)
{
	sa_nat64__control__packet_fields__init(fields);
	fields->source = binary(&options->from);
	fields->destination = binary(&options->to);
	fields->protocol = options->protocol;
	if (options->is_icmp && options->from.len == 16)
		fields->protocol = IPPROTO_ICMPV6;
	fields->source_port = options->source_port;
	fields->destination_port = options->destination_port;
	if (options->protocol == IPPROTO_TCP)
		fields->tcp_flags = options->tcp_flags ? options->tcp_flags : TCP_SYN;
	fields->length = options->length;
	fields->ttl = options->ttl;
}

static void put_packet(struct out *out, const SaNat64__Control__Packet *packet)
{
	char buf[16];

	out_begin(out, OUT_ROW, NULL);
	out_text(out, "family", packet->source.len == 16 ? "IPv6" : "IPv4");
	out_text(out, "proto", packets_proto_name(packet->protocol, buf));
	packets_put_ends(out, packet);
	out_count(out, "length", packet->length);
	out_count(out, "ttl", packet->ttl);
	packets_put_note(out, packet);
	out_end(out);
}

static void put_instance(struct out *out, const char *name, const SaNat64__Control__Reply *of,
                         const void *context)
{
	const SaNat64__Control__ExplainReply *reply = of->explain;

	(void)context;
	out_begin(out, OUT_OBJECT, NULL);
	out_text(out, "name", name);
	out_begin(out, OUT_STEPS, "steps");
	for (size_t i = 0; i < reply->n_steps; i++)
		out_text(out, NULL, reply->steps[i]);
	out_end(out);
	out_begin(out, OUT_PART, NULL);
	if (reply->verdict) {
		out_state(out, "verdict", reply->verdict->name,
		          reply->verdict->drop ? MEANING_BAD : MEANING_GOOD);
		out_text(out, "meaning", reply->verdict->sentence);
		out_text(out, "source", reply->verdict->source);
		out_flag(out, "drop", reply->verdict->drop);
	}
	out_begin(out, OUT_LINE, NULL);
	out_text(out, "path", reply->path);
	out_reason(out, "path_reason", reply->path_reason);
	out_end(out);
	out_end(out);
	out_begin_table(out, "packets", packet_columns);
	for (size_t i = 0; i < reply->n_packets; i++)
		put_packet(out, reply->packets[i]);
	out_end(out);
	if (reply->packets_left_out)
		out_count(out, "packets_left_out", reply->packets_left_out);
	out_end(out);
}

static int ask_all(struct instances *instances, SaNat64__Control__ExplainRequest *explain,
                   struct out *out)
{
	SaNat64__Control__Request request = SA_NAT64__CONTROL__REQUEST__INIT;

	request.command_case = SA_NAT64__CONTROL__REQUEST__COMMAND_EXPLAIN;
	request.explain = explain;
	return each_instance(instances, &request, out, put_instance, NULL);
}

int cmd_explain(const struct cli_options *options, struct instances *instances, struct out *out)
{
	SaNat64__Control__ExplainRequest explain = SA_NAT64__CONTROL__EXPLAIN_REQUEST__INIT;
	SaNat64__Control__PacketFields fields;
	uint8_t *packet = NULL;
	size_t len = 0;
	int status;

	if (options->hex) {
		status = read_hex(options->hex, &packet, &len);
		if (status)
			return status;
		explain.packet = (ProtobufCBinaryData){ .len = len, .data = packet };
	} else {
		fill_fields(options, &fields);
		explain.fields = &fields;
	}
	status = ask_all(instances, &explain, out);
	free(packet);
	return status;
}
