/* Any bytes as a control message to sa-nat64-healthd: always a well-formed reply, no crash, and no
 * change of state but by an order to drain; after one it answers on.
 *
 * The first byte says what is wrong around it: with routers, with FRR, and with what an order is
 * kept in; the rest is the request.
 */
#include "lib/control_socket.h"
#include "tests/fuzz/control_side.h"
#include "tests/unit/health_box.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum wrong { WRONG_ROUTER = 1, WRONG_FRR = 2, WRONG_DISK = 4 };

static const char text[] = "[cluster]\nname = campus\n[node gw-a]\nid = 0\n"
			   "[instance lower]\npool4 = 198.51.100.1/32\n";

static struct running_config *open_running_config(void)
{
	static struct config *config; /* lives as long as what is said about it */

	if (config_parse(text, strlen(text), "fuzz", stderr, &config) < 0)
		abort();
	return control_side_running(text, config);
}

static void open_box(uint8_t wrong, struct running_config *running, struct health_box *out)
{
	memset(out, 0, sizeof(*out)); /* it is compared as bytes */
	health_box_open(out);
	out->box.running = running;
	if (wrong & WRONG_ROUTER)
		out->bfd[1].state = BFD_DOWN;
	if (wrong & WRONG_FRR) {
		out->bfd_problem = "vtysh does not end";
		out->bfd_split = true;
	}
	if (wrong & WRONG_DISK)
		out->order_result = -ENOSPC;
}

static SaNat64__Control__Reply__BodyCase ask(const struct health_box *on, const uint8_t *request,
                                             size_t len)
{
	static uint8_t reply[CONTROL_MESSAGE_MAX];
	size_t size = healthd_answer(&on->box, request, len, reply, sizeof(reply), on->now_us);

	if (size == 0 || size > sizeof(reply))
		abort();
	return control_side_check_reply(reply, size);
}

static void check_that_it_answers_on(const struct health_box *on)
{
	uint8_t request[8];
	size_t len = control_side_request(SA_NAT64__CONTROL__REQUEST__COMMAND_HEALTH, request,
	                                  sizeof(request));

	if (ask(on, request, len) != SA_NAT64__CONTROL__REPLY__BODY_HEALTH)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct running_config *running;
	static struct health_box on, before;
	const uint8_t *request = data + 1;

	if (!running)
		running = open_running_config();
	if (size == 0)
		return 0;
	open_box(data[0], running, &on);
	memcpy(&before, &on, sizeof(on));
	(void)ask(&on, request, size - 1);
	if (!control_side_check_rights(request, size - 1,
	                               SA_NAT64__CONTROL__REQUEST__COMMAND_DRAIN) &&
	    memcmp(&before, &on, sizeof(on)) != 0)
		abort();
	check_that_it_answers_on(&on);
	return 0;
}
