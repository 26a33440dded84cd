/* What the control socket tells of public addresses and abilities: pages of pool4, who has a port
 * now, capabilities (MON-02, MON-05, MON-08). */
#include "proto/control.pb-c.h"
#include "tests/unit/gateway.h"
#include "translator/control_capabilities.h"
#include "translator/control_pool4.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SERVER    0xc6336450 /* 198.51.100.80 */
#define PUBLIC    0xcb007101 /* 203.0.113.1 */
#define POOL      "pool4 = 203.0.113.1/32 1024-65535\n"
#define STATELESS "mode = siit\neam = 192.0.2.0/24 2001:db8:aaaa::/120\n"

static struct gateway gateway;

/* ---- pool4 ---- */

/* Walk through all pages. Returns the rows; *pages how many pages they came in. */
static uint32_t walk(SaNat64__Control__Pool4Request *request, uint32_t *pages, uint64_t *used)
{
	struct control_pool4 *page = malloc(sizeof(*page));
	char error[CONTROL_ERROR_LEN];
	uint32_t rows = 0, last = 0;

	assert_non_null(page);
	*pages = 0;
	*used = 0;
	request->cursor = 0;
	do {
		assert_int_equal(control_pool4_fill(gateway.translator, request, page, error), 0);
		assert_true(page->reply.n_rows <= CONTROL_PAGE_ROWS);
		assert_true(sa_nat64__control__pool4_reply__get_packed_size(&page->reply) < 65000);
		for (size_t i = 0; i < page->reply.n_rows; i++) {
			const SaNat64__Control__Pool4Row *row = page->reply.rows[i];
			uint32_t addr4 = load_be32(row->pool4.data);

			assert_true(addr4 > last || !request->addresses);
			last = addr4;
			*used += row->used->udp;
		}
		rows += (uint32_t)page->reply.n_rows;
		++*pages;
		request->cursor = page->reply.next_cursor;
	} while (request->cursor);
	free(page);
	return rows;
}

static void ranges_and_addresses_come_with_what_is_used(void **state)
{
	SaNat64__Control__Pool4Request request = SA_NAT64__CONTROL__POOL4_REQUEST__INIT;
	uint32_t pages;
	uint64_t used;

	(void)state;
	gateway_open(&gateway,
	             "pool4 = 203.0.113.0/30 1024-65535\npool4 = 198.51.100.7/32 2000-2999\n");
	for (uint16_t i = 0; i < 100; i++)
		gateway_send6(&gateway, IPPROTO_UDP, i, 4000, SERVER, 53, 0);
	assert_int_equal(walk(&request, &pages, &used), 2);
	assert_int_equal(used, 100);
	request.addresses = true;
	assert_int_equal(walk(&request, &pages, &used), 5);
	assert_int_equal(used, 100);
	assert_int_equal(pages, 1);
	gateway_close(&gateway);
}

static void the_largest_pool_comes_whole_in_bounded_pages(void **state)
{
	SaNat64__Control__Pool4Request request = SA_NAT64__CONTROL__POOL4_REQUEST__INIT;
	uint8_t wanted[4] = { 100, 64, 255, 0 };
	uint32_t pages;
	uint64_t used;

	(void)state;
	gateway_open(&gateway, "pool4 = 100.64.0.0/16 1024-65535\n");
	for (uint16_t i = 0; i < 300; i++) {
		gateway_send6(&gateway, IPPROTO_UDP, i, 4000, SERVER, 53, 0);
		gateway_clear(&gateway);
	}
	request.addresses = true;
	assert_int_equal(walk(&request, &pages, &used), 65536);
	assert_int_equal(used, 300);
	assert_int_equal(pages, 65536 / CONTROL_PAGE_ROWS + 1);
	request.pool4 = (ProtobufCBinaryData){ .len = 4, .data = wanted };
	request.pool4_length = 26;
	assert_int_equal(walk(&request, &pages, &used), 64);
	assert_in_range(pages, 7, 9); /* of 8192 looked at */
	gateway_close(&gateway);
}

static void a_prefix_chooses_the_rows_that_touch_it(void **state)
{
	SaNat64__Control__Pool4Request request = SA_NAT64__CONTROL__POOL4_REQUEST__INIT;
	uint8_t wanted[4] = { 203, 0, 113, 2 };
	struct control_pool4 *page = malloc(sizeof(*page));
	char error[CONTROL_ERROR_LEN];
	uint32_t pages;
	uint64_t used;

	(void)state;
	assert_non_null(page);
	gateway_open(&gateway,
	             "pool4 = 203.0.113.0/30 1024-65535\npool4 = 198.51.100.7/32 2000-2999\n");
	request.pool4 = (ProtobufCBinaryData){ .len = 4, .data = wanted };
	assert_int_equal(walk(&request, &pages, &used), 1);
	request.addresses = true;
	assert_int_equal(walk(&request, &pages, &used), 1);
	request.pool4_length = 33;
	assert_true(control_pool4_fill(gateway.translator, &request, page, error) < 0);
	assert_non_null(strstr(error, "33"));
	request.pool4_length = 24;
	request.pool4.len = 3;
	assert_true(control_pool4_fill(gateway.translator, &request, page, error) < 0);
	gateway_close(&gateway);
	free(page);
}

