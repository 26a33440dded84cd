/* Speaking to instances and to the daemons of the box, which instances_find.h finds.
 *
 * One that does not answer keeps a sentence about it and does not keep the others from answering:
 * all are asked first and then heard under one deadline, so that hung ones cost 1.5 seconds
 * together.
 */
#ifndef SA_NAT64_INSTANCES_H
#define SA_NAT64_INSTANCES_H

#include "lib/config.h"
#include "proto/control.pb-c.h"

#include <stdio.h>

/* How to speak of a program. */
struct program {
	const char *label;   /* before a name in complaints */
	const char *subject; /* what hangs or ended, in sentences */
	const char *start;   /* before a name: the command that starts it */
	const char *unit;    /* before a name: that of systemd */
};

/* Programs that run once on a box, for all its instances. */
enum box_daemon { BOX_SYNCD, BOX_HEALTHD, BOX_DAEMONS };

/* The translator of an instance, or a daemon of the box, which is asked in the same way. */
struct instance {
	const struct program *program;
	char name[CONFIG_NAME_MAX];
	char path[108];       /* of the socket; "" when it would be too long */
	int fd;               /* -1: not connected */
	uint32_t id;          /* of the last request */
	uint64_t patience_us; /* how long its answer is waited for */
	char problem[400];    /* a sentence; "" while all is well */
	bool refused;         /* the problem lies in the request's values */
	bool denied;          /* the problem lies in the rights of who asks */
	bool is_expected;     /* a daemon: this box should have it, so that it is asked */
	bool by_systemd;      /* systemd starts it, as far as one can see */
	bool has_routers;     /* an instance: it has bfd-peers on this box */
	bool is_in_file;      /* an instance: the configuration has it, and for this box */
};

struct instances {
	struct instance *list; /* owned */
	size_t count;
	char cluster[CONFIG_NAME_MAX]; /* from the configuration; "" without one */
	/* What the configuration wants; 0 without one. */
	uint64_t detection_us;      /* by BFD */
	uint64_t probe_interval_us; /* of sa-nat64-healthd, two probes each */
	struct instance daemons[BOX_DAEMONS];
};

/* Disconnect and free what instances_find() made. */
void instances_free(struct instances *instances);

/* Send request (its version and id are filled in here) to all and hear them. replies has a place
 * for each instance; it gets what sa_nat64__control__reply__free_unpacked() frees, or NULL for an
 * instance that has a problem now or had one before. */
void instances_ask(struct instances *instances, SaNat64__Control__Request *request,
                   SaNat64__Control__Reply **replies);

/* The same, and what the daemons of the box say of all instances: the peers, and the health. box
 * has a place for each of BOX_DAEMONS; it is NULL, likewise, when the daemon has a problem or is
 * not expected. */
void instances_ask_with_box(struct instances *instances, SaNat64__Control__Request *request,
                            SaNat64__Control__Reply **replies, SaNat64__Control__Reply **box);

/* The same as instances_ask(), but until that time of control_now_us(). */
void instances_ask_until(struct instances *instances, SaNat64__Control__Request *request,
                         uint64_t deadline_us, SaNat64__Control__Reply **replies);

/* "instance NAME", or the name of the daemon. */
#define INSTANCE_TITLE_LEN (CONFIG_NAME_MAX + 16)
const char *instance_title(const struct instance *instance, char buf[INSTANCE_TITLE_LEN]);

/* Its unit under systemd: "sa-nat64-translator@lower". */
#define INSTANCE_UNIT_LEN (CONFIG_NAME_MAX + 24)
const char *instance_unit(const struct instance *instance, char buf[INSTANCE_UNIT_LEN]);

/* Forget all problems and connections but those that last, so that all can be asked again. */
void instances_forget(struct instances *instances);
void instance_forget(struct instance *instance); /* of one */

/* The same as instances_ask() for one instance. */
SaNat64__Control__Reply *instance_ask(struct instance *instance,
                                      SaNat64__Control__Request *request);

/* The same in parts, for those who must not wait. The first one connects if need be and sends; the
 * reply is to be heard when the instance's descriptor is readable, unless it has a problem by then.
 * The last one says that it was waited for long enough, CONTROL_TIMEOUT_US. */
void instance_begin(struct instance *instance, SaNat64__Control__Request *request);
void instance_give_up(struct instance *instance);

/* A reply to a request that was begun, or a further one to a request that began a stream: to be
 * called when the instance's descriptor is readable. NULL as above. */
SaNat64__Control__Reply *instance_hear(struct instance *instance,
                                       const SaNat64__Control__Request *request);

/* Ask all whether they are there, so that those that hang are known after one deadline, to a
 * command that goes on with one after the other. */
void instances_knock(struct instances *instances);

/* What the instance said makes no sense, though it was a reply: that becomes its problem. */
void instance_mistrust(struct instance *instance);

/* The page of a list behind the one that *cursor asked for, by the next_cursor of its reply: puts
 * it into *cursor. False when there is none; or when it does not advance, so that there would be no
 * end, which becomes the instance's problem. */
bool instance_turn_page(struct instance *instance, uint32_t next_cursor, uint32_t *cursor);

#define INSTANCE_COMPLAINT_MAX 480

/* "instance lower: " and its problem, or that of a daemon. False when it has none. */
bool instance_complaint(const struct instance *instance, char text[INSTANCE_COMPLAINT_MAX]);

/* The same for the i-th of them. A value that several refuse in the same words is wrong for all:
 * the first one says so, without its name, and the others have nothing to say. */
bool instances_complaint(const struct instances *instances, size_t i,
                         char text[INSTANCE_COMPLAINT_MAX]);

/* Write a line on err for the problem of one instance, if it has one. */
void instance_complain(const struct instance *instance, FILE *err);

/* Write a line on err for each of instances_complaint(), not for the daemons. Returns the exit
 * status: 0 without problems, 2 when a request was refused, else 1. */
int instances_complain(const struct instances *instances, FILE *err);
int instances_status(const struct instances *instances); /* the same without lines */

#endif