static void bindings_that_found_no_port_are_counted(void **state)
{
	SaNat64__Control__Pool4Request request = SA_NAT64__CONTROL__POOL4_REQUEST__INIT;
	struct control_pool4 *page = malloc(sizeof(*page));
	char error[CONTROL_ERROR_LEN];

	(void)state;
	assert_non_null(page);
	gateway_open(&gateway, "pool4 = 203.0.113.1/32 2000-2001\n");
	for (uint16_t i = 0; i < 7; i++)
		gateway_send6(&gateway, IPPROTO_UDP, i, 4000, SERVER, 53, 0);
	gateway_send6(&gateway, IPPROTO_TCP, 1, 4000, SERVER, 53, TCP_FLAG_SYN);
	assert_int_equal(control_pool4_fill(gateway.translator, &request, page, error), 0);
	assert_int_equal(page->reply.exhausted->udp, 5);
	assert_int_equal(page->reply.exhausted->tcp, 0);
	assert_string_equal(page->reply.mode, "nat64");
	gateway_close(&gateway);
	free(page);
}

static void a_stateless_instance_has_none(void **state)
{
	SaNat64__Control__Pool4Request request = SA_NAT64__CONTROL__POOL4_REQUEST__INIT;
	struct control_pool4 *page = malloc(sizeof(*page));
	char error[CONTROL_ERROR_LEN];

	(void)state;
	assert_non_null(page);
	gateway_open(&gateway, STATELESS);
	assert_int_equal(control_pool4_fill(gateway.translator, &request, page, error), 0);
	assert_int_equal(page->reply.n_rows, 0);
	assert_int_equal(page->reply.next_cursor, 0);
	assert_string_equal(page->reply.mode, "siit");
	gateway_close(&gateway);
	free(page);
}

/* ---- who ---- */

static struct control_who who;

static const SaNat64__Control__WhoReply *ask(uint32_t addr4, uint16_t port, const char *proto)
{
	SaNat64__Control__WhoRequest request = SA_NAT64__CONTROL__WHO_REQUEST__INIT;
	uint8_t address[4];
	char error[CONTROL_ERROR_LEN];

	store_be32(address, addr4);
	request.pool4 = (ProtobufCBinaryData){ .len = 4, .data = address };
	request.port = port;
	request.proto = (char *)proto;
	assert_int_equal(control_who_fill(gateway.translator, &request, &who, error), 0);
	return &who.reply;
}

static void assert_holder(const SaNat64__Control__Holder *row, const char *kind, uint16_t host)
{
	assert_string_equal(row->kind, kind);
	assert_int_equal(row->host.len, 16);
	assert_int_equal(load_be16(row->host.data + 14), host);
}

static void a_binding_names_its_host(void **state)
{
	const SaNat64__Control__WhoReply *reply;
	uint16_t port;

	(void)state;
	gateway_open(&gateway, POOL "bib = tcp [2001:db8:7::80]:443 203.0.113.1:443\n");
	gateway_send6(&gateway, IPPROTO_UDP, 5, 4000, SERVER, 53, 0);
	port = gateway_last(&gateway)->src_port;
	reply = ask(PUBLIC, port, "");
	assert_true(reply->served);
	assert_int_equal(reply->n_rows, 1);
	assert_holder(reply->rows[0], "binding", 5);
	assert_string_equal(reply->rows[0]->proto, "udp");
	assert_int_equal(reply->rows[0]->host_port, 4000);
	assert_int_equal(reply->rows[0]->sessions, 1);
	assert_int_equal(ask(PUBLIC, port, "tcp")->n_rows, 0);
	assert_int_equal(ask(PUBLIC, port, "udp")->n_rows, 1);
	assert_int_equal(ask(PUBLIC, (uint16_t)(port ^ 1), "")->n_rows, 0);
	reply = ask(PUBLIC, 443, "");
	assert_int_equal(reply->n_rows, 1);
	assert_holder(reply->rows[0], "static", 0x80);
	assert_false(ask(PUBLIC + 1, port, "")->served);
	gateway_close(&gateway);
}

static void a_free_port_of_a_block_names_the_blocks_host(void **state)
{
	const SaNat64__Control__WhoReply *reply;
	uint16_t port, other;

	(void)state;
	gateway_open(&gateway, POOL "log-sessions = blocks\n");
	gateway_send6(&gateway, IPPROTO_UDP, 5, 4000, SERVER, 53, 0);
	port = gateway_last(&gateway)->src_port;
	assert_int_equal(ask(PUBLIC, port, "")->n_rows, 1); /* the binding says it all */
	assert_holder(who.reply.rows[0], "binding", 5);
	other = port ^ 1;
	reply = ask(PUBLIC, other, "udp");
	assert_int_equal(reply->n_rows, 1);
	assert_holder(reply->rows[0], "block", 5);
	assert_int_equal(reply->rows[0]->port_min, port & ~63);
	assert_int_equal(reply->rows[0]->port_max, port | 63);
	assert_int_equal(ask(PUBLIC, other, "tcp")->n_rows, 0);
	gateway_close(&gateway);
}

static void a_mapping_names_its_host_for_any_port(void **state)
{
	const SaNat64__Control__WhoReply *reply;

	(void)state;
	gateway_open(&gateway, STATELESS);
	reply = ask(0xc0000207, 80, "");
	assert_true(reply->served);
	assert_int_equal(reply->n_rows, 1);
	assert_holder(reply->rows[0], "mapping", 7);
	assert_string_equal(reply->rows[0]->proto, "any");
	assert_false(ask(PUBLIC, 80, "")->served);
	gateway_close(&gateway);
}

static void a_question_without_an_address_is_refused(void **state)
{
	SaNat64__Control__WhoRequest request = SA_NAT64__CONTROL__WHO_REQUEST__INIT;
	uint8_t address[4] = { 203, 0, 113, 1 };
	char error[CONTROL_ERROR_LEN];

	(void)state;
	gateway_open(&gateway, POOL);
	assert_true(control_who_fill(gateway.translator, &request, &who, error) < 0);
	request.pool4 = (ProtobufCBinaryData){ .len = 4, .data = address };
	request.port = 65536;
	assert_true(control_who_fill(gateway.translator, &request, &who, error) < 0);
	assert_non_null(strstr(error, "65536"));
	request.port = 1;
	request.proto = (char *)"sctp";
	assert_true(control_who_fill(gateway.translator, &request, &who, error) < 0);
	assert_non_null(strstr(error, "sctp"));
	gateway_close(&gateway);
}

/* ---- capabilities ---- */

static struct control_capabilities abilities;

static const SaNat64__Control__Capability *ability(const char *name)
{
	control_capabilities_fill(gateway.translator, &abilities);
	for (size_t i = 0; i < abilities.reply.n_rows; i++)
		if (strcmp(abilities.reply.rows[i]->name, name) == 0)
			return abilities.reply.rows[i];
	return NULL;
}

static void capabilities_follow_the_configuration(void **state)
{
	(void)state;
	gateway_open(&gateway, POOL "max-sessions = 1234\nmax-sessions-per-host = 7\n");
	assert_string_equal(ability("nat-flavor")->text, "nat64");
	assert_true(ability("endpoint-independent-filtering-support")->flag);
	assert_false(ability("address-dependent-filtering")->flag);
	assert_false(ability("port-range-allocation-support")->flag);
	assert_true(ability("paired-address-pooling-support")->flag);
	assert_true(ability("restricted-port-support")->flag);
	assert_string_equal(ability("fragment-behavior")->text, "out-of-order");
	assert_int_equal(ability("max-sessions")->number, 1234);
	assert_int_equal(ability("max-sessions-per-host")->number, 7);
	assert_int_equal(ability("pool4-addresses")->number, 1);
	assert_int_equal(ability("pool4-ports")->number, 64512);
	assert_null(ability("explicit-mappings"));
	gateway_close(&gateway);
	gateway_open(&gateway, "pool4 = 203.0.113.1/32 1-65535\nfiltering = address-dependent\n"
	                       "log-sessions = blocks\n");
	assert_false(ability("endpoint-independent-filtering-support")->flag);
	assert_true(ability("address-dependent-filtering")->flag);
	assert_true(ability("port-range-allocation-support")->flag);
	assert_false(ability("restricted-port-support")->flag);
	assert_string_equal(ability("session-log")->text, "blocks");
	gateway_close(&gateway);
	gateway_open(&gateway, STATELESS);
	assert_string_equal(ability("nat-flavor")->text, "eam");
	assert_int_equal(ability("explicit-mappings")->number, 1);
	assert_null(ability("max-sessions"));
	gateway_close(&gateway);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_and_addresses_come_with_what_is_used),
		cmocka_unit_test(the_largest_pool_comes_whole_in_bounded_pages),
		cmocka_unit_test(a_prefix_chooses_the_rows_that_touch_it),
		cmocka_unit_test(bindings_that_found_no_port_are_counted),
		cmocka_unit_test(a_stateless_instance_has_none),
		cmocka_unit_test(a_binding_names_its_host),
		cmocka_unit_test(a_free_port_of_a_block_names_the_blocks_host),
		cmocka_unit_test(a_mapping_names_its_host_for_any_port),
		cmocka_unit_test(a_question_without_an_address_is_refused),
		cmocka_unit_test(capabilities_follow_the_configuration),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
